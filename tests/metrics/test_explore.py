"""Any number by any dimension: what a shopkeeper could check by hand, and against plain SQL."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.errors import CrmError
from crm_core.metrics import DIMENSIONS, METRICS, measure
from crm_core.metrics.dimensions import having, joined
from crm_core.metrics.exploration import SHOWS, Exploration
from crm_core.metrics.explore import (
    WHOLE,
    Explored,
    Line,
    explore,
    nearest_valid,
    rows_behind,
)
from crm_core.metrics.explore_lines import is_time
from crm_core.selection import Period, Selection
from crm_core.store import Store
from tests.examples import examples

YEAR = Period(date(2025, 11, 1), date(2026, 10, 31))
JUNE = Period(date(2026, 6, 1), date(2026, 6, 30))
ALL = Selection()


def ask(
    store: Store, *, period: Period = YEAR, selection: Selection = ALL, **parts: Any
) -> Explored:
    return explore(store, selection, Exploration(**parts), period=period)


def cell(line: Line, metric: str, column: str = WHOLE) -> float | None:
    return line.values.get((metric, column))


def lines(answer: Explored, kind: str) -> dict[tuple[str, ...], Line]:
    return {line.keys: line for line in answer.lines if line.kind == kind}


@pytest.fixture(scope="module")
def sql(demo_store_dir: Path) -> Any:
    """Plain SQL over the demo's facts."""
    (file,) = sorted(demo_store_dir.glob("facts-*.duckdb"))[-1:]
    with duckdb.connect(str(file), read_only=True) as connection:
        yield lambda text: connection.execute(text).fetchall()


def test_buyers_of_categories_are_counted_anew_and_not_added_up(
    store: Store, sql: Callable[[str], list[Any]]
) -> None:
    answer = ask(store, metrics=("buyers", "orders"), by=("category",))
    told = dict(
        sql(
            "SELECT coalesce(category, ''), count(DISTINCT customer_key) FROM ledger "
            "WHERE entry = 'sale' AND day BETWEEN '2025-11-01' AND '2026-10-31' GROUP BY 1"
        )
    )
    found = {keys[0]: cell(line, "buyers") for keys, line in lines(answer, "row").items()}
    assert found == {name: count for name, count in told.items() if count}
    (everyone,) = sql(
        "SELECT count(DISTINCT customer_key), count(DISTINCT order_key) FROM ledger "
        "WHERE entry = 'sale' AND day BETWEEN '2025-11-01' AND '2026-10-31'"
    )
    assert (cell(answer.total, "buyers"), cell(answer.total, "orders")) == everyone
    assert sum(filter(None, found.values())) > everyone[0]


def test_all_others_are_the_rest_measured_anew(
    store: Store, sql: Callable[[str], list[Any]]
) -> None:
    answer = ask(store, metrics=("revenue", "buyers"), by=("product",), top=5)
    shown = ", ".join(keys[0] for keys in lines(answer, "row"))
    ((money, people),) = sql(
        "SELECT sum(gross - discount), count(DISTINCT customer_key) FILTER (entry = 'sale') "
        "FROM ledger WHERE day BETWEEN '2025-11-01' AND '2026-10-31' "
        f"AND (product_key NOT IN ({shown}) OR product_key IS NULL)"
    )
    others = lines(answer, "others")[()]
    assert len(lines(answer, "row")) == 5
    assert cell(others, "revenue") == pytest.approx(float(money), abs=0.005)
    assert cell(others, "buyers") == people
    shown_money = sum(cell(line, "revenue") or 0 for line in lines(answer, "row").values())
    assert shown_money + float(money) == pytest.approx(cell(answer.total, "revenue"), abs=0.005)


def test_the_months_of_a_first_order_are_of_people_who_came_in(
    store: Store, sql: Callable[[str], list[Any]]
) -> None:
    answer = ask(store, metrics=("revenue",), by=("cohort", "payment_method"), period=JUNE)
    told = sql(
        "SELECT strftime(date_trunc('month', c.first_day), '%Y-%m-%d'), o.payment_method, "
        "sum(l.gross - l.discount) FROM ledger l JOIN customer_facts c USING (customer_key) "
        "JOIN order_facts o USING (order_key) WHERE NOT c.is_already_customer "
        "AND l.day BETWEEN '2026-06-01' AND '2026-06-30' GROUP BY ALL"
    )
    found = {keys: cell(line, "revenue") for keys, line in lines(answer, "row").items()}
    for month, payment, money in told:
        if money and (month, payment or "") in found:
            assert found[month, payment or ""] == pytest.approx(float(money), abs=0.005)
    assert len({keys[0] for keys in found}) > 12


def test_columns_are_parts_of_their_row(store: Store) -> None:
    answer = ask(store, metrics=("net_revenue", "buyers"), by=("category",), across="sales_channel")
    for line in answer.lines:
        parts = [cell(line, "net_revenue", column) or 0 for column in answer.columns]
        assert sum(parts) == pytest.approx(cell(line, "net_revenue"), abs=0.01)
        people = [cell(line, "buyers", column) or 0 for column in answer.columns]
        assert max(people) <= (cell(line, "buyers") or 0) <= sum(people)


def test_a_share_is_of_what_it_belongs_to(store: Store) -> None:
    answer = ask(store, metrics=("revenue",), by=("category", "region"), show="share", top=500)
    heads = lines(answer, "part")
    for keys, line in lines(answer, "row").items():
        parent = cell(heads[keys[:1]], "revenue")
        assert parent is not None
        assert line.told["revenue", WHOLE] == pytest.approx((cell(line, "revenue") or 0) / parent)
    tops = [line.told["revenue", WHOLE] or 0 for line in heads.values()]
    assert sum(tops) == pytest.approx(1, abs=0.001)


def test_a_running_total_ends_at_the_total(store: Store) -> None:
    answer = ask(store, metrics=("revenue", "orders"), by=("month",), show="running")
    rows = [line for line in answer.lines if line.kind == "row"]
    assert [line.keys for line in rows] == sorted(line.keys for line in rows)
    for metric in ("revenue", "orders"):
        assert rows[-1].told[metric, WHOLE] == pytest.approx(cell(answer.total, metric), abs=0.01)


def test_a_change_compares_a_month_with_the_same_days_before(store: Store) -> None:
    before = YEAR.year_before()
    asked = Exploration(metrics=("revenue", "repeat_share"), by=("category",), show="change")
    answer = explore(store, ALL, asked, period=YEAR, compared=before)
    now = ask(store, metrics=("revenue",), by=("category",))
    then = ask(store, metrics=("revenue",), by=("category",), period=before)
    for keys, line in lines(answer, "row").items():
        one, other = (cell(lines(each, "row")[keys], "revenue") for each in (now, then))
        assert one
        assert other
        assert line.told["revenue", WHOLE] == pytest.approx(one / other - 1, abs=1e-6)
    assert explore(store, ALL, asked, period=YEAR).total.told["revenue", WHOLE] is None


def test_a_change_within_a_month_compares_its_days(store: Store) -> None:
    quarter = Period(date(2026, 8, 3), date(2026, 10, 31))
    asked = Exploration(
        metrics=("revenue",), by=("category",), where=(("month", "2026-09-01"),), show="change"
    )
    answer = explore(store, ALL, asked, period=quarter, compared=quarter.before())
    shift = quarter.days
    september, earlier = (
        Period(date(2026, 9, 1) - timedelta(back), date(2026, 9, 30) - timedelta(back))
        for back in (0, shift)
    )
    now, then = (ask(store, metrics=("revenue",), by=(), period=p) for p in (september, earlier))
    one, other = (cell(each.total, "revenue") or 0 for each in (now, then))
    assert answer.total.told["revenue", WHOLE] == pytest.approx(one / other - 1, abs=1e-6)
    assert all(line.told["revenue", WHOLE] is not None for line in answer.lines)


def test_a_change_of_mondays_is_against_mondays(store: Store) -> None:
    asked = Exploration(metrics=("revenue",), by=("weekday",), show="change")
    answer = explore(store, ALL, asked, period=JUNE, compared=JUNE.before())
    now, then = (
        lines(ask(store, metrics=("revenue",), by=("weekday",), period=each), "row")
        for each in (JUNE, JUNE.before())
    )
    for keys, line in lines(answer, "row").items():
        one, other = (cell(each[keys], "revenue") or 0 for each in (now, then))
        assert line.told["revenue", WHOLE] == pytest.approx(one / other - 1, abs=1e-6)


def test_a_filter_keeps_one_of_each_dimension_and_the_unknown(store: Store) -> None:
    everything = ask(store, metrics=("orders",), by=("coupon",), top=500)
    without = ask(store, metrics=("orders",), by=("coupon",), where=(("coupon", ""),))
    assert list(lines(without, "row")) == [("",)]
    assert cell(without.total, "orders") == cell(lines(everything, "row")[("",)], "orders")
    twice = ask(store, metrics=("orders",), by=(), where=(("weekday", "1"), ("weekday", "7")))
    days = lines(ask(store, metrics=("orders",), by=("weekday",)), "row")
    assert len(days) == 7
    assert cell(twice.total, "orders") == (cell(days[("1",)], "orders") or 0) + (
        cell(days[("7",)], "orders") or 0
    )


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("marketing_cost", "goods_cost"), ("contribution", "margin"), ("service_cost", "goods_cost")],
)
def test_what_no_product_has_is_refused_with_the_nearest_that_one_has(
    store: Store, name: str, nearest: str
) -> None:
    with pytest.raises(CrmError) as refused:
        ask(store, metrics=(name,), by=("product",))
    assert refused.value.code == "explore_undefined"
    assert refused.value.facts["nearest"] == nearest
    assert lines(ask(store, metrics=(nearest,), by=("product",)), "row")
    assert cell(ask(store, metrics=(name,), by=("sales_channel",)).total, name) is not None
    with pytest.raises(CrmError, match="explore_undefined"):
        ask(store, metrics=(name,), by=("sales_channel",), where=(("category", "Tea"),))
    with pytest.raises(CrmError, match="explore_undefined"):
        ask(store, metrics=(name,), by=("month",), selection=Selection(category=("Tea",)))


@pytest.mark.parametrize(
    ("metric", "show", "nearest"),
    [("buyers", "running", "orders"), ("repeat_share", "share", "repeat_orders")],
)
def test_what_does_not_add_up_has_no_running_total_and_no_share(
    store: Store, metric: str, show: str, nearest: str
) -> None:
    with pytest.raises(CrmError) as refused:
        ask(store, metrics=(metric,), by=("month",), show=show)
    assert refused.value.code == "explore_cannot_show"
    assert refused.value.facts["nearest"] == nearest


def test_nothing_is_left_where_nothing_fits(store: Store) -> None:
    for where in ((("category", "no such"),), (("month", "no date"),), (("product", "9" * 30),)):
        answer = ask(store, metrics=("revenue", "buyers"), by=("region",), where=where)
        assert len(answer.lines) == 1
        assert cell(answer.total, "revenue") == 0


def test_one_day_and_one_product_are_periods_and_shops_too(store: Store) -> None:
    day = Period(date(2026, 6, 15), date(2026, 6, 15))
    answer = ask(store, metrics=("revenue", "average_order_value"), by=("day",), period=day)
    assert list(lines(answer, "row")) == [("2026-06-15",)]
    (row,) = lines(answer, "row").values()
    assert row.values == answer.total.values
    one = ask(store, metrics=("units",), by=("product",), where=(("product", "25"),))
    assert list(lines(one, "row")) == [("25",)]


def test_more_groups_than_are_fetched_are_ranked_in_the_engine(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: dict[str, Any] = {
        "metrics": ("net_revenue", "buyers", "refund_rate"), "by": ("product",), "top": 7,
    }  # fmt: skip
    known = ask(store, **parts)
    monkeypatch.setattr("crm_core.metrics.explore_levels.MOST_CELLS", 50)
    assert ask(store, **parts) == known
    with pytest.raises(CrmError, match="explore_too_many_cells"):
        ask(store, by=("day", "product"), top=100)


@pytest.mark.parametrize("by", [(), ("category",)])
@pytest.mark.parametrize("across", ["product", "day"])
def test_more_columns_than_are_fetched_are_ranked_in_the_engine(
    store: Store, monkeypatch: pytest.MonkeyPatch, by: tuple[str, ...], across: str
) -> None:
    parts: dict[str, Any] = {"metrics": ("net_revenue", "buyers"), "by": by, "top": 2}
    known = ask(store, **parts, across=across)
    assert len(known.columns) == 24
    monkeypatch.setattr("crm_core.metrics.explore_levels.MOST_CELLS", 60)
    assert ask(store, **parts, across=across) == known


dimensions = st.sampled_from([n for n in DIMENSIONS if n not in ("account", "product", "day")])
questions = st.builds(
    Exploration,
    metrics=st.lists(st.sampled_from(list(METRICS)), min_size=1, max_size=4, unique=True).map(tuple),
    by=st.lists(dimensions, max_size=3, unique=True).map(tuple),
    across=st.one_of(st.just(""), dimensions),
    where=st.lists(
        st.sampled_from(
            [("category", "Tea"), ("category", ""), ("new_returning", "new"), ("region", "South"),
             ("weekday", "6"), ("stage", "active"), ("coupon", "")]
        ),
        max_size=2, unique=True,
    ).map(tuple),
    top=st.integers(1, 12),
    show=st.sampled_from(SHOWS[:1]),
)  # fmt: skip


@pytest.mark.slow
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(asked=questions, period=st.sampled_from([YEAR, JUNE]))
def test_every_line_is_what_its_rows_measure(
    store: Store, asked: Exploration, period: Period
) -> None:
    if asked.across in asked.by or (
        any(map(nearest_valid, asked.metrics))
        and "line"
        in {DIMENSIONS[n].one_per for n in (*asked.by, asked.across or "day", *dict(asked.where))}
    ):
        return
    try:
        answer = explore(store, ALL, asked, period=period)
    except CrmError as error:
        if error.code != "explore_too_many_cells":
            raise
        return
    rows = joined(store, rows_behind(store, ALL, asked, period), asked.by)
    ranked = [name for name in asked.by if not is_time(name)]
    for line in [*answer.lines[:3], *answer.lines[-2:]]:
        mine = rows
        for name, code in zip(asked.by, line.keys, strict=False):
            mine = mine.filter(having(mine, name, [code]))
        if line.kind == "others":
            if len(ranked) != 1:
                continue
            place = asked.by.index(ranked[0])
            mine = mine.filter(
                ~having(mine, ranked[0], [keys[place] for keys in lines(answer, "row")])
            )
        told = measure(store, asked.metrics, rows=mine).totals
        for name, value in told.items():
            found = cell(line, name)
            assert (found is None) == (value is None), (line, name)
            assert value is None or math.isclose(found or 0, value, rel_tol=1e-9, abs_tol=0.006)
