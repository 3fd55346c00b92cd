"""What is aimed at with the numbers of the overview, and what people noted at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from crm_core.metrics import METRICS
from crm_core.metrics.goals import GOAL_METRICS
from crm_core.text import formats
from crm_core.ui import navigation
from crm_core.ui.address import kept, to_query
from crm_core.ui.goals_words import targets_kept, written
from crm_core.ui.kpi import plain_value
from crm_core.ui.layout import panel
from crm_core.ui.notes import notes_button, notes_counts
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.views.card import Card
from crm_core.views.goal_lines import GoalLine, goal_lines

_BLANK = "–"


def draw_goals_and_notes(cards: Sequence[Card]) -> None:
    """A cell a number: how its goal of the month stands, if there are goals, and its notes."""
    session, names = current(), [card.metric for card in cards]
    lines, counts = _goal_lines(session), notes_counts("metric", names)
    with panel("overview.goals_and_notes"), st.grid(len(cards), min_column_width=150, gap="small"):
        for card in cards:
            name = card.metric
            with st.container(gap="xxsmall"):
                st.markdown(f"**{session.md(card.label_key)}**")
                if name in lines:
                    _draw(lines[name], name)
                elif lines and name in GOAL_METRICS:  # cells side by side stay alike
                    _link("goals.line.none", facts={})
                notes_button("metric", name, count=counts.get(name, 0))


def _goal_lines(session: Session) -> Mapping[str, GoalLine]:
    """By metric, the month the data ends in; nothing is asked of the store without goals."""
    month = session.store.meta.as_of.replace(day=1)
    targets = tuple(each for each in targets_kept() if each[1] == month)
    return show(goal_lines, session.selection, targets=targets) if targets else {}


def _draw(line: GoalLine, name: str) -> None:
    session = current()
    facts = {
        "month": formats.month(line.month, session.language),
        "target": _short(line.target, name, session),
        "actual": written(line.actual, name, session),
        "share": formats.percent(line.reached, session.language, 0),
        "usual": formats.percent(line.usual, session.language, 0),
        "landing": _short(line.landing or 0.0, name, session),
    }
    label = "goals.line.share" if line.reached is not None else "goals.line.goal"
    how = _sentence(line)
    _link(label, caption_key=f"goals.line.{how}", help_key=f"goals.line.{how}_about", facts=facts)


def _link(
    label_key: str,
    *,
    facts: Mapping[str, str],
    caption_key: str | None = None,
    help_key: str | None = None,
) -> None:
    """A link to all goals, what is said of this one, and in full where one points at it."""
    spec, session = navigation.spec_of("goals"), current()
    if spec is None or not spec.path.is_file():
        return
    about = session.maybe(help_key, **facts)
    with st.container(gap="xxsmall"):
        st.page_link(
            spec.path,
            label=plain_value(session.md(label_key, **facts)),
            icon=f":material/{spec.icon}:",
            help=plain_value(about) if about else None,
            query_params=to_query(kept()),
        )
        said = plain_value(session.md(caption_key, **facts)) if caption_key else _BLANK
        st.caption(said)


def _sentence(line: GoalLine) -> str:
    """Which words tell how the goal stands."""
    if line.reached is None:
        return "ratio"
    if line.status == "past":
        return line.verdict
    if line.landing is not None:
        return "lands"
    return "usual" if line.usual is not None else "running"


def _short(value: float, name: str, session: Session) -> str:
    """An amount short enough for a narrow card."""
    numbers = session.numbers(METRICS[name].unit)
    return numbers.short(value) if abs(value) >= 10_000 else numbers.write(value)
