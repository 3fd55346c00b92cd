"""Products that fewer of their buyers buy again than before.

Of who bought a product within half a year: how many bought it again within 90 days after their
first time in it. Held against the same half year a year before (seasons meet themselves), in a
younger log against the half year just before. Buyers of both are taken alike, so a shop that grows
older does not look as if its products wore out.
Source of the test: Fisher (1935), one-sided; of many products those are kept among which at most a
tenth is false (Benjamini & Hochberg 1995). Interval: Newcombe (1998), method 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.models.lift_segments import discoveries
from crm_core.models.student import fewer_by_chance, share_difference
from crm_core.selection import Period
from crm_core.store import StoreAt
from crm_core.store.marts import as_number

AGAIN_DAYS: Final = 90
HALF_YEAR: Final = 182
LEAST_BUYERS: Final = 50
LEAST_AGAIN: Final = 8
FALSE_SHARE: Final = 0.1


@dataclass(frozen=True)
class Falling:
    """A product in both half years: its buyers and how many bought it again; `low` and `high` are
    the fall of the rate in points of share, in 95 of 100 cases; `money` is what the missing ones
    would have brought."""

    product_key: int
    buyers: int
    again: int
    buyers_before: int
    again_before: int
    low: float
    high: float
    chance: float
    money: float


def half_years(first_day: date, as_of: date) -> tuple[Period, Period] | None:
    """The earlier and the later half year; None where the log is too short for two.

    >>> [str(each.start) for each in half_years(date(2024, 5, 1), date(2026, 10, 31))]
    ['2025-02-03', '2026-02-02']
    """
    end = as_of - timedelta(AGAIN_DAYS)
    later = Period(end - timedelta(HALF_YEAR - 1), end)
    for earlier in (later.year_before(), later.before()):
        if earlier.start >= first_day:
            return earlier, later
    return None


def repeat_counts(past: StoreAt, earlier: Period, later: Period) -> ir.Table:
    """One row a product and half year (`is_later`): product_key, buyers, again, revenue (of their
    first time)."""
    ledger = past.table("ledger")
    sales = ledger.filter(
        (ledger.entry == "sale") & ledger.customer_key.notnull() & ledger.product_key.notnull()
    )
    paid = (sales.gross - sales.discount).sum().cast("float64")
    days = sales.group_by("customer_key", "product_key", "day").agg(revenue=paid)
    one = ibis.window(group_by=["customer_key", "product_key"], order_by="day")
    told = days.mutate(last=days.day.lag().over(one), following=days.day.lead().over(one))
    is_later = told.day >= ibis.literal(later.start)
    begin = ibis.ifelse(is_later, ibis.literal(later.start), ibis.literal(earlier.start))
    within = told.day.between(
        ibis.literal(later.start), ibis.literal(later.end)
    ) | told.day.between(ibis.literal(earlier.start), ibis.literal(earlier.end))
    is_first = told["last"].isnull() | (told["last"] < begin)
    gap = told.following.delta(told.day, unit="day").cast("int64")
    again = as_number((gap <= AGAIN_DAYS).fill_null(False))
    firsts = told.mutate(is_later=is_later, again=again).filter(within & is_first)
    return firsts.group_by("product_key", "is_later").agg(
        buyers=firsts.count(), again=firsts.again.sum(), revenue=firsts.revenue.sum()
    )


def falling(counts: pd.DataFrame) -> tuple[tuple[Falling, ...], int]:
    """Products whose rate fell by more than chance tells, the most money first, and how many were
    looked at. `counts` are rows of `repeat_counts`."""
    later = counts[counts["is_later"]].set_index("product_key")
    earlier = counts[~counts["is_later"]].set_index("product_key")
    both = later.join(earlier.add_suffix("_before"), how="inner")
    enough = both[["buyers", "buyers_before"]].min(axis=1) >= LEAST_BUYERS
    both = both[enough & (both["again_before"] >= LEAST_AGAIN)].sort_index()
    rows = [_compared(int(str(key)), row) for key, row in both.iterrows()]
    kept = discoveries([row.chance for row in rows], FALSE_SHARE)
    found = [row for row, is_kept in zip(rows, kept, strict=True) if is_kept]
    return tuple(sorted(found, key=lambda row: (-row.money, row.product_key))), len(rows)


def _compared(key: int, row: pd.Series) -> Falling:
    names = ("buyers", "again", "buyers_before", "again_before")
    buyers, again, before, again_before = (int(row[name]) for name in names)
    fall = again_before / before - again / buyers
    low, high = share_difference((again_before, before), (again, buyers))
    missing = max(fall, 0.0) * buyers
    return Falling(
        key,
        buyers,
        again,
        before,
        again_before,
        low=low,
        high=high,
        chance=fewer_by_chance(again, buyers, again + again_before, buyers + before),
        money=round(missing * float(row["revenue"]) / buyers, 2),
    )
