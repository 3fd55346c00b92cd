"""Typed rows of a record file into the staging tables they belong to."""

from __future__ import annotations

from crm_core.schema import PERSON, TABLES
from crm_core.store.imports.contract import Job
from crm_core.store.imports.order_values import Sheet
from crm_core.store.imports.record_consents import add_consents, settle_undated
from crm_core.store.imports.record_fields import MADE_IDS
from crm_core.store.imports.staging import add, name

IDENTITY = ("name", "email", "phone", "address", "postal_code", "city")


def add_records(job: Job, sheet: Sheet, source_file: int) -> None:
    """The good rows of `import_parsed` into the mapping's table and those filled beside it."""
    table = sheet.mapping.table
    place = f"source_row, {source_file} as source_file"
    cells = dict.fromkeys(f for f in sheet.mapping.fields if f in _own(table))
    values: dict[str, str] = {field: name(field) for field in cells}
    if table == "consents":
        values |= settle_undated(job, sheet.mapping.name)
    if table == "stock":
        values["day"] = f"coalesce(day, {_today(job)})"
    made = MADE_IDS.get(table)
    source = "temp.import_parsed"
    if made:
        _make_ids(job, sheet, made)
        source, values[made] = (
            "import_ids join import_parsed using (place)",
            f"coalesce({made}, id)",
        )
    chosen = ", ".join(f"{value} as {name(field)}" for field, value in values.items())
    add(job, table, f"select {chosen}, {place} from {source} where issue is null")
    if table == "customers":
        _add_people(job, sheet, place)
    if table == "products":
        _add_stock(job, sheet, place)
    job.con.execute("drop table if exists import_ids")


def _own(table: str) -> set[str]:
    return {column.name for column in TABLES[table].staging()}


def _today(job: Job) -> str:
    """SQL for the shop's day of this import."""
    now = job.now.replace(tzinfo=None)
    return f"(timestamp '{now}' at time zone 'UTC' at time zone '{job.timezone}')::date"


def _make_ids(job: Job, sheet: Sheet, made: str) -> None:
    """An id for each good row out of what it says: shuffled or told again, it is the same.

    Equal rows are counted up, so none is lost and a second file of the same rows adds nothing.
    """
    parts = [
        f"{name(field)}::varchar" for field in sorted(_own(sheet.mapping.table)) if field != made
    ]
    content = "made_from" if sheet.mapping.id_columns else f"concat_ws(chr(31), {_marked(parts)})"
    job.con.execute(
        f"""
        create or replace temp table import_ids as
        select place, concat({_prefix(made)}, md5(content)[:20],
            case when n > 1 then concat('#', n) else '' end) as id
        from (select place, content, row_number() over (partition by content order by place) as n
              from (select place, {content} as content from import_parsed where issue is null))
        """
    )


def _marked(parts: list[str]) -> str:
    """Values with their places, or an empty one would let the next slip into its column."""
    return ", ".join(f"coalesce({part}, '')" for part in parts)


def _prefix(made: str) -> str:
    return f"'{made.removesuffix('_id')}-'"


def _add_people(job: Job, sheet: Sheet, place: str) -> None:
    """Who the customers of a file are, what they agreed to and whom they belong to."""
    filled = {*sheet.mapping.columns, *sheet.mapping.constants}
    if filled & {*IDENTITY, "first_name", "last_name"}:
        whole = "coalesce(name, nullif(concat_ws(' ', first_name, last_name), ''))"
        add(
            job,
            "identities",
            f"select * from (select customer_id, {whole} as name, {', '.join(IDENTITY[1:])}, "
            f"{place} from import_parsed where issue is null) "
            f"where coalesce({', '.join(IDENTITY)}) is not null",
        )
    for channel in ("email", "sms"):
        field = f"{channel}_consent"
        if field in filled:
            add_consents(
                job,
                f"select {', '.join(PERSON)}, '{channel}' as contact_channel, {field} as agreed, "
                f"consent_at as said_at, {place} from import_parsed where issue is null",
                sheet.mapping.name,
            )
    if "account_id" in filled:
        add(
            job,
            "accounts",
            f"select account_id, min(account_name) as account_name, min(account_kind) as "
            f"account_kind, min(source_row) as source_row, {place.split(', ')[1]} "
            "from import_parsed where issue is null and account_id is not null group by account_id",
        )


def _add_stock(job: Job, sheet: Sheet, place: str) -> None:
    """A product list that tells how many there are is a stock list too, of its own day."""
    if "on_hand" not in {*sheet.mapping.columns, *sheet.mapping.constants}:
        return
    add(
        job,
        "stock",
        f"select product_id, coalesce(day, {_today(job)}) as day, on_hand, incoming, {place} "
        "from import_parsed where issue is null and on_hand is not null",
    )
