"""Any delimited file of order lines or order heads, read through a mapping of its columns.

The mapping is given, bundled (known by the file's column names) or proposed from the column
names and values. A row is a line of an order; a negative quantity is a return and becomes a
refund of its order when the order is in the files, else it is set aside. Amounts are exact to
the cent a line: `line_total` holds the line before its discount. A head is an order without its
lines: an order that no file gives lines to has one line of its whole amount.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf

from crm_core.errors import CrmError
from crm_core.store.imports.contract import Facts, Job, Part, SourceFile
from crm_core.store.imports.header import text_of
from crm_core.store.imports.mapped_file import ORDER_TABLES, Reading, format_of, stage_file
from crm_core.store.imports.mapping import Mapping, header_hash
from crm_core.store.imports.order_tables import link_returns, open_returns
from crm_core.store.imports.propose import explains, propose_mapping
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
        """Each delimited file by itself, with the mapping it is known by or a proposed one.

        A file of another table is a part of the format `records`.
        """
        return tuple(
            _part(read_text(file)) for file in files if file.path.suffix.lower() not in _OTHERS
        )

    def stage(self, job: Job, part: Part) -> None:
        """Orders, lines, customers, identities, products and refunds of the part's files."""
        open_returns(job)
        stage_part(job, part)
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
    return (Part(format_of(mapping), files, texts, mapping),)


def claim_said(files: tuple[SourceFile, ...], said: MappingOf[str, Mapping]) -> tuple[Part, ...]:
    """The files for whose column names (`header_hash`) a mapping was said, each with that one."""
    found: list[Part] = []
    for text in filter(None, map(text_of, files)):
        mapping = said.get(header_hash(text.header))
        if mapping is not None:
            found.append(Part(format_of(mapping), (text.source,), (text,), mapping))
    return tuple(found)


def stage_part(job: Job, part: Part) -> None:
    """Each file of a part through the part's mapping."""
    readings = (Reading(part.mapping or Mapping()),)
    for place, text in enumerate(part.texts):
        stage_file(job, text, readings, job.first_file + place)


def _part(text: TextFile) -> Part:
    chosen = propose_mapping(text)
    if chosen.table in ORDER_TABLES:
        strange = len(chosen.columns) < 2 or len(chosen.missing()) > 2
    else:
        strange = not explains(chosen, text.header)
    if strange:
        raise CrmError(
            "import_unclear_columns",
            file=text.source.name,
            known=len(chosen.columns),
            columns=len(text.header),
            table=chosen.table,
            missing=", ".join(chosen.missing()) or "–",
        )
    chosen.check(text.header, text.source.name)
    return Part(format_of(chosen), (text.source,), (text,), chosen)


FORMAT = OrderLines()
