"""A customer's history on screen: a time line, a table in pages, the lines of an opened order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crm_core.charts import timeline
from crm_core.text import formats
from crm_core.ui.layout import columns, draw, panel
from crm_core.ui.people import code_of
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table, pager
from crm_core.ui.words import caption
from crm_core.views.history import KINDS, History, history, order_lines

_CODE_LENGTH = 8
_COLUMNS = (
    Column("kind", "code", "customer.column.kind", prefix="customer.kind"),
    Column("at", "time", "customer.column.at"),
    Column("words", label_key="customer.column.about", width="large"),
    Column("channel", label_key="customer.column.channel"),
    Column("reference", label_key="customer.column.reference"),
    Column("amount", "cents", "customer.column.amount"),
)


def draw_history(key: int, others: tuple[int, ...] = ()) -> None:
    """What happened, newest first; opening an order's row shows what was in it.

    With `others`, of all members of an account.
    """
    session = current()
    # The page number belongs to this person: another one's history begins at its first page.
    place = f"history_{code_of(key, session)[:_CODE_LENGTH]}_{len(others)}"
    newest = show(history, session.selection, "view", key=key, others=others)
    if not newest.total:
        caption("customer.no_history")
        return
    caption("customer.history_about")
    draw(timeline(event_marks(newest), session.language), key=place)
    (table,) = columns(1)
    page, size = pager(newest.total, key=place, size=25)
    shown = show(history, session.selection, "view", key=key, others=others, page=page, size=size)
    with table:
        opened = data_table(
            event_rows(shown.rows), _COLUMNS, key=place, on_click=True, alt_key="customer.history"
        )
    draw_order(key, opened, others)


def draw_order(key: int, opened: Mapping[str, Any] | None, others: tuple[int, ...] = ()) -> None:
    """The lines of the order whose row was opened, if it was an order's."""
    if not opened or pd.isna(opened["order_key"]):
        return
    session = current()
    number = int(opened["order_key"])
    asked = {"key": key, "others": others, "order_key": number}
    lines = show(order_lines, session.selection, "view", **asked)
    with panel("customer.lines", reference=str(opened["reference"])):
        if lines.rows.empty:
            caption("customer.lines_uncounted")
            return
        data_table(
            lines.rows,
            [
                Column("product_name", label_key="customer.column.product", pinned=True),
                Column("units", "count", "metric.units.label"),
                Column("gross_sales", "cents", "metric.gross_sales.label"),
                Column("discounts", "cents", "metric.discounts.label"),
                Column("revenue", "cents", "metric.revenue.label"),
                Column("refunds", "cents", "metric.refunds.label"),
            ],
            key="customer_lines",
            alt_key="customer.column.product",
        )


def event_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Events of a customer's history with a column `words`: what happened, in short."""
    session = current()
    words = [_event_words(event, session) for event in rows.to_dict("records")]
    channels = [session.word("privacy.contact_channel", code or "") for code in rows["channel"]]
    return rows.assign(words=words, channel=channels)


def event_marks(view: History) -> pd.DataFrame:
    """The newest events as marks on a time line: at, lane, label."""
    session = current()
    drawn = event_rows(view.drawn)
    lanes = [session.t(f"customer.kind.{kind}") for kind in drawn["kind"]]
    money = session.numbers("money")
    labels = [
        " · ".join(word for word in (event["words"], _amount(event["amount"], money)) if word)
        for event in drawn.to_dict("records")
    ]
    marks = pd.DataFrame({"at": drawn["at"], "lane": lanes, "label": labels})
    order = [KINDS.index(kind) for kind in drawn["kind"]]
    return marks.assign(order=order).sort_values("order", kind="stable")


def _amount(value: float, money: Any) -> str:
    return money.write(value) if value == value else ""


def _event_words(row: dict[Any, Any], session: Session) -> str:
    """One event in words; texts of the shop's data stay as they are."""
    about = row["about"] if isinstance(row["about"], str) else ""
    quantity = row["quantity"] if row["quantity"] == row["quantity"] else None
    count = formats.number(quantity, session.language)
    said: list[str] = []
    match row["kind"]:
        case "order":
            said = [session.word("customer.status", row["code"])] if row["code"] else []
            said += [session.t("customer.about.units", count=count)] if quantity else []
        case "contact":
            said = [about, session.word("customer.direction", row["code"]) if row["code"] else ""]
            said += [session.t("customer.about.rating", stars=count)] if quantity else []
        case "review":
            said = [session.t("customer.about.stars", stars=count), about]
        case "touch":
            said = [about, session.word("customer.arm", row["code"])]
        case "campaign":
            said = [about, session.word("campaign.arm", row["code"])]
        case _:
            pass
    return " · ".join(word for word in said if word)
