"""What is shipped is taken for the orders it was learned from, and for no others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from crm_core.pipeline import score_steps
from crm_core.pipeline.learned import Documents, Scoring
from crm_core.pipeline.scores import refresh_scores
from crm_core.pipeline.workspace import DEMO_DATA, LEARNED, demo_url
from crm_core.settings import Settings
from tests.small_shop import SmallShop, line, order, small_shop

_DAYS = ("day", "starts_on", "ends_on")


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    rows = {
        "orders": [order("1", "ann", "2026-01-05T10:00:00")],
        "order_lines": [line("1", "tea", "10")],
    }
    return small_shop(tmp_path, rows)


@pytest.fixture
def lessons(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One slow step instead of all others; a line for each time it really learned."""
    learned: list[str] = []

    def step(job: Scoring) -> None:
        def learn() -> Documents:
            learned.append("again")
            job.build.upload("tea_leaves", pa.table({"said": [1.5]}))
            return [("tea", "{}")]

        job.keep("tea", ["tea_leaves"], learn)

    steps: dict[str, Callable[[Scoring], None]] = {"features": score_steps.features, "tea": step}
    monkeypatch.setattr("crm_core.pipeline.scores.STEPS", steps)
    return learned


@pytest.mark.slow
def test_what_was_shipped_is_taken_for_the_same_orders_only(
    shop: SmallShop, lessons: list[str], tmp_path: Path
) -> None:
    refresh_scores(shop.url, settings=shop.settings, ship=tmp_path / "learned")
    assert lessons == ["again"]
    refresh_scores(shop.url, settings=shop.settings, shipped=tmp_path / "learned")
    assert lessons == ["again"]
    store = shop.open()
    assert store.fetch(store.table("tea_leaves"))["said"].tolist() == [1.5]
    assert store.fetch(store.table("fitted"))["model"].tolist() == ["tea"]
    store.close()
    shop.load(
        {
            "orders": [order("2", "ann", "2026-01-06T10:00:00")],
            "order_lines": [line("2", "tea", "10")],
        },
        name="more",
    )
    refresh_scores(shop.url, settings=shop.settings, shipped=tmp_path / "learned")
    assert lessons == ["again", "again"]
    refresh_scores(shop.url, settings=shop.settings)
    assert lessons == ["again"] * 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "more",
    [
        {"stock": [{"product_id": "tea", "day": "2026-01-05", "on_hand": 3}]},
        {"events": [{"event_id": "e", "name_en": "Expo", "starts_on": "2026-01-05", "ends_on": "2026-01-05"}]},
    ],
)  # fmt: skip
def test_what_was_shipped_is_not_taken_for_other_stock_or_events(
    shop: SmallShop, lessons: list[str], tmp_path: Path, more: dict[str, list[dict[str, Any]]]
) -> None:
    """Attention reads the shelf, the forecast the shop's events: the orders alone say too little."""
    dated = {
        name: [
            {
                key: date.fromisoformat(value) if key in _DAYS else value
                for key, value in row.items()
            }
            for row in rows
        ]
        for name, rows in more.items()
    }
    refresh_scores(shop.url, settings=shop.settings, ship=tmp_path / "learned")
    shop.load(dated, name="more")
    refresh_scores(shop.url, settings=shop.settings, shipped=tmp_path / "learned")
    assert lessons == ["again", "again"]


@pytest.mark.slow
def test_the_demo_is_shipped_with_all_that_is_slow(
    copy_demo: Callable[[Path], Path], tmp_path: Path
) -> None:
    """Else a visitor's first start would learn for minutes: run tools/make_demo.py --learned."""
    settings = Settings(var=copy_demo(tmp_path / "var"))
    asked: list[str] = []

    def never(
        job: Scoring, step: str, tables: Sequence[str], learn: Callable[[], Documents]
    ) -> None:
        assert job.shipped_for(step) is not None, step
        asked.append(step)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Scoring, "keep", never)
        refresh_scores(demo_url(settings), settings=settings, shipped=DEMO_DATA / LEARNED)
    assert sorted(asked) == sorted(path.name for path in (DEMO_DATA / LEARNED).iterdir())
