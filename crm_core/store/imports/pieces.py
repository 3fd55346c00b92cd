"""Files that an export was cut into: an order begun in one and ended in the next is made whole.

Shops' programs cut a long export after so many rows, and tell what belongs to an order on its first
row only. The rows that go on with an order move to the file where it begins.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from crm_core.store.imports.contract import Notice, SourceFile
from crm_core.store.imports.header import text_of
from crm_core.store.imports.opened import Opener
from crm_core.store.imports.textfile import TextFile, open_after

_TAIL = 64 * 1024
_MOST_ROWS = 1000  # of one order
_MUCH_EMPTIER = 0.7
_WIDE = ("utf-16", "utf-32")  # line ends of more than one byte


def joined(files: list[SourceFile], opener: Opener) -> list[SourceFile]:
    """The files, with orders that were cut in two made whole; one told for each such cut."""
    if len(files) < 2:
        return files
    pieces: dict[bytes, list[SourceFile]] = {}
    for file in files:
        with file.path.open("rb") as stream:
            pieces.setdefault(stream.readline(_TAIL), []).append(file)
    made = {file.path: file for file in files}
    for group in pieces.values():
        ordered = sorted(group, key=lambda file: _natural(file.name))
        for first, second in pairwise(ordered):
            _join(first, second, made, opener)
    return list(made.values())


def _join(
    first: SourceFile, second: SourceFile, made: dict[Path, SourceFile], opener: Opener
) -> None:
    before, after = text_of(made[first.path]), text_of(second)
    if before is None or after is None or after.encoding.startswith(_WIDE):
        return
    moved = _going_on(before, after)
    if not moved:
        return
    told: dict[str, object] = {"file": first.name, "next": second.name, "count": len(moved)}
    whole = opener.copied(made[first.path], lambda copy: _append(copy, moved))
    made[first.path] = replace(
        whole, notices=(*whole.notices, Notice("import_order_cut_in_two", told))
    )
    made[second.path] = opener.copied(second, lambda copy: _blank(copy, after, len(moved)))


def _going_on(before: TextFile, after: TextFile) -> list[bytes]:
    """The first rows of a file that belong to the order which the file before it ends with.

    They name the same order in the first column and lack most of what its first row tells.
    """
    last = _last_rows(before)
    if not last or not last[-1] or not last[-1][0].strip():
        return []
    moved: list[bytes] = []
    with after.source.path.open("rb") as stream:
        for place, record in enumerate(_records(stream, after.encoding)):
            if place < after.header_row:
                continue
            row = _cells(record.decode(after.encoding, "replace"), after.delimiter)
            if not row or row[0] != last[-1][0] or len(moved) == _MOST_ROWS:
                return moved
            if not moved and _filled(row) > _MUCH_EMPTIER * max(map(_filled, last)):
                return []
            moved.append(record)
    return []  # nothing else is in the file: it stays one


def _last_rows(text: TextFile) -> list[list[str]]:
    """The last rows of a file, as far as they can be told from its last bytes."""
    if text.encoding.startswith(_WIDE):
        return []
    with text.source.path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _TAIL))
        tail = stream.read().decode(text.encoding, "replace")
    if size > _TAIL:
        tail = tail.partition("\n")[2]
    try:
        rows = list(csv.reader(tail.splitlines(keepends=True), delimiter=text.delimiter))
    except csv.Error:
        return []
    return [row for row in rows if any(row)]


def _records(stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    """Records as they stand in the file, line ends included."""
    record, is_open = b"", False
    for line in iter(lambda: stream.readline(_TAIL), b""):
        record += line
        is_open = open_after(line.decode(encoding, "replace").rstrip("\r\n"), is_open)
        if not is_open or len(record) > _TAIL:
            yield record
            record, is_open = b"", False
    if record:
        yield record


def _append(copy: Path, moved: list[bytes]) -> None:
    with copy.open("r+b") as out:
        if out.seek(0, 2):
            out.seek(-1, 2)
            if out.read(1) not in b"\r\n":
                out.write(b"\n")
        out.writelines(record.rstrip(b"\r\n") + b"\n" for record in moved)


def _blank(copy: Path, text: TextFile, count: int) -> None:
    """Put empty lines for the rows that moved: those below keep their numbers."""
    with text.source.path.open("rb") as source, copy.open("wb") as out:
        for place, record in enumerate(_records(source, text.encoding), 1):
            if place <= text.header_row:
                out.write(record)
            elif place <= text.header_row + count:
                out.write(b"\n")
            else:
                out.write(record)
                shutil.copyfileobj(source, out)
                break


def _cells(record: str, delimiter: str) -> list[str]:
    return next(csv.reader([record], delimiter=delimiter), [])


def _filled(row: list[str]) -> int:
    return sum(1 for cell in row if cell.strip())


def _natural(name: str) -> list[tuple[int, str]]:
    """A name's order as people count: 2 before 10.

    >>> sorted(["orders-10.csv", "orders-2.csv"], key=_natural)
    ['orders-2.csv', 'orders-10.csv']
    """
    return [(int(part or 0), text) for text, part in re.findall(r"(\D*)(\d*)", name)]
