"""JSON of flat rows (one object a line, or an array of objects) as a delimited file."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

from crm_core.errors import CrmError
from crm_core.store.imports.contract import LostRow, Notice, SourceFile
from crm_core.store.imports.encoding import opened_text
from crm_core.store.imports.limits import MB
from crm_core.store.imports.sheet_reader import cell_text, doubtful
from crm_core.store.imports.textfile import MAX_COLUMNS

_BLOCK = 256 * 1024
_LONGEST_MB = 8  # of one row
_DEPTH = 6
_PAUSE = re.compile(r"[\s,]*")
_MOST_LOST = 100_000


@dataclass
class _Found:
    """What the rows hold, learnt in a first pass."""

    columns: dict[str, int] = field(default_factory=dict)
    arrays: dict[str, int] = field(default_factory=dict)
    lost: list[LostRow] = field(default_factory=list)
    neutral: bool = False


def read_json(file: SourceFile, folder: Path) -> SourceFile:
    """The rows as a table: nested objects with dotted names, arrays left out and told.

    Raises: CrmError import_json_layout, import_json_broken, import_json_row_too_long,
    import_too_many_columns.
    """
    found = _survey(file)
    if not found.columns:
        raise CrmError("import_json_layout", file=file.name)
    target = folder / "rows.csv"
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(found.columns)
        lost = {row.row for row in found.lost}
        last = 0
        for number, row in _rows(file):
            out.write("\n" * (number - last - 1))  # each row keeps its number
            last = number
            if number in lost:
                out.write("\n")
                continue
            flat = dict(_flat(row, ""))
            values = (flat.get(name) for name in found.columns)
            writer.writerow([_text(value, found.neutral) for value in values])
    notices: tuple[Notice, ...] = ()
    if found.arrays:
        told: dict[str, object] = {"file": file.name, "columns": ", ".join(list(found.arrays)[:10])}
        notices = (Notice("import_lists_left_out", told),)
    return replace(
        file,
        path=target,
        decimal="" if found.neutral else "dot",
        row_shift=-1,
        notices=(*file.notices, *notices),
        lost=tuple(found.lost),
    )


def _survey(file: SourceFile) -> _Found:
    found = _Found()
    for number, row in _rows(file):
        if not isinstance(row, dict):
            raw = row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)
            found.lost.append(LostRow(number, "import_bad_json", raw[:2000]))
            if len(found.lost) > _MOST_LOST:
                raise CrmError("import_json_layout", file=file.name)
            continue
        for name, value in _flat(row, ""):
            if isinstance(value, list):
                found.arrays[name] = number
                continue
            found.columns.setdefault(name, number)
            found.neutral = found.neutral or (isinstance(value, str) and doubtful(value))
        if len(found.columns) > MAX_COLUMNS:
            raise CrmError("import_too_many_columns", file=file.name,
                           columns=len(found.columns), limit=MAX_COLUMNS)  # fmt: skip
    return found


def _text(value: Any, neutral: bool) -> str:
    return "" if value is None or isinstance(value, list) else cell_text(value, neutral=neutral)


def _flat(row: dict[str, Any], above: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The values of an object and of the objects in it, by dotted name."""
    for key, value in row.items():
        name = f"{above}{key}".strip() or "column"
        if isinstance(value, dict) and depth < _DEPTH:
            yield from _flat(value, f"{name}.", depth + 1)
        elif isinstance(value, dict):
            yield name, [value]
        else:
            yield name, value


def _rows(file: SourceFile) -> Iterator[tuple[int, Any]]:
    """Each row with its number; a text that is no JSON comes as that text."""
    with opened_text(file) as stream:
        opening = stream.read(1)
        while opening in ("\ufeff", " ", "\t", "\r", "\n"):
            opening = stream.read(1)
        if opening == "[":
            yield from _array(stream, file.name)
        else:
            yield from _lines(stream, opening, file.name)


def _lines(stream: TextIO, opening: str, name: str) -> Iterator[tuple[int, Any]]:
    number = 0
    while line := stream.readline(_LONGEST_MB * MB):
        if len(line) >= _LONGEST_MB * MB:
            raise CrmError("import_json_row_too_long", file=name, row=number + 1, limit=_LONGEST_MB)
        text, opening = (opening + line).strip(), ""
        number += 1
        if text:
            yield number, _parsed(text)


def _parsed(text: str) -> Any:
    """The value of a text, or the text itself where it is no JSON object."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _array(stream: TextIO, name: str) -> Iterator[tuple[int, Any]]:
    """The elements of an array, read as they come."""
    decoder = json.JSONDecoder()
    text, at, number, ended = "", 0, 1, False
    while True:
        at += len(_PAUSE.match(text, at)[0])  # pyright: ignore[reportOptionalSubscript]
        if text.startswith("]", at):
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            value, end = None, at
        if end > at and end < len(text):  # at the end of a block, a number may go on in the next
            yield number, value
            at, number = end, number + 1
            continue
        if ended:
            raise CrmError("import_json_broken", file=name, row=number)
        if len(text) - at > _LONGEST_MB * MB:
            raise CrmError("import_json_row_too_long", file=name, row=number, limit=_LONGEST_MB)
        # Doubling: a long row is not tried again with every block.
        block = stream.read(max(_BLOCK, len(text) - at))
        text, at, ended = text[at:] + block, 0, not block
