"""The lines of an answer: which groups stand by themselves, and the cells of every level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from crm_core.metrics.catalog import DIMENSIONS
from crm_core.metrics.exploration import Exploration
from crm_core.metrics.explore_levels import Codes, Cut, Levels
from crm_core.metrics.parts import Number, record
from crm_core.metrics.small_groups import PEOPLE

WHOLE: Final = "\x1fwhole"
#: What the columns that are shown leave of the whole: no fewer people than the largest of the rest.
LEFT: Final = "\x1fleft"
MOST_LINES: Final = 1_000
MOST_COLUMNS: Final = 24
Cells = dict[tuple[str, str], Number]


@dataclass(frozen=True)
class Line:
    """One line of the answer: a row, a part of rows under one heading, the others or the total.

    `keys` are the codes of its dimensions ("" is unknown): all for a row, the first for a part.
    `values` and what is `told` (the value, its share, …) are by (metric, column); `WHOLE` is the
    column of all. `hidden` columns are of too few people to be shown.
    """

    kind: str
    keys: Codes
    values: Mapping[tuple[str, str], Number]
    told: Mapping[tuple[str, str], Number]
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Chosen:
    """What is shown by itself: `rows` and columns; `cut` is the rows where there are others."""

    rows: Cut
    cut: Cut | None
    columns: Codes
    left_out: int


def is_time(name: str) -> bool:
    """Whether a dimension's values come one after another.

    >>> is_time("month"), is_time("region")
    (True, False)
    """
    return name in DIMENSIONS and DIMENSIONS[name].step != ""


def choose(asked: Exploration, levels: Levels) -> Chosen:
    """The groups with most of the first metric, or the latest days; and which columns."""
    ranked = tuple(name for name in asked.by if not is_time(name)) or asked.by
    is_dated = all(map(is_time, ranked))
    most = MOST_LINES if is_dated else asked.top
    across = (asked.across,) if asked.across else ()
    rows, more_rows = _first(asked, levels, ranked, most) if asked.by else ((), 0)
    columns, left_out = _first(asked, levels, across, MOST_COLUMNS) if across else ((), 0)
    cut = Cut(ranked, rows)
    if is_time(asked.across):
        columns = tuple(sorted(columns))
    shown = tuple(code for (code,) in columns)
    chosen = Chosen(cut, cut if more_rows else None, shown, left_out)
    _keep(asked, levels, chosen)
    return chosen


def chosen_before(asked: Exploration, levels: Levels, chosen: Chosen) -> Chosen:
    """What was chosen of one period, of another: all groups of the one may be few of the other's."""
    if not levels.is_complete and asked.by:
        chosen = replace(chosen, cut=chosen.rows)
    _keep(asked, levels, chosen)
    return chosen


def _keep(asked: Exploration, levels: Levels, chosen: Chosen) -> None:
    if not levels.is_complete:
        columns = Cut((asked.across,), tuple((code,) for code in chosen.columns))
        levels.keep_only(chosen.cut, columns if asked.across else None)


def _first(
    asked: Exploration, levels: Levels, names: Codes, most: int
) -> tuple[tuple[Codes, ...], int]:
    """The groups that come first, and how many there are beside them."""
    if levels.is_complete:
        found = _largest(asked, levels, names)
        return found[:most], max(0, len(found) - most)
    return levels.largest(names, most, latest=all(map(is_time, names)))


def _largest(asked: Exploration, levels: Levels, names: Codes) -> tuple[Codes, ...]:
    groups = levels.at(names)
    if all(map(is_time, names)):
        return tuple(sorted(groups, reverse=True))
    first = asked.metrics[0]
    ranks = {codes: record(parts, (first,))[first] for codes, parts in groups.items()}
    return tuple(sorted(ranks, key=lambda code: _downwards(ranks[code], code)))


def lines_of(asked: Exploration, levels: Levels, chosen: Chosen) -> list[Line]:
    """The lines in the order they are shown: parts before their rows, the total last. Groups in
    which every figure is nothing have none."""
    by, cut = asked.by, chosen.cut

    def level(keep: Codes, among: Cut | None) -> dict[Codes, Cells]:
        return _level(asked, levels, keep, among, chosen.columns)

    rows = level(by, cut) if by else {}
    rows = {keys: cells for keys, cells in rows.items() if any(_figures(cells))}
    found = {"row": rows}
    for place in range(1, len(by)):
        heads = {row[:place] for row in rows}
        parts = level(by[:place], None)
        found.setdefault("part", {}).update({k: v for k, v in parts.items() if k in heads})
    lines = [Line(kind, keys, v, v) for kind, cells in found.items() for keys, v in cells.items()]
    values = {line.keys: line.values for line in lines}
    lines.sort(key=lambda line: _place(asked, line.keys, values))
    if cut is not None:
        left = level((), replace(cut, inside=False)).get((), {})
        lines.append(Line("others", (), left, left))
    total = level((), None).get((), {})
    return [*lines, Line("total", (), total, total)]


def _figures(cells: Cells) -> list[Number]:
    return [value for (name, _), value in cells.items() if name != PEOPLE.name]


def _place(asked: Exploration, keys: Codes, values: Mapping[Codes, Any]) -> list[Any]:
    first = (asked.metrics[0], WHOLE)
    return [
        (0.0, code)
        if is_time(name)
        else _downwards(values.get(keys[: place + 1], {}).get(first), code)
        for place, (name, code) in enumerate(zip(asked.by, keys, strict=False))
    ]


def _downwards(value: Number, code: Any) -> tuple[float, Any]:
    """Orders by value, the largest first, unknown last; equal ones by their codes."""
    return (float("inf") if value is None or value != value else -value, code)


def _level(
    asked: Exploration, levels: Levels, keep: Codes, cut: Cut | None, columns: Codes
) -> dict[Codes, Cells]:
    """The cells of a level by the codes of its dimensions: the whole, and column by column."""
    found: dict[Codes, Cells] = {}
    for codes, parts in levels.at(keep, cut).items():
        _fill(found.setdefault(codes, {}), asked, parts, WHOLE)
    if asked.across:
        for codes, parts in sorted(levels.at((*keep, asked.across), cut).items()):
            if codes[-1] in columns:
                _fill(found.setdefault(codes[:-1], {}), asked, parts, codes[-1])
            elif PEOPLE.name in parts:
                left = (PEOPLE.name, LEFT)
                cells = found.setdefault(codes[:-1], {})
                cells[left] = max(cells.get(left) or 0.0, parts[PEOPLE.name])
    return found


def _fill(cells: Cells, asked: Exploration, parts: dict[str, float], column: str) -> None:
    for name, value in record(parts, asked.metrics).items():
        cells[name, column] = value
    if PEOPLE.name in parts:
        cells[PEOPLE.name, column] = parts[PEOPLE.name]
