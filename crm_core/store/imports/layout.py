"""Where the header of a table is, what parts its columns, and what they are called."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t", "|")
LONGEST = 100_000  # characters of a line that are looked at to tell its delimiter
LOOKED_AT = 40  # rows in which a header may be found

_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_VALUE = re.compile(r"[^\w]*\d[\d\s.,:/%+-]*\w{0,3}|\d{1,4}[-/.年]\d{1,2}[-/.月].*")
_UNSEEN = re.compile("[\0\u200b\ufeff]")
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Layout:
    """The delimiter, the header's place among the rows (1 is the first) and its cells."""

    delimiter: str
    row: int
    cells: tuple[str, ...]


def find_layout(records: list[str], delimiter: str = "") -> Layout | None:
    """The layout of a table whose first rows these are; rows above the header are titles.

    The first row is the header unless most rows have another width and one below it names twice
    as many columns. `None`: no delimiter parts the rows.

    >>> find_layout(["Order;Date;Price, net", "1;2026-01-02;3,50"]).delimiter
    ';'

    >>> find_layout(["Shop report", "", "Order;Date;Price, net", "1;2026-01-02;3,50"]).row
    3
    """
    first = next((place for place, record in enumerate(records) if record.strip()), None)
    if first is None:
        return None
    told = _SEPARATOR.fullmatch(records[first])
    if told:
        delimiter, first = delimiter or told[1], first + 1
    candidates = (delimiter,) if delimiter else DELIMITERS
    split = {mark: [_cells(record, mark) for record in records] for mark in candidates}
    usual = _sniffed(split, first)
    if usual and _agrees(split[usual], first) and not _any_value(split[usual][first]):
        return _layout(split, usual, first)
    found = [(mark, _below(split[mark], first)) for mark in candidates]
    better = [(mark, place) for mark, place in found if place is not None]
    if better:
        mark, place = max(better, key=lambda each: _named(split[each[0]][each[1]]))
        return _layout(split, mark, place)
    return _layout(split, usual, first) if usual else None


def is_separator_line(record: str) -> bool:
    """Whether a line tells spreadsheet programs the delimiter, as `sep=;` does."""
    return _SEPARATOR.fullmatch(record) is not None


def unique_names(cells: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Every cell of a header as a name of its own, and the names that were there twice.

    >>> unique_names(("Name", "Price", "", "Price"))
    (('Name', 'Price', 'column 3', 'Price (2)'), ('Price',))
    """
    given = Counter(cells)
    taken: set[str] = set()
    names: list[str] = []
    last: dict[str, int] = {}
    for place, cell in enumerate(cells, 1):
        plain = name = cell or f"column {place}"
        while name in taken or (name in given and name != cell):
            last[plain] = last.get(plain, 1) + 1
            name = f"{plain} ({last[plain]})"
        taken.add(name)
        names.append(name)
    return tuple(names), tuple(name for name in last if given[name] > 1)


def _layout(split: dict[str, list[list[str]]], mark: str, place: int) -> Layout | None:
    if place >= len(split[mark]):
        return None
    cells = [" ".join(_UNSEEN.sub("", cell).split()) for cell in split[mark][place]]
    width = _width(split[mark], place, len(cells))
    if not any(cells[width:]):
        cells = [*cells[:width], *[""] * (width - len(cells))]
    return Layout(mark, place + 1, tuple(cells))


def _width(rows: list[list[str]], place: int, width: int) -> int:
    """How wide the rows are, where that differs from the header only by cells without content."""
    below = [row for row in rows[place + 1 :] if row]
    if not below:
        return width
    usual = Counter(len(row) for row in below).most_common(1)[0][0]
    if usual > width and any(any(row[width:]) for row in below):
        return width
    return usual


def _sniffed(split: dict[str, list[list[str]]], first: int) -> str:
    counts = {mark: len(rows[first]) for mark, rows in split.items() if first < len(rows)}
    best = max(counts.values(), default=0)
    if best < 2:
        return ""
    tied = [mark for mark, count in counts.items() if count == best]
    return max(tied, key=lambda mark: sum(len(row) == best for row in split[mark][first + 1 :]))


def _agrees(rows: list[list[str]], place: int) -> bool:
    """Whether a row is mostly filled and most rows below it are as wide."""
    width, named = len(rows[place]), _named(rows[place])
    below = [row for row in rows[place + 1 :] if row]
    alike = sum(len(row) == width for row in below)
    return named >= 2 and named * 10 >= width * 6 and alike * 2 >= len(below)


def _below(rows: list[list[str]], first: int) -> int | None:
    """The first row that can be a header below titles: filled, texts only, rows as wide below."""
    title = max(1, _named(rows[first])) if first < len(rows) else 1
    for place in range(first + 1, len(rows) - 1):
        cells = [cell.strip() for cell in rows[place]]
        named = [cell for cell in cells if cell]
        if (
            len(named) >= 2 * title
            and len(set(named)) * 10 >= len(named) * 8
            and all(len(cell) <= _LONGEST_NAME for cell in named)
            and not _any_value(named)
            and _agrees(rows, place)
        ):
            return place
    return None


def _any_value(cells: list[str]) -> bool:
    """Whether a cell is a number or a date, which no name of a column is."""
    return any(_VALUE.fullmatch(cell.strip()) for cell in cells)


def _named(row: list[str]) -> int:
    return sum(1 for cell in row if cell.strip())


def _cells(record: str, mark: str) -> list[str]:
    """The cells of a row; none for an empty one."""
    if not record.strip():
        return []
    return next(csv.reader(io.StringIO(record[:LONGEST], newline=""), delimiter=mark), [])
