"""From a first amount to what is left of it, step by step."""

from __future__ import annotations

from itertools import accumulate

import pandas as pd
import plotly.graph_objects as go

from crm_core.charts.bars import codes_of, room_for_labels
from crm_core.charts.base import (
    COMPARISON_GREY,
    PRIMARY,
    Chart,
    Numbers,
    canvas,
    check_size,
    describe_parts,
    numeric,
    shorten,
)

_ROOM = 0.3  # numbers stand right of bars that reach far right, on a phone too
_ROW_HEIGHT = 38


def waterfall(frame: pd.DataFrame, numbers: Numbers, *, opens: bool = True) -> Chart:
    """Horizontal bars that each begin where the one before ends; the last is what is left.
    `opens`: the first is what there was, marked like the last, and not a step.

    Columns: label (finished words), value (signed; the last row is the sum of the others), shared
    (hatched: an allocated part); optionally code (what a click returns).
    """
    check_size(len(frame))
    height = len(frame) * _ROW_HEIGHT + 32
    figure = canvas(height)
    values = numeric(frame["value"]).fillna(0.0)
    steps = values.iloc[:-1]
    begins = [*[0.0, *accumulate(steps)][:-1], 0.0]
    # Drawn to the right from the lower end, so that every number stands right of its bar.
    lows = [begin + min(value, 0.0) for begin, value in zip(begins, values, strict=True)]
    labels = [shorten(label) for label in frame["label"]]
    rows = list(range(len(frame)))
    whole = {len(frame) - 1, *([0] if opens else [])}
    figure.add_trace(
        go.Bar(
            x=values.abs().tolist(),
            base=lows,
            y=rows,
            orientation="h",
            marker={
                "color": [PRIMARY if row in whole else COMPARISON_GREY for row in rows],
                "pattern": {"shape": ["/" if shared else "" for shared in frame["shared"]]},
            },
            text=numbers.write_all(values),
            textposition="outside",
            cliponaxis=False,
            customdata=codes_of(frame),
            hovertext=labels,
            hovertemplate="%{hovertext}: %{text}<extra></extra>",
        )
    )
    ends = pd.Series([*lows, *(low + abs(v) for low, v in zip(lows, values, strict=True))])
    figure.update_yaxes(
        tickmode="array", tickvals=rows, ticktext=labels, autorange="reversed", showgrid=False
    )
    figure.update_xaxes(visible=False, range=room_for_labels(ends, _ROOM))
    figure.update_layout(barcornerradius=3)
    return Chart(figure, describe_parts(labels, values.tolist(), numbers), height)
