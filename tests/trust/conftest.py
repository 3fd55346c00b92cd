"""A shop in which everything that a file can name is an attack on whoever looks at it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crm_core.pipeline.scores import refresh_scores
from crm_core.privacy.gate import customer_code
from tests.app.conftest import code, open_page, people, shops
from tests.small_shop import Rows, line, order, small_shop

__all__ = ["code", "open_page", "people", "shops"]

ATTACKS = (
    "<script>alert(1)</script>",
    '<svg onload="alert(1)">',
    '<img src=x onerror="alert(1)">',
    "![x](http://127.0.0.1:9999/p)",
    "[Reset password](http://evil.example)",
    '<iframe src="http://evil.example"></iframe>',
    "<style>*{display:none}</style>",
    "$x^2$ :material/home: :red[x] # big",
    '<a href="http://evil.example"><b>Bold</b></a>',
    "\u202egpj.exe\u202c\u200b",
    "javascript:alert(1)",
    "data:text/html;base64,PHN2Zz4=",
    "n" * 5_000,
    "👩‍👩‍👧 שלום ليلى 王芳",
    "' OR 1=1--",
    "{customer} {0} %s %(x)s",
)


def hostile_log() -> Rows:
    """Everything a shop can name, named like an attack; each buyer comes back once."""
    rows: Rows = {name: [] for name in ("customers", "identities", "products", "orders")}
    rows |= {"order_lines": [], "reviews": [], "contacts": [], "consents": [], "costs": []}
    begin = datetime(2026, 1, 1, 12)
    for number, attack in enumerate(ATTACKS):
        buyer, product = f"{attack[:60]}{number}", f"{attack[:60]}p{number}"
        rows["customers"].append(
            {
                "customer_id": buyer,
                "acquisition_source": attack,
                "region": attack,
                "country": attack,
            }
        )
        rows["identities"].append(
            {
                "customer_id": buyer,
                "name": attack,
                "email": f"buyer{number}@example.com",
                "phone": attack,
                "address": attack,
                "city": attack,
            }
        )
        rows["products"].append(
            {
                "product_id": product,
                "product_name": attack,
                "category": attack,
                "subcategory": attack,
                "brand": attack,
            }
        )
        for turn in range(2):
            when = begin + timedelta(days=number + 60 * turn)
            key = f"{attack[:60]}o{number}-{turn}"
            rows["orders"].append(
                order(
                    key, buyer, when.isoformat(), sales_channel=attack, region=attack,
                    coupon_code=attack, payment_method=attack, seller_note=attack,
                )
            )  # fmt: skip
            rows["order_lines"].append(line(key, product, str(10 + number)))
        rows["reviews"].append(
            {
                "review_id": str(number),
                "customer_id": buyer,
                "product_id": product,
                "reviewed_at": begin + timedelta(days=90),
                "stars": 1 + number % 5,
                "body": attack,
                "language": attack[:20],
            }
        )
        rows["contacts"].append(
            {
                "contact_id": str(number),
                "customer_id": buyer,
                "occurred_at": begin + timedelta(days=80),
                "direction": "in",
                "contact_channel": "email",
                "topic": attack,
            }
        )
        rows["costs"].append(
            {
                "cost_id": str(number),
                "day": (begin + timedelta(days=number)).date(),
                "kind": "marketing",
                "source": attack,
                "amount": 3,
            }
        )
        rows["consents"].append(
            {
                "customer_id": buyer,
                "contact_channel": "email",
                "purpose": "marketing",
                "state": "granted",
                "at": begin,
                "source": attack,
            }
        )
    return rows


def hostile_shop(folder: Path) -> tuple[Path, list[str]]:
    """The CLIENTELE_VAR of a shop of attacks that is open, and the public codes of its buyers."""
    shop = small_shop(folder, hostile_log(), name=ATTACKS[4])
    refresh_scores(shop.url, settings=shop.settings)
    (shop.settings.var / "active").write_text("shop", encoding="utf-8")
    secret = shop.records.secret("url_key")
    store = shop.open()
    people = store.fetch(store.table("identities")).set_index("email")["customer_key"]
    store.close()
    shop.records.close()
    keys = [int(people[f"buyer{number}@example.com"]) for number in range(len(ATTACKS))]
    return shop.settings.var, [customer_code(secret, key) for key in keys]


@pytest.fixture(scope="session")
def hostile_codes(shops: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The public codes of the buyers of a shop of attacks, which opens as `attacks`."""
    shops["attacks"], codes = hostile_shop(tmp_path_factory.mktemp("attacks"))
    return codes
