"""What people type of events reaches the step that forecasts, and nothing older stands in for it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from crm_core.models import forecast as model
from crm_core.pipeline import forecasts, jobs, score_steps
from crm_core.pipeline.learned import Documents, Scoring
from crm_core.pipeline.planned_events import event_frame
from crm_core.pipeline.scores import refresh_scores
from crm_core.records import EventPlan
from tests.small_shop import NOW, line, order, small_shop


def test_a_refresh_forecasts_with_the_typed_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = small_shop(
        tmp_path,
        {
            "orders": [order("1", "ann", "2026-01-05T10:00:00")],
            "order_lines": [line("1", "tea", "10")],
        },
    )
    told: list[pd.DataFrame] = []

    def step(job: Scoring) -> None:
        def learn() -> Documents:
            told.append(job.planned)
            job.build.upload("forecast", pa.table({"value": [1.0]}))
            return []

        job.keep("forecast", ["forecast"], learn)

    steps = {"features": score_steps.features, "forecast": step}
    monkeypatch.setattr("crm_core.pipeline.scores.STEPS", steps)
    learned = tmp_path / "learned"
    refresh_scores(shop.url, settings=shop.settings, ship=learned)
    refresh_scores(shop.url, settings=shop.settings, shipped=learned)
    assert [len(frame) for frame in told] == [0]
    fair = EventPlan("Fair", "", "promotion", date(2026, 2, 1), date(2026, 2, 2), 1.5)
    shop.records.add_planned_event(fair, author="mia", now=NOW)
    jobs.refresh(shop.settings, shop.url, as_of=None, now=NOW, progress=lambda name, share: None)
    assert told[-1][["name", "uplift"]].to_numpy().tolist() == [["Fair", 1.5]]
    # what was shipped knows nothing of the fair
    refresh_scores(shop.url, settings=shop.settings, planned=told[-1], shipped=learned)
    assert len(told) == 3


def test_a_check_of_the_forecast_knows_the_typed_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [f"2026-01-{number:02}T10:00:00" for number in range(1, 9)]
    shop = small_shop(
        tmp_path,
        {
            "orders": [order(day, "ann", day) for day in days],
            "order_lines": [line(day, "tea", "10") for day in days],
        },
    )
    fair = EventPlan("Fair", "", "promotion", date(2026, 1, 6), date(2026, 1, 6), 1.5)
    shop.records.add_planned_event(fair, author="mia", now=NOW)
    given: list[object] = []

    def spy(daily: pd.DataFrame, *, events: pd.DataFrame, **_: object) -> None:
        del daily
        given.append(events[["name", "uplift"]].to_numpy().tolist())
        raise InterruptedError

    monkeypatch.setattr(model, "forecast", spy)
    with pytest.raises(InterruptedError):
        jobs.validate_model(
            shop.settings, shop.url, "forecast", origin=date(2026, 1, 4), horizon_days=2
        )
    with pytest.raises(InterruptedError):
        jobs.fit_model(shop.settings, shop.url, "forecast", as_of=None, time_unit="day")
    assert given == [[["Fair", 1.5]]] * 2


def test_the_forecast_is_given_imported_and_typed_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = date(2026, 2, 1)
    shop = small_shop(
        tmp_path,
        {
            "orders": [order("1", "ann", "2026-01-05T10:00:00")],
            "order_lines": [line("1", "tea", "10")],
            "events": [{"event_id": "e", "name_en": "Expo", "starts_on": day, "ends_on": day}],
        },
    )
    given: list[list[str]] = []

    def spy(daily: pd.DataFrame, *, events: pd.DataFrame, as_of: date, **_: object) -> None:
        del daily, as_of
        given.append(events["name"].tolist())
        raise InterruptedError

    monkeypatch.setattr(forecasts, "forecast", spy)
    store = shop.open()
    with pytest.raises(InterruptedError):
        forecasts.forecast_tables(
            store, store.meta.as_of, event_frame([("Fair", day, day, "promotion", 1.5)])
        )
    assert given == [["Expo", "Fair"]]
    store.close()
