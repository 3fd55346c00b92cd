"""When things were bought: days to come, days long before the shop, days strangely without orders."""

from __future__ import annotations

from collections.abc import Iterator

from crm_core.store.imports.quality.finding import Finding, Look, share
from crm_core.store.imports.staging import quote

_EARLY_GAP_DAYS = 365
_EARLY_SHARE = 0.001
_EARLY_FEW = 3
# With so many orders expected, chance leaves a stretch empty about once in three thousand times.
_EXPECTED = 8
_WEEKS = 4


def findings(look: Look) -> Iterator[Finding]:
    """Orders dated after the import or long before the rest, and unusual gaps."""
    yield from _future(look)
    yield from _early(look)
    yield from _silent(look)


def _future(look: Look) -> Iterator[Finding]:
    late = f"select * from bill_orders where day > date {quote(look.today.isoformat())} + 1"
    count = look.row(f"select count(*) from ({late})")[0]
    if count:
        yield Finding("future_dates", "warn", count,
                      examples=look.places(f"select source_file, source_row from ({late})", "ordered_at"))  # fmt: skip


def _early(look: Look) -> Iterator[Finding]:
    """A handful of orders with a year of nothing behind them are slips of the pen, not the shop's first."""
    row = look.row(
        f"""
        select lag_day, day, upto, total from (
            select day, lag(day) over (order by day) as lag_day,
                   sum(orders) over (order by day) - orders as upto, sum(orders) over () as total
            from (select day, count(*) as orders from bill_orders where day is not null group by 1))
        where day - lag_day > {_EARLY_GAP_DAYS}
          and upto <= greatest({_EARLY_FEW}, total * {_EARLY_SHARE}) and upto * 10 < total
        order by day desc limit 1
        """
    )
    if row:
        early = f"select source_file, source_row from bill_orders where day <= date '{row[0]}'"
        facts = {"last": row[0].isoformat(), "shop": row[1].isoformat()}
        yield Finding("early_dates", "warn", int(row[2]), None, share(row[2], row[3]), facts,
                      look.places(early, "ordered_at"))  # fmt: skip


def _silent(look: Look) -> Iterator[Finding]:
    """Stretches without any order on days that, by the same weekdays around, expect several."""
    gaps = look.rows(
        f"""
        with span as (select min(day) as first, max(day) as last from bill_orders),
        days as (
            select unnest(generate_series(first, last, interval 1 day))::date as day from span
            where last - first between 14 and 20000
        ), counted as (
            select day, coalesce(orders, 0) as orders from days
            left join (select day, count(*) as orders from bill_orders group by 1) using (day)
        ), expected as (
            select day, orders, avg(orders) over (partition by dayofweek(day) order by day
                rows between {_WEEKS} preceding and {_WEEKS} following) as usual from counted
        ), runs as (
            select *, day - (row_number() over (order by day))::int as run from expected
            where orders = 0)
        select min(day), max(day), count(*), sum(usual) from runs group by run
        having sum(usual) >= {_EXPECTED} order by sum(usual) desc
        """
    )
    if gaps:
        listed = [{"from": first.isoformat(), "to": last.isoformat(), "days": days,
                   "expected": round(float(usual))} for first, last, days, usual in gaps[:10]]  # fmt: skip
        facts = {"from": listed[0]["from"], "to": listed[0]["to"], "gaps": listed}
        yield Finding("silent_days", "warn", sum(gap[2] for gap in gaps), facts=facts)
