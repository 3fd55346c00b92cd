"""Estimates with how sure they are: points with whiskers, and curves within bands."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from crm_core.charts.base import (
    COMPARISON_GREY,
    GREEN,
    ORANGE,
    PRIMARY,
    VIOLET,
    Chart,
    Numbers,
    canvas,
    check_size,
    describe_parts,
    error_arms,
    numeric,
    shorten,
    value_ticks,
)

_ROW_HEIGHT = 44
_HEIGHT = 320
_LEAST_HEIGHT = 150
_OTHERS = (ORANGE, GREEN, VIOLET)


def whiskers(frame: pd.DataFrame, numbers: Numbers) -> Chart:
    """One point a row with a whisker from low to high, and a line at zero.

    Columns: label (finished words), value; low and high, missing where there is no interval;
    optionally seen (a hollow grey point: what was observed before it was drawn to the others).
    """
    check_size(len(frame) * 2)
    height = max(_LEAST_HEIGHT, len(frame) * _ROW_HEIGHT + 46)
    figure = canvas(height)
    rows = list(range(len(frame)))
    labels = [shorten(label) for label in frame["label"]]
    value, low, high = (numeric(frame[name]) for name in ("value", "low", "high"))
    words = [_words(*told, numbers) for told in zip(value, low, high, strict=True)]
    shown = [*value, *low.dropna(), *high.dropna()]
    if "seen" in frame:
        seen = numeric(frame["seen"])
        shown += list(seen)
        figure.add_trace(_seen(seen, rows, labels, numbers))
    figure.add_trace(
        go.Scatter(
            x=value.tolist(),
            y=rows,
            mode="markers",
            marker={"size": 11, "color": PRIMARY},
            error_x=error_arms(value, low, high),
            hovertext=[f"{label}: {told}" for label, told in zip(labels, words, strict=True)],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    figure.add_vline(x=0, line={"width": 1, "dash": "dash", "color": COMPARISON_GREY})
    _mark_values(figure, [x for x in shown if x == x], numbers)
    figure.update_yaxes(
        tickmode="array",
        tickvals=rows,
        ticktext=labels,
        range=[len(frame) - 0.4, -0.6],
        showgrid=False,
    )
    return Chart(figure, describe_parts(labels, value.tolist(), numbers), height)


def _seen(seen: pd.Series, rows: list[int], labels: list[str], numbers: Numbers) -> go.Scatter:
    return go.Scatter(
        x=seen.tolist(),
        y=rows,
        mode="markers",
        marker={"size": 9, "symbol": "circle-open", "color": COMPARISON_GREY},
        hovertext=[f"{label}: {numbers.write(x)}" for label, x in zip(labels, seen, strict=True)],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _words(value: float, low: float, high: float, numbers: Numbers) -> str:
    if low != low or high != high:
        return numbers.write(value)
    return f"{numbers.write(value)} ({numbers.write(low)} – {numbers.write(high)})"


def _mark_values(figure: go.Figure, values: list[float], numbers: Numbers) -> None:
    ticks = value_ticks(values)
    figure.update_xaxes(
        tickmode="array",
        tickvals=ticks,
        ticktext=[numbers.short(tick) for tick in ticks],
        range=[ticks[0], ticks[-1]],
    )


def share_curves(
    frame: pd.DataFrame, numbers: Numbers, *, x_title: str, band: str, plain: str
) -> Chart:
    """A value by the share of people reached, one line a series, zero marked.

    Columns: series (finished words), share (0 to 1), value, low, high. `band` names the series
    that is drawn with its band, `plain` the one that the others are to beat (grey and dotted).
    """
    check_size(len(frame) * 2)
    figure = canvas(_HEIGHT, legend=True, hover="x unified")
    shares = Numbers("rate", numbers.language)
    shown: list[float] = []
    ends: dict[str, float] = {}
    colours = iter(_OTHERS)
    for series, rows in frame.groupby("series", sort=False):
        value = numeric(rows["value"])
        is_main = series == band
        line = (
            {"width": 2.5, "color": PRIMARY}
            if is_main
            else {"width": 1.8, "color": COMPARISON_GREY, "dash": "dot"}
            if series == plain
            else {"width": 1.8, "color": next(colours)}
        )
        shown += value.tolist()
        if is_main:
            shown += [*numeric(rows["low"]), *numeric(rows["high"])]
            figure.add_trace(_band(rows, shorten(series)))
        told = zip(value, numeric(rows["low"]), numeric(rows["high"]), strict=True)
        figure.add_trace(
            go.Scatter(
                x=rows["share"].tolist(),
                y=value.tolist(),
                name=shorten(series),
                mode="lines",
                line=line,
                text=[_words(*one, numbers) for one in told],
                hovertemplate="%{fullData.name}: %{text}<extra></extra>",
            )
        )
        ends[str(series)] = float(value.iloc[-1]) if len(value) else 0.0
    figure.add_hline(y=0, line={"width": 1, "dash": "dash", "color": COMPARISON_GREY})
    marks = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    figure.update_xaxes(
        title=shorten(x_title),
        tickmode="array",
        tickvals=marks,
        ticktext=[shares.short(mark) for mark in marks],
        range=[0, 1.03],
        showgrid=False,
    )
    ticks = value_ticks(shown)
    figure.update_yaxes(
        tickmode="array",
        tickvals=ticks,
        ticktext=[numbers.short(tick) for tick in ticks],
        range=[ticks[0], ticks[-1]],
    )
    return Chart(figure, describe_parts(list(ends), list(ends.values()), numbers), _HEIGHT)


def _band(rows: pd.DataFrame, name: str) -> go.Scatter:
    shares = rows["share"].tolist()
    low, high = (numeric(rows[bound]).tolist() for bound in ("low", "high"))
    return go.Scatter(
        x=shares + shares[::-1],
        y=high + low[::-1],
        fill="toself",
        fillcolor=PRIMARY,
        opacity=0.16,
        line={"width": 0},
        mode="lines",
        name=name,
        showlegend=False,
        hoverinfo="skip",
    )
