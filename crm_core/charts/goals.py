"""Targets beside what came of them: bullets of one month, and columns over months."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from crm_core.charts.base import (
    COMPARISON_GREY,
    ORANGE,
    PRIMARY,
    Chart,
    Numbers,
    as_day,
    canvas,
    check_size,
    day_words,
    describe_parts,
    error_arms,
    numeric,
    shorten,
    value_axis,
    value_ticks,
)
from crm_core.text import formats, t

_ROW_HEIGHT = 46
_LEAST_HEIGHT = 170
_HEIGHT = 320
_MANY = 9  # months whose names no longer fit a phone side by side
MISSED = ORANGE


def bullets(frame: pd.DataFrame, language: str) -> Chart:
    """One row a goal: how much of the target is there, what is usual by now, where it lands.

    Columns: label (finished words); reached, usual, landing, low, high: shares of the target, each
    missing where it does not apply. A dashed line marks the target.
    """
    check_size(len(frame) * 5)
    numbers = Numbers("rate", language)
    height = max(_LEAST_HEIGHT, len(frame) * _ROW_HEIGHT + 76)
    figure = canvas(height, legend=True)
    rows = list(range(len(frame)))
    labels = [shorten(label) for label in frame["label"]]
    told = {name: numeric(frame[name]) for name in ("reached", "usual", "landing", "low", "high")}
    figure.add_trace(_reached(told["reached"], rows, labels, numbers))
    if told["usual"].notna().any():
        figure.add_trace(_usual(told["usual"], rows, labels, numbers))
    if told["landing"].notna().any():
        figure.add_trace(_landing(told, rows, labels, numbers))
    figure.add_vline(x=1, line={"width": 1.5, "dash": "dash", "color": COMPARISON_GREY})
    shown = [value for each in told.values() for value in each.dropna()]
    ticks = value_ticks([*shown, 1.0])
    figure.update_xaxes(
        tickmode="array",
        tickvals=ticks,
        ticktext=[numbers.short(tick) for tick in ticks],
        range=[min(ticks[0], 0), ticks[-1] * 1.02],
    )
    figure.update_yaxes(
        tickmode="array",
        tickvals=rows,
        ticktext=labels,
        range=[len(frame) - 0.4, -0.6],
        showgrid=False,
    )
    figure.update_layout(barcornerradius=4, bargap=0.5)
    best = told["reached"].fillna(told["landing"])
    return Chart(figure, describe_parts(labels, best.tolist(), numbers), height)


def _reached(
    values: pd.Series[float], rows: list[int], labels: list[str], numbers: Numbers
) -> go.Bar:
    return go.Bar(
        x=values.tolist(),
        y=rows,
        orientation="h",
        name=t("goals.chart.reached", numbers.language),
        marker={"color": PRIMARY},
        opacity=0.75,
        hovertext=_hovers(values, labels, numbers),
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _usual(
    values: pd.Series[float], rows: list[int], labels: list[str], numbers: Numbers
) -> go.Scatter:
    return go.Scatter(
        x=values.tolist(),
        y=rows,
        mode="markers",
        name=t("goals.chart.usual", numbers.language),
        marker={
            "symbol": "line-ns",
            "size": 26,
            "line": {"width": 3, "color": COMPARISON_GREY},
        },
        hovertext=_hovers(values, labels, numbers),
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _landing(
    told: dict[str, pd.Series[float]], rows: list[int], labels: list[str], numbers: Numbers
) -> go.Scatter:
    value, low, high = told["landing"], told["low"], told["high"]
    words = [
        f"{label}: {numbers.write(x)} ({numbers.write(a)} – {numbers.write(b)})"
        for label, x, a, b in zip(labels, value, low, high, strict=True)
    ]
    return go.Scatter(
        x=value.tolist(),
        y=rows,
        mode="markers",
        name=t("goals.chart.landing", numbers.language),
        marker={"symbol": "diamond", "size": 11, "color": MISSED},
        error_x=error_arms(value, low, high, MISSED),
        hovertext=words,
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _hovers(values: pd.Series[float], labels: list[str], numbers: Numbers) -> list[str]:
    return [f"{label}: {numbers.write(x)}" for label, x in zip(labels, values, strict=True)]


def goal_months(frame: pd.DataFrame, numbers: Numbers, *, name: str) -> Chart:
    """A column a month, its target as a line across it, and where a month not over lands; `name`
    says what is shown.

    Columns: month, value (to date), target, is_missed, landing, low, high; the numbers missing
    where they do not apply. Columns of months that missed their target are striped.
    """
    check_size(len(frame) * 3)
    figure = canvas(_HEIGHT, legend=True)
    labels = [formats.month(as_day(month), numbers.language) for month in frame["month"]]
    values, target = numeric(frame["value"]), numeric(frame["target"])
    missed = frame["is_missed"].astype(bool).tolist()
    months = [as_day(month) for month in frame["month"]]
    places = [month.isoformat() for month in months]
    figure.add_trace(
        go.Bar(
            x=places,
            y=values.tolist(),
            name=shorten(name),
            marker={
                "color": [MISSED if each else PRIMARY for each in missed],
                "pattern": {"shape": ["/" if each else "" for each in missed], "size": 6},
            },
            hovertext=_hovers(values, labels, numbers),
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=places,
            y=target.tolist(),
            mode="markers",
            name=t("goals.chart.target", numbers.language),
            marker={
                "symbol": "line-ew",
                "size": 18,
                "line": {"width": 3, "color": COMPARISON_GREY},
            },
            hovertext=numbers.write_all(target),
            hovertemplate="%{fullData.name}: %{hovertext}<extra></extra>",
        )
    )
    landing, low, high = (numeric(frame[name]) for name in ("landing", "low", "high"))
    if landing.notna().any():
        figure.add_trace(_landings(places, landing, low, high, numbers))
    shown = [x for each in (values, target, landing, high, low) for x in each.dropna()]
    value_axis(figure, numbers, shown, "y")
    figure.update_layout(barcornerradius=3, bargap=0.35)
    every = 1 + len(places) // _MANY
    figure.update_xaxes(
        showgrid=False,
        type="category",
        tickmode="array",
        tickvals=places[::every],
        ticktext=day_words(months[::every], numbers.language),
        tickangle=0,
    )
    return Chart(figure, describe_parts(labels, values.tolist(), numbers), _HEIGHT)


def _landings(
    places: list[str],
    value: pd.Series[float],
    low: pd.Series[float],
    high: pd.Series[float],
    numbers: Numbers,
) -> go.Scatter:
    words = [
        f"{numbers.write(x)} ({numbers.write(a)} – {numbers.write(b)})"
        for x, a, b in zip(value, low, high, strict=True)
    ]
    return go.Scatter(
        x=places,
        y=value.tolist(),
        mode="markers",
        name=t("goals.chart.landing", numbers.language),
        marker={"symbol": "diamond", "size": 10, "color": MISSED},
        error_y=error_arms(value, low, high, MISSED),
        hovertext=words,
        hovertemplate="%{fullData.name}: %{hovertext}<extra></extra>",
    )
