"""A shop of ordinary orders in memory, and what can be put among them: a rush, a family, praise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from crm_core.store.scratch import Scratch

BEGIN = datetime(2026, 1, 1)
AS_OF = date(2026, 6, 30)
_MONEY = pa.float64()
_SCHEMAS = {
    "order_facts": pa.schema(
        [
            ("order_id", pa.string()), ("order_key", pa.int64()), ("customer_key", pa.int64()),
            ("day", pa.date32()), ("at", pa.timestamp("us")), ("sales_channel", pa.string()),
            ("coupon_code", pa.string()), ("revenue", _MONEY),
        ]
    ),
    "orders": pa.schema(
        [
            ("order_id", pa.string()), ("day", pa.date32()), ("seller_note", pa.string()),
            ("promised_at", pa.timestamp("us")), ("delivered_at", pa.timestamp("us")),
        ]
    ),
    "order_lines": pa.schema(
        [
            ("order_id", pa.string()), ("product_id", pa.string()), ("quantity", pa.int64()),
            ("discount", _MONEY),
        ]
    ),
    "refunds": pa.schema([("order_id", pa.string()), ("day", pa.date32()), ("amount", _MONEY)]),
    "contacts": pa.schema([("customer_key", pa.int64()), ("day", pa.date32())]),
    "identities": pa.schema(
        [
            ("customer_key", pa.int64()), ("address", pa.string()), ("postal_code", pa.string()),
            ("city", pa.string()), ("phone", pa.string()),
        ]
    ),
    "reviews": pa.schema(
        [
            ("review_id", pa.string()), ("customer_key", pa.int64()), ("product_id", pa.string()),
            ("order_id", pa.string()), ("reviewed_at", pa.timestamp("us")), ("stars", pa.int64()),
            ("body", pa.string()), ("day", pa.date32()),
        ]
    ),
}  # fmt: skip


@dataclass
class Rows:
    """Rows of each table, added to in words of a shop."""

    tables: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {name: [] for name in _SCHEMAS}
    )

    def order(
        self,
        customer: int | None,
        at: datetime,
        products: Sequence[str],
        *,
        hours: float = 48.0,
        note: str | None = None,
        pieces: int = 1,
        coupon: str | None = None,
        number: str = "",
    ) -> str:
        """An order of so many pieces of each product, delivered after `hours`."""
        key = len(self.tables["order_facts"]) + 1
        name = number or f"O{key}"
        self.tables["order_facts"].append(
            {
                "order_id": name, "order_key": key, "customer_key": customer, "day": at.date(),
                "at": at, "sales_channel": "web", "coupon_code": coupon, "revenue": 20,
            }
        )  # fmt: skip
        arrived = at + timedelta(hours=hours)
        self.tables["orders"].append(
            {
                "order_id": name, "day": at.date(), "seller_note": note,
                "promised_at": at + timedelta(days=4), "delivered_at": arrived,
            }
        )  # fmt: skip
        for product in products:
            self.tables["order_lines"].append(
                {"order_id": name, "product_id": product, "quantity": pieces, "discount": 0}
            )
        return name

    def review(self, order: str, product: str, stars: int, body: str | None, hours: float) -> str:
        """What the buyer of an order says, `hours` after it was delivered."""
        place = next(
            place
            for place, row in enumerate(self.tables["order_facts"])
            if row["order_id"] == order
        )
        at = self.tables["orders"][place]["delivered_at"] + timedelta(hours=hours)
        number = f"R{len(self.tables['reviews']) + 1}"
        self.tables["reviews"].append(
            {
                "review_id": number, "customer_key": self.tables["order_facts"][place]["customer_key"],
                "product_id": product, "order_id": order, "reviewed_at": at, "stars": stars,
                "body": body, "day": at.date(),
            }
        )  # fmt: skip
        return number

    def lives(self, customer: int, address: str) -> None:
        """Where a customer lives."""
        self.tables["identities"].append(
            {"customer_key": customer, "address": address, "postal_code": "10115"}
        )

    @contextmanager
    def opened(self) -> Iterator[Scratch]:
        """The rows as tables."""
        scratch = Scratch()
        try:
            for name, schema in _SCHEMAS.items():
                scratch.put(name, _table(self.tables[name], schema))
            yield scratch
        finally:
            scratch.close()


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    columns = [
        pa.array([row.get(name.name) for row in rows], from_pandas=True).cast(name.type)
        for name in schema
    ]
    return pa.table(columns, schema=schema)


def ordinary(orders: int = 1200, seed: int = 3) -> Rows:
    """People who buy one to three of thirty things in six months, by day, and review one in six."""
    draw, rows = np.random.default_rng(seed), Rows()
    words = pd.Series(
        ["My aunt uses it for soup.", "Arrived on a rainy Tuesday, well packed.",
         "A bit smaller than the old one but fine for two.", "The lid closes tightly, no drops.",
         "Bought for the office kitchen, nobody complained.", "Colour as in the picture, rim is thin.",
         "It took me a while to like the handle.", "Washes well, the logo faded after a month."]
    )  # fmt: skip
    for number in range(orders):
        customer = int(draw.integers(1, orders // 4))
        at = BEGIN + timedelta(days=int(draw.integers(175)), hours=float(draw.uniform(8, 22)))
        held = draw.choice(30, size=int(draw.integers(1, 4)), replace=False)
        products = [f"P{each}" for each in held]
        order = rows.order(customer, at, products, hours=float(draw.uniform(30, 90)))
        if number % 6 == 0:
            text = (
                f"{words[int(draw.integers(len(words)))]} {words[int(draw.integers(len(words)))]}"
            )
            wait = float(draw.uniform(24, 400))
            rows.review(order, products[0], int(draw.integers(3, 6)), text, wait)
    return rows
