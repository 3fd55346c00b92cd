"""The answer of the Explore page: a chart that fits its shape, and the table of its lines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from crm_core.charts import Chart, bars, columns_chart, heat, line_compare, lines
from crm_core.metrics import METRICS
from crm_core.metrics.exploration import MOST_TOP, OF_GOALS, Exploration
from crm_core.metrics.explore import WHOLE, Line, is_time
from crm_core.text.formats import day
from crm_core.ui.explore_state import ask, drilled
from crm_core.ui.explore_words import dimension_name, value_name
from crm_core.ui.fields import button
from crm_core.ui.layout import draw, go, panel
from crm_core.ui.session import current
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, note
from crm_core.views.explore import Explore, next_dimension

_MOST_BARS = 30
_MOST_SERIES = 8
_SCORED = ("stage", "value_tier", "rfm", "loyalty_tier", "cluster")


def draw_answer(view: Explore) -> None:
    """Chart, table and what must be said of them."""
    asked = view.answer.asked
    if asked.show == "change" and view.compared is None:
        note("explore.no_compared")
    if asked.show in OF_GOALS and not any(_told(line) for line in view.answer.lines):
        note("explore.no_goals")
        if button("explore.to_goals", key="explore_to_goals", icon="flag"):
            go("goals")
    _draw_chart(view)
    with panel("explore.table" if asked.by else "explore.table_whole"):
        _draw_table(view)
        _draw_notes(view)


def _told(line: Line) -> bool:
    return any(value is not None for value in line.told.values())


def _draw_notes(view: Explore) -> None:
    asked, session = view.answer.asked, current()
    used = {*asked.by, asked.across, *(name for name, _ in asked.where)}
    following = next_dimension(asked, view.dimensions)
    if asked.by and following:
        caption("explore.open_by", dimension=dimension_name(following))
    if view.answer.left_out:
        caption("explore.left_out", count=view.answer.left_out)
    if any(METRICS[name].additivity != "additive" for name in asked.metrics):
        caption("explore.anew")
    if asked.show in OF_GOALS:
        caption("explore.goals_note")
    if any(line.hidden for line in view.answer.lines):
        caption("explore.suppressed")
    if "campaign" in used:
        caption("explore.campaign_note")
    as_of = session.store.scores_as_of
    if used & set(_SCORED) and as_of is not None:
        caption("explore.scores_note", day=day(as_of, session.language))


def open_line(view: Explore, line: Line) -> None:
    """Goes into a row or a part; the others come apart in more rows."""
    asked = view.answer.asked
    if line.kind in ("row", "part"):
        ask(drilled(asked, line.keys, next_dimension(asked, view.dimensions)))
    elif line.kind == "others":
        ask(replace(asked, top=min(asked.top * 5, MOST_TOP)))


def line_name(view: Explore, line: Line) -> str:
    """What a line is called: the names of its values, or what it holds."""
    session = current()
    if line.kind in ("others", "total"):
        return session.t(f"explore.{line.kind}")
    names = [
        value_name(name, code, view.products)
        for name, code in zip(view.answer.asked.by, line.keys, strict=False)
    ]
    joined = " · ".join(names)
    return session.t("explore.part", name=joined) if line.kind == "part" else joined


def columns_of(view: Explore) -> list[tuple[str, str, str]]:
    """The columns of numbers: metric, code of the column, and its words."""
    session, asked = current(), view.answer.asked
    found: list[tuple[str, str, str]] = []
    for code in (WHOLE, *view.answer.columns):
        for name in asked.metrics:
            words = session.t(f"metric.{name}.label")
            if asked.across:
                of = (
                    session.t("explore.whole")
                    if code == WHOLE
                    else value_name(asked.across, code, view.products)
                )
                words = of if len(asked.metrics) == 1 else f"{of} · {words}"
            found.append((name, code, words))
    return found


def unit_of(asked: Exploration, metric: str) -> str:
    """The unit in which a metric is told."""
    return "rate" if asked.show in ("share", "change", "goal") else METRICS[metric].unit


def _draw_table(view: Explore) -> None:
    asked, answer = view.answer.asked, view.answer
    head = " · ".join(map(dimension_name, asked.by)) or current().t("explore.total")
    frame = pd.DataFrame({head: [line_name(view, line) for line in answer.lines]})
    shown = [Column(head, pinned=True)]
    for name, code, words in columns_of(view):
        title = words
        while title in frame:
            title += "\u2009"
        frame[title] = [line.told.get((name, code)) for line in answer.lines]
        shown.append(Column(title, unit_of(asked, name), help_key=f"metric.{name}.about"))
    opened = data_table(
        frame.assign(_place=range(len(frame))),
        shown,
        key="explore_lines",
        alt_key="explore.table",
        on_click=bool(asked.by),
    )
    if opened:
        open_line(view, answer.lines[int(opened["_place"])])


def _draw_chart(view: Explore) -> None:
    session, asked = current(), view.answer.asked
    metric = asked.metrics[0]
    rows = [line for line in view.answer.lines if line.kind == "row"]
    rows = [line for line in rows if line.told.get((metric, WHOLE)) is not None]
    if not asked.by or len(rows) < 2:
        return
    dimensions = ", ".join(
        dimension_name(name) for name in (*asked.by, *([asked.across] if asked.across else []))
    )
    title = session.t(f"metric.{metric}.label")
    with panel(
        "explore.chart",
        metric=title,
        dimensions=dimensions,
        help_key=f"metric.{metric}.about",
    ):
        clicked = draw(
            _chart_of(view, rows, metric),
            key="explore_answer",
            on_click=_is_bars(asked),
            title=title,
        )
    if clicked and clicked.isdigit() and int(clicked) < len(rows):
        open_line(view, rows[int(clicked)])


def _is_bars(asked: Exploration) -> bool:
    is_line = len(asked.by) == 1 and is_time(asked.by[0])
    return not asked.across and len(asked.by) != 2 and not is_line


def _chart_of(view: Explore, rows: list[Line], metric: str) -> Chart:
    """Lines over days, a heat of two dimensions, bars of anything else."""
    asked, session = view.answer.asked, current()
    numbers = session.numbers(unit_of(asked, metric))
    wide = len(asked.by) == 1 and bool(asked.across)
    is_dated = len(asked.by) == 1 and is_time(asked.by[0])
    if is_dated and asked.by[0] == "weekday" and not wide:
        return columns_chart(_labelled(view, rows, metric), numbers)
    if is_dated and asked.by[0] != "weekday":
        return _over_time(view, rows, metric, numbers)
    if wide:
        return heat(_wide(view, rows[:_MOST_BARS], metric), numbers)
    if len(asked.by) == 2:
        return heat(_crossed(view, rows, metric), numbers)
    return bars(_labelled(view, rows[:_MOST_BARS], metric), numbers)


def _over_time(view: Explore, rows: list[Line], metric: str, numbers: Any) -> Chart:
    asked = view.answer.asked
    rows = [line for line in rows if line.keys[0]]
    days = pd.to_datetime([line.keys[0] for line in rows])
    if not asked.across:
        values = [line.told.get((metric, WHOLE)) for line in rows]
        return line_compare(pd.DataFrame({"day": days, "value": values}), numbers)
    parts = [
        pd.DataFrame(
            {
                "day": days,
                "value": [line.told.get((metric, code)) for line in rows],
                "series": value_name(asked.across, code, view.products),
            }
        )
        for code in view.answer.columns[:_MOST_SERIES]
    ]
    return lines(pd.concat(parts, ignore_index=True), numbers)


def _labelled(view: Explore, rows: list[Line], metric: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": [line_name(view, line) for line in rows],
            "value": [line.told.get((metric, WHOLE)) for line in rows],
            "code": [str(place) for place in range(len(rows))],
        }
    )


def _wide(view: Explore, rows: list[Line], metric: str) -> pd.DataFrame:
    across = view.answer.asked.across
    return pd.DataFrame(
        [
            (
                line_name(view, line),
                value_name(across, code, view.products),
                line.told.get((metric, code)),
            )
            for line in rows
            for code in view.answer.columns
        ],
        columns=["row", "column", "value"],
    )


def _crossed(view: Explore, rows: list[Line], metric: str) -> pd.DataFrame:
    by = view.answer.asked.by
    heads = list(dict.fromkeys(line.keys[0] for line in rows))[:_MOST_BARS]
    kept = [line for line in rows if line.keys[0] in heads]
    return pd.DataFrame(
        [
            (
                value_name(by[0], line.keys[0], view.products),
                value_name(by[1], line.keys[1], view.products),
                line.told.get((metric, WHOLE)),
            )
            for line in kept
        ],
        columns=["row", "column", "value"],
    )
