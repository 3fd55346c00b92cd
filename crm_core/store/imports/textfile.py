"""What a text file is before anyone reads its rows: encoding, delimiter, header, doubts."""

from __future__ import annotations

import codecs
import csv
import re
from bisect import bisect_left
from dataclasses import dataclass

from crm_core.errors import CrmError
from crm_core.store.imports.contract import Notice, SourceFile
from crm_core.store.imports.encoding import check_encoding, encoding_of, scan
from crm_core.store.imports.kinds import START, kind_of
from crm_core.store.imports.layout import (
    LONGEST,
    LOOKED_AT,
    Layout,
    find_layout,
    is_separator_line,
    unique_names,
)

MAX_COLUMNS = 500
_MOST_CELLS = 20_000  # with those that have no name and no value; no spreadsheet has more
NUL_MARK = "\u2400"  # stands for a NUL byte in the decoded copy, so that its row can be set aside
_HEAD_BYTES = 1024 * 1024
_QUOTED = re.compile(r'(^|[,;\t|])"(?:[^"]|"")*"')
_OPENING = re.compile(r'(^|[,;\t|])"')
_CLOSING = re.compile(r'(?:[^"]|"")*"(?!")')


@dataclass(frozen=True)
class TextFile:
    """A text file, looked through once from end to end.

    `rewrite`: the engine cannot read it as it is. `guessed`: the encoding is a likely one.
    `blank_lines`: empty lines lie between its rows, so rows must be counted by hand.
    `header_row`: the row of the header, which ends after `top_size` characters.
    `unused`: places of columns without a name and without a value, left out of `header`.
    """

    source: SourceFile
    sha256: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    rewrite: bool
    guessed: bool
    blank_lines: bool
    header_row: int = 1
    top_size: int = 0
    unused: tuple[int, ...] = ()
    notices: tuple[Notice, ...] = ()


def read_text(source: SourceFile, *, encoding: str = "auto", delimiter: str = "auto") -> TextFile:
    """The description of a delimited text file, header included.

    Raises: CrmError import_missing_file, import_empty_file, import_not_text,
    import_wrong_encoding, import_header_only, import_one_column, import_too_many_columns.
    """
    text = look(source, encoding=encoding)
    records = _records(text, LOOKED_AT)
    layout = find_layout(records, "" if delimiter == "auto" else delimiter)
    if layout is None:
        raise CrmError("import_one_column", file=source.name)
    if not any(record.strip() for record in records[layout.row :]):
        raise CrmError("import_header_only", file=source.name)
    if len(layout.cells) > _MOST_CELLS:
        raise CrmError("import_too_many_columns", file=source.name, columns=len(layout.cells),
                       limit=MAX_COLUMNS)  # fmt: skip
    top = records[: layout.row]
    names, twice = unique_names(layout.cells)
    unused = _unused(text, layout)
    header = tuple(name for place, name in enumerate(names) if place not in unused)
    if len(header) < 2:
        raise CrmError("import_one_column", file=source.name)
    if len(header) > MAX_COLUMNS:
        raise CrmError(
            "import_too_many_columns", file=source.name, columns=len(header), limit=MAX_COLUMNS
        )
    unnamed = [
        name for place, name in enumerate(names) if not layout.cells[place] and place not in unused
    ]
    return TextFile(
        source,
        text.sha256,
        text.encoding,
        layout.delimiter,
        header,
        text.rewrite or not all(_is_regular(record, layout.delimiter) for record in top),
        text.guessed,
        text.blank_lines,
        layout.row,
        sum(len(record) + 1 for record in top),
        tuple(sorted(unused)),
        _notices(source, top[:-1], unnamed, twice),
    )


def look(source: SourceFile, *, encoding: str = "auto") -> TextFile:
    """The same without delimiter and header, for formats that have none."""
    if not source.path.is_file():
        raise CrmError("import_missing_file", file=source.name)
    with source.path.open("rb") as stream:
        start = stream.read(START)
    if not start.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"):
        raise CrmError("import_empty_file", file=source.name)
    kind = kind_of(start)
    if kind != "text":
        raise CrmError("import_not_text", file=source.name, kind=kind)
    found = scan(source.path)
    if encoding == "auto":
        chosen, guessed = encoding_of(source, start, found)
    else:
        chosen, guessed = encoding, False
        check_encoding(source, encoding)
    odd_ends = found.returns > 0 and not found.newlines == found.returns == found.pairs
    plain = chosen in {"utf-8", "utf-8-sig"} and found.valid_utf8
    rewrite = not plain or found.nul > 0 or odd_ends
    sha256 = source.sha256 or found.digest
    return TextFile(source, sha256, chosen, "", (), rewrite, guessed, found.blank)


def first_lines(text: TextFile, count: int) -> list[str]:
    """The first records from the header on, decoded; a quoted value may hold line breaks."""
    records = _records(text, count + text.header_row)[text.header_row - 1 :]
    return [record for record in records if record.strip()][:count]


def _records(text: TextFile, count: int) -> list[str]:
    """The first records of the file up to `count` with content; empty lines are empty records."""
    with text.source.path.open("rb") as stream:
        raw = stream.read(_HEAD_BYTES)
    decoder = codecs.getincrementaldecoder(text.encoding)("replace")
    content = decoder.decode(raw).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    records: list[str] = []
    current: list[str] = []
    filled = size = 0
    for line in content.split("\n"):
        is_open = open_after(line, bool(current))
        current.append(line)
        size += len(line)
        if is_open and size <= LONGEST:
            continue
        records.append("\n".join(current))
        filled += bool(records[-1].strip())
        current, size = [], 0
        if filled == count:
            return records
    return [*records, "\n".join(current)] if current else records


def open_after(line: str, was_open: bool) -> bool:
    """Whether a quoted value goes on in the next line; a mark inside a value opens none."""
    if '"' not in line:
        return was_open
    if was_open:
        closing = _CLOSING.match(line)
        if closing is None:
            return True
        line = "." + line[closing.end() :]
    return _OPENING.search(_QUOTED.sub(r"\1", line)) is not None


def _is_regular(record: str, delimiter: str) -> bool:
    """Whether the engine can tell where a title or header ends: it skips them unread."""
    try:
        next(csv.reader([record], delimiter=delimiter, strict=True), None)
    except csv.Error:
        return False
    return True


def _unused(text: TextFile, layout: Layout) -> set[int]:
    """Places of columns that have no name; each row is asked whether it has a value there."""
    empty = [place for place, cell in enumerate(layout.cells) if not cell]
    if not empty:
        return set()
    with text.source.path.open(encoding=text.encoding, errors="replace", newline="") as stream:
        lines = iter(lambda: stream.readline(_HEAD_BYTES), "")
        try:
            for number, row in enumerate(csv.reader(lines, delimiter=layout.delimiter), 1):
                if not empty:
                    break
                if number <= layout.row or not any(row[empty[0] :]):
                    continue
                here = bisect_left(empty, len(row))
                found = {place for place in empty[:here] if row[place].strip()}
                if found:
                    empty = [place for place in empty if place not in found]
        except csv.Error:  # a value larger than any cell: nothing can be said of the columns
            return set()
    return set(empty)


def _notices(
    source: SourceFile, titles: list[str], unnamed: list[str], twice: tuple[str, ...]
) -> tuple[Notice, ...]:
    told: list[Notice] = []
    above = sum(1 for title in titles if title.strip() and not is_separator_line(title))
    if above:
        told.append(Notice("import_title_rows", {"file": source.name, "count": above}))
    if unnamed:
        told.append(_columns("import_unnamed_columns", source, unnamed))
    if twice:
        told.append(_columns("import_same_names", source, list(twice)))
    return tuple(told)


def _columns(code: str, source: SourceFile, names: list[str]) -> Notice:
    return Notice(code, {"file": source.name, "columns": ", ".join(names[:10])})
