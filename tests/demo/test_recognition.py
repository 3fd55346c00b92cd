"""The rules of recognition find the planted double identities, all of them and no others."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.store import Store
from tests.demo.conftest import Ask

Truths = dict[str, Any]


def keys_of(store: Store) -> dict[str, int]:
    links = store.table("identity_links")
    frame = store.fetch(links.filter(links.kind == "source_id").select("value", "customer_key"))
    return dict(zip(frame["value"], frame["customer_key"], strict=True))


@pytest.mark.slow
def test_accounts_of_one_person_are_one_customer_and_no_others(
    store: Store, truths: Truths
) -> None:
    keys, people = keys_of(store), truths["people"]
    together: dict[int, set[str]] = {}
    for account, key in keys.items():
        together.setdefault(key, set()).add(account)
    found = {frozenset(accounts) for accounts in together.values() if len(accounts) > 1}
    assert found == {frozenset(pair) for pair in people["two_accounts"]}
    shared = [keys[account] for account in people["shared_email"]]
    assert len(set(shared)) == len(shared)
    assert all(keys[one] != keys[other] for one, other in people["lookalike_emails"])


def test_guest_orders_belong_to_whose_address_they_tell(
    store: Store, ask: Ask, truths: Truths
) -> None:
    orders = store.table("orders").select("order_id", "customer_key")
    frame = store.fetch(orders)
    found = dict(zip(frame["order_id"], frame["customer_key"].fillna(0).astype(int), strict=True))
    keys = keys_of(store)
    shared = truths["people"]["shared_email_address"]
    guests = ask(
        "select o.order_id, o.email, any_value(i.customer_id) from orders o left join identities i "
        "on lower(i.email) = lower(o.email) where o.customer_id is null group by all"
    )
    by_address: dict[str, int] = {}
    for order_id, email, account in guests:
        if email is None or email == shared:
            assert found[order_id] == 0
        elif account is not None:
            assert found[order_id] == keys[account]
        else:
            address = email.lower()
            assert found[order_id] == by_address.setdefault(address, found[order_id]) > 0
            assert found[order_id] not in keys.values()
    assert len(set(by_address.values())) == len(by_address) > 100
