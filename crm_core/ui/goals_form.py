"""Where goals are set: a grid by month and channel, a proposal to begin with, a file, and undo."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import streamlit as st

from crm_core.metrics.goals import GOAL_METRICS
from crm_core.pipeline.goal_files import GoalFile, read_goals
from crm_core.privacy.policy import allowed, require
from crm_core.records import GoalSaving
from crm_core.text import formats
from crm_core.ui.fields import button, choice_field, file_field
from crm_core.ui.goals_grid import draw_grid, forget_proposal
from crm_core.ui.goals_words import channel_words, metric_words, written
from crm_core.ui.layout import details_box, panel, part, row
from crm_core.ui.note_words import user_words
from crm_core.ui.session import Session, current
from crm_core.ui.words import caption, flash, success, warning, word_table
from crm_core.views.goals import Goals

KINDS = ("csv", "tsv", "txt", "xlsx", "xlsm", "xls", "ods")
_REPORT = "_goals_report"
_SHOWN_ISSUES = 30
_SHOWN_CHANGES = 40


def draw_form(view: Goals) -> None:
    """The panel in which goals are set; who may only look is told so."""
    session = current()
    if not allowed(session.access, "plan"):
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
            year = choice_field(
                "goals.year", _years(view), key="goals_set_year", value=str(view.month.year)
            )
        draw_grid(view, name, int(year or view.month.year))
    left, right = st.columns(2, gap="small")
    with left, panel("goals.file"), part():
        _draw_file(view, session)
    with right, panel("goals.history"), part():
        _draw_history(session)


def _years(view: Goals) -> list[str]:
    """Next year, this one and the one before, and all that have goals; the latest first."""
    now = view.month.year
    years = {now + 1, now, now - 1, *(month.year for month in view.goals["month"])}
    return [str(year) for year in sorted(years, reverse=True)]


def _draw_file(view: Goals, session: Session) -> None:
    caption("goals.file_about")
    file = file_field("goals.file_choose", key="goals_file_given", kinds=KINDS)
    if file is not None and button("goals.file_load", key="goals_file_load", main=True):
        require(session.access, "plan")
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
        require(session.access, "plan")
        session.records.undo_goals(latest.number, author=session.access.user, now=datetime.now(UTC))
        forget_proposal()
        flash("goals.undone", count=len(latest.changes))
        st.rerun()
    for saving in savings[:8]:
        origin = session.t(f"goals.origin.{saving.origin}", file=saving.file)
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
