"""Spans of days under each other: what runs when."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from crm_core.charts.base import (
    COMPARISON_GREY,
    PRIMARY,
    Chart,
    Numbers,
    as_day,
    canvas,
    check_size,
    day_axis,
    shorten,
)
from crm_core.text import formats

_ROW = 34
_DAY_MS = 86_400_000


def calendar_bars(frame: pd.DataFrame, numbers: Numbers, *, events: pd.DataFrame) -> Chart:
    """A bar from the first to the last day of each row, the earliest at the top.

    Columns: label, start, end (days), note (words for the tooltip), strong (whether it is in
    colour). `events` (label, start, end) are grey bands behind.
    """
    check_size(len(frame) + len(events))
    height = max(180, len(frame) * _ROW + 80)
    figure = canvas(height)
    rows = list(range(len(frame)))
    starts, ends = ([as_day(day) for day in frame[name]] for name in ("start", "end"))
    labels = [shorten(label) for label in frame["label"]]
    figure.add_trace(
        go.Bar(
            base=[day.isoformat() for day in starts],
            x=[((b - a).days + 1) * _DAY_MS for a, b in zip(starts, ends, strict=True)],
            y=rows,
            orientation="h",
            width=0.55,
            marker={
                "color": [PRIMARY if strong else COMPARISON_GREY for strong in frame["strong"]]
            },
            hovertext=[shorten(note) for note in frame["note"]],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    for event in events.itertuples(index=False):
        figure.add_vrect(
            x0=as_day(event.start).isoformat(),
            x1=as_day(event.end).isoformat(),
            fillcolor=COMPARISON_GREY,
            opacity=0.18,
            line_width=1,
            layer="below",
            annotation_text=shorten(event.label),
            annotation_position="top left",
            annotation_font_size=11,
        )
    figure.update_yaxes(
        tickmode="array", tickvals=rows, ticktext=labels, autorange="reversed", showgrid=False
    )
    figure.update_xaxes(type="date")
    day_axis(figure, pd.Series([*starts, *ends]), numbers.language)
    spans = [
        f"{label}: {formats.day(a, numbers.language)} – {formats.day(b, numbers.language)}"
        for label, a, b in zip(labels, starts, ends, strict=True)
    ]
    return Chart(figure, "; ".join(spans), height)
