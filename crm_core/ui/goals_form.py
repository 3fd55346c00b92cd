"""Where goals are set: a grid by month and channel, a proposal to begin with, a file, and undo."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
import streamlit as st

from crm_core.metrics import METRICS
from crm_core.metrics.goals import ADDED, GOAL_METRICS, WHOLE, proposal
from crm_core.pipeline.goal_files import GoalFile, read_goals
from crm_core.privacy.policy import allowed, require
from crm_core.records import GoalKey, GoalSaving
from crm_core.text import formats
from crm_core.ui.fields import button, choice_field, file_field, form, number_field, submit
from crm_core.ui.goals_words import channel_words, metric_words, written
from crm_core.ui.layout import details_box, panel, part, row
from crm_core.ui.note_words import user_words
from crm_core.ui.session import Session, current
from crm_core.ui.words import caption, flash, note, success, warning, word_table
from crm_core.views.goals import Goals

KINDS = ("csv", "tsv", "txt", "xlsx", "xlsm", "xls", "ods")
_PROPOSED, _REPORT = "_goals_proposed", "_goals_report"
_MORE = 5.0
_SHOWN_ISSUES = 30
_SHOWN_CHANGES = 40
_YEARS_BACK = 2
_ROW = 36


def draw_form(view: Goals) -> None:
    """The panel in which goals are set; who may only look is told so."""
    session = current()
    if not allowed(session.access, "goals"):
        caption("goals.read_only")
        return
    with panel("goals.set", help_key="goals.set_about"), part():
        with row():
            name: str = st.selectbox(
                session.md("goals.metric"),
                GOAL_METRICS,
                format_func=lambda code: metric_words(code, session),
                key="goals_set_metric",
                persist_state="session",
            )
            years = [str(view.month.year + 1 - back) for back in range(_YEARS_BACK + 1)]
            year = choice_field("goals.year", years, key="goals_set_year", value=years[1])
        _draw_grid(view, name, int(year or years[1]), session)
    left, right = st.columns(2, gap="small")
    with left, panel("goals.file"), part():
        _draw_file(view, session)
    with right, panel("goals.history"), part():
        _draw_history(session)


def _draw_grid(view: Goals, name: str, year: int, session: Session) -> None:
    kept = _kept(name, year)
    version = session.records.goals_version()
    place = f"{name}_{year}_{version}"
    with row():
        more = number_field(
            "goals.propose_more", key="goals_more", value=_MORE, low=-90.0, high=900.0, step=1.0
        )
        if button("goals.propose", key="goals_propose", icon="auto_fix_high"):
            st.session_state[_PROPOSED] = (place, 0.0 if more is None else more)
    proposed: dict[GoalKey, float] = {}
    at, by = st.session_state.get(_PROPOSED, ("", 0.0))
    if at == place:
        proposed = _proposed(view, name, year, by / 100)
        missing = [month for month in _year(year) if not view.last_year(name, month)]
        if not proposed:
            warning("goals.propose_nothing", year=year - 1)
        else:
            note("goals.proposed")
        if proposed and missing:
            caption("goals.propose_missing", months=_month_list(missing, session))
    with form("goals_grid"):
        told = _editor(view, name, year, {**proposed, **kept}, f"{place}_{by if at else ''}")
        pressed = submit("goals.save")
    if not pressed:
        return
    require(session.access, "goals")
    saving = session.records.save_goals(
        {key: told.get(key) for key in {**kept, **told}},
        origin="grid",
        author=session.access.user,
        now=datetime.now(UTC),
        seen=version,
    )
    st.session_state.pop(_PROPOSED, None)
    _saved(saving)


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
        key=f"goals_grid_{key}",
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


def _saved(saving: GoalSaving | None) -> NoReturn:
    if saving is None:
        flash("goals.nothing_changed")
    else:
        flash("goals.saved", count=len(saving.changes))
    st.rerun()


def _draw_file(view: Goals, session: Session) -> None:
    caption("goals.file_about")
    file = file_field("goals.file_choose", key="goals_file_given", kinds=KINDS)
    if file is not None and button("goals.file_load", key="goals_file_load", main=True):
        require(session.access, "goals")
        found = _read(file, view)
        saving = session.records.save_goals(
            found.targets,
            origin="file",
            file=file.name,
            author=session.access.user,
            now=datetime.now(UTC),
        )
        changed = 0 if saving is None else len(saving.changes)
        st.session_state[_REPORT] = (found, changed)
        st.rerun()
    if _REPORT in st.session_state:
        _draw_report(*st.session_state[_REPORT])


def _read(file: Any, view: Goals) -> GoalFile:
    """The goals of an upload, by way of a file that is gone when they are read."""
    with tempfile.TemporaryDirectory(prefix="clientele-goals-") as folder:
        path = Path(folder) / f"goals{Path(file.name).suffix.lower()}"
        path.write_bytes(file.getbuffer())
        return read_goals(path, name=file.name, channels=view.last_sold)


def _draw_report(found: GoalFile, changed: int) -> None:
    """What became of the rows of the last file, those set aside with what to do."""
    facts = {"rows": found.rows, "taken": found.taken, "changed": changed}
    (success if not found.refused else warning)("goals.file_done", **facts)
    session = current()
    if found.issues:
        word_table(
            [
                {
                    "goals.issue.place": _place(issue.file, issue.row, issue.column, session),
                    "goals.issue.what": issue.words(session.language),
                    "goals.issue.remedy": issue.remedy(session.language),
                }
                for issue in found.issues[:_SHOWN_ISSUES]
            ]
        )
    if len(found.issues) > _SHOWN_ISSUES:
        caption("goals.file_more", count=len(found.issues) - _SHOWN_ISSUES)
    if button("goals.file_forget", key="goals_file_forget"):
        st.session_state.pop(_REPORT)
        st.rerun()


def _place(file: str, line: int, column: str, session: Session) -> str:
    return session.t("goals.issue.at", file=file, row=line, column=column)


def _draw_history(session: Session) -> None:
    """Who changed what, and a way back from the latest change."""
    savings = session.records.goal_savings()
    if not savings:
        caption("goals.history_none")
        return
    latest = savings[0]
    label = "goals.redo" if latest.origin == "undo" else "goals.undo"
    caption("goals.history_about")
    if button(label, key=f"goals_undo_{latest.number}", icon="undo"):
        require(session.access, "goals")
        session.records.undo_goals(latest.number, author=session.access.user, now=datetime.now(UTC))
        st.session_state.pop(_PROPOSED, None)
        flash("goals.undone", count=len(latest.changes))
        st.rerun()
    for saving in savings[:8]:
        origin = session.md(f"goals.origin.{saving.origin}", file=saving.file)
        with details_box(
            "goals.saving",
            day=formats.day(saving.made_at.date(), session.language),
            user=user_words(saving.author, session),
            origin=origin,
            count=len(saving.changes),
        ):
            _draw_changes(saving, session)


def _draw_changes(saving: GoalSaving, session: Session) -> None:
    shown = saving.changes[:_SHOWN_CHANGES]
    word_table(
        [
            {
                "goals.metric": metric_words(change.key.metric, session),
                "goals.month": formats.month(change.key.month, session.language),
                "goals.channel": channel_words(change.key.sales_channel, session),
                "goals.before": written(change.before, change.key.metric, session),
                "goals.after": written(change.after, change.key.metric, session),
            }
            for change in shown
        ]
    )
    if len(saving.changes) > _SHOWN_CHANGES:
        caption("goals.file_more", count=len(saving.changes) - _SHOWN_CHANGES)


def _month_list(months: list[date], session: Session) -> str:
    return session.t("rules.comma").join(formats.month(each, session.language) for each in months)
