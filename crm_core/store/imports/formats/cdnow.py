"""The CDNOW order log: one line an order, as customer, date, discs and dollars.

Two layouts, told apart by their number of fields: the master file (customer, date, discs,
dollars; with or without a header line) and the 1/10 sample (master customer id, sample id,
date, discs, dollars). The master id is the customer. Every line is an order, also those of
zero dollars; one customer's orders of a day stay apart. Days only are known: orders are put at
midday. The whole cohort begins with the log.
"""

from __future__ import annotations

import re

from crm_core.store.imports.contract import Facts, FileRead, Job, Part, SourceFile
from crm_core.store.imports.rows import readable
from crm_core.store.imports.staging import add, counted, quote, set_aside
from crm_core.store.imports.textfile import TextFile, first_lines, look
from crm_core.store.imports.values import midday

_LINE = re.compile(r"^\s*\d+\s+(?:\d+\s+)?\d{8}\s+-?\d+\s+-?\d+\.\d\d\s*$")

_CHECKS = (
    ("fields not in (4, 5) or fields <> usual", "import_ragged_row", None),
    ("customer_id is null or not regexp_full_match(customer_id, '[0-9]+')",
     "import_missing_value", "customer"),
    ("day is null", "import_bad_date", "date"),
    ("day > current_day + 1", "import_future_date", "date"),
    ("quantity is null", "import_bad_number", "discs"),
    ("quantity < 0", "import_negative_quantity", "discs"),
    ("amount is null", "import_bad_number", "dollars"),
    ("amount < 0", "import_negative_amount", "dollars"),
)  # fmt: skip


class Cdnow:
    """The format's name, its shop's facts, and how it is read."""

    name = "cdnow"
    rank = 30
    has_repeats = True

    def facts(self, part: Part) -> Facts:
        """Dollars; days without hours; the whole cohort begins with the log."""
        return Facts("USD", "UTC", starts_with_shop=True)

    def claim(self, files: tuple[SourceFile, ...]) -> tuple[Part, ...]:
        """Text files whose first lines look like CDNOW's."""
        texts = [text for text in map(_recognised, files) if text is not None]
        if not texts:
            return ()
        return (Part(self.name, tuple(text.source for text in texts), tuple(texts)),)

    def stage(self, job: Job, part: Part) -> None:
        """Orders, lines and customers of the log."""
        for place, text in enumerate(part.texts):
            _parse(job, text)
            _set_bad_aside(job, text)
            _add_good(job, job.first_file + place)
            job.files.append(
                FileRead(
                    text.source.name,
                    text.sha256,
                    counted(job.con, "select count(*) from import_cdnow"),
                    {"encoding": text.encoding},
                )
            )
            job.con.execute("drop table import_cdnow")
        add(job, "customers", "select distinct customer_id from staging.orders")
        add(job, "products", "select 'CD' as product_id, 'CD' as product_name, 'Music' as category")


def _recognised(file: SourceFile) -> TextFile | None:
    if file.path.suffix.lower() in {".parquet", ".json"} or not file.path.is_file():
        return None
    with file.path.open("rb") as stream:
        start = stream.read(4096).decode("latin-1").splitlines()[1:-1]
    start = [line for line in start if line.strip()]
    if not start or sum(_LINE.match(line) is not None for line in start) * 2 < len(start):
        return None
    return look(file)


def _parse(job: Job, text: TextFile) -> None:
    heading = first_lines(text, 1)[0].lower()
    path = readable(text, job.folder)
    checks = " ".join(f"when {test} then {place}" for place, (test, _, _) in enumerate(_CHECKS))
    job.con.execute(
        f"""
        create or replace temp table import_cdnow as
        with lines as (
            select row_number() over () as source_row, line,
                   string_split_regex(trim(line), '\\s+') as parts
            from read_csv({quote(str(path))}, auto_detect = false, header = false, delim = '\x1f',
                          quote = '', escape = '', columns = {{'line': 'VARCHAR'}})
        ), usual as (
            select mode(len(parts)) as usual from lines
        ), fields as (
            select source_row, line, len(parts) as fields, usual, parts[1] as customer_id,
                   try_strptime(parts[-3], '%Y%m%d')::date as day,
                   try_cast(parts[-2] as integer) as quantity,
                   case when regexp_full_match(parts[-1], '-?[0-9]+([.][0-9]+)?')
                        then try_cast(parts[-1] as decimal(18,2)) end as amount,
                   date '{job.now.date()}' as current_day
            from lines, usual
            where trim(line) <> '' and (source_row > 1 or {not _is_heading(heading)})
        )
        select * exclude (current_day, usual, fields),
               case {checks} end as issue
        from fields
        """
    )


def _is_heading(line: str) -> bool:
    return _LINE.match(line) is None and re.search(r"[a-z]", line) is not None


def _set_bad_aside(job: Job, text: TextFile) -> None:
    codes = " ".join(f"when {place} then '{code}'" for place, (_, code, _) in enumerate(_CHECKS))
    columns = " ".join(
        f"when {place} then '{column}'" for place, (_, _, column) in enumerate(_CHECKS) if column
    )
    set_aside(
        job,
        f"""
        select {quote(text.source.name)} as source_file, source_row, 'orders' as table_name,
               case issue {columns} end as column_name, case issue {codes} end as reason,
               line as raw
        from import_cdnow where issue is not null
        """,
    )


def _add_good(job: Job, source_file: int) -> None:
    """Order ids come from what a line says and how often it says it, so no order is lost.

    A shuffled or overlapping file gives the same ids.
    """
    job.con.execute(
        """
        create or replace temp table import_orders as
        select *, concat_ws('-', customer_id, strftime(day, '%Y%m%d'), quantity,
                            (amount * 100)::bigint, row_number() over (
                                partition by customer_id, day, quantity, amount)) as order_id
        from import_cdnow where issue is null
        """
    )
    add(
        job,
        "orders",
        f"""
        select order_id, customer_id, {midday("day", job.timezone)} as ordered_at,
               'completed' as status, '{job.currency}' as currency,
               source_row, {source_file} as source_file
        from import_orders
        """,
    )
    add(
        job,
        "order_lines",
        f"""
        select order_id, '1' as line_id, 'CD' as product_id, quantity,
               round(amount / greatest(quantity, 1), 4) as unit_price, amount as line_total,
               source_row, {source_file} as source_file
        from import_orders
        """,
    )
    job.con.execute("drop table import_orders")


FORMAT = Cdnow()
