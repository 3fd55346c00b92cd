"""Typed rows of an order file into orders, lines, customers, identities, products, refunds."""

from __future__ import annotations

from crm_core.store.imports.contract import Job
from crm_core.store.imports.order_values import Check, Sheet
from crm_core.store.imports.staging import add, counted, quote, set_aside

# What an order file repeats on every line of an order. Where lines differ, the smallest text and
# the largest amount stand, whatever the order of lines.
_ORDER_TEXTS = ("status", "sales_channel", "payment_method", "coupon_code", "region", "seller_note")
_ORDER_MONEY = ("shipping_income", "shipping_cost", "fees")
_CUSTOMER = ("acquisition_source", "region", "country", "language")
_IDENTITY = ("name", "email", "phone", "address", "postal_code", "city")


def set_bad_rows_aside(job: Job, sheet: Sheet, checks: list[Check]) -> None:
    """Rows with an issue go to quarantine, as they stand in the file."""
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
               'order_lines' as table_name, case issue {columns} end as column_name,
               case issue {codes} end as reason, {_as_written(sheet)} as raw
        from import_parsed join import_raw using (source_row) where issue is not null
        """,
    )


def add_good_rows(job: Job, sheet: Sheet, source_file: int) -> None:
    """Sales become orders and lines, buyers become customers; returns wait for `link_returns`."""
    _number_lines(job, sheet)
    _add_orders(job, source_file)
    _add_lines(job, source_file)
    _add_people(job, source_file)
    _add_products(job, source_file)
    job.con.execute(
        f"""
        insert into import_returns
        select {quote(sheet.text.source.name)}, {source_file}, source_row, order_id, product_id,
               line, ordered_at, gross, paid, abs(units), {quote(sheet.column("quantity"))},
               {_as_written(sheet)}
        from import_good join import_raw using (source_row) where units < 0
        """
    )
    _notice_conflicts(job)
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
    """Returns of known orders become refunds; the others are set aside, nothing is counted twice."""
    add(
        job,
        "refunds",
        """
        select concat('return-', r.order_id, '-', r.line) as refund_id, r.order_id,
               (select min(l.line_id) from staging.order_lines l
                where l.order_id = r.order_id and l.product_id = r.product_id) as line_id,
               r.ordered_at as refunded_at, r.amount, r.quantity, r.source_row, r.source_file
        from import_returns r semi join staging.orders using (order_id)
        """,
    )
    set_aside(
        job,
        """
        select file_name as source_file, source_row, 'refunds' as table_name, column_name,
               'import_negative_quantity' as reason, raw
        from import_returns anti join staging.orders using (order_id)
        """,
    )
    job.con.execute("drop table import_returns")


def _number_lines(job: Job, sheet: Sheet) -> None:
    """`line` tells a line apart inside its order by what it says, or by the file's own line id.

    Equal lines are counted up in the order of their remaining values, so a shuffled file gives
    the same ids. Few lines are equal: only those are sorted.
    """
    content = "concat(product_id, '|', units, '|', (gross * 100)::bigint)"
    same = "order_id, product_id, units, gross"
    line = "t_line_id" if "line_id" in sheet.mapping.columns else "null"
    good = f"(select * from import_parsed where issue is null and {line} is null)"
    job.con.execute(
        f"""
        create or replace temp table import_equal as
        select source_row, row_number() over (
            partition by {same} order by paid, n_tax, cost, ordered_at, source_row) as place
        from {good} semi join (
            select {same} from {good} group by all having count(*) > 1) using ({same})
        """
    )
    job.con.execute(
        f"""
        create or replace temp view import_good as
        select p.*, coalesce({line}, concat({content}, '#', coalesce(e.place, 1))) as line
        from import_parsed p left join import_equal e using (source_row) where issue is null
        """
    )


def _add_orders(job: Job, source_file: int) -> None:
    texts = ", ".join(f"min({field}) as {field}" for field in _ORDER_TEXTS)
    money = ", ".join(f"max(n_{field}) as {field}" for field in _ORDER_MONEY)
    add(
        job,
        "orders",
        f"""
        select order_id, min(customer_id) as customer_id, min(email) as email,
               min(ordered_at) as ordered_at, {texts}, {money},
               coalesce(min(currency), {quote(job.currency) if job.currency else "null"})
                   as currency,
               min(promised_at) as promised_at, min(delivered_at) as delivered_at,
               min(source_row) as source_row, {source_file} as source_file
        from import_good where units >= 0 group by order_id
        """,
    )


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


def _add_people(job: Job, source_file: int) -> None:
    """The latest known value of each column, by the time of the order; greatest text on a tie."""
    for table, fields in (("customers", _CUSTOMER), ("identities", _IDENTITY)):
        latest = ", ".join(
            f"arg_max({f}, {{'at': ordered_at, 'v': {f}}}) filter ({f} is not null) as {f}"
            for f in fields
        )
        known = " or ".join(f"{f} is not null" for f in fields)
        having = f"having bool_or({known})" if table == "identities" else ""
        add(
            job,
            table,
            f"""
            select customer_id, {latest}, min(source_row) as source_row,
                   {source_file} as source_file
            from import_good where customer_id is not null group by customer_id {having}
            """,
        )


def _add_products(job: Job, source_file: int) -> None:
    """One row a product; of several names the first in the alphabet, whole row together."""
    add(
        job,
        "products",
        f"""
        select product_id, product_name, category, subcategory, brand, n_list_price as list_price,
               source_row, {source_file} as source_file
        from import_good
        qualify row_number() over (partition by product_id order by product_name nulls last,
            category nulls last, subcategory nulls last, brand nulls last,
            n_list_price nulls last, source_row) = 1
        """,
    )


def _notice_conflicts(job: Job) -> None:
    torn = counted(
        job.con,
        "select count(*) from (select order_id from import_good where units >= 0 group by order_id "
        "having count(distinct customer_id) > 1)",
    )
    if torn:
        job.notice("import_order_of_several_customers", count=torn)
    odd = counted(
        job.con,
        "select count(distinct customer_id) from import_good where "
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


def _as_written(sheet: Sheet) -> str:
    """SQL for a row as a line of its file."""
    mark = quote(sheet.text.delimiter)
    cells = ", ".join(f"c{place}" for place in range(len(sheet.text.header)))
    quoted = (
        f"case when contains(x, {mark}) or contains(x, '\"') or contains(x, chr(10)) "
        "then '\"' || replace(x, '\"', '\"\"') || '\"' else coalesce(x, '') end"
    )
    return f"array_to_string(list_transform([{cells}], lambda x: {quoted}), {mark})"
