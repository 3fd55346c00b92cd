"""Numbers from the sums by day are those of the ledger, to the cent, or are not taken from them."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.metrics import METRICS, CountDistinct, Sum, daily, measure, scope
from crm_core.selection import Period, Selection
from crm_core.store import Store
from tests.examples import examples

FIRST, LAST = date(2024, 5, 1), date(2026, 10, 31)
SUMS = [name for name, metric in METRICS.items() if isinstance(metric, Sum)]
BY_DAY = [n for n, m in METRICS.items() if isinstance(m, CountDistinct) and m.by_day]
MIXED = ["contribution", "margin_rate", "repeat_share", "known_buyer_share", "new_buyers"]


def chosen(*codes: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(codes), max_size=2, unique=True).map(tuple)


selections = st.builds(
    Selection,
    sales_channel=chosen("web", "app", "shop"),
    category=chosen("Tea", "Kitchen", "Table"),
    region=chosen("North", "Berlin"),
)
periods = st.tuples(st.dates(FIRST, LAST), st.integers(0, 500)).map(
    lambda pair: Period(pair[0], min(pair[0] + timedelta(pair[1]), LAST))
)


def source(rows: object) -> str:
    return "day_sums" if "day_sums" in str(rows) else "ledger"


@pytest.mark.slow
@settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    period=periods,
    selection=selections,
    names=st.sampled_from([SUMS, BY_DAY, MIXED]),
    by=st.sampled_from([(), ("sales_channel",), ("week", "region"), ("category",), ("month",)]),
)
def test_both_tables_tell_the_same(
    store: Store, period: Period, selection: Selection, names: list[str], by: tuple[str, ...]
) -> None:
    ledger = measure(store, names, rows=scope(store, selection, period), by=by)
    summed = measure(store, names, rows=scope(store, selection, period, of=names, by=by), by=by)
    assert summed.totals == ledger.totals
    pd.testing.assert_frame_equal(summed.rows, ledger.rows, check_dtype=False)


@pytest.mark.parametrize(
    ("names", "selection", "by", "table"),
    [
        (("net_revenue", "orders"), Selection(), (), "day_sums"),
        (("repeat_share", "new_buyers"), Selection(category=("Tea",)), ("week",), "day_sums"),
        (("margin",), Selection(category=("Tea", "Table")), ("category",), "day_sums"),
        (("orders",), Selection(sales_channel=("web", "app")), ("region",), "day_sums"),
        # An order with tea and a cup is one order, though each category has it.
        (("orders",), Selection(category=("Tea", "Table")), (), "ledger"),
        (("average_order_value",), Selection(), ("category",), "ledger"),
        # Who bought on two days is one buyer.
        (("buyers",), Selection(), (), "ledger"),
        (("revenue",), Selection(segment=("champions",)), (), "ledger"),
        (("revenue",), Selection(), ("acquisition_source",), "ledger"),
    ],
)
def test_sums_by_day_serve_only_what_they_hold_exactly(
    store: Store, names: tuple[str, ...], selection: Selection, by: tuple[str, ...], table: str
) -> None:
    assert source(scope(store, selection, of=names, by=by)) == table


def test_a_day_has_few_rows_and_the_ledgers_totals(store: Store) -> None:
    sums, ledger = store.table("day_sums"), store.table("ledger")
    whole = sums.filter(~sums.of_category)
    rows, told = (
        store.fetch(table.agg(rows=table.count(), refund=refund.sum().cast("float64"))).iloc[0]
        for table, refund in ((whole, whole.refunds), (ledger, ledger.refund))
    )
    assert rows["refund"] == told["refund"] > 0
    assert rows["rows"] < told["rows"] / 4
    parts = daily(store, ("orders",), Selection())
    assert (
        parts["orders"].sum()
        == measure(store, ("orders",), rows=scope(store, Selection())).totals["orders"]
    )
