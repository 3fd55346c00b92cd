"""Numbers about groups: totals, ratios and comparisons that a shopkeeper could check."""

from __future__ import annotations

import math
from datetime import date, timedelta

import ibis
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.errors import CrmError
from crm_core.metrics import (
    DIMENSIONS,
    METRICS,
    Ratio,
    between,
    change,
    combine,
    compare,
    daily,
    measure,
    scope,
)
from crm_core.selection import Period, Selection
from crm_core.store import Store
from tests.examples import examples
from tests.small_shop import SmallShop, line, order, small_shop

FIRST, LAST = date(2024, 5, 1), date(2026, 10, 31)
JUNE = Period(date(2026, 6, 1), date(2026, 6, 30))
RATIOS = [name for name, metric in METRICS.items() if isinstance(metric, Ratio)]
ADDED = [name for name, metric in METRICS.items() if metric.additivity == "additive"]
COUNTED = [name for name, metric in METRICS.items() if metric.additivity == "distinct"]
BY_DAY = [name for name in COUNTED if METRICS[name].by_day]  # type: ignore[union-attr]

periods = st.tuples(st.dates(FIRST, LAST - timedelta(1)), st.integers(1, 500)).map(
    lambda pair: Period(pair[0], min(pair[0] + timedelta(pair[1]), LAST))
)
selections = st.builds(
    Selection,
    sales_channel=st.lists(st.sampled_from(["web", "app", "shop"]), unique=True).map(tuple),
    category=st.lists(st.sampled_from(["Tea", "Kitchen", "Table"]), unique=True).map(tuple),
    segment=st.lists(st.sampled_from(["champions", "at_risk"]), unique=True).map(tuple),
)
few = settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=0.006)


def differing(one: dict[str, float | None], other: dict[str, float | None]) -> list[str]:
    return [name for name in one if not same(one[name], other[name])]


@pytest.mark.parametrize(
    "by",
    [
        by
        if not found.via or by in ("cohort", "coupon")
        else pytest.param(by, marks=pytest.mark.slow)
        for by, found in DIMENSIONS.items()
        if by != "product"
    ],
)
def test_groups_add_up_or_are_measured_anew(store: Store, by: str) -> None:
    rows = scope(store, Selection(), JUNE)
    result = measure(store, list(METRICS), rows=rows, by=(by,))
    assert differing(result.totals, measure(store, list(METRICS), rows=rows).totals) == []
    for name in ADDED:
        if result.totals[name] is not None:
            assert same(result.rows[name].sum(), result.totals[name]), name
    for name in COUNTED:
        assert result.rows[name].max() <= result.totals[name] <= result.rows[name].sum()
    for name in RATIOS:
        kind = METRICS[name]
        assert isinstance(kind, Ratio)
        top, bottom = result.totals[kind.numerator], result.totals[kind.denominator]
        assert same(result.totals[name], top / bottom if top is not None and bottom else None)


@pytest.mark.parametrize("by", ["day", "week", "month"])
def test_orders_have_one_day_so_their_counts_add_up_over_time(store: Store, by: str) -> None:
    result = measure(store, BY_DAY, rows=scope(store, Selection(), JUNE), by=(by,))
    for name in BY_DAY:
        assert result.rows[name].sum() == result.totals[name]
    assert pd.to_datetime(result.rows[by]).is_monotonic_increasing


@pytest.mark.slow
@few
@given(periods, selections)
def test_a_drilled_total_is_the_total_of_what_was_drilled_into(
    store: Store, period: Period, selection: Selection
) -> None:
    rows = scope(store, selection, period)
    result = measure(store, list(METRICS), rows=rows, by=("sales_channel",))
    for _, row in result.rows.iterrows():
        channel = row["sales_channel"]
        if channel is None:
            continue
        drilled = measure(
            store,
            list(METRICS),
            rows=rows,
            where=lambda table, value=channel: table.sales_channel == value,
        ).totals
        found = {name: None if pd.isna(row[name]) else float(row[name]) for name in METRICS}
        assert differing(found, drilled) == []


@few
@given(periods, selections)
def test_filtering_twice_is_filtering_once(
    store: Store, period: Period, selection: Selection
) -> None:
    once = scope(store, selection, period)
    twice = between(once, period)
    for column in ("sales_channel", "category"):
        if chosen := getattr(selection, column):
            twice = twice.filter(twice[column].isin(chosen))
    one = measure(store, list(METRICS), rows=once).totals
    assert differing(one, measure(store, list(METRICS), rows=twice).totals) == []


@pytest.mark.slow
@few
@given(periods, selections)
def test_days_put_together_are_the_period_measured_at_once(
    store: Store, period: Period, selection: Selection
) -> None:
    of_buyers = ("purchase_frequency", "loyalty_rate")  # who buys on two days is one buyer
    names = [*ADDED, *BY_DAY, *(name for name in RATIOS if name not in of_buyers)]
    parts = daily(store, names, selection)
    stretch = parts.loc[str(period.start) : str(period.end)]
    assert len(stretch) == period.days
    measured = measure(store, names, rows=scope(store, selection, period)).totals
    assert differing(combine(stretch, names), measured) == []


def test_days_of_the_log_come_all_also_those_without_a_sale(store: Store) -> None:
    parts = daily(store, ("revenue", "orders"), Selection(category=("no such category",)))
    assert (parts.index[0].date(), parts.index[-1].date()) == (FIRST, LAST)
    assert parts.index.is_unique
    assert len(parts) == (LAST - FIRST).days + 1
    assert float(parts.to_numpy().sum()) == 0


def test_a_segment_is_measured_over_its_members(store: Store) -> None:
    rfm = store.fetch(store.table("rfm").select("customer_key", "segment"))
    parts = {
        segment: measure(
            store,
            ("keyed_revenue", "buyers"),
            rows=scope(store, Selection(segment=(segment,))),
        ).totals
        for segment in sorted(rfm["segment"].unique())
    }
    whole = measure(store, ("keyed_revenue", "buyers"), rows=scope(store, Selection())).totals
    # Everybody who bought is in one segment.
    assert sum(part["buyers"] or 0 for part in parts.values()) == whole["buyers"] == len(rfm)
    assert same(sum(part["keyed_revenue"] or 0 for part in parts.values()), whole["keyed_revenue"])


@pytest.mark.parametrize("compared", ["previous", "year"])
@pytest.mark.parametrize("period", ["7d", "30d", "90d", "ytd"])
def test_a_change_is_between_two_periods_measured_alike(
    store: Store, period: str, compared: str
) -> None:
    selection = Selection(period=period, compare=compared)
    names = ("revenue", "orders", "repeat_share", "margin_rate", "buyers")
    now, then = selection.resolve(FIRST, LAST), selection.compared(FIRST, LAST)
    assert then is not None
    assert then.days == now.days
    assert then.end < now.start
    found = compare(store, names, selection, as_of=LAST)
    one = measure(store, names, rows=scope(store, selection, now)).totals
    other = measure(store, names, rows=scope(store, selection, then)).totals
    for name in names:
        assert (found[name].value, found[name].previous) == (one[name], other[name])
        assert found[name].change == change(METRICS[name], one[name], other[name])
    if compared == "year":
        assert then.start.weekday() == now.start.weekday()


def test_nothing_before_the_log_is_compared_with(store: Store) -> None:
    for selection in (Selection(period="all"), Selection(period="7d", compare="none")):
        found = compare(store, ("revenue", "repeat_share"), selection, as_of=LAST)
        assert all(each.previous is None and each.change is None for each in found.values())
        assert all(each.value is not None for each in found.values())


def test_nobody_bought_is_zero_and_its_shares_are_unknown(store: Store) -> None:
    nobody = scope(store, Selection(region=("no such region",)), JUNE)
    totals = measure(store, list(METRICS), rows=nobody).totals
    assert {totals[name] for name in (*ADDED, *COUNTED)} <= {0.0}
    assert {totals[name] for name in RATIOS} == {None}
    rows = measure(store, ("revenue",), rows=nobody, by=("category",)).rows
    assert rows.columns.tolist() == ["category", "revenue"]
    assert rows.empty


@pytest.mark.parametrize(
    ("names", "by", "code", "match"),
    [
        (("revenu",), (), "unknown_metric", "revenue"),
        (("revenue",), ("regoin",), "unknown_dimension", "region"),
    ],
)
def test_an_unknown_name_gets_the_closest_known_one(
    store: Store, names: tuple[str, ...], by: tuple[str, ...], code: str, match: str
) -> None:
    with pytest.raises(CrmError) as refused:
        measure(store, names, rows=scope(store, Selection()), by=by)
    assert (refused.value.code, refused.value.facts["match"]) == (code, match)
    with pytest.raises(CrmError, match="unknown_metric"):
        daily(store, ("revenu",), Selection())


def test_the_ledger_says_what_the_files_say(store: Store) -> None:
    """Net revenue and orders of the demo, counted from its canonical rows by plain SQL."""
    lines, orders = store.table("order_lines"), store.table("orders")
    people = store.table("customers")
    staff = people.filter(people.is_internal.fill_null(False)).select("customer_key")
    counted = orders.filter(~orders.status.isin(("pending", "cancelled", "test")))
    counted = counted.anti_join(staff, "customer_key")
    sold = lines.join(counted.select("order_id"), "order_id")
    paid = (sold.unit_price * sold.quantity).cast("float64").round(2)
    row = store.fetch(
        sold.agg(
            revenue=(paid - sold.discount.fill_null(0).cast("float64")).sum(),
            units=sold.quantity.sum(),
        )
    ).iloc[0]
    totals = measure(store, ("revenue", "orders", "units"), rows=scope(store, Selection())).totals
    assert totals["revenue"] == pytest.approx(row["revenue"], abs=0.01)
    assert totals["units"] == row["units"]
    assert totals["orders"] == store.fetch(counted.agg(n=ibis._.count()))["n"][0]


@pytest.fixture(scope="module")
def tea(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    rows = {
        "orders": [
            order("1", "ann", "2026-01-05T10:00:00"),
            order("2", "ann", "2026-01-05T11:00:00"),
            order("3", "bob", "2026-02-06T10:00:00"),
        ],
        "order_lines": [line("1", "tea", "10"), line("2", "tea", "30"), line("3", "cup", "20")],
    }
    return small_shop(tmp_path_factory.mktemp("tea"), rows)


def test_rates_change_in_points_and_amounts_in_shares_of_what_was(tea: SmallShop) -> None:
    store = tea.open()
    february = Selection(
        period="custom", start=date(2026, 2, 5), end=date(2026, 2, 6), compare="none"
    )
    assert compare(store, ("revenue",), february, as_of=date(2026, 2, 6))["revenue"].value == 20
    totals = measure(
        store,
        ("repeat_share", "purchase_frequency", "items_per_order", "average_order_value"),
        rows=scope(store, Selection()),
    ).totals
    assert totals == {
        "repeat_share": pytest.approx(1 / 3),
        "purchase_frequency": 1.5,
        "items_per_order": 1.0,
        "average_order_value": 20.0,
    }
    assert change(METRICS["revenue"], 30.0, 40.0) == -0.25
    assert change(METRICS["revenue"], 30.0, 0.0) is None
    assert change(METRICS["margin"], 5.0, -10.0) == 1.5
    assert change(METRICS["repeat_share"], 0.25, 0.5) == -0.25
    store.close()
