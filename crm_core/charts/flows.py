"""Who went from where to where: bands between two columns of groups."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

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

_NODE = "#8A90A2"
_TONES = {
    "better": "rgba(46,160,110,0.55)",
    "worse": "rgba(224,122,60,0.55)",
    "same": "rgba(138,144,162,0.32)",
    "new": "rgba(94,114,235,0.42)",
}
_ROW_HEIGHT = 52
_GAP = 28  # pixels between groups: room for a label of two lines beside the thinnest
_LABEL_WIDTH = 112  # pixels on either side, which leaves bands on a telephone, too
_LINE = 15  # letters


def flow_bands(
    frame: pd.DataFrame, numbers: Numbers, *, sources: Sequence[str], targets: Sequence[str]
) -> Chart:
    """Bands from the groups on the left to those on the right, as thick as their values.

    Columns: source, target (finished words), value, tone (better, worse, same or new: the
    band's colour). `sources` and `targets` are the groups' words from top to bottom.
    """
    check_size(len(frame))
    shown = frame.assign(value=numeric(frame["value"]))
    shown = shown[shown["value"] > 0]
    pairs = list(zip(shown["source"], shown["target"], strict=True))
    left = _totals(shown, "source", sources)
    right = _totals(shown, "target", targets)
    most = max(len(left), len(right), 1)
    height = max(240, _ROW_HEIGHT * most + 16)
    figure = canvas(height)
    margin = {"l": _LABEL_WIDTH, "r": _LABEL_WIDTH, "t": 20, "b": 12}
    figure.update_layout(margin=margin)
    room = height - margin["t"] - margin["b"]
    middles = [_middles(side, most, room) for side in (left, right)]
    places = {word: place for place, word in enumerate(sources)}
    ends = {word: place + len(left) for place, word in enumerate(targets)}
    figure.add_trace(
        go.Sankey(
            arrangement="fixed",
            node={
                "x": [0.001] * len(left) + [0.999] * len(right),
                "y": [*middles[0], *middles[1]],
                "customdata": [
                    f"{shorten(word)}: {numbers.write(total)}"
                    for word, total in zip((*sources, *targets), (*left, *right), strict=True)
                ],
                "hovertemplate": "%{customdata}<extra></extra>",
                "pad": _GAP,
                "thickness": 8,
                "color": _NODE,
                "line": {"width": 0},
            },
            link={
                "source": [places[source] for source, _ in pairs],
                "target": [ends[target] for _, target in pairs],
                "value": shown["value"].tolist(),
                "color": [_TONES[tone] for tone in shown["tone"]],
                "customdata": [
                    f"{shorten(source)} → {shorten(target)}: {numbers.write(value)}"
                    for (source, target), value in zip(pairs, shown["value"], strict=True)
                ],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
        )
    )
    sides = ((sources, left, middles[0], "left"), (targets, right, middles[1], "right"))
    for words, totals, at, side in sides:
        for word, total, middle in zip(words, totals, at, strict=True):
            figure.add_annotation(_label(f"{word} {numbers.write(total)}", middle, side))
    labels = [f"{source} → {target}" for source, target in pairs]
    return Chart(figure, describe_parts(labels, shown["value"].tolist(), numbers), height)


def _totals(shown: pd.DataFrame, column: str, words: Sequence[str]) -> list[float]:
    sums = shown.groupby(column)["value"].sum()
    return [float(sums.get(word, 0.0)) for word in words]


def _middles(totals: Sequence[float], most: int, room: float) -> list[float]:
    """Where the middle of each group of a side is, from 0 at the top to 1: the longer side fills
    the height, the other lies in its middle."""
    scale = (room - _GAP * (most - 1)) / (sum(totals) or 1.0)
    upto = _GAP * (most - len(totals)) / 2
    middles: list[float] = []
    for total in totals:
        middles.append(min(max((upto + total * scale / 2) / room, 0.001), 0.999))
        upto += total * scale + _GAP
    return middles


def _label(words: str, middle: float, side: str) -> dict[str, Any]:
    """A group's words outside of the bands, where nothing lies beneath them."""
    lines = wrap(words, _LINE, break_long_words=False) or [words]
    return {
        "text": "<br>".join(shorten(line) for line in lines),
        "x": 0 if side == "left" else 1,
        "y": 1 - middle,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "right" if side == "left" else "left",
        "xshift": -6 if side == "left" else 6,
        "align": "right" if side == "left" else "left",
        "yanchor": "middle",
        "showarrow": False,
        "font": {"size": 12},
    }
