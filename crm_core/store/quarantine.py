"""Rows set aside: as files shaped like those they came from, and marked once mended ones came in.

A row is kept as it stood in its file: a line of it, or JSON by column. The file's header and
delimiter are in the report of its import.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import ibis.expr.types as ir

from crm_core.store.tables import Tables

# A row's place: the import, the file in it, the row of that file.
Place = tuple[int, str, int]
_ROW = "row"  # the one column of a file without header


@dataclass(frozen=True)
class Layout:
    """Files of one form that have rows set aside: the header they share, and the delimiter of each
    by (import, file); none for rows kept as JSON."""

    header: tuple[str, ...]
    files: Mapping[tuple[int, str], str]

    def cells(self, raw: str, file: tuple[int, str]) -> list[str]:
        """A row's values in the order of the header; what is too much comes behind.

        >>> form = Layout(("a", "b"), {(1, "x.csv"): ";"})
        >>> form.cells('1;"x;y";3', (1, "x.csv")), form.cells("1", (1, "x.csv"))
        (['1', 'x;y', '3'], ['1', ''])
        """
        delimiter = self.files[file]
        told = None if delimiter or self.header == (_ROW,) else _json(raw)
        if told is not None:
            return ["" if told.get(name) is None else str(told[name]) for name in self.header]
        values = next(csv.reader([raw], delimiter=delimiter), []) if delimiter else [raw]
        return values + [""] * (len(self.header) - len(values))


def layouts(tables: Tables, batch: int | None = None) -> list[Layout]:
    """The forms of the files that have rows set aside, of one import or of all, oldest first."""
    rows = open_rows(tables, batch)
    by_file = rows.group_by("batch_id", "source_file").agg(raw=rows.raw.min())
    told = dict(_reads(tables))
    found: dict[tuple[str, ...], dict[tuple[int, str], str]] = {}
    files = tables.fetch(by_file.order_by("batch_id", "source_file"))
    for number, file, raw in files.itertuples(index=False):
        place = (int(number), str(file))
        header, delimiter = _form(told.get(place, {}), str(raw))
        found.setdefault(header, {})[place] = delimiter
    return [Layout(header, places) for header, places in found.items()]


def open_rows(tables: Tables, batch: int | None = None) -> ir.Table:
    """The rows still set aside, of one import or of all."""
    table = tables.table("quarantine")
    if "healed_by" in table.columns:
        table = table.filter(table.healed_by.isnull())
    return table if batch is None else table.filter(table.batch_id == batch)


def rows_of(tables: Tables, layout: Layout) -> ir.Table:
    """The rows of a layout: batch_id, source_file, source_row, column_name, reason, raw."""
    rows = open_rows(tables)
    place = rows.batch_id.cast("string") + " " + rows.source_file
    chosen = rows.filter(place.isin([f"{number} {file}" for number, file in layout.files]))
    names = ("batch_id", "source_file", "source_row", "column_name", "reason", "raw")
    return chosen.select(*names).order_by("batch_id", "source_file", "source_row", "reason")


def mark_healed(con: duckdb.DuckDBPyConnection, places: Iterable[Place], batch: int) -> None:
    """Says of rows set aside that they came again, mended, with a later import."""
    rows = [list(place) for place in places]
    if not rows:
        return
    con.executemany(
        f"UPDATE facts.main.quarantine SET healed_by = {batch} "
        "WHERE batch_id = ? AND source_file = ? AND source_row = ? AND healed_by IS NULL",
        rows,
    )


def _reads(tables: Tables) -> Iterator[tuple[tuple[int, str], Mapping[str, Any]]]:
    """What the report of each import says of each of its files."""
    log = tables.table("import_batches")
    for number, report in tables.fetch(log.select("batch_id", "report")).itertuples(index=False):
        for file in json.loads(report).get("files", ()):
            yield (int(number), str(file["name"])), file


def _form(read: Mapping[str, Any], raw: str) -> tuple[tuple[str, ...], str]:
    if read.get("header"):
        return tuple(map(str, read["header"])), str(read.get("delimiter", ","))
    told = _json(raw)
    return (tuple(told), "") if told else ((_ROW,), "")


def _json(raw: str) -> dict[str, Any] | None:
    if not raw.startswith("{"):
        return None
    try:
        told = json.loads(raw)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
