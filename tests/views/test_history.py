from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.history import DRAWN, KINDS, History, history, order_lines
from tests.small_shop import line, order, small_shop


def seen(store: Store, access: Access, key: int, **asked: Any) -> History:
    return history(Selection(), store=store, access=access, key=key, **asked)


@pytest.fixture(scope="module")
def busy(store: Store) -> int:
    """The customer with the most talks: somebody with every kind of event, or nearly."""
    contacts = store.fetch(store.table("contacts").select("customer_key"))
    return int(contacts["customer_key"].value_counts().index[0])


@pytest.mark.slow
def test_pages_hold_every_event_once_newest_first(store: Store, owner: Access, busy: int) -> None:
    first = seen(store, owner, busy, size=41)
    count = -(-first.total // 41)
    pages = [seen(store, owner, busy, page=page, size=41).rows for page in range(1, count + 1)]
    whole = pd.concat(pages, ignore_index=True)
    assert len(whole) == first.total > 41
    assert whole["at"].is_monotonic_decreasing
    once = seen(store, owner, busy, size=first.total).rows
    pd.testing.assert_frame_equal(whole, once)


def test_counts_are_those_of_the_tables(store: Store, owner: Access, busy: int) -> None:
    view = seen(store, owner, busy)
    tables = {"order": "orders", "contact": "contacts", "review": "reviews", "touch": "touches"}
    for kind, name in tables.items():
        table = store.table(name)
        assert view.counts[kind] == len(store.fetch(table.filter(table.customer_key == busy)))
    assert set(view.counts) == set(KINDS)
    assert len(view.drawn) == min(view.total, DRAWN)


def test_days_are_the_shops_days(store: Store, owner: Access, busy: int) -> None:
    rows = seen(store, owner, busy, size=500).rows
    bought = rows[rows["kind"] == "order"].dropna(subset=["amount"]).set_index("order_key")
    facts = store.table("order_facts")
    days = store.fetch(facts.filter(facts.customer_key == busy)).set_index("order_key")["day"]
    assert len(days) == len(bought)
    for number, day in days.items():
        assert bought.loc[number, "at"].date() == day.date()


def test_money_of_orders_and_refunds_is_that_of_the_features(
    store: Store, owner: Access, busy: int, features: pd.DataFrame
) -> None:
    rows = seen(store, owner, busy, size=500).rows
    mine = features.set_index("customer_key").loc[busy]
    amounts = rows.groupby("kind")["amount"].sum()
    assert amounts["order"] == pytest.approx(float(mine["revenue"]))
    assert amounts.get("refund", 0.0) == pytest.approx(float(mine["refunds"]))


def test_lines_of_an_order_add_up_to_it(store: Store, owner: Access, busy: int) -> None:
    rows = seen(store, owner, busy, size=500).rows
    bought = rows[rows["kind"] == "order"].dropna(subset=["amount"])
    for row in bought.head(5).to_dict("records"):
        number = int(row["order_key"])
        lines = order_lines(Selection(), store=store, access=owner, key=busy, order_key=number)
        assert lines.totals["revenue"] == pytest.approx(row["amount"])
        assert lines.rows["units"].sum() == row["quantity"]
        assert lines.rows["product_name"].notna().all()


def test_an_order_of_somebody_else_stays_shut(store: Store, owner: Access, busy: int) -> None:
    facts = store.table("order_facts")
    other = store.fetch(facts.filter(facts.customer_key != busy).limit(1))["order_key"].iloc[0]
    lines = order_lines(Selection(), store=store, access=owner, key=busy, order_key=int(other))
    assert lines.rows.empty


def test_a_cancelled_order_is_told_but_has_no_money(tmp_path: Path, owner: Access) -> None:
    shop = small_shop(
        tmp_path,
        {
            "orders": [
                order("1", "a", "2026-01-05T23:30:00"),
                order("2", "a", "2026-01-07T10:00:00") | {"status": "cancelled"},
            ],
            "order_lines": [line("1", "tea", "10"), line("2", "tea", "99")],
        },
        timezone="Europe/Berlin",
    )
    store = shop.open()
    view = seen(store, owner, 1)
    cancelled, paid = view.rows.to_dict("records")
    assert (cancelled["reference"], cancelled["code"]) == ("2", "cancelled")
    assert pd.isna(cancelled["amount"])
    assert paid["amount"] == 10
    assert str(paid["at"]) == "2026-01-06 00:30:00"
    number = int(cancelled["order_key"])
    lines = order_lines(Selection(), store=store, access=owner, key=1, order_key=number)
    assert lines.rows.empty
    store.close()


def test_who_did_nothing_has_no_history(store: Store, owner: Access) -> None:
    view = seen(store, owner, 987_654_321)
    assert view.total == 0
    assert view.rows.empty


@pytest.mark.parametrize("asked", [{"page": 0}, {"page": 300}, {"size": 0}])
def test_pages_end_somewhere(store: Store, owner: Access, asked: dict[str, int]) -> None:
    with pytest.raises(CrmError, match="unknown_choice"):
        seen(store, owner, 1, **asked)
