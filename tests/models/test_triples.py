from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.models.triples import (
    Triples,
    purchase_history,
    read_triples,
    spend_history,
    usual_gap_days,
)
from tests.models.histories import AS_OF, Log, shop, simulate

ROWS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 12)), min_size=1, max_size=60
)


@pytest.mark.slow
@settings(deadline=None)
@given(rows=ROWS, seed=st.integers(0, 99))
def test_the_order_of_customers_does_not_matter(
    rows: list[tuple[int, int, int]], seed: int
) -> None:
    columns = np.array(rows).T
    mixed = columns[:, np.random.default_rng(seed).permutation(len(rows))]
    one, other = Triples.of(*columns), Triples.of(*mixed)
    assert one.fingerprint == other.fingerprint
    assert one.customers == len(rows)
    assert len(one) == len(set(rows))
    again = Triples.of(one.frequency, one.recency_days, one.age_days, one.count)
    assert again.fingerprint == one.fingerprint


def test_one_more_customer_gives_another_fingerprint() -> None:
    assert (
        Triples.of([0, 1], [0, 5], [9, 9]).fingerprint
        != Triples.of([0, 1, 1], [0, 5, 5], [9, 9, 9]).fingerprint
    )


def test_a_shopkeepers_three_customers(tmp_path: Path) -> None:
    log = Log(
        np.array([1, 1, 1, 2, 3, 3]),
        np.array(
            ["2026-01-01", "2026-01-11", "2026-03-02", "2026-03-31", "2026-02-01", "2026-05-01"],
            dtype="datetime64[D]",
        ),
        np.array([1000, 2000, 3050, 500, 700, 0]),
    )
    with shop(tmp_path, customer_days=log.table()) as build:
        seen = build.fetch(spend_history(build, date(2026, 3, 31)).order_by("customer_key"))
    assert seen.to_numpy().tolist() == [
        [1, 2, 60, 89, 5050],
        [2, 0, 0, 0, 0],
        [3, 0, 0, 58, 0],
    ]


@pytest.mark.parametrize("back", [0, 100])
def test_the_engine_counts_what_plain_python_counts(tmp_path: Path, back: int) -> None:
    log, as_of = simulate(4_000, seed=2), AS_OF - timedelta(back)
    seen = log.summary(as_of)
    with shop(tmp_path, customer_days=log.table()) as build:
        triples = read_triples(build, as_of)
        rows = build.fetch(spend_history(build, as_of).order_by("customer_key"))
        short = build.fetch(purchase_history(build, as_of).order_by("customer_key"))
    for name, values in seen.items():
        assert rows[name].tolist() == values.tolist()
    assert short.columns.tolist() == rows.columns.tolist()[:-1]
    plain = Triples.of(seen["frequency"], seen["recency_days"], seen["age_days"])
    assert triples.fingerprint == plain.fingerprint


def test_the_usual_gap_is_the_shops_own(tmp_path: Path) -> None:
    start = np.datetime64("2026-01-01")
    gaps = np.repeat(np.arange(10, 110, 10), 2)  # 10, 20 … 100 days, each twice
    who = np.arange(len(gaps))
    log = Log(
        np.concatenate([who, who]),
        np.concatenate([np.full(len(gaps), start), start + gaps]),
        np.full(2 * len(gaps), 100),
    )
    with shop(tmp_path, customer_days=log.table()) as build:
        # One in ten gaps is the longest one; interpolated between 90 and 100.
        assert usual_gap_days(build, AS_OF) == 91
        assert usual_gap_days(build, date(2026, 1, 12)) == 14
        assert usual_gap_days(build, date(2026, 1, 1)) == 365
