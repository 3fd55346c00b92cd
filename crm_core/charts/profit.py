"""What spending more brings, with its interval."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from crm_core.charts.base import PRIMARY, Chart, Numbers, canvas, check_size, numeric, value_axis

_HEIGHT = 300


def profit_line(
    frame: pd.DataFrame, numbers: Numbers, *, x_title: str, chosen: float | None = None
) -> Chart:
    """A line of profit over what is spent, the band of its interval, a mark where one stands.

    Columns: spent, net, low, high, note (words for the tooltip).
    """
    check_size(len(frame) * 3)
    figure = canvas(_HEIGHT)
    spent = numeric(frame["spent"]).tolist()
    low, high, net = (numeric(frame[name]).tolist() for name in ("low", "high", "net"))
    figure.add_trace(
        go.Scatter(
            x=spent + spent[::-1], y=high + low[::-1], fill="toself", fillcolor=PRIMARY,
            opacity=0.16, line={"width": 0}, mode="lines", hoverinfo="skip",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=spent, y=net, mode="lines+markers", line={"width": 2.2, "color": PRIMARY},
            marker={"size": 5}, text=frame["note"].tolist(), hovertemplate="%{text}<extra></extra>",
        )
    )  # fmt: skip
    if chosen is not None:
        figure.add_vline(x=chosen, line={"width": 1, "dash": "dash"})
    value_axis(figure, numbers, [*low, *high, 0.0], "y")
    value_axis(figure, numbers, spent, "x")
    figure.update_xaxes(title={"text": x_title})
    return Chart(figure, "; ".join(str(note) for note in frame["note"]), _HEIGHT)
