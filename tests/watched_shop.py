"""A small shop whose scores hold a forecast's trials with odd days, and what the refresh found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from crm_core.pipeline import score_steps, scores
from crm_core.pipeline.attention_steps import attention
from crm_core.pipeline.learned import Scoring
from tests.models.trials import drawn, dropped
from tests.small_shop import Rows, SmallShop, line, order, small_shop

END = date(2026, 6, 29)
FEW, MANY = "region 3", "region 1"
EVIL = "Tea <b>&amp;</b> [x](http://evil.example) *"


def rows() -> Rows:
    """Ten weeks of orders; tea ran out nine days ago; three people live in FEW, eight in MANY."""
    told: Rows = {"orders": [], "order_lines": [], "stock": []}
    told["products"] = [{"product_id": "tea", "product_name": EVIL, "category": "goods 1"}]
    for back in range(70):
        when = END - timedelta(back)
        who = back % 11
        bought = "tea" if back >= 9 else "cake"
        region = FEW if who < 3 else MANY
        told["orders"].append(order(f"o{back}", f"c{who}", f"{when}T09:00:00", region=region))
        told["order_lines"].append(line(f"o{back}", bought, "40"))
        told["stock"].append({"product_id": "tea", "day": when, "on_hand": 0 if back < 9 else 5})
    return told


def trials(members: tuple[str, ...]) -> pd.DataFrame:
    """The forecast's trials with some members at half in the last week."""
    told = drawn(7, orders=2_000, shared=0.01)
    for member in members:
        told = dropped(told, member, 0.5)
    shift = pd.Timedelta(days=1)  # the drawn ones end a day later
    return told.assign(origin=told["origin"] - shift, day=told["day"] - shift)


def events() -> pd.DataFrame:
    """One event ahead that was seen, one of the shop's own that was not, one far away, one over."""
    columns = ["event", "starts_on", "ends_on", "extra", "times_seen", "is_past"]
    ahead = [
        ("singles_day", END + timedelta(11), END + timedelta(12), 1_234.0, 2, False),
        (f"own:{EVIL}", END + timedelta(3), END + timedelta(4), None, 0, False),
        ("black_friday", END + timedelta(60), END + timedelta(63), 900.0, 1, False),
        ("christmas", END - timedelta(9), END - timedelta(5), 500.0, 1, True),
    ]
    return pd.DataFrame(ahead, columns=columns)


def periods() -> pd.DataFrame:
    """Sums of the next days, as the forecast keeps them."""
    common = {"measure": "net_revenue", "dimension": "total", "member": "", "grain": "to_date"}
    told = [
        {**common, "starts_on": END + timedelta(1), "ends_on": END + timedelta(days),
         "value": days * 100.0, "low_80": days * 90.0, "high_80": days * 110.0,
         "low_95": days * 80.0, "high_95": days * 120.0}
        for days in range(1, 91)
    ]  # fmt: skip
    return pd.DataFrame(told)


def watched_shop(folder: Path, patch: pytest.MonkeyPatch, *members: str) -> SmallShop:
    """The shop after a refresh that knew these trials."""
    tables = {
        "forecast_trials": trials(members),
        "forecast_events": events(),
        "forecast_periods": periods(),
    }

    def given(job: Scoring) -> None:
        for name, frame in tables.items():
            job.build.upload(name, pa.Table.from_pandas(_dated(frame), preserve_index=False))

    steps: dict[str, Callable[[Scoring], Any]] = {
        "features": score_steps.features,
        "given": given,
        "attention": attention,
    }
    patch.setattr(scores, "STEPS", steps)
    shop = small_shop(folder, rows())
    scores.refresh_scores(shop.url, settings=shop.settings, as_of=END)
    return shop


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    days = [name for name in ("origin", "day", "starts_on", "ends_on") if name in frame]
    return frame.assign(**{name: pd.to_datetime(frame[name]).dt.date for name in days})
