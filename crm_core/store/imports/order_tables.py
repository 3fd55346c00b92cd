"""Typed rows of a file of order lines into orders, lines, products and returns."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.store.columns import has_old
from crm_core.store.imports.contract import Job
from crm_core.store.imports.order_people import add_people
from crm_core.store.imports.order_settle import add_order_amounts
from crm_core.store.imports.order_values import Check, Sheet, unfilled
from crm_core.store.imports.staging import add, counted, quote, set_aside
from crm_core.store.imports.textfile import TextFile

# What an order file repeats on every line of an order. Where lines differ, the smallest text and
# the largest amount stand, whatever the order of lines.
_ORDER_FACTS = ("customer_id", "email", "phone", "status", "sales_channel", "payment_method",
                "coupon_code", "region", "seller_note", "shop", "promised_at", "delivered_at")  # fmt: skip
_PRODUCT_FACTS = ("product_name", "category", "subcategory", "brand", "product_kind")
_ORDER_MONEY = ("shipping_income", "shipping_cost", "fees")


@dataclass(frozen=True)
class Written:
    """Where the rows of a file stand as they are written: the raw table and the file itself."""

    table: str
    text: TextFile


def keep_written(job: Job, sheet: Sheet, written: Written) -> None:
    """Make `import_written`: what stands in the file for rows that may be set aside, few of all."""
    returns = " or units < 0" if sheet.mapping.table == "order_lines" else ""
    job.con.execute(
        f"""
        create or replace temp table import_written as
        select source_row, {_as_written(written)} as raw from {written.table} w
        semi join (select source_row from import_parsed where issue is not null{returns})
        using (source_row)
        """
    )


def set_bad_rows_aside(job: Job, sheet: Sheet, checks: list[Check]) -> None:
    """Rows with an issue go to quarantine, as they stand in the file."""
    if not checks:
        return
    amount = "stated" if sheet.mapping.table in ("order_lines", "orders") else "null"
    codes = " ".join(f"when {n} then '{check.code}'" for n, check in enumerate(checks))
    columns = " ".join(
        f"when {n} then {quote(sheet.column(check.field))}"
        for n, check in enumerate(checks)
        if check.field
    )
    set_aside(
        job,
        f"""
        select {quote(sheet.text.source.name)} as source_file, source_row,
               {quote(sheet.mapping.table)} as table_name,
               case issue {columns or "when -1 then null"} end as column_name,
               case issue {codes} end as reason, raw, {amount} as amount
        from import_parsed join import_written using (source_row) where issue is not null
        """,
    )


def add_good_rows(job: Job, sheet: Sheet, source_file: int) -> None:
    """Sales become orders and lines, buyers become customers; returns wait for `link_returns`."""
    number_lines(job, sheet)
    whole = sheet.mapping.complete_orders
    _add_orders(job, sheet, source_file)
    if whole:
        job.con.execute(
            "insert into import_torn select order_id from import_parsed "
            "where issue is not null and order_id is not null"
        )
    _add_lines(job, source_file)
    add_people(job, sheet, source_file)
    _add_products(job, sheet, source_file)
    add_order_amounts(job, sheet)
    job.con.execute(
        f"""
        insert into import_returns
        select {quote(sheet.text.source.name)}, {source_file}, source_row, order_id, product_id,
               line, ordered_at, gross, paid, abs(units), {quote(sheet.column("quantity"))}, raw
        from import_good join import_written using (source_row) where units < 0
        """
    )
    _notice_odd_ids(job)
    _notice_rounding(job)
    job.con.execute("drop view import_good; drop table import_equal")


def open_returns(job: Job) -> None:
    """An empty table for lines with a negative quantity."""
    job.con.execute(
        """
        create or replace temp table import_returns (
            file_name varchar, source_file integer, source_row bigint, order_id varchar,
            product_id varchar, line varchar, ordered_at timestamp, gross decimal(18,2),
            amount decimal(18,2), quantity bigint, column_name varchar, raw varchar)
        """
    )


def link_returns(job: Job) -> None:
    """Returns of known orders become refunds; the others are set aside, nothing is counted twice.

    Known are the orders of these files and those of the store, where it is being added to.
    """
    if not counted(job.con, "select count(*) from import_returns"):
        job.con.execute("drop table import_returns")
        return
    orders = _with_stored(job, "orders", "order_id")
    lines = _with_stored(job, "order_lines", "order_id, product_id, line_id")
    add(
        job,
        "refunds",
        f"""
        select concat('return-', r.order_id, '-', r.line) as refund_id, r.order_id,
               (select min(l.line_id) from ({lines}) l
                where l.order_id = r.order_id and l.product_id = r.product_id) as line_id,
               r.ordered_at as refunded_at, r.amount, r.quantity, r.source_row, r.source_file
        from import_returns r semi join ({orders}) using (order_id)
        """,
    )
    set_aside(
        job,
        f"""
        select file_name as source_file, source_row, 'refunds' as table_name, column_name,
               'import_negative_quantity' as reason, raw, -amount as amount
        from import_returns anti join ({orders}) using (order_id)
        """,
    )
    job.con.execute("drop table import_returns")


def _with_stored(job: Job, table: str, columns: str) -> str:
    """SQL for staged rows and those that the store has already."""
    stored = has_old(job.con, table)
    past = f" union all select {columns} from old.main.{table}" if stored else ""
    return f"select {columns} from staging.{table}{past}"


def number_lines(job: Job, sheet: Sheet) -> None:
    """`line` tells a line apart inside its order by what it says, or by the file's own line id.

    Equal lines are counted up in the order of their remaining values, so a shuffled file gives
    the same ids. Few lines are equal: only those are sorted.
    """
    content = "concat(product_id, '|', units, '|', (gross * 100)::bigint)"
    same = "order_id, product_id, units, gross"
    line = "t_line_id" if "line_id" in sheet.mapping.columns else "null"
    rest = [each for each, of in (("n_tax", {"tax"}), ("cost", {"unit_cost", "profit"}))
            if sheet.filled & of]  # fmt: skip
    good = f"(select * from import_parsed where issue is null and {line} is null)"
    job.con.execute(
        f"""
        create or replace temp table import_equal as
        select source_row, row_number() over (
            partition by {same} order by {", ".join(("paid", *rest, "ordered_at", "source_row"))}) as place
        from (select *, hash({same}) as content from {good}) semi join (
            select hash({same}) as content from {good} group by all having count(*) > 1) using (content)
        """
    )
    job.con.execute(
        f"""
        create or replace temp view import_good as
        select p.*, coalesce({line}, concat({content}, '#', coalesce(e.place, 1))) as line
               {unfilled(sheet)}
        from import_parsed p left join import_equal e using (source_row) where issue is null
        """
    )


def orders_of_rows(job: Job, sheet: Sheet, source_file: int, more: str = "") -> str:
    """SELECT of one row an order out of the good rows; columns that nothing fills are not there."""
    told = [field for field in _ORDER_FACTS if field in sheet.filled]
    facts = [f"min({field}) as {field}" for field in ("ordered_at", *told)]
    facts += [f"max(n_{each}) as {each}" for each in _ORDER_MONEY if each in sheet.filled]
    currency = "min(currency)" if "currency" in sheet.filled else "null"
    return f"""
        select order_id, {", ".join(facts)},
               coalesce({currency}, {quote(job.currency) if job.currency else "null"}) as currency,
               min(source_row) as source_row, {source_file} as source_file{more}
        from import_good where units >= 0 group by order_id
        """


def _add_orders(job: Job, sheet: Sheet, source_file: int) -> None:
    """One row an order; orders whose lines name several buyers are counted on the way."""
    torn = "false"
    if "customer_id" in sheet.filled:
        buyer = "(hash(customer_id)) filter (customer_id is not null)"
        torn = f"min{buyer} <> max{buyer}"
    orders = orders_of_rows(job, sheet, source_file, f", {torn} as torn")
    whole = sheet.mapping.complete_orders or "null"
    job.con.execute(f"create or replace temp table import_orders as {orders}")
    add(job, "orders", f"select * exclude (torn), {whole} as whole from import_orders")
    several = counted(job.con, "select count(*) from import_orders where torn")
    if several:
        job.notice("import_order_of_several_customers", count=several)
    job.con.execute("drop table import_orders")


def _add_lines(job: Job, source_file: int) -> None:
    add(
        job,
        "order_lines",
        f"""
        select order_id, line as line_id, product_id, units as quantity,
               round(gross::double / greatest(units, 1), 4) as unit_price, gross as line_total,
               gross - paid as discount, n_tax as tax, cost as unit_cost,
               source_row, {source_file} as source_file
        from import_good where units >= 0
        """,
    )


def _add_products(job: Job, sheet: Sheet, source_file: int) -> None:
    """One row a product; of several names the first in the alphabet, whole row together.

    Products are few: rows that say the same of one come together before any are compared.
    """
    told = [field for field in _PRODUCT_FACTS if field in sheet.filled]
    values = ["product_id", *told]
    if "list_price" in sheet.filled:
        values.append("n_list_price")
    by = ", ".join(f"{each} nulls last" for each in values[1:])
    add(
        job,
        "products",
        f"""
        select * {"rename (n_list_price as list_price)" if "n_list_price" in values else ""},
               {source_file} as source_file
        from (select {", ".join(values)}, min(source_row) as source_row
              from import_good group by {", ".join(values)})
        qualify row_number() over (partition by product_id order by {by + ", " if by else ""}source_row) = 1
        """,
    )


def _notice_odd_ids(job: Job) -> None:
    """Say when buyers' numbers look as if a spreadsheet had taken them for amounts."""
    odd = counted(
        job.con,
        "select count(distinct customer_id) from import_good where "
        "(suffix(customer_id, '.0') or contains(customer_id, '+')) and "
        "regexp_full_match(customer_id, '\\d+[.]0|\\d([.]\\d+)?[eE][+]\\d+')",
    )
    if odd:
        job.notice("import_suspect_ids", count=odd)


def _notice_rounding(job: Job) -> None:
    """Say when parts of a cent were rounded away, for whoever compares totals with the file's."""
    row = job.con.execute(
        "select count(*), sum(round(base, 2) - base) from import_good where base <> round(base, 2)"
    ).fetchone()
    if row and row[0]:
        job.notice("import_rounded", count=row[0], difference=f"{row[1]:.2f}")


def _as_written(written: Written) -> str:
    """SQL for a row as a line of its file."""
    mark = quote(written.text.delimiter)
    cells = ", ".join(f"w.c{place}" for place in range(len(written.text.header)))
    quoted = (
        f"case when contains(x, {mark}) or contains(x, '\"') or contains(x, chr(10)) "
        "then '\"' || replace(x, '\"', '\"\"') || '\"' else coalesce(x, '') end"
    )
    return f"array_to_string(list_transform([{cells}], lambda x: {quoted}), {mark})"
