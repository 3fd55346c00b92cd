"""The row of numbers a page opens with."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any, Literal

import streamlit as st

from crm_core.text import formats
from crm_core.ui.session import Session, current
from crm_core.views.card import Card


def kpis(cards: Sequence[Card], *, columns: int | None = None) -> None:
    """Cards side by side: value, change, previous value, sparkline; the tooltip defines each.

    A change inside the shop's normal variation is grey and says so; direction is shown by an
    arrow and a sign, never by colour alone.
    """
    session = current()
    wanted = columns or len(cards)
    with st.grid(max(wanted, 1), min_column_width=158, gap="small"):
        for card in cards:
            _metric(card, session)


def _metric(card: Card, session: Session) -> None:
    unknown = card.value is None or card.state in ("missing", "suppressed")
    series = [float(value) for value in card.series if isfinite(value)]
    delta, colour = delta_of(card, session)
    st.metric(
        session.md(card.label_key),
        plain_value(session.write(None if unknown else card.value, card.unit)),
        delta,
        delta_color=colour,
        delta_description=plain_value(describe(card, session)),
        help=_tooltip(card, session),
        border=True,
        height="stretch",
        chart_data=series if len(series) > 2 else None,
        chart_type="area",
    )


def plain_value(words: str) -> str:
    """A value that Markdown leaves alone: two dollar signs would start a formula."""
    return words.replace("$", "\\$").replace("~", "\\~")


def delta_of(
    card: Card, session: Session
) -> tuple[str | int | None, Literal["normal", "inverse", "off"]]:
    """The change in words (0 when there is none to speak of) and how to colour it."""
    if card.change is None or card.state in ("missing", "suppressed", "no_previous"):
        return None, "off"
    words = change_words(card.change, card.unit, session)
    if card.state == "steady" or card.good == "neutral":
        return words, "off"
    return words, "normal" if card.good == "up" else "inverse"


def change_words(change: float, unit: str, session: Session) -> str | int:
    """A change with its sign: relative, or in points for a share.

    The sign is an ASCII hyphen, from which the arrow's direction is taken.
    """
    if round(change, 3) == 0:
        return 0
    sign = "+" if change > 0 else "-"
    if unit == "rate":
        points = formats.number(abs(change) * 100, session.language, 1)
        return sign + session.t("app.metric.points", points=points)
    return sign + formats.percent(abs(change), session.language)


def describe(card: Card, session: Session) -> str:
    """The line beside the change: the value before, or why there is none."""
    if card.state in ("missing", "suppressed", "no_previous"):
        return session.t(f"app.metric.{card.state}")
    if card.previous is None:
        return ""
    numbers = session.numbers(card.unit)
    long = card.unit == "money" and abs(card.previous) >= 10_000
    words = numbers.short(card.previous) if long else numbers.write(card.previous)
    return session.t("app.metric.previous", previous=words)


def _tooltip(card: Card, session: Session) -> str | None:
    """What the number means, its value before in full, and whether the change is news."""
    words = [session.maybe(card.definition_key)]
    if card.previous is not None and card.state in ("changed", "steady"):
        before = plain_value(session.write(card.previous, card.unit))
        words.append(session.t("app.metric.before", previous=before))
    if card.state == "steady":
        words.append(session.t("app.metric.steady"))
    return "\n\n".join(word for word in words if word) or None


def figures(values: Sequence[tuple[str, float | None, str]], *, columns: int = 4) -> None:
    """Plain numbers side by side without comparison: (label key, value, unit)."""
    session = current()
    with st.grid(columns, min_column_width=150, gap="small"):
        for label_key, value, unit in values:
            words: Any = plain_value(session.write(value, unit))
            st.metric(session.md(label_key), words, border=True, height="stretch")
