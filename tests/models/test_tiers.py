from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from crm_core.models.tiers import (
    LOYALTY_TIERS,
    VALUE_TIERS,
    LoyaltyRules,
    loyalty_rules,
    loyalty_tiers,
    rounded,
    value_bounds,
    value_tiers,
)
from crm_core.store import StoreAt, Tables
from crm_core.store.connection import DuckReader

AS_OF = date(2026, 6, 30)
RULES = LoyaltyRules({"silver": 100.0, "gold": 250.0, "platinum": 1000.0}, is_own=True)


@contextmanager
def spent(rows: Sequence[tuple[int, int, float]]) -> Iterator[StoreAt]:
    """A store of (customer, days before AS_OF, revenue)."""
    with duckdb.connect(config={"threads": 1}) as root:
        root.execute("attach ':memory:' as facts")
        keys, days, revenue = zip(
            *((key, AS_OF - timedelta(ago), money) for key, ago, money in rows), strict=True
        )
        told = pa.table(
            {"customer_key": keys, "day": pa.array(days, pa.date32()), "money": revenue}
        )
        root.register("told", told)
        root.execute(
            "create table facts.main.customer_days as select customer_key, day,"
            " money::decimal(18, 2) as revenue from told"
        )
        yield StoreAt(Tables(DuckReader(root)), AS_OF)


def tiers(rows: Sequence[tuple[int, int, float]], rules: LoyaltyRules = RULES) -> pd.DataFrame:
    with spent(rows) as past:
        return past.store.fetch(loyalty_tiers(past, rules)).set_index("customer_key").sort_index()


def test_spend_of_the_last_365_days_earns_a_tier_and_tells_what_is_missing() -> None:
    found = tiers(
        [
            (1, 5, 99.99),
            (2, 5, 60),
            (2, 364, 40),
            (3, 5, 60),
            (3, 365, 400),
            (4, 1, 999.5),
            (5, 1, 1000),
        ]
    )
    assert found["loyalty_tier"].tolist() == ["member", "silver", "member", "gold", "platinum"]
    assert found["next_tier"].tolist()[:4] == ["silver", "gold", "silver", "platinum"]
    assert found["to_next_tier"].tolist()[:4] == [0.01, 150.0, 40.0, 0.5]
    assert found.loc[5, ["next_tier", "to_next_tier"]].isna().all()


def test_spending_what_is_missing_reaches_the_next_tier() -> None:
    rows = [(key, 5, 37.5 * key) for key in range(1, 30)]
    before = tiers(rows)
    paid = [(key, 1, before["to_next_tier"].fillna(0.0)[key]) for key, _, _ in rows]
    after = tiers([*rows, *paid])
    reached = before["next_tier"].fillna("platinum")
    assert after["loyalty_tier"].tolist() == reached.tolist()


def test_a_shop_without_rules_of_its_own_gets_round_ones_from_what_customers_spend() -> None:
    with spent([(key, 10, float(key)) for key in range(1, 1001)]) as past:
        found = loyalty_rules(past, {})
        own = loyalty_rules(past, {"gold": 77.0})
        members = past.store.fetch(loyalty_tiers(past, found))["loyalty_tier"].value_counts()
    assert found == LoyaltyRules({"silver": 500.0, "gold": 800.0, "platinum": 1000.0})
    assert own == LoyaltyRules({"gold": 77.0}, is_own=True)
    assert members["silver"] == 300


def test_a_shop_that_sold_nothing_this_year_has_members_only() -> None:
    with spent([(1, 500, 90.0)]) as past:
        rules = loyalty_rules(past, {})
        found = past.store.fetch(loyalty_tiers(past, rules))
    assert rules.least == {}
    assert found["loyalty_tier"].tolist() == [LOYALTY_TIERS[0]]
    assert found["to_next_tier"].isna().all()


@pytest.mark.parametrize("amount", [0.0, 0.4, 7.0, 187.0, 99_999.0])
def test_proposed_rules_are_near_and_round(amount: float) -> None:
    found = rounded(amount)
    assert found == rounded(found)
    assert found == pytest.approx(max(amount, 1.0), rel=0.35)


def valued(contributions: Sequence[float | None]) -> pd.DataFrame:
    with duckdb.connect(config={"threads": 1}) as root:
        root.execute("attach ':memory:' as scores")
        keys = range(len(contributions))
        told = pa.table(
            {
                "customer_key": keys,
                "expected_revenue": [10.0 * key for key in keys],
                "expected_contribution": pa.array(contributions, pa.float64()),
            }
        )
        root.register("told", told)
        root.execute("create table scores.main.lifetime_value as select * from told")
        store = Tables(DuckReader(root))
        table = store.table("lifetime_value")
        bounds, worth = value_bounds(store, table)
        return store.fetch(value_tiers(table, bounds, worth)).assign(by=worth)


def test_value_tiers_hold_a_twentieth_a_fifth_and_a_half() -> None:
    found = valued([float(value) for value in range(1000)])
    counts = found["value_tier"].value_counts()
    assert [counts[tier] for tier in VALUE_TIERS] == [50, 150, 300, 500]
    worst = found.groupby("value_tier")["worth"].min()
    assert worst["top"] > worst["high"] > worst["middle"] > worst["low"]
    assert set(found["by"]) == {"expected_contribution"}


def test_equal_customers_share_a_tier_and_unknown_costs_rank_by_revenue() -> None:
    assert set(valued([5.0] * 40)["value_tier"]) == {"low"}
    found = valued([None] * 100)
    assert set(found["by"]) == {"expected_revenue"}
    assert (found["value_tier"] == "top").sum() == 5
