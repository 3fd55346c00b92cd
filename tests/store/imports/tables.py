"""Small order tables and the files they can come in."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

import openpyxl

HEADER = ("Order ID", "Order Date", "Customer ID", "SKU", "Product", "Quantity", "Price")
ROWS: tuple[tuple[Any, ...], ...] = (
    (1001, datetime(2026, 2, 3, 10, 15), 77, "t1", "Tea, green", 2, 12.5),
    (1001, datetime(2026, 2, 3, 10, 15), 77, "t2", "Tea pot", 1, 39),
    (1002, datetime(2026, 2, 17, 9), 78, "t1", "Tea, green", 1, 12.5),
)
LINES = [("1001", "t1", 2, 25.0), ("1001", "t2", 1, 39.0), ("1002", "t1", 1, 12.5)]


def csv_text(
    rows: Sequence[Sequence[object]] = ROWS, *, mark: str = ",", header: Sequence[str] = HEADER
) -> str:
    """A delimited text with every value that needs it in quotation marks."""
    lines = [mark.join(_quoted(value, mark) for value in row) for row in (header, *rows)]
    return "\n".join(lines) + "\n"


def _quoted(value: object, mark: str) -> str:
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in f'{mark}"\n') else text


def book(**sheets: Sequence[Sequence[object]]) -> bytes:
    """A workbook with these sheets."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    return saved(made)


def saved(made: openpyxl.Workbook) -> bytes:
    """The workbook's file."""
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def zip_of(files: dict[str, bytes | str]) -> bytes:
    """A ZIP archive of files by name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def ods(rows: Sequence[Sequence[object]]) -> bytes:
    """An OpenDocument sheet of texts and numbers."""

    def cell(value: object) -> str:
        if isinstance(value, int | float):
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        text = escape(str(value))
        return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'

    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {spaces}><office:body>'
        f'<office:spreadsheet><table:table table:name="Orders">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = f'<?xml version="1.0"?><m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry m:full-path="/" m:media-type="{kind}"/></m:manifest>'
    return zip_of({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def html(rows: Sequence[Sequence[object]] = ROWS, *, header: Sequence[str] = HEADER) -> str:
    """A page with one table."""
    lines = "".join(
        f"<tr>{''.join(f'<td>{escape(str(value))}</td>' for value in row)}</tr>"
        for row in (header, *rows)
    )
    return f"<html><head><title>Orders</title></head><body><table>{lines}</table></body></html>"
