"""A year of a shop whose reviews hold known truths, read as a refresh reads them.

An order a day from 2025-07-05 to 2026-06-29, and a review of it two days later. The lamp breaks and the
pot is better since 2026; the mug was too small until it was mended on 2026-02-01; tea comes late now and
then, as ever. Beside them: two reviews of a cup, and odd ones that name no order.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crm_core.pipeline import scores
from tests.small_shop import Rows, SmallShop, line, order, small_shop

FIRST, HALF, MENDED = datetime(2025, 7, 5, 9), date(2026, 1, 1), date(2026, 2, 1)
DAYS, REVIEWED = 360, 355
#: What some answered when they were asked, from 0 to 10.
ANSWERS = (10,) * 10 + (8,) * 5 + (3,) * 5
_GOOD = ("Lovely, great quality, very happy with it.", "质量很好，非常喜欢，推荐。")
_LAMP = ("It broke after a week, poor quality.", "用了一周就坏了，质量差，失望。")
_MUG = ("Nice but the size is too small for me, disappointed.", "尺寸太小，失望。")
_LATE = ("Delivery was terrible, days too late.", "物流太慢，晚了，失望。")
_POT = ("Bad, the spout leaks, I would not buy this again. I wish it had a lid.",
        "壶嘴漏水，太差了。希望有个盖子。")  # fmt: skip
_CYCLE = ("lamp", "tea", "pot", "tea", "mug", "tea")
_ODD = (
    {"product_id": "cup", "stars": 5, "body": "👍👍👍"},
    {"product_id": "cup", "stars": 5, "body": "好 good 不错 but slow 快递"},
    {"product_id": "tea", "body": "😡"},
    {"product_id": "never sold", "stars": 4, "body": "\u200b <b>=1+1</b>"},
)


def spoken_shop(folder: Path) -> SmallShop:
    """The shop, imported, with its reviews read and nothing else scored."""
    shop = small_shop(folder, _rows())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scores, "STEPS", {"reviews": scores.STEPS["reviews"]})
        scores.refresh_scores(shop.url, settings=shop.settings)
    return shop


def _rows() -> Rows:
    rows: Rows = {
        "customers": [{"customer_id": f"c{n}"} for n in range(60)],
        "products": [{"product_id": each, "product_name": each.title()} for each in ("lamp", "tea", "pot", "mug", "cup")],
        "orders": [], "order_lines": [], "refunds": [], "reviews": [], "contacts": [],
    }  # fmt: skip
    for n in range(DAYS):
        when, product, customer = FIRST + timedelta(n), _CYCLE[n % 6], f"c{n * 7 % 60}"
        rows["orders"].append(order(f"o{n}", customer, when.isoformat()))
        rows["order_lines"].append(line(f"o{n}", product, "60" if product == "lamp" else "20"))
        if product == "lamp" and n % 24 == 0:
            rows["refunds"].append(
                {"refund_id": f"f{n}", "order_id": f"o{n}", "line_id": f"o{n}-lamp",
                 "refunded_at": when + timedelta(1), "amount": Decimal(60)}
            )  # fmt: skip
        if n < REVIEWED:
            rows["reviews"].append(
                {"review_id": f"r{n:03}", "customer_id": customer, "product_id": product, "order_id": f"o{n}",
                 "reviewed_at": when + timedelta(2), **_said(product, when.date(), n)}
            )  # fmt: skip
    last = FIRST + timedelta(REVIEWED)
    rows["reviews"] += [
        {"review_id": f"odd{n}", "reviewed_at": last, **each} for n, each in enumerate(_ODD)
    ]
    rows["contacts"] = [
        {"contact_id": f"k{n}", "customer_id": f"c{n}", "occurred_at": last - timedelta(n), "recommend_score": score}
        for n, score in enumerate(ANSWERS)
    ]  # fmt: skip
    return rows


def _said(product: str, day: date, n: int) -> dict[str, Any]:
    """Stars and words of the n-th order; no two texts are the same."""
    stars, texts = _meant(product, day, n)
    return {"stars": stars, "body": f"{texts[n // 18 % 2]} {n}"}


def _meant(product: str, day: date, n: int) -> tuple[int, tuple[str, str]]:
    turn = n // 6 % 3
    match product:
        case "lamp" if day >= HALF:
            return 1 + turn, _LAMP
        case "pot" if day < HALF:
            return 1 + turn % 2, _POT
        case "mug" if day < MENDED and turn < 2:
            return 2, _MUG
        case "tea" if n % 18 == 1:
            return 2, _LATE
        case _:
            return 4 + n % 2, _GOOD
