"""A stage that lost more people than it ever does is told; its ordinary ups and downs are not."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from crm_core.models.shrinking import shrunk

AS_OF = date(2026, 6, 20)


def sizes(past: list[int], then: int, now: int, stage: str = "active") -> pd.DataFrame:
    """People at month ends before, 30 days ago and now; each brings 100 a year."""
    rows = [(AS_OF, now), (AS_OF - timedelta(30), then)]
    end = date(2026, 5, 1) - timedelta(1)
    for people in reversed(past):
        rows.append((end, people))
        end = end.replace(day=1) - timedelta(1)
    frame = pd.DataFrame(rows, columns=["as_of", "people"])
    return frame.assign(stage=stage, net=frame["people"] * 100.0)


STILL = [400, 410, 405, 415, 404, 411, 408, 416, 409, 412]


def test_a_stage_that_loses_a_quarter_is_told_with_what_they_bring() -> None:
    (found,) = shrunk(sizes(STILL, 410, 305), AS_OF)
    assert (found.stage, found.then, found.now, found.since) == (
        "active",
        410,
        305,
        date(2026, 5, 21),
    )
    assert found.money == (410 - 305) * 100
    assert found.change < found.usual_low < 0 < found.usual_high


def test_ordinary_moves_are_not_told() -> None:
    assert shrunk(sizes(STILL, 410, 390), AS_OF) == ()
    lively = [400, 500, 380, 510, 390, 520, 400, 500, 410, 490]
    assert shrunk(sizes(lively, 410, 330), AS_OF) == ()


def test_growth_few_people_few_months_and_stages_that_may_shrink_are_not_told() -> None:
    assert shrunk(sizes(STILL, 300, 410), AS_OF) == ()
    assert shrunk(sizes([30] * 10, 40, 20), AS_OF) == ()
    assert shrunk(sizes(STILL[:5], 410, 200), AS_OF) == ()
    assert shrunk(sizes(STILL, 410, 200, "lapsed"), AS_OF) == ()
