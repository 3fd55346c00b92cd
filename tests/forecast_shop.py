"""A shop of half a year with two regions, two categories and two channels, forecast without Prophet."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crm_core.models import forecast as model
from crm_core.models.forecast_members import QUICK
from crm_core.pipeline.score_steps import STEPS
from crm_core.pipeline.scores import Progress, refresh_scores
from tests.small_shop import Rows, SmallShop, line, order, small_shop

START = datetime(2026, 1, 1, 10)
DAYS = 181
_STEPS = ("features", "rfm", "lifecycle", "forecast")


def rows(days: int = DAYS) -> Rows:
    """Three to five orders a day of people who come again after some weeks, more on Saturdays; tea
    north and cups south, every fifth by phone, every ninth by nobody known."""
    orders, lines = [], []
    for day in range(days):
        when = START + timedelta(day)
        for place in range(5 if when.weekday() == 5 else 3):
            number = f"{day}-{place}"
            who = None if len(orders) % 9 == 8 else f"c{(day * 3 + place * 11) % (30 + day // 2)}"
            channel = "phone" if len(orders) % 5 == 0 else "web"
            region = "North" if place % 2 == 0 else "South"
            orders.append(
                order(number, who, when.isoformat(), sales_channel=channel, region=region)
            )
            lines.append(line(number, "tea" if place % 2 == 0 else "cup", str(10 + day % 7)))
    products = [
        {"product_id": "tea", "product_name": "Tea", "category": "Drinks"},
        {"product_id": "cup", "product_name": "Cup", "category": "Table"},
    ]
    return {"orders": orders, "order_lines": lines, "products": products}


def forecast_shop(
    folder: Path, made: Rows, *, progress: Progress = lambda step, share: None
) -> SmallShop:
    """A shop of these rows with its forecast by the methods that take no time."""
    shop = small_shop(folder, made)
    with pytest.MonkeyPatch.context() as patch:
        steps = {name: STEPS[name] for name in _STEPS}
        patch.setattr("crm_core.pipeline.scores.STEPS", steps)
        patch.setattr(model, "MEMBERS", QUICK)
        said = shop.records.shop_settings()
        refresh_scores(shop.url, settings=shop.settings, said=said, progress=progress)
    return shop
