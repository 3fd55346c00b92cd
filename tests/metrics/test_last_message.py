"""Which campaign wrote last before an order, by the days of the shop."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from crm_core.metrics import last_messages
from crm_core.store import Store
from tests.small_shop import line, order, small_shop


class WithCampaign:
    """A store with one more campaign of its own, begun on a day and sent to everybody."""

    def __init__(self, store: Store, starts_on: date) -> None:
        self._store, self._starts_on = store, starts_on

    def has(self, name: str) -> bool:
        return name in ("campaigns", "campaign_members") or self._store.has(name)

    def table(self, name: str) -> ir.Table:
        people = self._store.table("customer_facts")
        campaign = ibis.literal("c1")
        if name == "campaigns":
            begun = ibis.literal(self._starts_on)
            told = people.select(id=campaign, name=ibis.literal("own"), starts_on=begun)
            return told.distinct()
        if name == "campaign_members":
            arm = ibis.literal("treated")
            return people.select("customer_key", campaign_id=campaign, arm=arm)
        return self._store.table(name)


def touch(number: int, who: str, name: str, at: str) -> dict[str, Any]:
    return {
        "touch_id": str(number),
        "customer_id": who,
        "campaign": name,
        "arm": "treated",
        "contact_channel": "email",
        "sent_at": datetime.fromisoformat(at),
    }


def test_days_before_an_order_are_the_shops(tmp_path: Path) -> None:
    """Half past midnight on the 10th in Shanghai is the 9th in UTC."""
    rows = {
        "orders": [
            order("on the day", "ann", "2026-06-09T16:30:00"),
            order("the eve", "bob", "2026-06-09T15:30:00"),
            order("30 days", "cem", "2026-06-09T17:00:00"),
            order("31 days", "dan", "2026-06-09T17:00:00"),
        ],
        "order_lines": [line(name, "cup", "10") for name in
                        ("on the day", "the eve", "30 days", "31 days")],
        "touches": [
            touch(1, "cem", "may", "2026-05-10T17:00:00"),
            touch(2, "dan", "may", "2026-05-10T15:00:00"),
        ],
    }  # fmt: skip
    store = small_shop(tmp_path, rows, timezone="Asia/Shanghai").open()
    told = last_messages(WithCampaign(store, date(2026, 6, 10)))  # pyright: ignore
    orders = store.table("order_facts").select("order_key", "order_id")
    found = store.fetch(orders.left_join(told, "order_key").select("order_id", "campaign"))
    campaigns = found.set_index("order_id")["campaign"].fillna("").to_dict()
    assert campaigns["on the day"] == "own"
    assert campaigns["the eve"] == ""
    before = last_messages(WithCampaign(store, date(2026, 12, 1)))  # pyright: ignore
    found = store.fetch(orders.left_join(before, "order_key").select("order_id", "campaign"))
    campaigns = found.set_index("order_id")["campaign"].fillna("").to_dict()
    store.close()
    assert (campaigns["30 days"], campaigns["31 days"]) == ("may", "")
