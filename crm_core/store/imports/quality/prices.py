"""What things cost: totals taken for prices, other units and currencies, zeros, taxes, outliers."""

from __future__ import annotations

from collections.abc import Iterator

from crm_core.store.imports.quality.finding import Finding, Look, money, share
from crm_core.store.imports.staging import quote

# A hundred times as much, give or take the change of what is sold; or as little.
UNIT_CHANGES = ((60, 170), (1 / 170, 1 / 60))
_TESTED_LINES = 5
_MOST = 0.6
_TIMES = 20
_TOP_QUANTITY = 0.9999
_RATE_SHARE = 0.05
_ENOUGH_PRODUCTS = 300
_BARE_SHARE = 0.05


def findings(look: Look) -> Iterator[Finding]:
    """Everything odd about the money of the lines kept."""
    yield from _no_amounts(look)
    yield from _taken_for_price(look)
    yield from _disagree(look)
    yield from _other_unit(look)
    yield from _currencies(look)
    yield from _zero(look)
    yield from _outliers(look)
    yield from _taxes(look)


def _no_amounts(look: Look) -> Iterator[Finding]:
    """Orders that come without any line, so without money, and have none in the store either."""
    known = " union all select order_id from old.main.order_lines" if look.stored else ""
    bare = (
        "staging.orders anti join (select order_id from staging.order_lines"
        f"{known}) using (order_id)"
    )
    every = look.row("select count(*) from bill_orders")[0]
    count = look.row(f"select count(*) from {bare}")[0]
    if not count:
        return
    grave = "warn" if share(count, every) >= _BARE_SHARE else "info"
    yield Finding("no_amounts", "stop" if count == every else grave, count,
                  share=share(count, every), facts={"columns": ", ".join(look.unread) or "–"},
                  examples=look.places(f"select source_file, source_row from {bare}", "amount"))  # fmt: skip


def _taken_for_price(look: Look) -> Iterator[Finding]:
    """A product's price that grows in step with the quantity is a line's total, read as a price;
    one that shrinks in step is a price, read as a line's total.

    Asked of lines of several pieces whose product is also sold by the piece.
    """
    row = look.row(
        """
        with single as (
            select product_no, median(unit_price)::double as price from bill_lines
            where quantity = 1 and unit_price > 0 and kind is null group by 1
        ), several as (
            select quantity, gross, unit_price::double / price as ratio
            from bill_lines join single using (product_no) where quantity > 1 and unit_price > 0)
        select count(*), count(*) filter (abs(ratio / quantity - 1) < 0.02),
               count(*) filter (abs(ratio * quantity - 1) < 0.02),
               sum(gross - gross / quantity), sum(gross * quantity - gross)
        from several
        """
    )
    tested, as_price, as_total, too_much, too_little = row
    if tested < _TESTED_LINES:
        return
    if as_price > tested * _MOST:
        yield Finding("total_taken_for_price", "stop", as_price, money(too_much),
                      share(as_price, tested))  # fmt: skip
    elif as_total > tested * _MOST:
        yield Finding("price_taken_for_total", "stop", as_total, money(too_little),
                      share(as_total, tested))  # fmt: skip


def _disagree(look: Look) -> Iterator[Finding]:
    """Lines whose stated total is not quantity times price; a part of a cent a piece is rounding."""
    odd = (
        "not derived and kind is null and quantity > 0 and "
        "abs(gross::double - quantity * unit_price::double) > 0.0101 + 0.005 * quantity"
    )
    count, off, every = look.row(
        f"select count(*) filter ({odd}), sum(gross - quantity * unit_price) filter ({odd}), count(*) "
        "from bill_lines"
    )
    if count:
        where = look.places(f"select source_file, source_row from bill_lines where {odd}", "amount")
        yield Finding("totals_disagree", "warn", count, money(off), share(count, every),
                      examples=where)  # fmt: skip


def _other_unit(look: Look) -> Iterator[Finding]:
    """A month whose products cost a hundred times what they did the month before, or as little.

    Of very many products some hundred tell.
    """
    found = look.rows(
        f"""
        with every as (
            select greatest(1, approx_count_distinct(product_no) // {_ENOUGH_PRODUCTS})::ubigint as nth
            from bill_lines
        ), monthly as (
            select product_no, date_trunc('month', day)::date as month,
                   median(unit_price)::double as price, sum(gross - discount) as paid
            from bill_lines, every where product_no % nth = 0
                and kind is null and unit_price > 0 and day is not null group by 1, 2
        ), moved as (
            select month, paid, price / lag(price) over (
                partition by product_no order by month) as factor from monthly)
        select strftime(month, '%Y-%m'), median(factor), count(factor), sum(paid)
        from moved group by month having count(factor) >= 3 order by month
        """
    )
    for month, factor, products, paid in found:
        if any(low <= factor <= high for low, high in UNIT_CHANGES):
            facts = {"month": month, "factor": round(factor, 4)}
            yield Finding("other_unit", "stop", products, money(paid), facts=facts)


def _currencies(look: Look) -> Iterator[Finding]:
    found = look.rows(
        "select currency, count(*) from bill_orders where currency is not null group by 1 order by 2 desc, 1"
    )
    expected = look.currency or (found[0][0] if found else None)
    others = {code: count for code, count in found if code != expected}
    if others:
        listed = ", ".join(quote(code) for code in others)
        odd = f"select source_file, source_row from bill_orders where currency in ({listed})"
        facts = {"currencies": ", ".join(others)}
        yield Finding("currency_mix", "stop", sum(others.values()), facts=facts,
                      share=share(sum(others.values()), sum(count for _, count in found)),
                      examples=look.places(odd, "currency"))  # fmt: skip


def _zero(look: Look) -> Iterator[Finding]:
    free = "kind is null and gross = 0 and quantity > 0"
    count, every = look.row(f"select count(*) filter ({free}), count(*) from bill_lines")
    if count:
        where = look.places(
            f"select source_file, source_row from bill_lines where {free}", "amount"
        )
        part = share(count, every)
        yield Finding("zero_prices", "warn" if part > 0.05 else "info", count, None, part,
                      examples=where)  # fmt: skip


def _outliers(look: Look) -> Iterator[Finding]:
    """Lines at many times their product's usual price, and the very largest quantities."""
    dear = f"""
        select source_file, source_row, gross - discount as paid from bill_lines join (
            select product_no, median(unit_price) * {_TIMES} as most from bill_lines
            where kind is null and unit_price > 0 group by 1 having count(*) > 2) using (product_no)
        where unit_price > most and kind is null
    """
    many = f"""
        select source_file, source_row, gross - discount as paid from bill_lines, (
            select quantile_disc(quantity, {_TOP_QUANTITY}) as top, median(quantity) * {_TIMES} as most
            from bill_lines where kind is null)
        where quantity >= top and quantity > most and kind is null
    """
    for code, query, column in (("dear_lines", dear, "amount"), ("large_lines", many, "quantity")):
        count, paid = look.row(f"select count(*), sum(paid) from ({query})")
        if count:
            yield Finding(code, "info", count, money(paid), examples=look.places(query, column))


def _taxes(look: Look) -> Iterator[Finding]:
    """Several tax rates, as shares of what was paid, each on a good part of the lines."""
    found = look.rows(
        """
        select round(100 * tax::double / (gross - discount)) as rate, count(*) from bill_lines
        where tax is not null and kind is null and gross - discount >= 5 group by 1 order by 1
        """
    )
    least = _RATE_SHARE * sum(count for _, count in found)
    rates: list[float] = []
    for rate, count in found:
        if count > least and not (rates and rate - rates[-1] < 2):  # neighbours are rounding
            rates.append(rate)
    if len(rates) > 1:
        told = ", ".join(f"{rate:.0f}" for rate in rates)
        yield Finding(
            "several_taxes", "info", sum(count for _, count in found), facts={"rates": told}
        )
