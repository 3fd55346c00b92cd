"""Tables of an HTML page that calls itself .xls or .csv, as many shop platforms export them.

Only the text of cells is read; nothing is executed, fetched or followed.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from crm_core.errors import CrmError
from crm_core.store.imports.contract import SourceFile
from crm_core.store.imports.encoding import opened_text
from crm_core.store.imports.limits import MB, Limits

_MOST_MB = 256
_OPEN_TAG_MB = 1  # a tag or comment that never ends would be searched again with every block
_BLOCK = 64 * 1024
_DEPTH = 8
_COLUMNS = 2000
_BREAKS = {"br", "p", "div", "li"}


def read_tables(file: SourceFile, folder: Path, limits: Limits) -> list[SourceFile]:
    """Each table with at least two rows and columns; one alone keeps the file's name.

    Raises: CrmError import_not_text when there is none, import_html_broken,
    import_html_too_large, import_sheet_too_large.
    """
    if file.path.stat().st_size > _MOST_MB * MB:
        raise CrmError("import_html_too_large", file=file.name, limit=_MOST_MB)
    reader = _Reader(file.name, folder, limits.cells)
    try:
        with opened_text(file) as stream:
            while block := stream.read(_BLOCK):
                reader.feed(block)
                if len(reader.rawdata) > _OPEN_TAG_MB * MB:
                    raise CrmError("import_html_broken", file=file.name)
        reader.close()
    finally:
        reader.finish()
    if not reader.written:
        raise CrmError("import_not_text", file=file.name, kind="html")
    if len(reader.written) == 1:
        return [replace(file, path=reader.written[0])]
    return [
        replace(file, path=path, name=f"{file.name} › {place}", inner=True)
        for place, path in enumerate(reader.written, 1)
    ]


class _Table:
    """One table being read: its file, and what cells above reach down into."""

    def __init__(self, path: Path, count: Callable[[int], None]) -> None:
        self.path, self.count = path, count
        self.out = path.open("w", encoding="utf-8", newline="")
        self.writer = csv.writer(self.out, lineterminator="\n")
        self.row: list[str] | None = None
        self.cell: list[str] | None = None
        self.across = self.down = 1
        self.spans: dict[int, tuple[int, str]] = {}
        self.rows = self.columns = 0

    def start_row(self) -> None:
        """Open a row; one that was left open ends."""
        self.end_row()
        self.row = []

    def start_cell(self, across: int, down: int) -> None:
        """Open a cell; one that was left open ends."""
        if self.row is None:
            self.row = []
        self.end_cell()
        self.count(across)
        self.cell, self.across, self.down = [], across, down

    def end_cell(self) -> None:
        """Put the open cell into its row."""
        if self.cell is None or self.row is None:
            return
        lines = (" ".join(line.split()) for line in "".join(self.cell).split("\n"))
        text = "\n".join(line for line in lines if line)
        self.cell = None
        self._reach_down(self.row)
        cells = [text, *[""] * (self.across - 1)]
        if self.down > 1:
            self.spans |= {at: (self.down, cell) for at, cell in enumerate(cells, len(self.row))}
        self.row += cells

    def _reach_down(self, row: list[str]) -> None:
        while len(row) in self.spans:
            self.count(1)
            row.append(self.spans[len(row)][1])

    def end_row(self) -> None:
        """Write the open row."""
        self.end_cell()
        row, self.row = self.row, None
        if row is None:
            return
        self._reach_down(row)
        self.spans = {at: (left - 1, text) for at, (left, text) in self.spans.items() if left > 1}
        if any(row):
            self.writer.writerow(row)
        else:
            self.out.write("\n")
        self.rows += 1
        self.columns = max(self.columns, len(row))


class _Reader(HTMLParser):
    """Hears tags and texts; the innermost open table gets them."""

    def __init__(self, name: str, folder: Path, cells: int) -> None:
        super().__init__(convert_charrefs=True)
        self.name, self.folder, self.cells = name, folder, cells
        self.open: list[_Table] = []
        self.written: list[Path] = []
        self.opened = self.counted = self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a table, row or cell."""
        if tag in ("script", "style"):
            self.silent += 1
        elif tag == "table":
            self._open_table()
        elif self.open and tag == "tr":
            self.open[-1].start_row()
        elif self.open and tag in ("td", "th"):
            told = dict(attrs)
            self.open[-1].start_cell(
                _span(told.get("colspan"), _COLUMNS), _span(told.get("rowspan"), 10**6)
            )
        elif self.open and tag in _BREAKS and self.open[-1].cell:
            self.open[-1].cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """Close what a tag ends."""
        if tag in ("script", "style"):
            self.silent = max(0, self.silent - 1)
        elif tag == "table" and self.open:
            self._close_table()
        elif tag == "tr" and self.open:
            self.open[-1].end_row()
        elif tag in ("td", "th") and self.open:
            self.open[-1].end_cell()

    def handle_data(self, data: str) -> None:
        """Text of the cell that is open; line ends of the page are spaces."""
        if self.open and not self.silent and self.open[-1].cell is not None:
            self.open[-1].cell.append(data.replace("\n", " ").replace("\r", " "))

    def finish(self) -> None:
        """Close what a page cut short left open."""
        self.cells *= 2  # what is open was counted; a refusal here would hide the first one
        while self.open:
            self._close_table()

    def _open_table(self) -> None:
        if len(self.open) >= _DEPTH:
            raise CrmError("import_html_broken", file=self.name)
        self.opened += 1
        self.open.append(_Table(self.folder / f"table-{self.opened}.csv", self._count))

    def _count(self, cells: int) -> None:
        self.counted += cells
        if self.counted > self.cells:
            raise CrmError("import_sheet_too_large", file=self.name, limit=f"{self.cells:,}")

    def _close_table(self) -> None:
        table = self.open.pop()
        try:
            table.end_row()
        finally:
            table.out.close()
        if table.rows >= 2 and table.columns >= 2:
            self.written.append(table.path)
        else:
            table.path.unlink()


def _span(text: str | None, most: int) -> int:
    """How many rows or columns a cell covers.

    >>> _span("3", 10), _span("x", 10), _span(None, 10)
    (3, 1, 1)
    """
    text = (text or "").strip()
    fits = text.isascii() and text.isdigit() and len(text) < 9
    return min(max(int(text), 1), most) if fits else 1
