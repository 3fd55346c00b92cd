"""The grid that goals are typed into: a row a month, a column a channel, and a proposal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from math import isclose
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.metrics import METRICS
from crm_core.metrics.goals import ADDED, WHOLE, proposal
from crm_core.privacy.policy import require
from crm_core.records import GoalKey
from crm_core.text import formats
from crm_core.ui.fields import button, form, number_field, submit
from crm_core.ui.goals_words import channel_words, metric_words
from crm_core.ui.layout import row
from crm_core.ui.session import Session, current
from crm_core.ui.words import caption, flash, note, warning
from crm_core.views.goals import Goals

_PROPOSED, _BEGUN, _DRAWN = "_goals_proposed", "_goals_begun", "_goals_drawn"
_GRID = "goals_grid"
_MORE = 5.0
_ROW = 36


def draw_grid(view: Goals, name: str, year: int) -> None:
    """The grid of a metric and year, with a proposal on request; saving keeps what was changed."""
    session = current()
    version, kept = _begin(name, year, session)
    place = f"{name}_{year}_{version}"
    by = _asked_proposal(place)
    proposed = {} if by is None else _proposed(view, name, year, by / 100)
    if by is not None:
        _tell_proposal(view, name, year, session, is_empty=not proposed)
    key = f"{_GRID}_{place}_{'' if by is None else by}"
    st.session_state[_DRAWN] = key
    with form("goals_grid"):
        told = _editor(view, name, year, {**proposed, **kept}, key)
        pressed = submit("goals.save")
    if not pressed:
        return
    require(session.access, "plan")
    changed = {each for each in {**kept, **told} if not _alike(kept.get(each), told.get(each))}
    st.session_state.pop(_BEGUN, None)  # whatever becomes of it, the next one begins anew
    saving = session.records.save_goals(
        {each: told.get(each) for each in changed},
        origin="grid",
        author=session.access.user,
        now=datetime.now(UTC),
        seen=version,
    )
    forget_proposal()
    if saving is None:
        flash("goals.nothing_changed")
    else:
        flash("goals.saved", count=len(saving.changes))
    st.rerun()


def forget_proposal() -> None:
    """Lets go of what was proposed and not saved."""
    st.session_state.pop(_PROPOSED, None)


def _begin(name: str, year: int, session: Session) -> tuple[int, dict[GoalKey, float]]:
    """The goals that the grid was drawn with, and their version.

    As long as something was typed into it these stay, so that what somebody else saved meanwhile
    is noticed and not written over.
    """
    at, version, kept = st.session_state.get(_BEGUN, ("", 0, {}))
    state: Any = st.session_state.get(st.session_state.get(_DRAWN, _GRID))
    if at == f"{name}_{year}" and state and state["edited_rows"]:
        return version, kept
    version, kept = session.records.goals_version(), _kept(name, year)
    st.session_state[_BEGUN] = (f"{name}_{year}", version, kept)
    return version, kept


def _asked_proposal(place: str) -> float | None:
    """How much more than last year is to be proposed, in percent; None where nothing is."""
    with row():
        more = number_field(
            "goals.propose_more", key="goals_more", value=_MORE, low=-90.0, high=900.0, step=1.0
        )
        if button("goals.propose", key="goals_propose", icon="auto_fix_high"):
            st.session_state[_PROPOSED] = (place, 0.0 if more is None else more)
    at, by = st.session_state.get(_PROPOSED, ("", 0.0))
    return by if at == place else None


def _tell_proposal(view: Goals, name: str, year: int, session: Session, *, is_empty: bool) -> None:
    if is_empty:
        warning("goals.propose_nothing", year=year - 1)
        return
    note("goals.proposed")
    missing = [month for month in _year(year) if not view.last_year(name, month)]
    if missing:
        words = [formats.month(each, session.language) for each in missing]
        caption("goals.propose_missing", months=session.t("rules.comma").join(words))


def _alike(one: float | None, other: float | None) -> bool:
    """Whether a cell still says what it said: the grid rounds what it is given."""
    if one is None or other is None:
        return one is other
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)


def _kept(name: str, year: int) -> dict[GoalKey, float]:
    return {
        goal.key: goal.target
        for goal in current().records.goals()
        if goal.key.metric == name and goal.key.month.year == year
    }


def _year(year: int) -> list[date]:
    return [date(year, month, 1) for month in range(1, 13)]


def _proposed(view: Goals, name: str, year: int, more: float) -> dict[GoalKey, float]:
    """Last year's figures and so much more, for the shop and for channels that still sell."""
    found: dict[GoalKey, float] = {}
    for month in _year(year):
        told = proposal(view.last_year(name, month), name, more=more)
        for code in (WHOLE, *view.channels):
            if code in told:
                found[GoalKey(name, month, code)] = told[code]
    return found


def _editor(
    view: Goals, name: str, year: int, begin: Mapping[GoalKey, float], key: str
) -> dict[GoalKey, float]:
    """The grid: a row a month, a column for the shop and one a channel; what stands in it."""
    session = current()
    held = {each.sales_channel for each in begin} - {WHOLE, *view.channels}
    codes = [WHOLE, *view.channels, *sorted(held)]
    months = _year(year)
    table = pd.DataFrame(
        {
            "month": [formats.month(month, session.language) for month in months],
            "before": _scaled([view.last_year(name, month).get(WHOLE) for month in months], name),
        }
    )
    for place, code in enumerate(codes):
        values = [begin.get(GoalKey(name, month, code)) for month in months]
        table[f"c{place}"] = _scaled(values, name)
    edited = st.data_editor(
        table,
        hide_index=True,
        disabled=["month", "before"],
        placeholder="–",
        row_height=_ROW,
        height=13 * _ROW + 2,
        key=key,
        alt=session.t("goals.grid_alt", metric=metric_words(name, session), year=year),
        column_config=_columns(codes, name, year, session),
    )
    found: dict[GoalKey, float] = {}
    for place, code in enumerate(codes):
        for month, value in zip(months, edited[f"c{place}"], strict=True):
            if value == value and value is not None:
                found[GoalKey(name, month, code)] = round(float(value) / _scale(name), 6)
    return found


def _scale(name: str) -> float:
    """What a figure is typed in: shares in percent."""
    return 100.0 if METRICS[name].unit == "rate" else 1.0


def _scaled(values: Sequence[float | None], name: str) -> pd.Series[float]:
    """Figures as they are typed."""
    scale = _scale(name)
    return pd.Series(
        [None if value is None else value * scale for value in values], dtype="float64"
    )


def _columns(codes: list[str], name: str, year: int, session: Session) -> dict[str, Any]:
    """How the grid's columns are drawn."""
    kinds, unit = st.column_config, METRICS[name].unit
    layout = {
        "rate": "%.1f%%",
        "count": "%,.0f",
        "money": "%,.2f" if name not in ADDED else "%,.0f",
    }
    sign = formats.symbol(session.currency).replace("%", "%%") if unit == "money" else ""
    shown = sign + layout.get(unit, "%,.2f")
    config: dict[str, Any] = {
        "month": kinds.TextColumn(session.t("goals.month"), pinned=True, width="small"),
        "before": kinds.NumberColumn(
            session.t("goals.last_year", year=year - 1),
            format=shown,
            help=session.t("goals.last_year_about"),
        ),
    }
    for place, code in enumerate(codes):
        config[f"c{place}"] = kinds.NumberColumn(
            channel_words(code, session),
            min_value=0.0,
            format=shown,
            help=session.t("goals.whole_about") if code == WHOLE else None,
        )
    return config
