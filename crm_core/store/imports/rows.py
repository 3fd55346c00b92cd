"""Rows of a text file into the engine, each with its row number; broken rows set aside."""

from __future__ import annotations

import codecs
import io
from pathlib import Path

from crm_core.errors import CrmError
from crm_core.store.imports.blank_rows import blank_rows
from crm_core.store.imports.contract import Job, LostRow
from crm_core.store.imports.encoding import BLOCK
from crm_core.store.imports.furniture import drop_furniture, footer
from crm_core.store.imports.open_marks import CODE, left_open, swallowed, take_out
from crm_core.store.imports.staging import counted, quote, set_aside
from crm_core.store.imports.textfile import NUL_MARK, TextFile

_SEVERAL_LINES = "contains(trim(csv_line, chr(10) || chr(13)), chr(10))"
_MOST_ASKED = 10_000  # broken rows of several lines: beyond these the whole file is gone through
_REJECT_REASONS = {"UNQUOTED VALUE": "import_bad_quote"}


def load_rows(job: Job, text: TextFile, *, table: str) -> int:
    """Read every row as text into temporary table `RAW`; the number of rows read.

    Columns are c0, c1, ... and `source_row`, the row as a spreadsheet counts it (a header at the
    top is row 1). Rows of the wrong length go to quarantine, never padded and never shifted; what
    is no row of the table at all (totals, the header again) is left out and told.
    A row whose quotation mark never closes goes there too, and the rows after it stay.
    Raises: CrmError("import_unclosed_quote") for a row longer than any can be.
    """
    path = readable(text, job.folder)
    _read(job, text, path)
    lost: list[LostRow] = []
    if _has_open_marks(job, text):
        closed = job.folder / "closed.csv"
        lost = take_out(path, closed, text)
        if lost:
            path = closed
            _forget_rejects(job)
            _read(job, text, path)
    _refuse_endless(job, text)
    blank: list[int] = []
    if text.blank_lines or lost:
        shift = text.source.row_shift
        found = blank_rows(path, text.delimiter)
        blank = [row + shift for row in found if row > text.header_row]
    _drop_footers(job, text)
    broken = _number_rows(job, text, blank) + len(lost)
    _set_broken_aside(job, text, table)
    _set_lost_aside(job, text, table, lost)
    drop_furniture(job, text)
    row = job.con.execute("select count(*) from import_raw").fetchone()
    _forget_rejects(job)
    job.con.execute("drop table import_gaps")
    return (row[0] if row else 0) + broken


def readable(text: TextFile, folder: Path) -> Path:
    """A file the engine can read: itself, or a UTF-8 copy with one kind of line end."""
    if not text.rewrite:
        return text.source.path
    copy = folder / "readable.csv"
    decoder = codecs.getincrementaldecoder(text.encoding)("replace")
    lines = io.IncrementalNewlineDecoder(decoder, translate=True)
    above = text.top_size  # read already: empty lines keep the count
    with text.source.path.open("rb") as source, copy.open("wb") as out:
        out.write(b"\n" * (text.header_row if above else 0))
        first = True
        while block := source.read(BLOCK):
            part = str(lines.decode(block)).replace("\0", NUL_MARK)
            part = part.removeprefix("\ufeff") if first else part
            out.write(part[above:].encode())
            above, first = max(0, above - len(part)), False
        out.write(str(lines.decode(b"", final=True)).encode())
    return copy


def _read(job: Job, text: TextFile, path: Path) -> None:
    before = job.con.execute("select current_setting('preserve_insertion_order')").fetchone()
    job.con.execute("set preserve_insertion_order = true")
    try:
        _read_rows(job, text, path)
    finally:
        job.con.execute(f"set preserve_insertion_order = {bool(before and before[0])}")


def _read_rows(job: Job, text: TextFile, path: Path) -> None:
    places = range(len(text.header) + len(text.unused))
    used = sorted(set(places) - set(text.unused))
    names = {place: f"c{number}" for number, place in enumerate(used)}
    columns = ", ".join(f"'{names.get(place, f'x{place}')}': 'VARCHAR'" for place in places)
    left_out = ", ".join(f"x{place}" for place in text.unused)
    job.con.execute(
        f"""
        create or replace temp table import_raw as
        select 0::bigint as source_row, * {f"exclude ({left_out})" if left_out else ""}
        from read_csv(
            {quote(str(path))}, auto_detect = false, header = false, skip = {text.header_row},
            strict_mode = true, delim = {quote(text.delimiter)}, quote = '"', escape = '"', columns = {{{columns}}},
            store_rejects = true, rejects_limit = 0,
            rejects_table = 'import_rejects', rejects_scan = 'import_scans'
        )
        """
    )


def _has_open_marks(job: Job, text: TextFile) -> bool:
    """Whether a broken row is left open by its marks, or a value holds lines that look like rows."""
    broken = job.con.execute(
        f"select distinct csv_line from import_rejects where {_SEVERAL_LINES} limit {_MOST_ASKED}"
    ).fetchall()
    if len(broken) == _MOST_ASKED or any(left_open(row[0], text) for row in broken):
        return True
    return bool(counted(job.con, f"select count(*) from import_raw where {swallowed(text)}"))


def _forget_rejects(job: Job) -> None:
    job.con.execute("drop table import_rejects; drop table import_scans")


def _refuse_endless(job: Job, text: TextFile) -> None:
    found = job.con.execute(
        "select min(line) from import_rejects where error_type = 'LINE SIZE OVER MAXIMUM'"
    ).fetchone()
    if found and found[0] is not None:
        raise CrmError(CODE, file=text.source.name, row=found[0])


def _drop_footers(job: Job, text: TextFile) -> None:
    """Lines without cells that say who made the file are as good as empty, and told."""
    test = footer("csv_line", text.delimiter)
    lines = job.con.execute(
        f"select distinct line from import_rejects where {test} order by 1"
    ).fetchall()
    if lines:
        job.con.execute(f"update import_rejects set csv_line = '' where {test}")
        rows = ", ".join(str(line) for (line,) in lines)
        job.notice("import_footer_rows", file=text.source.name, count=len(lines), rows=rows)


def _number_rows(job: Job, text: TextFile, blank: list[int]) -> int:
    """Give rows their place in the file: rows read, plus the rows missing before each.

    The engine keeps rows in the order of the file and counts them; they are numbered where they
    lie, for to write them anew with their numbers takes as long as reading them.
    """
    job.con.execute(
        """
        create or replace temp table import_gaps as
        select line, row_number() over (order by line) as place, empty from (
            select line, bool_and(not regexp_matches(csv_line, '\\S')) as empty from import_rejects group by line
            union select unnest(?::bigint[]), true
        )
        """,
        [blank],
    )
    row = job.con.execute(
        "select count(*), count(*) filter (not empty) from import_gaps"
    ).fetchone()
    gaps, broken = row or (0, 0)
    above = text.header_row + text.source.row_shift + 1
    if not gaps:
        job.con.execute(f"update import_raw set source_row = rowid + {above}")
        return 0
    job.con.execute(
        f"""
        update import_raw r set source_row = n.source_row from (
            select spot, spot + {above} + coalesce(place, 0) as source_row
            from (select rowid as spot from import_raw) asof left join (
                select line - place as before, max(place) as place from import_gaps group by all
            ) g on spot + {above} > g.before) n
        where n.spot = r.rowid
        """
    )
    return broken


def _set_broken_aside(job: Job, text: TextFile, table: str) -> None:
    cases = " ".join(f"when '{kind}' then '{code}'" for kind, code in _REJECT_REASONS.items())
    set_aside(
        job,
        f"""
        select {quote(text.source.name)} as source_file, line::bigint as source_row,
               '{table}' as table_name, null as column_name,
               case min(error_type) {cases} else 'import_ragged_row' end as reason,
               trim(any_value(csv_line), chr(10) || chr(13)) as raw
        from import_rejects where regexp_matches(csv_line, '\\S') group by line
        """,
    )


def _set_lost_aside(job: Job, text: TextFile, table: str, lost: list[LostRow]) -> None:
    if lost:
        job.con.execute(
            """
            insert into staging.quarantine by name
            select ? as source_file, ? as table_name, ? as reason,
                   unnest(?::bigint[]) as source_row, unnest(?::varchar[]) as raw
            """,
            [
                text.source.name,
                table,
                CODE,
                [each.row for each in lost],
                [each.raw for each in lost],
            ],
        )
