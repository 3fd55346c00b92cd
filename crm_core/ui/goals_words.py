"""Goals in words: which there are, how one stands, what a channel or month is called."""

from __future__ import annotations

from typing import Any

import streamlit as st

from crm_core.metrics import METRICS
from crm_core.metrics.goals import WHOLE
from crm_core.ui.session import Session, current
from crm_core.views.goals import Target

_GOOD = ("hit", "reached", "very_likely", "likely", "ahead", "so_far_met")
_BAD = ("missed", "unlikely", "very_unlikely", "behind", "so_far_missed")
_ICONS = {"hit": "check_circle", "missed": "cancel"}


def targets_kept() -> tuple[Target, ...]:
    """The goals that hold, as a view takes them."""
    return current().records.targets()


def channel_words(code: object, session: Session) -> str:
    """What a sales channel is called; the shop for all of them."""
    if code == WHOLE:
        return session.t("goals.whole")
    return session.word("overview.channels_named", code)


def metric_words(name: str, session: Session) -> str:
    """What a metric is called."""
    return session.t(f"metric.{name}.label")


def written(value: float | None, name: str, session: Session) -> str:
    """A metric's figure in words; counts expected in the future have no decimals."""
    known = None if value is None or value != value else value
    return session.write(known, METRICS[name].unit)


def verdict_words(verdict: str, session: Session) -> str:
    """How a goal stands."""
    return session.t(f"goals.verdict.{verdict}")


def verdict_badge(verdict: str, session: Session) -> None:
    """The same as a mark; its words say all that its colour does."""
    colour: Any = "green" if verdict in _GOOD else "orange" if verdict in _BAD else "gray"
    icon = _ICONS.get(verdict, "flag")
    st.badge(session.md(f"goals.verdict.{verdict}"), icon=f":material/{icon}:", color=colour)
