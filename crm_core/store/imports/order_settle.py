"""What can only be said of orders when every file of an import has been read.

Heads (one row an order) meet the lines other files tell; amounts of a whole order are spread over
its lines; money given back for an order becomes its refund.
"""

from __future__ import annotations

import duckdb

from crm_core.schema import TABLES
from crm_core.store.imports.contract import Job
from crm_core.store.imports.order_values import Sheet
from crm_core.store.imports.staging import SOURCE_COLUMNS, counted, name
from crm_core.store.whole_orders import HEAD_LINE


def open_orders(con: duckdb.DuckDBPyConnection) -> None:
    """Empty tables for heads, for amounts of whole orders and for orders with a bad row."""
    con.execute("create or replace temp table import_torn (order_id varchar)")
    con.execute(
        "create or replace temp table import_amounts (order_id varchar, discount decimal(18,2), "
        "tax decimal(18,2), refunded decimal(18,2), refunded_at timestamp)"
    )
    con.execute(
        "create or replace temp table import_heads as select *, null::varchar as product_id, "
        "null::varchar as product_name, null::bigint as units, null::decimal(18,2) as gross, null::decimal(18,2) as paid, "
        "null::decimal(18,2) as goods_tax, null::boolean as told from staging.orders where false"
    )


def add_order_amounts(job: Job, sheet: Sheet) -> None:
    """Keep what rows say of their whole order: repeated on every row, or on one of them."""
    if not sheet.filled & {"order_discount", "order_tax", "refunded_amount"}:
        return
    amounts = ("n_order_discount", "n_order_tax", "n_refunded_amount")
    largest = ", ".join(f"max(abs({each}))" for each in amounts)
    told = " or ".join(f"{each} <> 0" for each in amounts)
    job.con.execute(
        f"insert into import_amounts select order_id, {largest}, max(refunded_at) "
        f"from import_good where {told} group by order_id"
    )


def add_heads(job: Job, orders: str) -> None:
    """Keep the heads of `import_good` until it is known which orders' lines are told."""
    job.con.execute(
        f"""
        insert into import_heads by name
        select o.*, g.* exclude (order_id) from ({orders}) o join (
            select order_id, min(product_id) as product_id, min(product_name) as product_name,
                   max(units) as units, max(gross) as gross, arg_max(paid, gross) as paid,
                   max(n_tax) as goods_tax,
                   bool_or(source_row not in (select source_row from import_untold)) as told
            from import_good where units >= 0 group by order_id) g using (order_id)
        """
    )


def settle_orders(job: Job) -> int:
    """Heads become orders, and lines where no file tells any; amounts are spread to the cent.

    Returns how many heads repeat another head of this import.
    """
    # Of an order with a row set aside not the whole is known: nothing told before may go.
    job.con.execute(
        "update staging.orders set whole = null where whole and order_id in (from import_torn)"
    )
    repeats = _settle_heads(job)
    _spread(job)
    _give_back(job)
    job.con.execute("drop table import_heads; drop table import_amounts; drop table import_torn")
    return repeats


def _settle_heads(job: Job) -> int:
    heads = counted(job.con, "select count(*) from import_heads")
    if not heads:
        return 0
    told = [column.name for column in TABLES["orders"].staging()]
    content = ", ".join(f"{name(each)} desc nulls last" for each in told)
    job.con.execute(
        f"""
        create or replace temp table import_head as select * from import_heads
        qualify row_number() over (partition by order_id order by source_file desc, {content}) = 1
        """
    )
    # The head is where a shop keeps an order's facts: what lines say of it fills what is left.
    facts = ", ".join(
        f"coalesce(h.{each}, o.{each}) as {each}"
        for each in (*told, *SOURCE_COLUMNS)
        if each != "order_id"
    )
    job.con.execute(
        f"""
        create or replace table staging.orders as
        select order_id, {facts} from staging.orders o full join import_head h using (order_id)
        """
    )
    job.con.execute(
        f"""
        insert into staging.order_lines by name
        select order_id, '{HEAD_LINE}' as line_id, product_id, units as quantity,
               round(gross::double / greatest(units, 1), 4) as unit_price, gross as line_total,
               gross - paid as discount, goods_tax as tax, source_row, source_file
        from import_head anti join staging.order_lines using (order_id) where told
        """
    )
    job.con.execute(
        f"""
        insert into staging.products by name
        select product_id, min(product_name) as product_name, min(h.source_row) as source_row,
               min(h.source_file) as source_file
        from import_head h semi join (
            select order_id from staging.order_lines where line_id = '{HEAD_LINE}'
        ) using (order_id) anti join staging.products using (product_id) group by product_id
        """
    )
    row = job.con.execute("select count(*) from import_head").fetchone()
    job.con.execute("drop table import_head")
    return heads - (row[0] if row else 0)


def _spread(job: Job) -> None:
    """Discount and tax of an order over its lines, by what is paid for each.

    A line gets the rounded sum up to it less the rounded sum before it, so the parts add up to
    the cent: weights are decimals, or one line's sum and the next one's start would differ. A discount larger than the goods (it also paid for shipping) takes the goods to zero.
    """
    if not counted(job.con, "select count(*) from import_amounts"):
        return
    job.con.execute(
        """
        create or replace temp table import_spread as
        with amounts as (
            select order_id, max(discount) as discount, max(tax) as tax
            from import_amounts group by order_id
        ), lines as (
            -- What takes money off the order (a voucher paid with) bears no part of its amounts.
            select order_id, line_id, a.discount, a.tax,
                   greatest(coalesce(line_total, round(quantity * unit_price, 2))
                            - coalesce(l.discount, 0), 0) as paid,
                   sum(paid) over (partition by order_id) as goods
            from staging.order_lines l join amounts a using (order_id)
        ), weighed as (
            select *, case when discount > goods then goods else discount end as off,
                   (case when goods > 0 then paid else 1 end)::decimal(18,2) as weight
            from lines
        ), shares as (
            select *, sum(weight) over (partition by order_id) as whole,
                   sum(weight) over (partition by order_id order by line_id
                                     rows unbounded preceding) as upto,
                   upto - weight as before
            from weighed
        )
        select order_id, line_id, discount > goods as beyond,
               round(off * upto / whole, 2) - round(off * before / whole, 2) as discount,
               round(tax * upto / whole, 2) - round(tax * before / whole, 2) as tax
        from shares
        """
    )
    job.con.execute(
        """
        update staging.order_lines l
        set discount = case when s.discount is null then l.discount
                            else coalesce(l.discount, 0) + s.discount end,
            tax = case when s.tax is null then l.tax else coalesce(l.tax, 0) + s.tax end
        from import_spread s where l.order_id = s.order_id and l.line_id = s.line_id
        """
    )
    beyond = counted(job.con, "select count(distinct order_id) from import_spread where beyond")
    if beyond:
        job.notice("import_discount_over_goods", count=beyond)
    job.con.execute("drop table import_spread")


def _give_back(job: Job) -> None:
    """Money given back for an order as a whole; without a day of its own, on the order's."""
    job.con.execute(
        """
        insert into staging.refunds by name
        select concat('order-refund-', order_id) as refund_id, order_id,
               coalesce(max(a.refunded_at), any_value(o.ordered_at)) as refunded_at,
               max(a.refunded) as amount, any_value(o.source_row) as source_row,
               any_value(o.source_file) as source_file
        from import_amounts a join staging.orders o using (order_id)
        where a.refunded > 0 group by order_id
        """
    )
