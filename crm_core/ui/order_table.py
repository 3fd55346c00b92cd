"""A table of orders with their buyers, who are named here for the rows shown."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from crm_core.ui.people import go_customer, names_for
from crm_core.ui.session import current
from crm_core.ui.tables import Column, data_table

_ORDER = (
    Column("customer", label_key="explore.column.customer"),
    Column("order_id", label_key="explore.column.order_id"),
    Column("day", "date", "explore.column.day"),
)


def order_table(rows: pd.DataFrame, columns: Sequence[Column], *, key: str, alt_key: str) -> None:
    """Orders of `rows` (customer_key, order_id, day and the columns' values); a row opens its buyer."""
    named = rows.assign(customer=buyer_names(rows["customer_key"].tolist() if len(rows) else []))
    opened = data_table(
        named, [*_ORDER, *columns], key=key, alt_key=alt_key, on_click=True, icon="person"
    )
    if opened and not pd.isna(opened["customer_key"]):
        go_customer(int(opened["customer_key"]))


def buyer_names(keys: Sequence[float | None]) -> list[str]:
    """Names of the buyers, masked as the role demands; who is unknown is said to be."""
    session = current()
    known = list(dict.fromkeys(int(key) for key in keys if key is not None and not pd.isna(key)))
    names = dict(zip(known, names_for(known, session), strict=True)) if known else {}
    nobody = session.t("explore.no_buyer")
    return [nobody if key is None or pd.isna(key) else names[int(key)] for key in keys]
