"""Who went from where to where: bands between two columns of groups."""

from __future__ import annotations

from collections.abc import Sequence

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
)

_NODE = "rgba(138,144,162,0.9)"
_TONES = {
    "better": "rgba(46,160,110,0.50)",
    "worse": "rgba(224,122,60,0.50)",
    "same": "rgba(138,144,162,0.32)",
    "new": "rgba(94,114,235,0.42)",
}
_ROW_HEIGHT = 44
_GAP = 14


def flow_bands(
    frame: pd.DataFrame, numbers: Numbers, *, sources: Sequence[str], targets: Sequence[str]
) -> Chart:
    """Bands from the groups on the left to those on the right, as thick as their values.

    Columns: source, target (finished words), value, tone (better, worse, same or new: the
    band's colour). `sources` and `targets` are the groups' words from top to bottom.
    """
    check_size(len(frame))
    values = numeric(frame["value"])
    shown = frame.assign(value=values)[values > 0]
    height = max(240, _ROW_HEIGHT * max(len(sources), len(targets)) + 20)
    figure = canvas(height)
    places = {word: place for place, word in enumerate(sources)}
    ends = {word: place + len(sources) for place, word in enumerate(targets)}
    totals = [
        *shown.groupby("source")["value"].sum().reindex(list(sources)).fillna(0.0),
        *shown.groupby("target")["value"].sum().reindex(list(targets)).fillna(0.0),
    ]
    whole = float(shown["value"].sum()) or 1.0
    names = [shorten(word) for word in (*sources, *targets)]
    figure.add_trace(
        go.Sankey(
            arrangement="fixed",
            node={
                "label": [
                    f"{name}  {numbers.write(total)}"
                    for name, total in zip(names, totals, strict=True)
                ],
                "x": [0.001] * len(sources) + [0.999] * len(targets),
                "y": [
                    *_middles(totals[: len(sources)], whole, height),
                    *_middles(totals[len(sources) :], whole, height),
                ],
                "pad": _GAP,
                "thickness": 10,
                "color": _NODE,
                "line": {"width": 0},
                "hovertemplate": "%{label}<extra></extra>",
            },
            link={
                "source": [places[word] for word in shown["source"]],
                "target": [ends[word] for word in shown["target"]],
                "value": shown["value"].tolist(),
                "color": [_TONES[tone] for tone in shown["tone"]],
                "customdata": [
                    f"{shorten(source)} → {shorten(target)}: {numbers.write(value)}"
                    for source, target, value in zip(
                        shown["source"], shown["target"], shown["value"], strict=True
                    )
                ],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
        )
    )
    labels = [
        f"{source} → {target}"
        for source, target in zip(shown["source"], shown["target"], strict=True)
    ]
    return Chart(figure, describe_parts(labels, shown["value"].tolist(), numbers), height)


def _middles(totals: Sequence[float], whole: float, height: int) -> list[float]:
    """Where the middle of each group of a column is, from 0 at the top to 1."""
    gap = _GAP / height
    room = max(1.0 - gap * (len(totals) - 1), 0.1)
    middles: list[float] = []
    upto = 0.0
    for total in totals:
        share = total / whole * room
        middles.append(min(max(upto + share / 2, 0.001), 0.999))
        upto += share + gap
    return middles
