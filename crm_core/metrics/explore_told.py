"""What is told of an answer's cells: shares, running totals, changes; and what is not told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from crm_core.metrics.catalog import metric
from crm_core.metrics.evaluate import change
from crm_core.metrics.exploration import Exploration
from crm_core.metrics.explore_levels import Codes
from crm_core.metrics.explore_lines import LEFT, WHOLE, Cells, Line
from crm_core.metrics.parts import Number
from crm_core.metrics.small_groups import FEWEST, PEOPLE, Counts, Hidden


def told(asked: Exploration, lines: Sequence[Line]) -> list[Line]:
    """The lines telling each value's share of its parent's, or the sum of it and those before."""
    if asked.show == "share":
        return [replace(line, told=_shares(line, lines)) for line in lines]
    return _running(lines)


def _shares(line: Line, lines: Sequence[Line]) -> Cells:
    parent = _parent(line, lines)
    return {cell: _over(value, parent.values.get(cell)) for cell, value in line.values.items()}


def _parent(line: Line, lines: Sequence[Line]) -> Line:
    """The part it belongs to; the total where there is none."""
    return next(
        (
            each
            for each in lines
            if each.kind == "part" and line.keys and each.keys == line.keys[:-1]
        ),
        lines[-1],
    )


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


def without_small(
    asked: Exploration, lines: Sequence[Line], columns: Codes, before: Sequence[Line] = ()
) -> list[Line]:
    """The lines without what is about fewer than five people, or would tell of them: now or, with
    the lines of `before`, in the compared period."""
    everywhere = (WHOLE, *columns)
    # What is gone since is shown nowhere, but what was before follows from the changes.
    gone = {(line.kind, line.keys): line for line in before}
    for line in lines:
        gone.pop((line.kind, line.keys), None)
    every = [*gone.values(), *lines]
    # The columns that are left out follow from the whole and those that are shown.
    counts = _people(every, (*everywhere, *((LEFT,) if columns else ())), before)
    away = _completed(every, counts)[len(gone) :]
    found = [
        _bare(line, {c for c, is_away in zip(everywhere, row, strict=False) if is_away})
        for line, row in zip(lines, away, strict=True)
    ]
    if asked.show == "running":
        return _until_hidden(found)
    if asked.show == "share":
        # What it is a share of would follow from the share and the value.
        return [_untold(line, _parent(line, found).hidden) for line in found]
    return found


def all_hidden(lines: Sequence[Line], columns: Codes) -> list[Line]:
    """The lines without any value."""
    return [_bare(line, {WHOLE, *columns}) for line in lines]


def _people(every: Sequence[Line], everywhere: Codes, before: Sequence[Line]) -> Counts:
    """How many people each cell is about: of the two periods the fewer, if anybody."""
    old = {(line.kind, line.keys): line.values for line in before}
    counts = np.zeros((len(every), len(everywhere)))
    for place, line in enumerate(every):
        for column, code in enumerate(everywhere):
            cell = (PEOPLE.name, code)
            both = (line.values.get(cell), old.get((line.kind, line.keys), {}).get(cell))
            counts[place, column] = min((count for count in both if count), default=0.0)
    return counts


def _completed(lines: Sequence[Line], counts: Counts) -> Hidden:
    """What is hidden: what is small, and a second cell wherever one would follow from others."""
    away = (counts > 0) & (counts < FEWEST)
    groups = _sums(lines)
    while True:
        before = int(away.sum())
        # A row whose whole is hidden would tell it by its cells.
        away[:, 1:] |= away[:, :1]
        for places in groups:
            away[places] = _paired(counts[places], away[places])
        if counts.shape[1] > 1:
            away = _paired(counts.T, away.T).T
        if int(away.sum()) == before:
            return away


def _paired(counts: Counts, away: Hidden) -> Hidden:
    """Each column with a second cell hidden, the one of the fewest people, where one alone is."""
    away = away.copy()
    for cells, is_away in zip(counts.T, away.T, strict=True):
        still = np.flatnonzero(~is_away & (cells > 0))
        if int((is_away & (cells > 0)).sum()) == 1 and still.size:
            is_away[still[np.argmin(cells[still])]] = True
    return away


def _sums(lines: Sequence[Line]) -> list[list[int]]:
    """Places of lines of which one is the sum of the others: the total of all rows and the others,
    and of the parts of one depth; a part of its rows or parts."""
    groups: dict[tuple[str, Codes | int], list[int]] = {("all", 0): []}
    for place, line in enumerate(lines):
        if line.kind in ("row", "others"):
            groups["all", 0].append(place)
        if line.kind == "part":
            groups.setdefault(("depth", len(line.keys)), []).append(place)
            groups.setdefault(("in", line.keys), []).append(place)
        if line.kind in ("row", "part") and len(line.keys) > 1:
            groups.setdefault(("in", line.keys[:-1]), []).append(place)
    total = [place for place, line in enumerate(lines) if line.kind == "total"]
    return [[*places, *([] if key[0] == "in" else total)] for key, places in groups.items()]


def _until_hidden(lines: Sequence[Line]) -> list[Line]:
    """Running totals up to the first row that is hidden: what follows would tell it."""
    closed: dict[Codes, set[str]] = {}
    found: list[Line] = []
    for line in lines:
        if line.kind not in ("row", "others"):
            found.append(line)
            continue
        gone = closed.setdefault(line.keys[:-1], set())
        gone |= line.hidden
        found.append(_untold(line, gone))
    return found


def _untold(line: Line, gone: Collection[str]) -> Line:
    told = {cell: None if cell[1] in gone else value for cell, value in line.told.items()}
    return replace(line, told=told)


def _bare(line: Line, gone: set[str]) -> Line:
    def kept(cells: Mapping[tuple[str, str], Number]) -> Cells:
        return {
            cell: None if cell[1] in gone else value
            for cell, value in cells.items()
            if cell[0] != PEOPLE.name
        }

    return replace(line, values=kept(line.values), told=kept(line.told), hidden=frozenset(gone))
