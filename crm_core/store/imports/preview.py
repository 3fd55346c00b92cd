"""What a file would become, before anything is imported: columns, ten rows, problems."""

from __future__ import annotations

import codecs
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from crm_core.errors import CrmError
from crm_core.store.imports.contract import Job, Notice, Part, Plan, SourceFile, StageResult
from crm_core.store.imports.mapped_file import ORDER_TABLES, format_of
from crm_core.store.imports.mapping import Mapping
from crm_core.store.imports.opened import open_tables
from crm_core.store.imports.order_heads import fill_heads
from crm_core.store.imports.order_values import Check, decide, parse
from crm_core.store.imports.propose import Guess, guess_columns, propose_mapping
from crm_core.store.imports.record_values import decide_records, parse_records
from crm_core.store.imports.rows import load_rows
from crm_core.store.imports.run import stage
from crm_core.store.imports.staging import create_staging, name
from crm_core.store.imports.textfile import TextFile, read_text

ROWS = 10
PART_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Proposal:
    """A file's columns with a guess each, the mapping they make, and what that would give.

    `rows` are the first ten rows by field, as texts; they hold personal data. `problems` are
    codes with facts: a whole-file error, or how many rows each reason sets aside. `partial`: the
    file is large and only its first part was tried.
    """

    text: TextFile
    columns: tuple[Guess, ...]
    mapping: Mapping
    rows: tuple[dict[str, str], ...]
    problems: tuple[Notice, ...]
    result: StageResult | None
    partial: bool = False


def propose(
    file: SourceFile,
    *,
    mapping: Mapping | None = None,
    table: str | None = None,
    timezone: str = "UTC",
    now: datetime,
    memory_mb: int = 256,
) -> Proposal:
    """A proposal for a delimited file; with `mapping`, what that mapping would give.

    `table` says what a row of the file is; without it the likeliest table is proposed. Of a
    workbook or archive, its first table is read.

    Raises: CrmError for a file that cannot be read at all.
    """
    file = open_tables([file])[0]
    encoding = mapping.encoding if mapping else "auto"
    text = read_text(file, encoding=encoding, delimiter=mapping.delimiter if mapping else "auto")
    chosen = mapping or propose_mapping(text, table)
    guesses = guess_columns(text, chosen.table)
    partial = file.path.stat().st_size > PART_BYTES
    with tempfile.TemporaryDirectory(prefix="clientele-preview-") as folder:
        tried = _first_part(text, Path(folder)) if partial else text
        con = duckdb.connect()
        con.execute(f"set memory_limit = '{memory_mb}MB'")
        con.execute("set temp_directory = ?", [folder])
        job = Job(con, Path(folder), now, chosen.currency, timezone, lambda _step, _share: None)
        try:
            return replace(_proposal(job, tried, guesses, chosen), text=text, partial=partial)
        except CrmError as failure:
            problem = Notice(failure.code, dict(failure.facts))
            return Proposal(text, guesses, chosen, (), (problem,), None)
        finally:
            con.close()


def _proposal(job: Job, text: TextFile, guesses: tuple[Guess, ...], mapping: Mapping) -> Proposal:
    mapping.check(text.header, text.source.name)
    create_staging(job.con)
    load_rows(job, text, table=mapping.table)
    checks = _parsed(job, text, mapping)
    shown = [field for field in mapping.fields if field in {*mapping.columns, *mapping.constants}]
    cells = ", ".join(f"coalesce({_shown(field, mapping)}, '')" for field in shown)
    found = job.con.execute(
        f"select source_row::varchar, issue, {cells} from import_parsed "
        f"order by source_row limit {ROWS}"
    ).fetchall()
    rows = tuple(
        dict(zip(("row", "issue", *shown), (row[0], _code(row[1], checks), *row[2:]), strict=True))
        for row in found
    )
    part = Part(format_of(mapping), (text.source,), (text,), mapping)
    result = stage(
        job.con,
        Plan((part,)),
        currency=mapping.currency,
        timezone=job.timezone,
        now=job.now,
        progress=job.progress,
    )
    problems = tuple(Notice(code, {"count": count}) for code, count in result.reasons.items())
    return Proposal(text, guesses, mapping, rows, problems, result)


def _parsed(job: Job, text: TextFile, mapping: Mapping) -> list[Check]:
    """Make `import_parsed` with the values and the texts of every row."""
    if mapping.table not in ORDER_TABLES:
        return parse_records(job, decide_records(job, text, mapping))
    if mapping.table == "orders":
        mapping = fill_heads(job, text, mapping)
    return parse(job, decide(job, text, mapping), with_texts=True)


def _first_part(text: TextFile, folder: Path) -> TextFile:
    """The first megabytes of a large file as a file of their own, cut after a whole row."""
    with text.source.path.open("rb") as stream:
        raw = stream.read(PART_BYTES)
    content = codecs.getincrementaldecoder(text.encoding)("replace").decode(raw)
    end = content.rfind("\n")
    marks = content.count('"', 0, max(end, 0))
    while end > 0 and marks % 2:
        before = content.rfind("\n", 0, end)
        marks -= content.count('"', max(before, 0), end)
        end = before
    copy = folder / "first-part.csv"
    copy.write_text(content[: end if end > 0 else None], encoding="utf-8", newline="")
    return replace(text, source=replace(text.source, path=copy), encoding="utf-8")


def _shown(field: str, mapping: Mapping) -> str:
    """The value as read, or the text as it stands where it could not be read."""
    kind = mapping.fields[field]
    if mapping.table not in ORDER_TABLES:
        value = f"{name(field)}::double" if kind in ("money", "price") else name(field)
        return f"coalesce({value}::varchar, t_{field})"
    if kind == "number":
        return f"coalesce(n_{field}::double::varchar, t_{field})"
    if kind == "time":
        return f"coalesce({field}::varchar, t_{field})"
    return "t_line_id" if field == "line_id" else f"{field}::varchar"  # ids are made later


def _code(issue: int | None, checks: list[Check]) -> str:
    return "" if issue is None else checks[issue].code
