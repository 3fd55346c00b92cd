"""Past days are kept by a refresh, cut as the shop cuts its scores."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.models import standing
from crm_core.pipeline import scores
from crm_core.pipeline.score_steps import STEPS
from crm_core.records import ShopSettings
from crm_core.store import Store
from tests.small_shop import Rows, SmallShop, day, line, order, small_shop

QUICK = ("features", "rfm", "lifecycle", "segment_history")
TOLD = (
    ("ann", "2026-01-10", "30"),
    ("ann", "2026-02-11", "12"),
    ("bob", "2026-01-31", "90"),
    ("bob", "2026-03-20", "9"),
    ("eva", "2026-02-02", "400"),
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallShop:
    rows: Rows = {"orders": [], "order_lines": []}
    for place, (who, when, price) in enumerate(TOLD):
        rows["orders"].append(order(f"o{place}", who, f"{when}T10:00:00"))
        rows["order_lines"].append(line(f"o{place}", "tea", price))
    monkeypatch.setattr(scores, "STEPS", {name: STEPS[name] for name in QUICK})
    return small_shop(tmp_path, rows)


def counted(store: Store, table: str) -> dict[str, int]:
    rows = store.table(table)
    found = store.fetch(rows.group_by("segment").agg(n=rows.count()))
    return dict(zip(found["segment"], found["n"], strict=True))


@pytest.mark.slow
def test_month_ends_are_kept_and_a_small_shop_needs_none(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores.refresh_scores(shop.url, settings=shop.settings)
    store = shop.open()
    assert not store.has(standing.HISTORY)
    store.close()
    monkeypatch.setattr(standing, "LEAST_KEPT", 1)
    scores.refresh_scores(shop.url, settings=shop.settings)
    store = shop.open()
    rows = store.table(standing.HISTORY)
    found = store.fetch(rows.group_by("as_of").agg(n=rows.count()).order_by("as_of"))
    assert [at.date().isoformat() for at in found["as_of"]] == [
        "2026-01-31",
        "2026-02-18",
        "2026-02-28",
        "2026-03-20",
    ]
    assert found["n"].tolist() == [2, 3, 3, 3]
    store.close()


@pytest.mark.slow
def test_other_days_are_cut_as_the_last_refresh_cut_its_scores(shop: SmallShop) -> None:
    sizes: list[dict[str, int]] = []
    for by in ("quantiles", "fixed"):
        said = ShopSettings(rfm_by=by)
        scores.refresh_scores(shop.url, settings=shop.settings, said=said)
        store = shop.open()
        sizes.append(counted(store, "rfm"))
        known = standing.standing(store, day("2026-03-20"), "rfm")
        found = store.fetch(known.group_by("code").agg(n=known.count()))
        assert dict(zip(found["code"], found["n"], strict=True)) == sizes[-1]
        store.close()
    assert sizes[0] != sizes[1]
