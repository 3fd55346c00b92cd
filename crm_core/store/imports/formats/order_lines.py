"""Any delimited file of order lines, read through a mapping of its columns.

The mapping is given, bundled (known by the file's column names) or proposed from the column
names and values. A row is a line of an order; a negative quantity is a return and becomes a
refund of its order when the order is in the files, else it is set aside. Amounts are exact to
the cent a line: `line_total` holds the line before its discount.
"""

from __future__ import annotations

from crm_core.errors import CrmError
from crm_core.store.imports.contract import Facts, FileRead, Job, Part, SourceFile
from crm_core.store.imports.mapping import Mapping
from crm_core.store.imports.order_tables import (
    add_good_rows,
    link_returns,
    open_returns,
    set_bad_rows_aside,
)
from crm_core.store.imports.order_values import decide, parse, refuse_bad_constants, translated
from crm_core.store.imports.propose import propose_mapping
from crm_core.store.imports.rows import load_rows
from crm_core.store.imports.textfile import TextFile, read_text

_OTHERS = {".parquet", ".json"}


class OrderLines:
    """The format's name and how it is read."""

    name = "order_lines"
    rank = 90
    has_repeats = True

    def facts(self, part: Part) -> Facts:
        """What the mapping tells."""
        told = part.mapping or Mapping()
        return Facts(told.currency, told.timezone, told.starts_with_shop)

    def claim(self, files: tuple[SourceFile, ...]) -> tuple[Part, ...]:
        """Each delimited file by itself, with the mapping it is known by or a proposed one."""
        return tuple(
            _part(read_text(file)) for file in files if file.path.suffix.lower() not in _OTHERS
        )

    def stage(self, job: Job, part: Part) -> None:
        """Orders, lines, customers, identities, products and refunds of the part's files."""
        mapping = part.mapping or Mapping()
        refuse_bad_constants(mapping)
        open_returns(job)
        for place, text in enumerate(part.texts):
            _stage_file(job, text, mapping, job.first_file + place)
        link_returns(job)


def claim_with(files: tuple[SourceFile, ...], mapping: Mapping) -> tuple[Part, ...]:
    """One part of all files, read through the mapping given.

    Raises: CrmError import_missing_column, import_missing_field, and those of `read_text`.
    """
    texts = tuple(
        read_text(file, encoding=mapping.encoding, delimiter=mapping.delimiter) for file in files
    )
    for text in texts:
        mapping.check(text.header, text.source.name)
    return (Part("order_lines", files, texts, mapping),)


def _part(text: TextFile) -> Part:
    chosen = propose_mapping(text)
    missing = chosen.missing()
    if len(chosen.columns) < 2 or len(missing) > 2:
        raise CrmError("import_unknown_layout", file=text.source.name, formats="order_lines")
    chosen.check(text.header, text.source.name)
    return Part("order_lines", (text.source,), (text,), chosen)


def _stage_file(job: Job, text: TextFile, mapping: Mapping, source_file: int) -> None:
    rows = load_rows(job, text, table="order_lines")
    job.progress("read", 0.4)
    _settle_currency(job, text, mapping)
    sheet = decide(job, text, mapping)
    checks = parse(job, sheet)
    job.progress("check", 0.7)
    set_bad_rows_aside(job, sheet, checks)
    add_good_rows(job, sheet, source_file)
    job.con.execute("drop table import_raw; drop table import_parsed")
    decisions = {
        "encoding": text.encoding,
        "delimiter": text.delimiter,
        "decimal": sheet.decimal,
        "date_order": sheet.order,
        "amount_is": mapping.amount_is,
        "mapping": mapping.name or "proposed",
    }
    if text.guessed:
        job.notice("import_encoding_guessed", file=text.source.name, encoding=text.encoding)
    job.files.append(FileRead(text.source.name, text.sha256, rows, decisions))


def _settle_currency(job: Job, text: TextFile, mapping: Mapping) -> None:
    """When nobody told the currency, the file's most frequent one is it."""
    if job.currency:
        return
    column = mapping.columns.get("currency")
    if column is not None:
        raw = f"c{text.header.index(column)}"
        row = job.con.execute(
            f"select {_currency(raw)} from import_raw where trim({raw}) <> '' "
            "group by all order by count(*) desc, 1 limit 1"
        ).fetchone()
        job.currency = str(row[0]) if row else None
    if job.currency is None:
        job.notice("import_no_currency", file=text.source.name)


def _currency(raw: str) -> str:
    return translated(f"trim({raw})", "currency", f"upper(trim({raw}))")


FORMAT = OrderLines()
