from __future__ import annotations

import itertools
from datetime import date, timedelta
from pathlib import Path

import duckdb
import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.errors import CrmError
from crm_core.models.base import Fitted
from crm_core.models.rfm import (
    COLUMNS,
    SEGMENTS,
    Cuts,
    fit,
    scored,
    segment_of,
    standard_cuts,
    validate,
)
from crm_core.store import StoreAt, Tables
from crm_core.store.connection import DuckReader
from crm_core.text import has, t
from tests.examples import examples

AS_OF = date(2026, 6, 30)
DAYS = ibis.table(
    {"customer_key": "int64", "day": "date", "orders": "int64", "revenue": "decimal(18, 2)"},
    name="customer_days",
)
Purchases = list[tuple[int | None, date, float]]


def ago(days: int) -> date:
    return AS_OF - timedelta(days)


def run(purchases: Purchases, cuts: Cuts | None = None) -> dict[int, dict[str, object]]:
    """Each customer's row, computed by a real engine."""
    with duckdb.connect(config={"threads": 1}) as shop:
        shop.execute(
            "create table customer_days (customer_key bigint, day date, orders bigint,"
            " revenue decimal(18, 2))"
        )
        if purchases:
            shop.executemany("insert into customer_days values (?, ?, 1, ?)", purchases)
        rows = shop.execute(
            str(ibis.to_sql(scored(DAYS, AS_OF, cuts), dialect="duckdb"))
        ).fetchall()
    return {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in rows}


def test_segments_part_all_customers_without_gap_or_overlap() -> None:
    found = {
        scores: [segment.code for segment in SEGMENTS if segment.holds(*scores)]
        for scores in itertools.product(range(1, 6), repeat=3)
    }
    assert all(found.values())
    # f = 1 is one purchase day, the rest are repeat buyers: no segment holds both
    one_time = {segment_of(*scores) for scores in found if scores[1] == 1}
    repeat = {segment_of(*scores) for scores in found if scores[1] > 1}
    assert not one_time & repeat
    assert one_time | repeat == {segment.code for segment in SEGMENTS}
    # only champions lie inside another segment (loyal), and come before it
    overlaps = {tuple(codes) for codes in found.values() if len(codes) > 1}
    assert overlaps == {
        ("champions", "loyal"),
        ("cannot_lose", "at_risk"),
        ("cannot_lose", "hibernating"),
    }


def test_the_engine_and_the_table_agree_on_every_segment() -> None:
    purchases: Purchases = []
    for key in range(1, 400):
        for visit in range(1 + key % 7):
            purchases.append((key, ago(key % 211 + visit * 17), 5.0 + (key * 37) % 90))
    rows = run(purchases)
    assert len(rows) == 399
    for row in rows.values():
        r, f, m = (int(str(row[name])) for name in "rfm")
        assert row["segment"] == segment_of(r, f, m)


def test_one_order_buyers_are_scored_and_named() -> None:
    purchases: Purchases = [(key, ago(key * 30), 20.0) for key in range(1, 11)]
    rows = run(purchases)
    assert {row["f"] for row in rows.values()} == {1}
    assert rows[1]["segment"] == "new_customers"
    assert rows[10]["segment"] == "lost_one_time"
    assert [rows[key]["r"] for key in range(1, 11)] == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]


def test_a_shop_with_one_customer_works() -> None:
    rows = run([(7, ago(3), 10.0), (7, ago(1), 15.5)])
    assert rows[7] | {"monetary": 25.5} == {
        "customer_key": 7,
        "recency_days": 1,
        "frequency": 2,
        "monetary": 25.5,
        "r": 3,
        "f": 4,
        "m": 3,
        "segment": "loyal",
    }


def test_a_shop_without_customers_gives_no_rows() -> None:
    assert run([]) == {}
    assert run([(None, ago(1), 10.0)]) == {}


def test_two_orders_on_one_day_are_one_purchase_day() -> None:
    rows = run([(1, ago(5), 10.0), (1, ago(5), 10.0), (2, ago(5), 20.0), (2, ago(4), 1.0)])
    assert rows[1]["frequency"] == 1
    assert rows[1]["f"] == 1


def test_the_best_customers_are_champions() -> None:
    purchases: Purchases = [(key, ago(200 + key), 10.0) for key in range(1, 20)]
    purchases += [(20, ago(day), 500.0) for day in (1, 31, 61, 91)]
    purchases += [(21, ago(150), 12.0), (21, ago(300), 12.0)]
    rows = run(purchases)
    assert rows[20]["segment"] == "champions"
    assert rows[20]["r"] == rows[20]["f"] == rows[20]["m"] == 5


customers = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 4), st.integers(0, 60)), min_size=1, max_size=60
)


@pytest.mark.slow
@settings(max_examples=examples(25), deadline=None)
@given(shop=customers)
def test_equal_customers_get_equal_scores_and_better_ones_never_lower(
    shop: list[tuple[int, int, int]],
) -> None:
    purchases: Purchases = []
    for key, (recency, visits, spend) in enumerate(shop):
        purchases += [(key, ago(recency + 50 * visit), float(spend)) for visit in range(visits)]
    rows = list(run(purchases).values())
    for score, column, sign in (
        ("r", "recency_days", -1),
        ("f", "frequency", 1),
        ("m", "monetary", 1),
    ):
        ordered = sorted((sign * row[column], row[score]) for row in rows)  # pyright: ignore
        for (one, lower), (other, higher) in itertools.pairwise(ordered):
            assert lower == higher if one == other else lower <= higher
        assert all(1 <= int(str(row[score])) <= 5 for row in rows)
    assert all((row["f"] == 1) == (row["frequency"] == 1) for row in rows)
    assert all(row["segment"] for row in rows)


def test_customers_who_all_differ_fall_into_equal_fifths() -> None:
    rows = run([(key, ago(key), float(key)) for key in range(100)])
    for score in ("r", "m"):
        assert [sum(row[score] == n for row in rows.values()) for n in range(1, 6)] == [20] * 5


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_segment_has_name_definition_and_action(language: str) -> None:
    for segment in SEGMENTS:
        for part in ("name", "definition", "action"):
            assert has(f"rfm.{segment.code}.{part}", language)
    names = [t(f"rfm.{segment.code}.name", language) for segment in SEGMENTS]
    assert len(set(names)) == len(SEGMENTS) == 10


def log_of(purchases: Purchases) -> Tables:
    """A store that holds nothing but these purchase days."""
    root = duckdb.connect(config={"threads": 1})
    root.execute("attach ':memory:' as facts")
    root.execute(
        "create table facts.main.customer_days (customer_key bigint, day date, orders bigint,"
        " revenue decimal(18, 2))"
    )
    root.executemany("insert into facts.main.customer_days values (?, ?, 1, ?)", purchases)
    return Tables(DuckReader(root))


def cdnow(path: Path) -> Tables:
    """The published sample, one row a customer and purchase day."""
    root = duckdb.connect(config={"threads": 1})
    root.execute("attach ':memory:' as facts")
    rows = [line.split() for line in path.read_text().splitlines() if line.strip()]
    root.execute("create temp table raw (customer bigint, day varchar, amount decimal(18, 2))")
    root.executemany(
        "insert into raw values (?, ?, ?)", [(row[1], row[2], row[-1]) for row in rows]
    )
    root.execute(
        "create table facts.main.customer_days as select customer customer_key,"
        " strptime(day, '%Y%m%d')::date as day, count(*)::bigint orders,"
        " sum(amount)::decimal(18, 2) revenue from raw group by all"
    )
    return Tables(DuckReader(root))


@pytest.mark.slow
def test_on_a_published_log_higher_scores_bring_more_afterwards(cdnow_sample: Path) -> None:
    shop = cdnow(cdnow_sample)
    rows = validate(shop, origins=[date(1997, 9, 30)], horizon_days=270)
    found = {row["method"]: float(str(row["gini"])) for row in rows}
    assert found["rfm"] > found["naive_recency"] > 0
    assert found["rfm"] > 0.6


@pytest.mark.slow
def test_the_fit_says_where_scores_begin_and_counts_every_customer(cdnow_sample: Path) -> None:
    fitted = fit(cdnow(cdnow_sample), as_of=date(1997, 9, 30))
    assert fitted.customers == 2357
    counts = [fitted.parameters[f"customers_{segment.code}"] for segment in SEGMENTS]
    assert sum(counts) == 2357
    assert fitted.parameters["purchase_days_1"] == 1
    edges = [fitted.parameters[f"recency_days_{score}"] for score in range(1, 6)]
    assert edges == sorted(edges, reverse=True)
    assert Fitted.from_json(fitted.to_json()) == fitted


def test_a_log_that_ends_too_early_or_has_nobody_is_refused() -> None:
    shop = log_of([(1, ago(5), 10.0), (2, ago(3), 10.0)])
    for attempt in (
        lambda: validate(shop, origins=[AS_OF], horizon_days=30),
        lambda: fit(shop, as_of=ago(100)),
    ):
        with pytest.raises(CrmError) as failed:
            attempt()
        assert failed.value.code == "not_enough_data"


def test_fixed_numbers_give_the_same_scores_whatever_others_do() -> None:
    cuts = Cuts((30, 90, 180, 365), (3, 5, 10), (20, 40, 80, 160))
    purchases: Purchases = [(1, ago(30), 19.0), (2, ago(31), 20.0), (3, ago(366), 160.0)]
    purchases += [(4, ago(10 * visit), 8.0) for visit in range(1, 6)]
    alone = run(purchases[:1], cuts)
    rows = run(purchases, cuts)
    assert rows[1] == alone[1]
    scores = {key: tuple(row[name] for name in "rfm") for key, row in rows.items()}
    assert scores == {1: (5, 1, 1), 2: (4, 1, 2), 3: (1, 1, 5), 4: (5, 4, 3)}


def test_standard_numbers_follow_the_usual_order_of_the_shop() -> None:
    shop = log_of([(1, ago(5), 10.0), (2, ago(3), 30.0), (3, ago(3), 50.0)])
    assert standard_cuts(StoreAt(shop, AS_OF)).revenue == (30, 60, 120, 240)
