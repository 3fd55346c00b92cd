from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.models.lifecycle import AT_RISK, LAPSED, STAGES, fit, lifecycle, shop_rhythm
from crm_core.store import StoreAt, Tables
from crm_core.store.connection import DuckReader
from crm_core.text import has
from tests.examples import examples
from tests.models.histories import cdnow
from tests.models.histories import shop as shop_of

AS_OF = date(2026, 6, 30)
#: The worse the later: no silence leads back.
WORSE = {"first_order": 0, "active": 0, "won_back": 0, "at_risk": 1, "lapsed": 2, "one_and_done": 2}
#: Days ago on which customers bought who are the shop's usual: 30 days to a second order and on.
USUAL = {key: [5, 35, 65, 95] for key in range(900, 921)}


@contextmanager
def log_of(bought: dict[int, Sequence[int]]) -> Iterator[Tables]:
    """A store of purchase days, told as days before AS_OF."""
    with duckdb.connect(config={"threads": 1}) as root:
        root.execute("attach ':memory:' as facts")
        rows = [(key, AS_OF - timedelta(ago)) for key, days in bought.items() for ago in set(days)]
        keys, days = ([row[place] for row in rows] for place in (0, 1))
        told = pa.table(
            {"customer_key": pa.array(keys, pa.int64()), "day": pa.array(days, pa.date32())}
        )
        root.register("told", told)
        root.execute("create table facts.main.customer_days as select *, 10 as revenue from told")
        yield Tables(DuckReader(root))


def stages(bought: dict[int, Sequence[int]], as_of: date = AS_OF) -> dict[int, str]:
    with log_of(bought) as store:
        past = StoreAt(store, as_of)
        frame = store.fetch(lifecycle(past, shop_rhythm(past)))
    assert not frame["customer_key"].duplicated().any()
    return dict(zip(frame["customer_key"].tolist(), frame["stage"].tolist(), strict=True))


def test_stages_a_shopkeeper_would_recognise() -> None:
    told: list[tuple[list[int], str]] = [
        ([10], "first_order"),
        ([61], "at_risk"),
        ([121], "one_and_done"),
        ([10, 40, 70], "active"),
        ([61, 91, 121], "at_risk"),
        ([121, 151, 181], "lapsed"),
        # Back after ten months of silence, by the rhythm of before; then a quiet life again.
        ([3, 300, 330, 360], "won_back"),
        ([3, 33, 333, 363, 393], "active"),
        # One order, then nothing for ten months: one-and-done until the second.
        ([3, 303], "won_back"),
        # Somebody who orders twice a year is not lapsed after three months.
        ([100, 280, 460, 640], "active"),
        # Two orders on one day are one purchase day.
        ([5, 5], "first_order"),
    ]
    found = stages(USUAL | {key: days for key, (days, _) in enumerate(told)})
    assert [found[key] for key in range(len(told))] == [stage for _, stage in told]


def test_a_shop_nobody_came_back_to_has_first_orders_for_half_a_year() -> None:
    found = stages({1: [10], 2: [181], 3: [183], 4: [365]})
    assert found == {1: "first_order", 2: "first_order", 3: "at_risk", 4: "one_and_done"}


shops = st.dictionaries(
    st.integers(1, 30),
    st.lists(st.integers(0, 700), min_size=1, max_size=6),
    min_size=1,
    max_size=30,
)


@settings(max_examples=examples(3), deadline=None)
@given(bought=shops, later=st.integers(1, 400))
def test_no_stage_gets_better_by_waiting(bought: dict[int, list[int]], later: int) -> None:
    now, then = stages(bought), stages(bought, AS_OF + timedelta(later))
    assert set(now) == set(then) == set(bought)
    assert all(WORSE[then[key]] >= WORSE[now[key]] for key in bought)


@settings(max_examples=examples(3), deadline=None)
@given(bought=shops)
def test_an_order_today_ends_every_silence(bought: dict[int, list[int]]) -> None:
    key = next(iter(bought))
    bought = {**bought, key: [days + 1 for days in bought[key]]}
    assert stages({**bought, key: [0, *bought[key]]})[key] in ("active", "won_back")


@settings(max_examples=examples(3), deadline=None)
@given(bought=shops, back=st.integers(1, 400))
def test_the_past_does_not_know_what_came_later(bought: dict[int, list[int]], back: int) -> None:
    then = AS_OF - timedelta(back)
    known = {key: [d for d in days if d >= back] for key, days in bought.items()}
    known = {key: days for key, days in known.items() if days}
    if known:
        assert stages(bought, then) == stages(known, then)


def test_known_people_without_an_order_are_prospects_from_the_day_they_were_seen() -> None:
    with duckdb.connect(config={"threads": 1}) as root:
        root.execute("attach ':memory:' as facts")
        root.execute(
            "create table facts.main.customers as select * from (values"
            " (1::bigint, timestamp '2026-01-02 10:00', false), (2, timestamp '2026-03-01 23:00', null),"
            " (3, null, false), (4, timestamp '2026-01-01 10:00', true))"
            " people(customer_key, first_seen_at, is_internal)"
        )
        root.execute(
            "create table facts.main.customer_facts as select * from (values"
            " (1::bigint, date '2026-02-05'), (2, null), (3, null), (4, null)) known(customer_key, first_day)"
        )
        root.execute(
            "create table facts.main.customer_days as"
            " select 1::bigint as customer_key, date '2026-02-05' as day, 10 as revenue"
        )
        store = Tables(DuckReader(root))
        found: list[dict[int, str]] = []
        for day in (date(2026, 1, 5), date(2026, 2, 10), date(2026, 3, 1)):
            past = StoreAt(store, day)
            rows = store.fetch(lifecycle(past, shop_rhythm(past)))
            found.append(dict(zip(rows["customer_key"], rows["stage"], strict=True)))
    assert found == [
        {1: "prospect", 3: "prospect"},
        {1: "first_order", 3: "prospect"},
        {1: "first_order", 2: "prospect", 3: "prospect"},
    ]


@pytest.mark.slow
def test_on_a_published_log_stages_order_who_comes_back(cdnow_master: Path, tmp_path: Path) -> None:
    as_of = date(1998, 3, 31)
    log = cdnow(cdnow_master)
    later = set(log.after(as_of, as_of + timedelta(91)).customer.tolist())
    with shop_of(tmp_path, customer_days=log.table()) as store:
        past = StoreAt(store, as_of)
        rows = store.fetch(lifecycle(past, shop_rhythm(past)))
    rows["back"] = rows["customer_key"].isin(later)
    back = rows.groupby("stage")["back"].mean()
    assert back["active"] > back["at_risk"] + 0.15
    assert back["at_risk"] > back["lapsed"] + 0.05 > back["one_and_done"] + 0.1
    assert back["won_back"] > back["lapsed"]


def test_the_fit_counts_everybody_once() -> None:
    with log_of({**USUAL, 1: [10], 2: [500]}) as store:
        fitted = fit(store, as_of=AS_OF)
    assert fitted.customers == len(USUAL) + 2
    assert sum(fitted.parameters[f"customers_{stage}"] for stage in STAGES) == fitted.customers
    assert (fitted.parameters["gap_days"], fitted.parameters["second_days"]) == (30, 30)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_stage_is_worded(language: str) -> None:
    assert AT_RISK < LAPSED
    for stage in STAGES:
        for part in ("name", "definition", "action"):
            assert has(f"lifecycle.{stage}.{part}", language)
