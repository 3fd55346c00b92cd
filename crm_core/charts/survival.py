"""Curves of how many are still without an event after so many days."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from crm_core.charts.base import (
    Chart,
    Numbers,
    canvas,
    check_size,
    describe_parts,
    numeric,
    shorten,
    value_axis,
)
from crm_core.text import formats

_HEIGHT = 320


def survival_curves(frame: pd.DataFrame, numbers: Numbers, *, x_title: str) -> Chart:
    """One stepped line a series, from all at day zero downwards; pointing shows the interval.

    Columns: series (finished words), days, share, low, high. At most ten series are told apart.
    """
    check_size(len(frame))
    figure = canvas(_HEIGHT, legend=True, hover="closest")
    ends: dict[str, float] = {}
    for series, rows in frame.groupby("series", sort=False):
        share = numeric(rows["share"])
        low, high = numeric(rows["low"]), numeric(rows["high"])
        words = [
            f"{formats.number(day, numbers.language)} · {numbers.write(one)} "
            f"({numbers.write(least)} – {numbers.write(most)})"
            for day, one, least, most in zip(rows["days"], share, low, high, strict=True)
        ]
        figure.add_trace(
            go.Scatter(
                x=numeric(rows["days"]).tolist(),
                y=share.tolist(),
                name=shorten(series),
                mode="lines",
                line={"width": 2, "shape": "hv"},
                text=words,
                hovertemplate="%{fullData.name}<br>%{text}<extra></extra>",
            )
        )
        ends[str(series)] = float(share.iloc[-1])
    value_axis(figure, numbers, [0.0, 1.0], "y")
    figure.update_xaxes(title=shorten(x_title), rangemode="tozero", showgrid=False)
    return Chart(figure, describe_parts(list(ends), list(ends.values()), numbers), _HEIGHT)
