"""What a customer's page says of pairs and discounts: what they have, what they never had."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.metrics.coupons import is_discounted
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.offer_cards import discounts_of, goes_with_own
from crm_core.views.together import together

ALL = Selection()


def owned(store: Store, key: int) -> set[str]:
    ledger: Any = store.table("ledger")
    sold = ledger.filter((ledger.customer_key == key) & (ledger.entry == "sale"))
    named = sold.join(store.table("product_facts"), "product_key")
    return set(store.fetch(named.select("product_name").distinct())["product_name"])


def buyers_of(store: Store, product_id: str) -> set[int]:
    ledger: Any = store.table("ledger")
    products: Any = store.table("product_facts")
    mine = ledger.join(products.filter(products.product_id == product_id), "product_key")
    sold = mine.filter((mine.entry == "sale") & mine.customer_key.notnull())
    return set(store.fetch(sold.select("customer_key").distinct())["customer_key"].astype(int))


def test_who_has_one_of_a_planted_pair_is_told_of_the_other(store: Store, owner: Access) -> None:
    pair = together(ALL, store=store, access=owner).pairs.iloc[0]
    have, both = buyers_of(store, pair["a"]), buyers_of(store, pair["b"])
    without = min(have - both)
    rows = goes_with_own(ALL, store=store, access=owner, key=without)
    mine = owned(store, without)
    assert pair["name_b"] in set(rows["lacks"])
    assert set(rows["has"]) <= mine
    assert not set(rows["lacks"]) & mine
    assert (rows["times"] > 1).all()
    assert rows["lacks"].is_unique
    told = goes_with_own(ALL, store=store, access=owner, key=min(have & both))
    assert pair["name_b"] not in set(told["lacks"])


def test_who_bought_nothing_is_told_nothing(store: Store, owner: Access) -> None:
    assert goes_with_own(ALL, store=store, access=owner, key=-1).empty
    assert discounts_of(ALL, store=store, access=owner, key=-1) is None


@pytest.mark.parametrize("habit", ["always", "sometimes", "never"])
def test_discounts_are_those_of_the_customers_own_orders(
    store: Store, owner: Access, habit: str
) -> None:
    facts: Any = store.table("order_facts")
    orders = store.fetch(
        facts.filter(facts.order_no.notnull() & (facts.customer_key <= 400)).select(
            "customer_key", "coupon_code", "gross", "discount", given=is_discounted(facts)
        )
    )
    share = orders.groupby("customer_key")["given"].mean()
    wanted = {"always": share == 1, "never": share == 0, "sometimes": share.between(0.01, 0.99)}
    key = int(share.index[wanted[habit]][0])
    mine = orders[orders["customer_key"] == key]
    told = discounts_of(ALL, store=store, access=owner, key=key)
    if habit == "never":
        assert told is None
        return
    assert told is not None
    assert (told.orders, told.discounted) == (len(mine), int(mine["given"].sum()))
    assert told.off == pytest.approx(float(mine["discount"].sum()))
    assert told.rate == pytest.approx(float(mine["discount"].sum()) / float(mine["gross"].sum()))
    used = mine["coupon_code"].dropna().value_counts()
    assert all(used[code] == orders for code, orders, _ in told.codes)
