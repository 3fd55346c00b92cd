"""The bars are the contribution, to the cent, and what is behind a bar is the bar."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.metrics import BARS, METRICS, Sum, measure, scope
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.customer import customer
from crm_core.views.waterfall import behind_customer, behind_group, waterfall


def cents(amount: float | None) -> Decimal:
    assert amount is not None
    return Decimal(str(amount)).quantize(Decimal("0.01"))


@pytest.fixture(scope="module")
def cared_for(store: Store) -> int:
    """Who has orders, refunds and contacts that cost something."""
    ledger = store.table("ledger").filter(lambda t: t.customer_key.notnull())
    each = ledger.group_by("customer_key").agg(kinds=ledger.entry.nunique(), rows=ledger.count())
    best = each.filter(each.kinds == 3).order_by(each.rows.desc(), "customer_key")
    return int(store.fetch(best.limit(1))["customer_key"].iloc[0])


def test_the_bars_are_made_of_the_very_columns_of_the_contribution() -> None:
    whole = METRICS["contribution"]
    assert isinstance(whole, Sum)
    columns = {1: [], -1: []}
    for parts in BARS.values():
        for name, sign in parts:
            metric = METRICS[name]
            assert isinstance(metric, Sum)
            columns[sign] += metric.plus
            columns[-sign] += metric.minus
    assert sorted(columns[1]) == sorted(whole.plus)
    assert sorted(columns[-1]) == sorted(whole.minus)


def test_a_customers_bars_add_up_to_the_cent(store: Store, owner: Access, cared_for: int) -> None:
    view = customer(Selection(), store=store, access=owner, key=cared_for)
    assert view is not None
    *bars, left = view.bars
    assert [bar.part for bar in bars] == list(BARS)
    assert sum(cents(bar.amount) for bar in bars) == cents(left.amount)
    assert {bar.part: bar.basis for bar in bars}["marketing_cost"] == "allocated"
    for bar in bars:
        found = behind_customer(Selection(), store=store, access=owner, key=cared_for, bar=bar.part)
        assert len(found.rows) == found.total > 0
        assert sum(map(cents, found.rows["amount"])) == cents(bar.amount) == cents(found.amount)
        assert found.rows["at"].is_monotonic_decreasing


def test_service_shows_the_contacts_and_revenue_the_orders(
    store: Store, owner: Access, cared_for: int
) -> None:
    contacts, orders = (
        behind_customer(Selection(), store=store, access=owner, key=cared_for, bar=bar).rows
        for bar in ("service_cost", "revenue")
    )
    told = store.table("contacts")
    told = store.fetch(told.filter(told.customer_key == cared_for))
    assert set(contacts["reference"]) <= set(told["contact_channel"])
    facts = store.table("order_facts")
    mine = store.fetch(facts.filter(facts.customer_key == cared_for))
    assert set(orders["reference"]) == set(mine["order_id"])


@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(segment=("champions",)),
        Selection(period="all", region=("DE",)),
    ],
)
def test_a_groups_bars_add_up_and_nothing_is_lost(
    store: Store, owner: Access, selection: Selection
) -> None:
    view = waterfall(selection, store=store, access=owner)
    *bars, left = view.bars
    assert sum(cents(bar.amount) for bar in bars) == cents(left.amount)
    period = Period(view.start, view.end)
    whole = measure(store, ["contribution"], rows=scope(store, selection, period)).totals
    assert left.amount is not None
    assert left.amount + (view.elsewhere or 0.0) == pytest.approx(whole["contribution"])


def test_behind_a_groups_bar_are_those_who_hold_most(store: Store, owner: Access) -> None:
    rows = behind_group(Selection(), store=store, access=owner, bar="refunds")
    assert len(rows) == 25
    assert rows["amount"].is_monotonic_increasing
    assert isinstance(rows, pd.DataFrame)
    with pytest.raises(CrmError, match="unknown_choice"):
        behind_group(Selection(), store=store, access=owner, bar="refund")
