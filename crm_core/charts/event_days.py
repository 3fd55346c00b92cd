"""Days around an event laid over each other, and how a day's orders come in."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from crm_core.charts.base import (
    COMPARISON_GREY,
    GREEN,
    ORANGE,
    PRIMARY,
    Chart,
    Numbers,
    canvas,
    check_size,
    describe_parts,
    numeric,
    shorten,
    upright,
    value_axis,
)
from crm_core.text import t

_HEIGHT = 360
#: Earlier times, the latest first.
_ROOM = 3
_PAST = (ORANGE, GREEN, COMPARISON_GREY)
_HOURS_HEIGHT = 300


def around_event(
    frame: pd.DataFrame, numbers: Numbers, *, spans: Sequence[tuple[float, float, str]] = ()
) -> Chart:
    """Times of an event by day from its own day on (0), past ones, the one of now and what is
    expected of it.

    Columns: series (finished words), role (past, now or expected), offset (days), value, note
    (the day in words); low and high of what is expected. `spans` (first, last, words) are
    shaded.
    """
    check_size(len(frame) * 2)
    figure = canvas(_HEIGHT, legend=True, hover="x unified")
    for first, last, words in spans:
        _shade(figure, first, last, words)
    expected = frame[frame["role"] == "expected"]
    if len(expected) and expected["low"].notna().any():
        _band(figure, expected, t("chart.band_80", numbers.language))
    past = list(frame.loc[frame["role"] == "past", "series"].drop_duplicates())
    for (role, series), rows in frame.groupby(["role", "series"], sort=False):
        age = len(past) - 1 - past.index(series) if role == "past" else 0
        _line(figure, rows, numbers, str(series), _look(str(role), age))
    shown = [*numeric(frame["value"]).dropna(), *numeric(expected["high"]).dropna()]
    value_axis(figure, numbers, shown, "y")
    figure.update_xaxes(dtick=7, tick0=0, showgrid=False)
    tops = frame.groupby("series", sort=False)["value"].max()
    alt = describe_parts([str(name) for name in tops.index], numeric(tops).tolist(), numbers)
    return Chart(figure, alt, _HEIGHT)


def _look(role: str, age: int) -> dict[str, object]:
    if role == "past":
        return {"width": 1.8, "color": _PAST[min(age, len(_PAST) - 1)]}
    return {"width": 2.6, "color": PRIMARY, "dash": "dash" if role == "expected" else "solid"}


def _line(
    figure: go.Figure, rows: pd.DataFrame, numbers: Numbers, name: str, line: dict[str, object]
) -> None:
    values = numeric(rows["value"])
    words = [
        f"{told} ({note})"
        for told, note in zip(numbers.write_all(values), rows["note"], strict=True)
    ]
    figure.add_trace(
        go.Scatter(
            x=rows["offset"].tolist(),
            y=values.tolist(),
            name=shorten(name),
            mode="lines" if len(rows) > 1 else "markers",
            line=line,
            text=words,
            hovertemplate="%{text}",
        )
    )


def _band(figure: go.Figure, rows: pd.DataFrame, name: str) -> None:
    offset = rows["offset"].tolist()
    figure.add_trace(
        go.Scatter(
            x=offset + offset[::-1],
            y=numeric(rows["high"]).tolist() + numeric(rows["low"]).tolist()[::-1],
            fill="toself",
            fillcolor=PRIMARY,
            opacity=0.18,
            line={"width": 0},
            mode="lines",
            name=name,
            hoverinfo="skip",
        )
    )


def _shade(figure: go.Figure, first: float, last: float, words: str) -> None:
    figure.add_vrect(
        x0=first - 0.5,
        x1=last + 0.5,
        fillcolor=COMPARISON_GREY,
        opacity=0.14,
        line={"width": 0},
        layer="below",
    )
    if last - first < _ROOM:  # a name across so few days would hide their lines
        return
    upright(figure, (first + last) / 2, words)


def day_pace(frame: pd.DataFrame, numbers: Numbers) -> Chart:
    """Which share of a day's orders had come by the end of each hour; today's line is strong.

    Columns: series (finished words), hour (1 to 24), share, orders; is_today.
    """
    check_size(len(frame))
    figure = canvas(_HOURS_HEIGHT, legend=True, hover="x unified")
    for (is_today, series), rows in frame.groupby(["is_today", "series"], sort=False):
        share = numeric(rows["share"])
        orders = [round(float(count)) for count in rows["orders"]]
        words = [f"{numbers.write(one)} ({n})" for one, n in zip(share, orders, strict=True)]
        line = {"width": 3, "color": PRIMARY} if is_today else {"width": 1.6}
        figure.add_trace(
            go.Scatter(
                x=rows["hour"].tolist(),
                y=share.tolist(),
                name=shorten(series),
                mode="lines",
                line=line,
                text=words,
                hovertemplate="%{text}",
            )
        )
    value_axis(figure, numbers, [0.0, 1.0], "y")
    figure.update_xaxes(dtick=3, tick0=0, range=[0.5, 24.2], showgrid=False)
    middle = frame[frame["hour"] == 12]
    labels = [str(series) for series in middle["series"]]
    alt = describe_parts(labels, numeric(middle["share"]).tolist(), numbers)
    return Chart(figure, alt, _HOURS_HEIGHT)
