"""A shop with a customer, Anna, of whom every table tells something: what must go, or be told."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from crm_core.pipeline.imports import Wishes, run_import
from crm_core.privacy.gate import customer_code
from crm_core.records import Subject
from crm_core.store.imports import recognise
from tests.small_shop import NOW, Rows, SmallShop, line, order, small_shop

#: What would tell Anna from others, wherever it stands.
ANNA = ("anna", "a-1", "a-2", "lindenweg", "+493023125001", "23125001", "visit-9", "lovely tea")


def may() -> Rows:
    """Anna has two ids with one address, a phone, a household; Carl has an account of his own."""
    person = {"country": "DE"}
    return {
        "customers": [
            {"customer_id": "a-1", "account_id": "haus-7", **person},
            {"customer_id": "c-1", **person},
        ],
        "accounts": [
            {"account_id": "haus-7", "account_name": "Anna Lee", "account_kind": "household"}
        ],
        "identities": [
            {
                "customer_id": "a-1", "name": "Anna Lee", "email": "Anna@Example.com",
                "phone": "+49 30 23125001", "address": "Lindenweg 3", "city": "Berlin",
            },
            {"customer_id": "a-2", "name": "Anna L.", "email": "anna@example.com"},
            {"customer_id": "c-1", "name": "Carl", "email": "carl@example.com"},
        ],
        "orders": [
            order("1", "a-1", "2026-05-01T10:00:00", seller_note="ring at Anna's"),
            order("2", "a-2", "2026-05-02T10:00:00"),
            order("3", "c-1", "2026-05-03T10:00:00"),
            order("4", None, "2026-05-04T10:00:00", phone="+49 30 23125001"),
        ],
        "order_lines": [line(str(number), "tea", "10") for number in (1, 2, 3, 4)],
        "refunds": [
            {
                "refund_id": "r1", "order_id": "1", "refunded_at": datetime(2026, 5, 5),
                "amount": 4, "line_id": "1-tea",
            }
        ],
        "contacts": [
            {
                "contact_id": "t1", "customer_id": "a-1", "occurred_at": datetime(2026, 5, 6),
                "direction": "in", "contact_channel": "phone", "cost": 3,
            }
        ],
        "web_events": [
            {
                "event_id": "w1", "customer_id": "a-1", "visitor_id": "visit-9",
                "occurred_at": datetime(2026, 5, 1), "event": "view",
            },
            {
                "event_id": "w2", "visitor_id": "visit-9",
                "occurred_at": datetime(2026, 4, 30), "event": "view",
            },
            {
                "event_id": "w3", "visitor_id": "visit-1",
                "occurred_at": datetime(2026, 4, 30), "event": "view",
            },
        ],
        "reviews": [
            {
                "review_id": "v1", "customer_id": "a-2", "product_id": "tea", "stars": 5,
                "reviewed_at": datetime(2026, 5, 9), "body": "Lovely tea",
            }
        ],
        "touches": [
            {
                "touch_id": "m1", "customer_id": "a-1", "campaign": "spring", "arm": "treated",
                "sent_at": datetime(2026, 4, 1),
            }
        ],
        "consents": [yes("a-1"), yes("c-1")],
    }  # fmt: skip


def yes(customer: str) -> dict[str, Any]:
    return {
        "customer_id": customer,
        "contact_channel": "email",
        "purpose": "marketing",
        "state": "granted",
        "at": datetime(2026, 1, 1),
    }


def june() -> Rows:
    """Anna moved, and a row of her cannot be understood."""
    return {
        "identities": [
            {"customer_id": "a-1", "name": "Anna Lee", "address": "Am Ufer 1"},
            {"customer_id": "d-1", "name": "Dora"},
        ],
        "orders": [order("5", "d-1", "2026-06-01T10:00:00")],
        "order_lines": [line("5", "pot", "40")],
    }


BAD_CSV = """Order ID,Order Date,Customer ID,Email,SKU,Quantity,Price
9,2026-06-03,c-1,carl@example.com,tea,1,10
10,2026-02-30,a-1,anna@example.com,tea,1,10
11,2026-02-30,x-7,ANNA@example.com ,tea,1,10
12,2026-02-30,x-8,eve@example.com,tea,1,10
"""


def annas_shop(folder: Path) -> SmallShop:
    """A shop of three imports with decisions about Anna of every kind."""
    shop = small_shop(folder, may())
    shop.load(june(), name="june")
    bad = shop.folder / "bad.csv"
    bad.write_text(BAD_CSV, encoding="utf-8")
    run_import(
        recognise([bad]), url=shop.url, settings=shop.settings, records=shop.records, now=NOW,
        wishes=Wishes(keep_originals=True),
    )  # fmt: skip
    key, other = keys(shop)["a-1"], keys(shop)["c-1"]
    records, secret = shop.records, shop.records.secret("url_key")
    records.suppress([key, other], "sms", reason="asked", now=NOW)
    records.set_apart("email", "anna@example.com", user="owner", now=NOW)
    records.add_id_list("fair", [key, other], told={}, owner="owner", now=NOW)
    for whom in (key, other):
        about = Subject("customer", customer_code(secret, whom))
        records.add_note(about, text="calls in the morning", day=NOW.date(), author="o", now=NOW)
    return shop


def keys(shop: SmallShop) -> dict[str, int]:
    with closing(shop.open()) as store:
        links = store.table("identity_links")
        frame = store.fetch(links.filter(links.kind == "source_id"))
        return dict(zip(frame["value"], map(int, frame["customer_key"]), strict=True))
