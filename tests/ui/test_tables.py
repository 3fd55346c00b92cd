"""Tables: where a sum is below zero, no cell may read "€-6"; long ones come as one scrolls."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from crm_core.ui import tables
from crm_core.ui.tables import LAZY_ROWS, Column, cell_sign, column_config, data_table

EUROS = cast("Any", SimpleNamespace(currency="EUR", language="en", t=str, maybe=lambda key: key))
COLUMNS = [Column("revenue", "money"), Column("net", "cents"), Column("orders", "count")]


def drawn(net: float) -> list[tuple[str, str]]:
    frame = pd.DataFrame({"revenue": [120.0], "net": [net], "orders": [-1.0]})
    sign = cell_sign(frame, COLUMNS, EUROS)
    configs = [column_config(column, EUROS, sign) for column in COLUMNS]
    return [(config["label"], config["type_config"]["format"]) for config in configs]


def test_the_currency_stands_in_the_cells_while_nothing_is_below_zero() -> None:
    assert drawn(6.0) == [("revenue", "€%,.0f"), ("net", "€%,.2f"), ("orders", "%,.0f")]


def test_one_sum_below_zero_moves_the_currency_of_all_money_to_the_headings() -> None:
    assert drawn(-6.0) == [("revenue (€)", "%,.0f"), ("net (€)", "%,.2f"), ("orders", "%,.0f")]


@pytest.mark.parametrize(("rows", "lazy"), [(5_000, None), (5_001, True)])
def test_a_table_of_more_than_5000_rows_is_sent_as_one_scrolls(
    rows: int, lazy: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[int, Any]] = []
    monkeypatch.setattr(tables, "current", lambda: EUROS)
    monkeypatch.setattr(
        tables.st, "dataframe", lambda frame, **how: drawn.append((len(frame), how["lazy"]))
    )
    frame = pd.DataFrame({"orders": range(rows)})
    data_table(frame, [Column("orders", "count")], key="long", alt_key="long")
    assert LAZY_ROWS == 5_000
    assert drawn == [(rows, lazy)]
