"""One delimited file through its mapping into the staging tables, whatever table it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from crm_core.store.imports.contract import FileRead, Job
from crm_core.store.imports.currencies import told_beside
from crm_core.store.imports.mapping import Mapping
from crm_core.store.imports.order_heads import add_good_heads, fill_heads
from crm_core.store.imports.order_tables import (
    Written,
    add_good_rows,
    keep_written,
    set_bad_rows_aside,
)
from crm_core.store.imports.order_values import (
    Sheet,
    decide,
    parse,
    refuse_bad_constants,
    translated,
)
from crm_core.store.imports.record_tables import add_records
from crm_core.store.imports.record_values import (
    decide_records,
    parse_records,
    refuse_unread_constants,
)
from crm_core.store.imports.rows import load_rows
from crm_core.store.imports.staging import counted, name
from crm_core.store.imports.textfile import TextFile

ORDER_TABLES = ("order_lines", "orders")
Prepare = Callable[[Job], str]


@dataclass(frozen=True)
class Reading:
    """One way to read a file: a mapping, and SQL that may rewrite its rows before.

    `prepare` returns a SELECT over the temporary view `file_rows`: `source_row` and the file's
    columns by name, as text; those the mapping or `uses` names are there in any case, NULL where
    the file lacks them. The SELECT gives `source_row` and the columns the mapping reads; of two
    of one name the last counts.
    """

    mapping: Mapping
    prepare: Prepare | None = None
    uses: tuple[str, ...] = ()


def stage_file(
    job: Job,
    text: TextFile,
    readings: tuple[Reading, ...],
    source_file: int,
    *,
    keep: str = "",
    columns: tuple[str, ...] = (),
) -> None:
    """Read a file once and stage it by each of its readings.

    `keep` adds its rows, with `columns` by name, to the temporary table of that name, for files
    that are joined with it. A file without a reading is a list beside the others.
    """
    table = readings[0].mapping.table if readings else "lookup"
    rows = load_rows(job, text, table=table)
    job.progress("read", 0.4)
    decisions = {"encoding": text.encoding, "delimiter": text.delimiter}
    skipped = 0  # rows that no reading takes: titles, totals
    if len(readings) == 1 and not keep and readings[0].prepare is None and table != "orders":
        mapping = readings[0].mapping.present_in(text.header)
        mapping.check(text.header, text.source.name)
        decisions |= _stage_rows(job, text, mapping, source_file, Written("temp.import_raw", text))
    else:
        job.con.execute("drop table if exists import_file")
        job.con.execute("alter table import_raw rename to import_file")
        job.con.execute(
            "create or replace temp table import_left as select source_row from import_file"
        )
        if keep:
            named = _named(text, columns)
            job.con.execute(f"insert into {keep} by name select {named} from import_file")
        for place, reading in enumerate(readings):
            ready, mapping = _prepared(job, text, reading)
            job.con.execute(
                "create or replace temp table import_left as "
                "select source_row from import_left anti join import_raw using (source_row)"
            )
            if place == 0 or not mapping.missing():  # else the file has nothing of this kind
                mapping.check(ready.header, text.source.name)
                told = _stage_rows(
                    job, ready, mapping, source_file, Written("temp.import_file", text)
                )
                decisions = told | decisions
            job.con.execute("drop table if exists import_raw")
        skipped = counted(job.con, "select count(*) from import_left") if readings else 0
        job.con.execute("drop table import_file; drop table import_left")
    if text.guessed:
        job.notice("import_encoding_guessed", file=text.source.name, encoding=text.encoding)
    read = FileRead(
        text.source.name,
        text.sha256,
        rows,
        decisions,
        lookup=not readings,
        skipped=skipped,
        header=text.header,
    )
    job.files.append(read)


def format_of(mapping: Mapping) -> str:
    """The format that reads delimited files through this mapping."""
    return "order_lines" if mapping.table in ORDER_TABLES else "records"


def _stage_rows(
    job: Job, text: TextFile, mapping: Mapping, source_file: int, written: Written
) -> dict[str, str]:
    """The rows of `import_raw` into staging and quarantine; the decisions taken."""
    orders = mapping.table in ORDER_TABLES
    if orders:
        _settle_currency(job, text, mapping)
        refuse_bad_constants(mapping)
    else:
        refuse_unread_constants(mapping)
    if mapping.table == "orders":
        mapping = fill_heads(job, text, mapping)
    sheet = decide(job, text, mapping) if orders else decide_records(job, text, mapping)
    checks = parse(job, sheet) if orders else parse_records(job, sheet)
    job.progress("check", 0.7)
    keep_written(job, sheet, written)
    job.con.execute("drop table import_raw")  # room for what is made of its rows
    set_bad_rows_aside(job, sheet, checks)
    if mapping.table == "order_lines":
        add_good_rows(job, sheet, source_file)
    elif mapping.table == "orders":
        add_good_heads(job, sheet, source_file)
    else:
        add_records(job, sheet, source_file)
    job.con.execute("drop table import_parsed; drop table import_written")
    return _decisions(sheet)


def _decisions(sheet: Sheet) -> dict[str, str]:
    told = {"decimal": sheet.decimal, "date_order": sheet.order}
    if sheet.mapping.table == "order_lines":
        told["amount_is"] = sheet.mapping.amount_is
    else:
        told["table"] = sheet.mapping.table
    return told | {"mapping": sheet.mapping.name or "proposed"}


def _prepared(job: Job, text: TextFile, reading: Reading) -> tuple[TextFile, Mapping]:
    """Make `import_raw` out of `import_file`, through the reading's SQL if it has any."""
    mapping = reading.mapping
    if reading.prepare is None:
        job.con.execute("create or replace temp table import_raw as select * from import_file")
        return text, mapping.present_in(text.header)
    wanted = (*mapping.columns.values(), *mapping.id_columns, *reading.uses)
    named = _named(text, (*wanted, *text.header))
    job.con.execute(f"create or replace temp view file_rows as select {named} from import_file")
    select = reading.prepare(job)
    described = job.con.execute(f"describe {select}").fetchall()
    # A column made anew stands beside the empty one of its name: the last of a name counts.
    made = {str(row[0]): place for place, row in enumerate(described)}
    places = ", ".join(f"p{place}" for place in range(len(described)))
    row = made.pop("source_row")
    cells = ", ".join(f"p{place}::varchar as c{n}" for n, place in enumerate(made.values()))
    job.con.execute(
        "create or replace temp table import_raw as "
        f"select p{row}::bigint as source_row, {cells} from ({select}) as made({places})"
    )
    job.con.execute("drop view file_rows")
    ready = replace(text, header=tuple(made))
    return ready, _told(job, text, ready, mapping)


def _told(job: Job, text: TextFile, ready: TextFile, mapping: Mapping) -> Mapping:
    """The mapping without columns that the file lacks and its preparation did not fill."""
    lacking = {
        column: f"c{ready.header.index(column)}"
        for column in mapping.columns.values()
        if column not in text.header and column in ready.header
    }
    empty = {
        column
        for column, raw in lacking.items()
        if not counted(job.con, f"select count(*) from import_raw where {raw} is not null")
    }
    return mapping.present_in(tuple(column for column in ready.header if column not in empty))


def _named(text: TextFile, columns: tuple[str, ...]) -> str:
    """SELECT list of a raw table's columns by their names; unknown ones are NULL."""
    places = {column: f"c{place}" for place, column in enumerate(text.header)}
    cells = [
        f"{places.get(column, 'null::varchar')} as {name(column)}"
        for column in dict.fromkeys(columns)
    ]
    return ", ".join(["source_row", *cells])


def _settle_currency(job: Job, text: TextFile, mapping: Mapping) -> None:
    """When nobody told the currency, the file's most frequent one is it."""
    if job.currency:
        return
    column = mapping.columns.get("currency") or mapping.columns.get("amount")
    if column is not None and "currency" not in mapping.constants:
        raw = f"c{text.header.index(column)}"
        told = _currency("said") if "currency" in mapping.columns else told_beside("said", None)
        row = job.con.execute(
            f"select {told} from (select {raw} as said, count(*) as n from import_raw "
            f"group by all) where trim(said) <> '' and {told} is not null "
            "group by all order by sum(n) desc, 1 limit 1"
        ).fetchone()
        job.currency = str(row[0]) if row else None
    if job.currency is None:
        job.notice("import_no_currency", file=text.source.name)


def _currency(raw: str) -> str:
    return translated(f"trim({raw})", "currency", f"upper(trim({raw}))")
