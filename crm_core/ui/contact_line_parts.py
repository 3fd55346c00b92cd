"""What was said between the shop and one customer, through every channel, on one line of time."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crm_core.charts import timeline
from crm_core.privacy.policy import Purpose
from crm_core.text import formats
from crm_core.ui.layout import draw
from crm_core.ui.reveal import may_read_words
from crm_core.ui.service_words import cell_words, hours_words
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption
from crm_core.views.contact_line import NEWEST, contact_line

_SHOWN = (
    Column("at", "time", "customer.column.at", pinned=True),
    Column("channel", label_key="customer.column.channel"),
    Column("said", label_key="customer.column.about", width="medium"),
    Column("state", label_key="call.column.state"),
    Column("reference", label_key="customer.column.reference"),
    Column("agent", label_key="call.column.agent"),
)
_WORDS = Column("message", label_key="call.column.words", width="large")


def draw_contact_line(
    key: int | None, *, place: str, order_key: int | None = None, needs: Purpose = "view"
) -> None:
    """Contacts and campaign messages of a customer, or about an order of nobody known."""
    session = current()
    words = may_read_words(key)
    view = show(contact_line, session.selection, needs, key=key, order_key=order_key, words=words)
    if not view.total:
        caption("call.no_line")
        return
    rows = _worded(view.rows, session)
    if len(rows) > 1:
        draw(timeline(_marks(rows), session.language), key=place)
    columns = [*_SHOWN, _WORDS] if words and view.rows["message"].notna().any() else [*_SHOWN]
    told = [column for column in columns if column.name == "at" or _has(rows[column.name])]
    data_table(rows, told, key=place, alt_key="call.line")
    if view.total > NEWEST:
        caption("call.line_more", most=NEWEST, total=view.total)


def _has(values: pd.Series[Any]) -> bool:
    return bool((values.notna() & (values != "")).any())


def _worded(rows: pd.DataFrame, session: Session) -> pd.DataFrame:
    told: list[dict[Any, Any]] = rows.to_dict("records")
    return rows.assign(
        channel=[_channel(row["channel"], session) for row in told],
        said=[_said(row, session) for row in told],
        state=[_state(row, session) for row in told],
    )


def _channel(code: Any, session: Session) -> str:
    words = cell_words("behaviour.value.contact_channel", code)
    return words or session.t("service.unknown.contact_channel")


def _said(row: dict[Any, Any], session: Session) -> str:
    """Who spoke to whom about what."""
    if row["kind"] == "touch":
        return session.t("call.message_sent", campaign=row["about"] or "–")
    said = [session.word("customer.direction", row["direction"])]
    if row["about"]:
        said.insert(0, session.word("behaviour.value.topic", row["about"]))
    if row["rating"] == row["rating"]:
        stars = formats.number(row["rating"], session.language)
        said.append(session.t("customer.about.rating", stars=stars))
    return " · ".join(said)


def _state(row: dict[Any, Any], session: Session) -> str:
    """What became of it, and after how long the shop replied."""
    said = [session.t(f"call.state.{row['state']}")] if row["state"] else []
    hours = row["reply_hours"]
    if hours == hours:
        said.append(session.t("call.reply_after", time=hours_words(hours)))
    elif row["kind"] == "contact" and row["state"] == "open":
        said = [session.t("service.wait.no_reply")]
    return " · ".join(said)


def _marks(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"at": rows["at"], "lane": rows["channel"], "label": rows["said"]})
