from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from crm_core.audiences import members
from crm_core.errors import CrmError
from crm_core.privacy.gate import search
from crm_core.privacy.policy import Access
from crm_core.records import Records
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.customers import (
    BOUGHT,
    MONTHS,
    ORDERS,
    SORTS,
    customers,
    customers_total,
    quick_rule,
)
from tests.examples import fast

LOYAL = Selection(segment=("loyal",))
QUICK = [("any", "any", None), ("90", "repeat", 200.0), ("before_365", "one", None)]


def pages(
    store: Store, owner: Access, selection: Selection, size: int, **asked: Any
) -> pd.DataFrame:
    total = customers_total(selection, store=store, access=owner)
    count = -(-total // size)
    found = [
        customers(selection, store=store, access=owner, page=page, size=size, **asked).rows
        for page in range(1, count + 1)
    ]
    beyond = customers(selection, store=store, access=owner, page=count + 1, size=size, **asked)
    assert beyond.rows.empty
    return pd.concat(found, ignore_index=True)


#: One order at the gate, the others among the slow tests.
SORTED = fast(SORTS, "revenue")


@pytest.mark.parametrize("ascending", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("sort", SORTED)
def test_pages_hold_every_customer_once_in_order(
    store: Store, owner: Access, features: pd.DataFrame, sort: str, ascending: bool
) -> None:
    listed = pages(store, owner, LOYAL, 40, sort=sort, ascending=ascending)
    wanted = features.loc[features["segment"] == "loyal", "customer_key"]
    assert sorted(listed["customer_key"]) == sorted(wanted)
    order = listed.sort_values(
        [sort, "customer_key"], ascending=[ascending, True], na_position="last", kind="stable"
    )
    assert list(order["customer_key"]) == list(listed["customer_key"])


@pytest.mark.parametrize(("bought", "orders", "least"), QUICK)
def test_quick_filters_leave_who_they_name(
    store: Store,
    owner: Access,
    features: pd.DataFrame,
    bought: str,
    orders: str,
    least: float | None,
) -> None:
    kept = features
    if bought == "90":
        kept = kept[kept["recency_days"] < 90]
    if bought == "before_365":
        kept = kept[kept["recency_days"] >= 365]
    kept = kept[kept["orders"] >= 2] if orders == "repeat" else kept
    kept = kept[kept["orders"] == 1] if orders == "one" else kept
    kept = kept[kept["revenue"] >= least] if least else kept
    asked: dict[str, Any] = {"bought": bought, "orders": orders, "least": least}
    assert customers_total(Selection(), store=store, access=owner, **asked) == len(kept) > 0
    picked = members(store, quick_rule(bought, orders, least))
    assert len(store.fetch(picked.select("customer_key"))) == len(kept)


def test_every_quick_filter_is_a_rule() -> None:
    for bought in BOUGHT:
        for orders in ORDERS:
            assert quick_rule(bought, orders)


def test_twelve_months_are_what_was_spent_in_them(store: Store, owner: Access) -> None:
    rows = customers(Selection(), store=store, access=owner, size=25).rows
    days = store.fetch(store.table("customer_days"))
    days["month"] = pd.to_datetime(days["day"]).dt.to_period("M")
    last = pd.Period(store.meta.as_of, "M")
    for row in rows.to_dict("records"):
        mine = days[days["customer_key"] == row["customer_key"]]
        spent = [mine.loc[mine["month"] == last - back, "revenue"].sum() for back in range(MONTHS)]
        assert row["months"] == pytest.approx([float(money) for money in reversed(spent)])


def test_a_search_lists_whom_it_found_whatever_the_filters_say(
    store: Store, owner: Access, features: pd.DataFrame
) -> None:
    people = store.fetch(store.table("customer_facts").select("customer_key"))
    strangers = sorted(set(people["customer_key"]) - set(features["customer_key"]))
    buyers = sorted(features["customer_key"])[:3]
    found = tuple(int(key) for key in [*buyers, *strangers[:1]])
    narrow = Selection(segment=("champions",), region=("nowhere",))
    view = customers(narrow, store=store, access=owner, found=found, orders="five")
    assert sorted(view.rows["customer_key"]) == sorted(found)
    assert customers_total(narrow, store=store, access=owner, found=found) == len(found)


def test_a_search_that_finds_nobody_lists_nobody(store: Store, owner: Access) -> None:
    assert customers(Selection(), store=store, access=owner, found=()).rows.empty
    assert customers_total(Selection(), store=store, access=owner, found=()) == 0


def test_a_viewer_may_not_search_by_name(store: Store, records: Records, viewer: Access) -> None:
    with pytest.raises(CrmError, match="privacy_denied"):
        search(store, viewer, "anna", secret=records.secret("url_key"))


def test_rows_name_nobody(store: Store, owner: Access) -> None:
    rows = customers(Selection(), store=store, access=owner, size=25).rows
    assert not {"name", "email", "phone", "address"} & set(rows.columns)


@pytest.mark.parametrize(
    "asked",
    [{"sort": "name"}, {"bought": "never"}, {"orders": "six"}, {"page": 0}, {"size": 100_000}],
)
def test_what_is_not_offered_is_refused(store: Store, owner: Access, asked: dict[str, Any]) -> None:
    with pytest.raises(CrmError, match="unknown_choice"):
        customers(Selection(), store=store, access=owner, **asked)


def test_without_scores_the_list_is_empty(unscored: Store, owner: Access) -> None:
    assert customers(Selection(), store=unscored, access=owner).as_of is None
    assert customers_total(Selection(), store=unscored, access=owner) == 0
