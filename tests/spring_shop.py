"""A shop of forty days in spring: enough people for segments and values, names on all of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.small_shop import Rows, line, order

BEGIN = datetime(2026, 5, 1, 12)


def spring_rows(buyers: int, *, before: str = "") -> Rows:
    """People who buy two or three times within forty days; not everything has a known cost."""
    rows: Rows = {"identities": [], "orders": [], "order_lines": [], "products": [], "refunds": []}
    rows["products"] = [{"product_id": "tea", "unit_cost": 4}, {"product_id": "cup"}]
    for buyer in range(buyers):
        code = f"{before}c{buyer}"
        rows["identities"].append(
            {
                "customer_id": code,
                "name": f"Zelda {code}",
                "email": f"zelda.{code}@example.com",
                "phone": f"+49 30 99{buyer:03d}{len(before):02d}",
                "city": "Köpenick",
            }
        )
        for turn in range(2 + buyer % 2):
            number = f"{code}-{turn}"
            when = BEGIN + timedelta(days=(buyer + 13 * turn) % 40)
            rows["orders"].append(order(number, code, when.isoformat()))
            thing = "tea" if buyer % 3 else "cup"
            rows["order_lines"].append(line(number, thing, f"{10 + buyer}.35", 1 + turn))
        if buyer % 7 == 0:
            told = {"refund_id": f"r{code}", "order_id": f"{code}-0", "refunded_at": when}
            rows["refunds"].append({**told, "amount": 3})
    rows["orders"].append(order(f"{before}guest", None, BEGIN.isoformat()))
    rows["order_lines"].append(line(f"{before}guest", "tea", "9.99"))
    return rows
