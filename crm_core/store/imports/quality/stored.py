"""What of these files the store has already: the same, or told otherwise now."""

from __future__ import annotations

from collections.abc import Iterator

from crm_core.store.imports.quality.finding import Finding, Look, money, share
from crm_core.store.imports.quality.prices import UNIT_CHANGES


def findings(look: Look) -> Iterator[Finding]:
    """Orders that are in the store as they are here, orders that are not, prices in another unit;
    refunds of orders that neither has."""
    yield from _without_order(look)
    if not look.stored:
        return
    look.con.execute(
        """
        create or replace temp table bill_known as
        with known as (
            select s.order_id, s.status is not distinct from coalesce(s.status, o.status) and
                   coalesce(o.status = s.status, s.status is null) and o.ordered_at = s.ordered_at
                       as same_head, s.source_file, s.source_row
            from staging.orders s join old.main.orders o using (order_id)
        ), lines as (
            select order_id, bool_and(o.line_id is not null and o.quantity = s.quantity
                       and paid_of(o) = paid_of(s)) as same_lines,
                   sum(paid_of(s)) - coalesce(sum(paid_of(o)), 0) as more
            from staging.order_lines s left join old.main.order_lines o using (order_id, line_id)
            where order_id in (select order_id from known) group by order_id)
        select same_head and coalesce(same_lines, true) as same, coalesce(more, 0) as more,
               source_file, source_row
        from known left join lines using (order_id)
        """.replace("paid_of(o)", _paid("o")).replace("paid_of(s)", _paid("s"))
    )
    same, changed, more = look.row(
        "select count(*) filter (same), count(*) filter (not same), sum(more) filter (not same) "
        "from bill_known"
    )
    orders = look.row("select count(*) from bill_orders")[0]
    if same:
        yield Finding("already_stored", "info", same, share=share(same, orders))
    if changed:
        where = look.places(
            "select source_file, source_row from bill_known where not same", "order_id"
        )
        yield Finding("corrected_orders", "info", changed, money(more), share(changed, orders),
                      examples=where)  # fmt: skip
    look.con.execute("drop table bill_known")
    yield from _other_unit(look)


def _without_order(look: Look) -> Iterator[Finding]:
    """Money given back for orders that nobody has: it counts for nothing until they come."""
    count, back, every = look.row(
        "select count(*) filter (not known), sum(amount) filter (not known), count(*) from bill_refunds"
    )
    if count:
        where = look.places(
            "select source_file, source_row from bill_refunds where not known", "order_id"
        )
        yield Finding("refunds_without_order", "warn", count, money(back), share(count, every),
                      examples=where)  # fmt: skip


def _paid(table: str) -> str:
    listed = f"coalesce({table}.line_total, round({table}.quantity * {table}.unit_price, 2))"
    return f"({listed} - coalesce({table}.discount, 0))"


def _other_unit(look: Look) -> Iterator[Finding]:
    """Whether products that the store knows cost a hundred times as much here, or as little."""
    row = look.row(
        """
        select median(n.price / o.price), count(*) from (
            select product_id, median(unit_price)::double as price from staging.order_lines
            where unit_price > 0 group by 1) n
        join (select product_id, median(unit_price)::double as price from old.main.order_lines
              where unit_price > 0 and product_id in (select product_id from staging.order_lines)
              group by 1) o using (product_id)
        """
    )
    if row and row[0] and row[1] >= 3 and any(low <= row[0] <= high for low, high in UNIT_CHANGES):
        facts = {"factor": round(row[0], 4)}
        yield Finding("other_unit_than_store", "stop", row[1], facts=facts)
