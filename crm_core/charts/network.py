"""What belongs together: numbered circles with lines between them, each group by itself."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

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
from crm_core.text import t

Floats = npt.NDArray[np.float64]
Edges = Sequence[tuple[int, int]]
MAX_NODES = 24
_ROUNDS = 120
_WIDEST_LINE, _HEIGHT, _MARK = 7.0, 400, 24


def network(nodes: pd.DataFrame, edges: pd.DataFrame, numbers: Numbers) -> Chart:
    """Circles that hold only a number, so that nothing overlaps on a narrow screen; the names belong
    in a table beside it and are shown when pointed at.

    `nodes`: number, label (finished words). `edges`: a, b (numbers of nodes), value (how strong; the
    width of the line), note (words when pointed at); optionally code (what a click returns).
    """
    check_size(len(nodes) + len(edges))
    place = {int(number): row for row, number in enumerate(nodes["number"])}
    ties = [(place[int(a)], place[int(b)]) for a, b in zip(edges["a"], edges["b"], strict=True)]
    at = laid_out(len(nodes), ties)
    figure = canvas(_HEIGHT)
    values = numeric(edges["value"]).clip(lower=0.0)
    most = float(values.max()) if len(values) and float(values.max()) > 0 else 1.0
    for (a, b), value in zip(ties, values, strict=True):
        figure.add_trace(
            go.Scatter(
                x=[at[a, 0], at[b, 0]],
                y=[at[a, 1], at[b, 1]],
                mode="lines",
                line={"width": 1.5 + _WIDEST_LINE * sqrt(value / most), "color": COMPARISON_GREY},
                opacity=0.6,
                hoverinfo="skip",
            )
        )
    _add_middles(figure, at, ties, edges)
    figure.add_trace(
        go.Scatter(
            x=at[:, 0].tolist(),
            y=at[:, 1].tolist(),
            mode="markers+text",
            marker={"size": _MARK, "color": PRIMARY},
            text=[str(number) for number in nodes["number"]],
            textfont={"color": "#FFFFFF", "size": 12},
            hovertext=[shorten(label) for label in nodes["label"]],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    for axis in ("x", "y"):
        figure.update_layout({f"{axis}axis": {"visible": False, "range": _reach(at, axis)}})
    names = dict(zip(nodes["number"], nodes["label"], strict=True))
    labels = [f"{names[a]} + {names[b]}" for a, b in zip(edges["a"], edges["b"], strict=True)]
    told = describe_parts(labels, values.tolist(), numbers)
    alt = t("chart.alt_network", numbers.language, nodes=len(nodes), told=told)
    return Chart(figure, alt, _HEIGHT)


def _add_middles(figure: go.Figure, at: Floats, ties: Edges, edges: pd.DataFrame) -> None:
    """A small mark in the middle of each line: what is pointed at and clicked."""
    middles = [(at[a] + at[b]) / 2 for a, b in ties]
    codes: list[Any] | None = [[str(code)] for code in edges["code"]] if "code" in edges else None
    figure.add_trace(
        go.Scatter(
            x=[float(middle[0]) for middle in middles],
            y=[float(middle[1]) for middle in middles],
            mode="markers",
            marker={"size": 13, "color": COMPARISON_GREY, "opacity": 0.9, "symbol": "diamond"},
            customdata=codes,
            hovertext=[shorten(note) for note in edges["note"]],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )


def _reach(at: Floats, axis: str) -> list[float]:
    values = at[:, 0 if axis == "x" else 1]
    low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
    return [low - 0.7, high + 0.7]


def laid_out(count: int, ties: Edges) -> Floats:
    """A place for each of `count` nodes: those with a way to each other in one cell, cells in rows.

    The same input gives the same places: nothing is drawn by lot.

    >>> laid_out(2, [(0, 1)]).shape
    (2, 2)
    """
    at = np.zeros((count, 2))
    groups = _groups(count, ties)
    sides = [1.0 + 1.1 * sqrt(len(group) - 1) if len(group) > 1 else 1.0 for group in groups]
    wide = max([*sides, sqrt(sum(side**2 for side in sides)) * 1.2])
    x = y = tall = 0.0
    for group, side in zip(groups, sides, strict=True):
        if x and x + side > wide + 1e-9:
            x, y, tall = 0.0, y + tall, 0.0
        own = {node: number for number, node in enumerate(group)}
        inside = [(own[a], own[b]) for a, b in ties if a in own]
        spread = _sprung(len(group), inside) * (side - 0.9)
        at[group] = spread + np.array([x + side / 2, y + side / 2])
        x, tall = x + side, max(tall, side)
    at[:, 1] *= -1  # the first group at the top
    return at


def _groups(count: int, ties: Edges) -> list[list[int]]:
    """Nodes with a way to each other, the largest group first."""
    head = list(range(count))

    def of(node: int) -> int:
        while head[node] != node:
            node = head[node]
        return node

    for a, b in ties:
        first, second = sorted((of(a), of(b)))
        head[second] = first
    groups: dict[int, list[int]] = {}
    for node in range(count):
        groups.setdefault(of(node), []).append(node)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0]))


def _sprung(count: int, ties: Edges) -> Floats:
    """Nodes of one group around the origin, at most half a unit away: ties pull, nodes push."""
    if count == 1:
        return np.zeros((1, 2))
    turn = 2 * np.pi * np.arange(count) / count
    at = np.column_stack([np.cos(turn), np.sin(turn)])
    if count == 2:
        return at / 2
    near = 1 / sqrt(count)
    pull = np.zeros((count, count))
    for a, b in ties:
        pull[a, b] = pull[b, a] = 1.0
    for step in range(_ROUNDS):
        gap = at[:, None, :] - at[None, :, :]
        distance = np.maximum(np.sqrt((gap**2).sum(axis=2)), 0.01)
        force = near**2 / distance**2 - pull * distance / near
        np.fill_diagonal(force, 0.0)
        move = (gap * force[:, :, None]).sum(axis=1)
        length = np.maximum(np.sqrt((move**2).sum(axis=1)), 1e-9)
        at += move / length[:, None] * np.minimum(length, 0.2 * (1 - step / _ROUNDS))[:, None]
    at -= (at.max(axis=0) + at.min(axis=0)) / 2
    # Each direction fills its own half unit: the chart is stretched to its card anyway.
    return at / np.maximum(2 * np.abs(at).max(axis=0), 0.5)
