"""What is told of an answer's cells: shares, running totals, changes; and what is not told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from crm_core.metrics.catalog import metric
from crm_core.metrics.evaluate import change
from crm_core.metrics.exploration import Exploration
from crm_core.metrics.explore_levels import Codes
from crm_core.metrics.explore_lines import WHOLE, Cells, Line
from crm_core.metrics.parts import Number
from crm_core.metrics.small_groups import PEOPLE, Counts, Hidden, hidden


def told(asked: Exploration, lines: Sequence[Line]) -> list[Line]:
    """The lines telling each value's share of its parent's, or the sum of it and those before."""
    if asked.show == "share":
        return [replace(line, told=_shares(line, lines)) for line in lines]
    return _running(lines)


def _shares(line: Line, lines: Sequence[Line]) -> Cells:
    """Of the part it belongs to; of the total where there is none."""
    parent = next(
        (
            each
            for each in lines
            if each.kind == "part" and line.keys and each.keys == line.keys[:-1]
        ),
        lines[-1],
    )
    return {cell: _over(value, parent.values.get(cell)) for cell, value in line.values.items()}


def _over(value: Number, whole: Number) -> Number:
    return None if value is None or not whole else value / whole


def _running(lines: Sequence[Line]) -> list[Line]:
    """Within a part each row adds to those before it; the others come after all rows."""
    sums: dict[Codes, Cells] = {}
    found: list[Line] = []
    for line in lines:
        if line.kind in ("part", "total"):
            found.append(line)
            continue
        so_far = sums.setdefault(line.keys[:-1], {})
        for cell in so_far.keys() | line.values.keys():
            so_far[cell] = (so_far.get(cell) or 0.0) + (line.values.get(cell) or 0.0)
        is_apart = line.kind == "others" and any(each.kind == "part" for each in lines)
        found.append(replace(line, told=dict(line.values if is_apart else so_far)))
    return found


def changed(lines: Sequence[Line], before: Iterable[Line]) -> list[Line]:
    """The lines telling how much more each value is than before: relative, rates in points."""
    old = {(line.kind, line.keys): line.values for line in before}

    def of(line: Line) -> Cells:
        values = old.get((line.kind, line.keys), {})
        return {
            cell: change(metric(cell[0]), value, values.get(cell))
            for cell, value in line.values.items()
            if cell[0] != PEOPLE.name
        }

    return [replace(line, told=of(line)) for line in lines]


def without_small(lines: Sequence[Line], columns: Codes) -> list[Line]:
    """The lines without what is about fewer than five people, or would tell of them."""
    everywhere = (WHOLE, *columns)
    counts = np.array(
        [[line.values.get((PEOPLE.name, c)) or 0.0 for c in everywhere] for line in lines]
    )
    away = (counts > 0) & (counts < 5) if len(lines) else np.zeros((0, len(everywhere)), dtype=bool)
    while True:
        before = int(away.sum())
        for places in _siblings(lines):
            _hide(counts, away, places)
        if int(away.sum()) == before:
            break
    return [
        _bare(line, {c for c, gone in zip(everywhere, row, strict=True) if gone})
        for line, row in zip(lines, away, strict=True)
    ]


def _siblings(lines: Sequence[Line]) -> list[list[int]]:
    """Places of lines that together are what another line tells: all rows and the others, the
    parts of one depth, the rows or parts of one part."""
    groups: dict[tuple[str, Codes | int], list[int]] = {}
    for place, line in enumerate(lines):
        if line.kind in ("row", "others"):
            groups.setdefault(("all", 0), []).append(place)
        if line.kind == "part":
            groups.setdefault(("depth", len(line.keys)), []).append(place)
        if line.kind in ("row", "part") and len(line.keys) > 1:
            groups.setdefault(("in", line.keys[:-1]), []).append(place)
    return list(groups.values())


def _hide(counts: Counts, away: Hidden, places: list[int]) -> None:
    """Completes what is hidden among lines that stand beside each other."""
    whole = hidden(counts[places, :1], away[places, :1])
    away[places, :1] = whole
    if counts.shape[1] > 1:
        # A row whose whole is hidden would tell it by its cells.
        away[places, 1:] = hidden(counts[places, 1:], away[places, 1:] | whole)


def _bare(line: Line, gone: set[str]) -> Line:
    def kept(cells: object) -> Cells:
        assert isinstance(cells, dict)
        return {
            cell: None if cell[1] in gone else value
            for cell, value in cells.items()
            if cell[0] != PEOPLE.name
        }

    return replace(line, values=kept(line.values), told=kept(line.told), hidden=frozenset(gone))
