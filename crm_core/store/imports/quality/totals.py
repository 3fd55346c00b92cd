"""Control totals of the rows kept: orders, customers, units and every kind of money, by month.

Money goes where the ledger will have it (docs/adr/0023): postage to shipping, fees to fees,
discount lines to discounts. `net` is gross less discounts and refunds, as on the pages; refunds of
orders that nobody has yet count there when their order comes, and so they do here.
"""

from __future__ import annotations

from typing import Any

import duckdb

from crm_core.store.charges import CHARGES
from crm_core.store.columns import has_old
from crm_core.store.imports.quality.finding import money
from crm_core.store.imports.staging import quote

MONEY = ("gross", "discount", "tax", "refunds", "net", "shipping", "fees")
CHARGE_LIST = ", ".join(quote(kind) for kind in CHARGES)
_PAID = "(gross - discount)"
_BACK = "count(*) as rows, sum(amount) filter (known) as refunds"
_OF_LINES = {
    "rows": "count(*)",
    "units": f"sum(quantity) filter (kind is null or kind not in ({CHARGE_LIST}, 'adjustment'))",
    "gross": f"sum(gross) filter (kind is null or kind not in ({CHARGE_LIST}))",
    "discount": f"sum(case when kind is null or kind not in ({CHARGE_LIST}) then discount "
    f"when kind = 'discount' then -{_PAID} else 0 end)",
    "tax": "sum(tax)",
    "postage": f"sum({_PAID}) filter (kind = 'postage')",
    "charged": f"-sum({_PAID}) filter (kind = 'fee')",
    "paid": f"sum({_PAID})",
}


def prepare(con: duckdb.DuckDBPyConnection, timezone: str) -> None:
    """Makes `bill_orders` (order_no, day, buyer, status), `bill_lines` (a line with its kind and
    its order's day) and `bill_refunds` (amount, refunded_at, and whether these files or the store
    have its order: `known`): what totals and checks read instead of joining anew."""
    local = f"(make_timestamptz(epoch_us(ordered_at)) at time zone {quote(timezone)})::date"
    con.execute(
        f"""
        create or replace temp table bill_orders as
        select order_id, hash(order_id) as order_no, {local} as day, ordered_at,
               hash(coalesce(customer_id, lower(trim(email)), phone)) as buyer,
               coalesce(customer_id, email, phone) is not null as keyed,
               lower(status) as status, currency, shipping_income, fees, source_file, source_row
        from staging.orders
        """
    )
    kinds = "select product_id, product_kind as kind from staging.products where product_kind <> 'goods'"
    told = con.execute(f"select count(*) from ({kinds})").fetchone()
    kind, of_kind = "null::varchar", ""
    if told and told[0]:
        kind, of_kind = "kind", f"left join ({kinds}) using (product_id)"
    con.execute(
        f"""
        create or replace temp table bill_lines as
        select hash(l.order_id) as order_no, hash(product_id) as product_no, quantity, unit_price,
               coalesce(line_total, round(quantity * unit_price, 2))::decimal(18,2) as gross,
               coalesce(discount, 0)::decimal(18,2) as discount, tax, line_total is null as derived,
               {kind} as kind, day, coalesce(keyed, false) as keyed, buyer,
               l.source_file, l.source_row
        from staging.order_lines l {of_kind}
        left join bill_orders o on o.order_no = hash(l.order_id)
        """
    )
    stored = " or order_id in (select order_id from old.main.orders)"
    con.execute(
        f"""
        create or replace temp table bill_refunds as
        select amount, refunded_at, source_file, source_row,
               hash(order_id) in (select order_no from bill_orders)
               {stored if has_old(con, "orders") else ""} as known
        from staging.refunds
        """
    )


def totals(con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """The totals of everything kept; `rows` are lines of orders and refunds."""
    lines = _record(con, f"select {_lines()} from bill_lines")[0]
    orders = _record(
        con,
        "select count(*) as orders, count(distinct buyer) filter (keyed) as customers, "
        "sum(shipping_income) as shipping, sum(fees) as fees from bill_orders",
    )[0]
    back = _record(con, f"select {_BACK} from bill_refunds")[0]
    counts = {name: int(orders[name]) for name in ("orders", "customers")}
    return {"rows": _rows(lines, back), **counts, "units": int(lines["units"] or 0),
            **_money(lines, orders, back)}  # fmt: skip


def by_month(con: duckdb.DuckDBPyConnection, timezone: str) -> list[dict[str, Any]]:
    """The same by the month of the order, refunds by their own; None: an order of another file.

    Months add up to the totals, but for `customers`: who buys in two months is in both.
    """
    month = "strftime(day, '%Y-%m')"
    back = (
        f"strftime(make_timestamptz(epoch_us(refunded_at)) at time zone {quote(timezone)}, '%Y-%m')"
    )
    parts = (
        f"select {month} as month, {_lines()} from bill_lines group by 1",
        f"select {month} as month, count(*) as orders, count(distinct buyer) filter (keyed) "
        "as customers, sum(shipping_income) as shipping, sum(fees) as fees from bill_orders group by 1",
        f"select {back} as month, {_BACK} from bill_refunds group by 1",
    )
    found = [{row["month"]: row for row in _record(con, part)} for part in parts]
    months = sorted({month for part in found for month in part}, key=lambda m: (m is None, m or ""))
    lines, orders, refunds = found
    return [
        {
            "month": each,
            "rows": _rows(lines.get(each, {}), refunds.get(each, {})),
            "orders": int(orders.get(each, {}).get("orders") or 0),
            "customers": int(orders.get(each, {}).get("customers") or 0),
            "units": int(lines.get(each, {}).get("units") or 0),
            **_money(lines.get(each, {}), orders.get(each, {}), refunds.get(each, {})),
        }
        for each in months
    ]


def lines_add_up(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether what the lines say was paid is all of it in the totals."""
    row = _record(con, f"select {_lines()} from bill_lines")[0]
    placed = money(row["gross"]) - money(row["discount"]) + money(row["postage"])
    return round(placed - money(row["charged"]) - money(row["paid"]), 2) == 0


def _lines() -> str:
    return ", ".join(f"{value} as {name}" for name, value in _OF_LINES.items())


def _rows(lines: dict[str, Any], refunds: dict[str, Any]) -> int:
    return int(lines.get("rows") or 0) + int(refunds.get("rows") or 0)


def _money(
    lines: dict[str, Any], orders: dict[str, Any], refunds: dict[str, Any]
) -> dict[str, float]:
    gross, discount = money(lines.get("gross")), money(lines.get("discount"))
    back = money(refunds.get("refunds"))
    return {
        "gross": gross,
        "discount": discount,
        "tax": money(lines.get("tax")),
        "refunds": back,
        "net": round(gross - discount - back, 2),
        "shipping": round(money(orders.get("shipping")) + money(lines.get("postage")), 2),
        "fees": round(money(orders.get("fees")) + money(lines.get("charged")), 2),
    }


def _record(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = con.execute(query)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
