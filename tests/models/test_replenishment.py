"""The replenishment clock: finds what runs out, says when, and is right as often as it says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from crm_core.errors import CrmError
from crm_core.models import measures
from crm_core.models.rebuy_chance import LAPSED, Gaps, Standing, learn_chance
from crm_core.models.rebuy_rows import day_number
from crm_core.models.replenishment import (
    Replenishment,
    bin_error,
    equal_bins,
    learn,
    trial,
)
from crm_core.store import Store
from tests.models.histories import shop

AS_OF = date(2026, 6, 30)
TRUTHS = Path(__file__).resolve().parents[2] / "data" / "truths.json"


@pytest.fixture(scope="module")
def planted() -> dict[str, int]:
    """The products of the demo shop that run out, with their days."""
    told = json.loads(TRUTHS.read_text(encoding="utf-8"))["replenishment"]
    return {row["product_id"]: row["interval_days"] for row in told}


@pytest.fixture(scope="module")
def learned(store: Store) -> Replenishment:
    return learn(store, as_of=store.meta.as_of)


def test_the_clock_finds_exactly_what_was_planted(
    learned: Replenishment, planted: dict[str, int]
) -> None:
    assert {clock.name: clock.level for clock in learned.clocks} == dict.fromkeys(
        planted, "product"
    )
    assert learned.tried > 150
    for clock in learned.clocks:
        assert clock.usual_days == pytest.approx(planted[clock.name], rel=0.15)
        assert clock.low_days < clock.usual_days < clock.high_days
        assert clock.quick < 0.6 * clock.expected


def test_the_tables_say_what_the_model_says(
    learned: Replenishment, store: Store, planted: dict[str, int]
) -> None:
    clocks = store.fetch(store.table("replenishment_clock"))
    assert set(clocks["item"]) == set(planted)
    assert (clocks["buyers"] > clocks["repeaters"]).all()
    rows = store.fetch(store.table("replenishment"))
    assert set(rows["item"]) == set(planted)
    assert not rows.duplicated(["customer_key", "item"]).any()
    left = (rows["due_day"] - np.datetime64(store.meta.as_of)).dt.days
    state = np.where(left > 7, "later", np.where(left > 0, "due", "overdue"))
    assert (rows["state"] == state).all()
    silent = (np.datetime64(store.meta.as_of) - rows["last_day"]).dt.days
    assert (silent <= LAPSED * rows["usual_days"] + 0.01).all()
    assert (rows["p_due_7"] <= rows["p_due_30"]).mean() > 0.99
    assert rows["p_due_30"].between(0, 1).all()


def test_users_are_told_from_those_who_bought_once(store: Store) -> None:
    """Who needs it again and again is likelier to buy it, and their own gap counts."""
    rows = store.fetch(store.table("replenishment"))
    often, once = rows[rows["purchases"] >= 5], rows[rows["purchases"] == 1]
    assert often["p_due_30"].mean() > 3 * once["p_due_30"].mean()
    spread = rows.groupby("item")["usual_days"].std()
    own = often.groupby("item")["usual_days"].std()
    assert (own > once.groupby("item")["usual_days"].std().fillna(0) - 1e-3).mean() > 0.5
    assert spread.gt(0).all()


def test_chances_come_true_on_a_month_the_model_did_not_know(store: Store) -> None:
    before = store.meta.as_of - timedelta(30)
    then = learn(store, as_of=before)
    told = trial(then, store, [before], 30)
    assert bin_error(equal_bins(told.came, told.said)) <= 0.03
    assert measures.brier(told.came, told.said) < 0.85 * measures.brier(told.came, told.naive)


def standing(**columns: Sequence[float]) -> Standing:
    size = len(next(iter(columns.values())))
    zeros = np.zeros(size, np.int64)
    names = ("item", "purchases", "elapsed", "silent", "pace_gaps", "pace_days", "wait")
    given: dict[str, Any] = dict.fromkeys(names, zeros)
    given |= {name: np.zeros(size) for name in ("log_gaps", "log_squares")}
    given |= {name: np.asarray(values) for name, values in columns.items()}
    return Standing(**given)


def test_a_gap_is_pulled_to_others_the_less_one_has_of_ones_own() -> None:
    gaps = Gaps(middle=np.log([30.0]), pull=2.0, spread=0.5)
    seen = standing(
        item=[0, 0, 0],
        purchases=np.asarray([1, 2, 21]),
        log_gaps=[0.0, np.log(60.0), 20 * np.log(60.0)],
    )
    nobody, once, often = gaps.usual_days(seen)
    assert nobody == pytest.approx(30)
    assert nobody < once < often < 60
    assert often > 55


def test_how_strongly_gaps_are_pulled_is_learned_from_the_gaps() -> None:
    random = np.random.default_rng(3)

    def pull(between: float, within: float) -> float:
        times = random.integers(2, 9, 3_000)
        own = 3.4 + between * random.normal(size=3_000)
        gaps = [o + within * random.normal(size=n - 1) for o, n in zip(own, times, strict=True)]
        seen = standing(
            item=np.zeros(3_000, np.int64),
            purchases=times,
            log_gaps=[each.sum() for each in gaps],
            log_squares=[(each**2).sum() for each in gaps],
        )
        return Gaps.of(seen, 1).pull

    assert pull(0.6, 0.6) == pytest.approx(1.0, rel=0.1)
    assert pull(0.4, 0.8) == pytest.approx(4.0, rel=0.2)


@pytest.mark.parametrize("wait", [3, 0])
def test_where_all_came_or_nobody_the_chance_is_theirs(wait: int) -> None:
    """A shop of subscriptions: whatever runs out is bought within the month."""
    seen = standing(
        item=np.zeros(40, np.int64),
        purchases=np.full(40, 3),
        elapsed=np.full(40, 5),
        wait=np.full(40, wait),
    )
    gaps, again = Gaps(middle=np.log([7.0]), pull=2.0, spread=0.5), np.array([0.9])
    chance = learn_chance(seen, gaps, again, 30)
    assert chance(seen, gaps, again) == pytest.approx(np.full(40, 40.5 / 41 if wait else 0.5 / 41))


Sale = tuple[int, str, int]
"""A customer, a product, and how many days ago."""


def tables(sales: Sequence[Sale], categories: dict[str, str | None]) -> dict[str, pa.Table]:
    products = sorted(categories)
    days = pa.array([AS_OF - timedelta(ago) for *_, ago in sales], pa.date32())
    ordered = sorted({(customer, AS_OF - timedelta(ago)) for customer, _, ago in sales})
    return {
        "ledger": pa.table(
            {
                "entry": pa.array(["sale"] * len(sales)),
                "customer_key": pa.array([customer for customer, *_ in sales], pa.int64()),
                "product_key": pa.array([products.index(name) for _, name, _ in sales], pa.int64()),
                "day": days,
                "known_on": days,
            }
        ),
        "customer_days": pa.table(
            {
                "customer_key": pa.array([customer for customer, _ in ordered], pa.int64()),
                "day": pa.array([day for _, day in ordered], pa.date32()),
                "revenue": pa.array([Decimal(10)] * len(ordered), pa.decimal128(18, 2)),
            }
        ),
        "product_facts": pa.table(
            {
                "product_key": pa.array(range(len(products)), pa.int64()),
                "product_id": pa.array(products),
                "category": pa.array([categories[name] for name in products], pa.string()),
                "subcategory": pa.array([None] * len(products), pa.string()),
                "product_kind": pa.array([None] * len(products), pa.string()),
            }
        ),
    }


def ten_products(*, category: str | None) -> dict[str, pa.Table]:
    """A shop of ten products: beans are used up in five weeks, nine others are liked."""
    random = np.random.default_rng(5)
    sales: list[Sale] = []
    for customer in range(80):
        last = 1_000
        for ago in sorted({int(each) for each in random.integers(1, 400, 45)}, reverse=True):
            sales.append((customer, f"liked {random.integers(9)}", ago))
            if customer % 2 and last - ago >= 35:
                sales.append((customer, "beans", ago))
                last = ago
    names = ("beans", *(f"liked {number}" for number in range(9)))
    return tables(sales, dict.fromkeys(names, category))


@pytest.mark.parametrize("category", ["Coffee and tea", None])
def test_a_shop_of_ten_products_with_a_category_or_without(
    tmp_path: Path, category: str | None
) -> None:
    with shop(tmp_path, **ten_products(category=category)) as build:
        found = learn(build, as_of=AS_OF)
    assert [(clock.level, clock.name) for clock in found.clocks] == [("product", "beans")]
    assert found.clocks[0].category == category
    assert found.clocks[0].usual_days == pytest.approx(40, abs=5)
    assert found.clocks[0].share_again > 0.95


def test_where_nobody_buys_twice_it_says_so(tmp_path: Path) -> None:
    sales = [(customer, f"thing {customer % 10}", customer) for customer in range(300)]
    things = {f"thing {number}": "Things" for number in range(10)}
    with shop(tmp_path, **tables(sales, things)) as build, pytest.raises(CrmError) as error:
        learn(build, as_of=AS_OF)
    assert error.value.code == "not_enough_data"
    assert error.value.facts["repeat_buyers"] == 0


def test_where_things_are_only_liked_there_is_no_clock(tmp_path: Path) -> None:
    sold = ten_products(category="Coffee and tea")
    liked = sold["ledger"].filter(pa.compute.not_equal(sold["ledger"]["product_key"], 0))
    with (
        shop(tmp_path, **(sold | {"ledger": liked})) as build,
        pytest.raises(CrmError) as error,
    ):
        learn(build, as_of=AS_OF)
    assert error.value.code == "replenishment_no_clock"
    assert error.value.facts["tried"] >= 9


def test_what_is_not_bought_again_by_the_end_is_not_taken_for_never(learned: Replenishment) -> None:
    """Of the last weeks' first buyers hardly anybody can have come back: the share of those who
    buy again is that of all who were seen long enough."""
    for clock in learned.clocks:
        assert 0.25 < clock.share_again < 0.5


def test_days_are_counted_alike_in_the_engine_and_here() -> None:
    assert day_number(AS_OF) - day_number(AS_OF - timedelta(30)) == 30
