"""A shop for the battery: an invented one, and rows on which engines like to differ."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from crm_core.demo import END_DAY, generate, write_canonical
from crm_core.pipeline.imports import run_import
from crm_core.records import CampaignPlan, Sealing
from crm_core.store.imports import recognise
from tests.small_shop import NOW, Rows, SmallShop, line, order, write_rows

CUSTOMERS = 250
#: The stock of every product on every day is most of the demo's rows: the odd rows have their own.
LEFT_OUT = ("stock", "web_events")

_NAMES = ("Émile", "emile", "ZOË", "Ünal", "李娜", "O'Neill", "100% Ann", "a_b", "back\\slash", " ")


def odd_rows() -> Rows:
    """Ties, halves of cents, texts of every alphabet, amounts without lines, people without ids."""
    orders, lines = [], []
    for number, name in enumerate(_NAMES):
        for again in range(1 + number % 3):
            name_of_order = f"x{number}-{again}"
            orders.append(
                order(
                    name_of_order,
                    f"odd{number}" if name.strip() else None,
                    f"2026-08-{1 + again:02d}T12:00:00",  # many at one moment
                    status="Pending" if again == 2 else ("completed", "COMPLETED")[number % 2],
                    sales_channel=name,
                    region=name if number % 2 else None,
                    shipping_income=Decimal("1.01") if number % 2 else None,
                    fees=Decimal("0.05") if number % 4 == 0 else None,
                )
            )
            for product, price in (("tea", "0.335"), ("Ünal", "1.005"), ("tea%", "0.0100")):
                lines.append(line(name_of_order, product, price, 1 + number))
    refunds = [
        {
            "refund_id": f"r{number}",
            "order_id": f"x{number}-0",
            "line_id": f"x{number}-0-tea" if number % 2 else None,
            "refunded_at": datetime(2026, 8, 5, 9),
            "amount": Decimal("0.05"),
            "quantity": 1 if number % 3 else None,
            "restocked": number % 2 == 0,
        }
        for number in range(8)
    ]
    stock = [
        {
            "product_id": product,
            "day": date(2026, 7, 20) + timedelta(number),
            "on_hand": 0 if (number + place) % 9 in (3, 4, 5) else 7 * place + number % 4,
            "incoming": 5 if number % 2 else None,
        }
        for place, product in enumerate(("tea", "Ünal", "tea%"))
        for number in range(30)
    ]
    return {
        "stock": stock,
        "identities": [
            {
                "customer_id": f"odd{number}",
                "name": name,
                "email": f"odd{number}@Exämple.com",
                "phone": f"+49 (0)30 {number}45 67 89",
                "postal_code": "10115" if number % 2 else " ",
                "city": "Köln",
                "address": "Weg 1",
            }
            for number, name in enumerate(_NAMES)
        ],
        "products": [
            {"product_id": "tea", "category": "tea", "unit_cost": Decimal("0.1250")},
            {"product_id": "Ünal", "category": "Ünal"},
            {"product_id": "tea%", "category": None},
        ],
        "orders": orders,
        "order_lines": lines,
        "refunds": refunds,
        "costs": [
            {
                "cost_id": "o1",
                "day": date(2026, 8, 1),
                "kind": "marketing",
                "source": "ads",
                "amount": Decimal("7.77"),
            },
            {
                "cost_id": "o2",
                "day": date(2026, 8, 30),
                "kind": "fees",
                "source": "bank",
                "amount": Decimal("3.33"),
            },
        ],
        "consents": [
            {
                "customer_id": f"odd{number}",
                "contact_channel": "email",
                "purpose": "marketing",
                "state": "granted",
                "at": datetime(2026, 8, 1),
            }
            for number in range(5)
        ],
        "web_events": [
            {
                "event_id": f"e{number}",
                "customer_id": f"odd{number % 4}" if number % 3 else None,
                "visitor_id": f"v{number % 5}" if number % 7 else None,
                "occurred_at": datetime(2026, 8, 1 + number % 4, 12, number),
                "event": ("view", "Cart", "purchase", "home", None)[number % 5],
                "product_id": ("tea", "Ünal", None)[number % 3],
                "source": ("ads", "Émile", None)[number % 3],
            }
            for number in range(40)
        ],
    }


def fill(shop: SmallShop, folder: Path) -> None:
    """The invented shop first, the odd rows after it."""
    invented = folder / "invented"
    write_canonical(
        invented, generate(customers=CUSTOMERS, seed=3, end_day=END_DAY), end_day=END_DAY
    )
    for name in LEFT_OUT:
        (invented / f"{name}.parquet").unlink()
    for files in (invented, write_rows(folder / "odd", odd_rows())):
        run_import(
            recognise([files]),
            url=shop.url,
            settings=shop.settings,
            records=shop.records,
            now=NOW,
        )
    _seal(shop)


def _seal(shop: SmallShop) -> None:
    """A campaign with everybody of the first keys, every fifth held out."""
    plan = CampaignPlan("Letters", {"all": []}, "email", date(2026, 8, 10), window_days=20)
    draft = shop.records.add_campaign(plan, owner="ann", now=NOW)
    keys = list(range(1, 80))
    arms = ["holdout" if key % 5 == 0 else "treatment" for key in keys]
    rows = {
        "customer_key": pa.array(keys, pa.int64()),
        "arm": arms,
        "stratum": ["Ünal"] * len(keys),
    }
    shop.records.seal_campaign(
        draft.id,
        [pa.record_batch(rows)],
        Sealing("scores", date(2026, 8, 1), {}),
        version=draft.version,
        now=NOW,
    )
