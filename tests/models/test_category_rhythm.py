"""Recency by the rhythm of what is bought: who buys tea is late sooner than who buys rugs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from crm_core.models.category_rhythm import LEAST_GAPS, category_days, quiet
from crm_core.models.rfm import rfm
from crm_core.store import StoreAt
from tests.models.histories import shop

AS_OF = date(2026, 6, 30)
Sale = tuple[int, str | None, int]
"""A customer, a category, and how many days ago."""


def tables(sales: Sequence[Sale]) -> dict[str, pa.Table]:
    days = pa.array([AS_OF - timedelta(ago) for *_, ago in sales], pa.date32())
    keys = pa.array([key for key, *_ in sales], pa.int64())
    money = pa.array([Decimal(10)] * len(sales), pa.decimal128(18, 2))
    ones = pa.array([1] * len(sales), pa.int64())
    told = pa.array([category for _, category, _ in sales], pa.string())
    entry = pa.array(["sale"] * len(sales))
    return {
        "ledger": pa.table(
            {"entry": entry, "customer_key": keys, "category": told, "day": days, "known_on": days}
        ),
        "customer_days": pa.table(
            {"customer_key": keys, "day": days, "orders": ones, "revenue": money}
        ),
    }


def found(folder: Path, sales: Sequence[Sale]) -> dict[int, float]:
    with shop(folder, **tables(sales)) as build:
        past = StoreAt(build, AS_OF)
        bought = category_days(past)
        one = bought.limit(1).select(as_of=build.table("ledger").day.max())
        rows = build.fetch(quiet(bought, one))
    return dict(zip(rows["customer_key"].tolist(), rows["quiet"].tolist(), strict=True))


#: Somebody who buys tea every ten days, somebody who buys rugs every two hundred.
TEA = [(1, "tea", ago) for ago in range(0, 10 * LEAST_GAPS + 1, 10)]
RUGS = [(2, "rugs", ago) for ago in range(0, 200 * LEAST_GAPS + 1, 200)]


def test_silence_counts_in_the_rhythm_of_the_category(tmp_path: Path) -> None:
    quiet_by = found(tmp_path, [*TEA, *RUGS, (3, "tea", 60), (4, "rugs", 60)])
    assert (quiet_by[3], quiet_by[4]) == (6.0, 0.3)


def test_who_buys_of_both_is_as_quiet_as_in_the_livelier(tmp_path: Path) -> None:
    quiet_by = found(tmp_path, [*TEA, *RUGS, (3, "tea", 60), (3, "rugs", 100)])
    assert quiet_by[3] == 0.5


def test_a_category_that_tells_little_has_the_rhythm_of_the_shop(tmp_path: Path) -> None:
    few = [(3, "lamps", 40), (3, "lamps", 45), (4, None, 60)]
    quiet_by = found(tmp_path, [*TEA, *few])
    assert (quiet_by[3], quiet_by[4]) == (4.0, 6.0)


def test_a_shop_to_which_nobody_came_twice_has_plain_numbers(tmp_path: Path) -> None:
    quiet_by = found(tmp_path, [(1, "tea", 0), (2, "rugs", 91)])
    assert quiet_by == {1: 0.0, 2: 1.0}


def test_scores_rank_by_it(tmp_path: Path) -> None:
    """By days the buyer of tea is the more recent; by rhythm the buyer of rugs is."""
    sales = [*TEA, *RUGS, *((key, "tea", 50) for key in range(10, 14))]
    sales += [(key, "rugs", 90) for key in range(20, 24)]
    with shop(tmp_path, **tables(sales)) as build:
        past = StoreAt(build, AS_OF)
        by_days, by_rhythm = (
            build.fetch(rfm(past, by_rhythm=how)).set_index("customer_key")["r"]
            for how in (False, True)
        )
    assert by_days[10] > by_days[20]
    assert by_rhythm[10] < by_rhythm[20]
