"""What all charts share: how numbers and days are written, the empty canvas, the size limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, isfinite, log10

import pandas as pd
import plotly.graph_objects as go

from crm_core.errors import CrmError
from crm_core.privacy.escape import plot_escape
from crm_core.text import formats, t
from crm_core.text.numbers import Numbers

MAX_POINTS = 2_000
COMPARISON_GREY = "#8A90A2"
PRIMARY = "#000001"  # the theme's first chart colour, put in by the browser
ORANGE, GREEN, VIOLET = "#E07A3C", "#2EA06E", "#B454C4"
MAX_LABEL = 32


@dataclass(frozen=True)
class Chart:
    """A drawn figure, its words for people who cannot see it, and its height in pixels."""

    figure: go.Figure
    alt: str
    height: int


def check_size(points: int) -> None:
    """Raises CrmError("chart_too_many_points") when a figure would be slow to draw."""
    if points > MAX_POINTS:
        raise CrmError("chart_too_many_points", points=points, limit=MAX_POINTS)


def shorten(label: object) -> str:
    """A label that fits beside a bar, inert for the browser."""
    words = str(label)
    return plot_escape(words if len(words) <= MAX_LABEL else words[: MAX_LABEL - 1] + "…")


def canvas(height: int, *, legend: bool = False, hover: str | bool = "closest") -> go.Figure:
    """An empty figure with tight margins; the app's theme brings colours and fonts."""
    # All at once: each later update of a figure costs milliseconds on every rerun.
    axis = {"fixedrange": True, "automargin": True, "zeroline": False, "title": None}
    return go.Figure(
        layout={
            "height": height,
            "margin": {"l": 4, "r": 12, "t": 30 if legend else 8, "b": 4},
            "showlegend": legend,
            "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "title": None},
            "hovermode": hover,
            "dragmode": False,
            "clickmode": "event+select",
            "bargap": 0.28,
            "xaxis": axis,
            "yaxis": axis,
        }
    )


def value_ticks(values: Sequence[float], *, wanted: int = 4) -> list[float]:
    """Round axis marks from zero (or below) to just above the highest value.

    >>> value_ticks([0, 18_400])
    [0.0, 5000.0, 10000.0, 15000.0, 20000.0]
    """
    known = [float(value) for value in values if isfinite(float(value))]
    low, high = min([0.0, *known]), max([0.0, *known])
    if high - low < 1e-9:
        return [0.0, 1.0]
    raw = (high - low) / wanted
    size = 10.0 ** floor(log10(raw))
    step = next(size * step for step in (1, 2, 2.5, 5, 10) if size * step >= raw * 0.95)
    return [round(step * n, 10) for n in range(floor(low / step), ceil(high / step) + 1)]


def value_axis(figure: go.Figure, numbers: Numbers, values: Sequence[float], axis: str) -> None:
    """Marks an axis with numbers as the reader's language writes them."""
    ticks = value_ticks(values)
    settings = {
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [numbers.short(tick) for tick in ticks],
        "range": [ticks[0], ticks[-1]],
    }
    figure.update_layout({f"{axis}axis": settings})


def day_ticks(first: date, last: date) -> list[date]:
    """At most about eight marks: days, Mondays, months or years, as the span asks."""
    days = pd.date_range(first, last, freq="D")
    if len(days) <= 10:
        return [day.date() for day in days]
    if len(days) <= 62:
        marks = [day.date() for day in days if day.day_of_week == 0]
    elif len(days) <= 1_100:
        marks = [day.date() for day in days if day.day == 1]
    else:
        marks = [day.date() for day in days if day.day == 1 and day.month == 1]
    every = max(1, ceil(len(marks) / 8))
    return marks[::every]


def day_words(marks: Sequence[date], language: str) -> list[str]:
    """Words for axis marks; the year is said once, where it begins.

    >>> day_words([date(2026, 1, 1), date(2026, 2, 1)], "zh")
    ['1月<br>2026年', '2月']
    """
    months = bool(marks) and all(mark.day == 1 for mark in marks)
    words: list[str] = []
    for mark, before in zip(marks, [None, *marks], strict=False):
        if language == "zh":
            word = f"{mark.month}月" if months else f"{mark.month}月{mark.day}日"
            year = f"{mark.year}年"
        else:
            month = formats.month(mark, language).split(" ")[0]
            word = month if months else f"{mark.day} {month}"
            year = str(mark.year)
        fresh = before is None or before.year != mark.year
        words.append(f"{word}<br>{year}" if fresh else word)
    return words


def day_axis(figure: go.Figure, days: pd.Series, language: str) -> None:
    """Marks the horizontal axis with days in the reader's language."""
    if days.empty:
        return
    first, last = as_day(days.min()), as_day(days.max())
    marks = day_ticks(first, last)
    figure.update_xaxes(
        type="date",
        tickmode="array",
        tickvals=[mark.isoformat() for mark in marks],
        ticktext=day_words(marks, language),
        hoverformat="%Y年%-m月%-d日" if language == "zh" else "%-d %b %Y",
        showgrid=False,
    )


def as_day(value: object) -> date:
    """The day of a timestamp, date or ISO text."""
    return pd.Timestamp(value).date()  # pyright: ignore[reportArgumentType]


def iso(days: pd.Series) -> list[str]:
    """Days as short text, which is what the browser reads fastest."""
    return pd.to_datetime(days).dt.strftime("%Y-%m-%d").tolist()


def numeric(values: pd.Series) -> pd.Series:
    """Plain floats, decimals and missing values included."""
    return pd.to_numeric(values, errors="coerce").astype("float64")


def range_words(frame: pd.DataFrame, numbers: Numbers, column: str = "value") -> dict[str, str]:
    """The facts an alternative text states about a series over days."""
    values = numeric(frame[column])
    if values.dropna().empty:
        return {}
    return {
        "start": formats.day(as_day(frame["day"].min()), numbers.language),
        "end": formats.day(as_day(frame["day"].max()), numbers.language),
        "low": numbers.write(float(values.min())),
        "high": numbers.write(float(values.max())),
        "last": numbers.write(float(values.dropna().iloc[-1])),
    }


def describe_days(frame: pd.DataFrame, numbers: Numbers, column: str = "value") -> str:
    """Alternative text of a chart over days."""
    words = range_words(frame, numbers, column)
    if not words:
        return t("chart.alt_empty", numbers.language)
    return t("chart.alt_days", numbers.language, **words)


def describe_parts(labels: Sequence[str], values: Sequence[float], numbers: Numbers) -> str:
    """Alternative text of a chart of parts: how many, and the largest three."""
    known = [(value, label) for label, value in zip(labels, values, strict=True) if value == value]
    if not known:
        return t("chart.alt_empty", numbers.language)
    largest = sorted(known, key=lambda pair: -pair[0])[:3]
    named = "; ".join(f"{label} {numbers.write(value)}" for value, label in largest)
    return t("chart.alt_parts", numbers.language, count=len(known), largest=named)


def error_arms(
    value: pd.Series, low: pd.Series, high: pd.Series, color: str = PRIMARY
) -> dict[str, object]:
    """Whiskers from low to high around points; none where there is no interval."""
    return {
        "type": "data",
        "symmetric": False,
        "array": (high - value).fillna(0.0).tolist(),
        "arrayminus": (value - low).fillna(0.0).tolist(),
        "thickness": 2,
        "width": 5,
        "color": color,
    }


def upright(figure: go.Figure, x: object, words: str, side: str = "center") -> None:
    """Quiet words down from the top of a chart at a place of its x axis."""
    figure.add_annotation(
        x=x,
        y=1,
        yref="paper",
        text=shorten(words),
        showarrow=False,
        textangle=-90,
        xanchor=side,
        yanchor="top",
        font={"size": 11, "color": COMPARISON_GREY},
    )
