from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from crm_core.models.period_sums import Past, period_rows

FIRST = date(2026, 11, 1)  # a Sunday


def rows(trials: list[Past], days: int = 90) -> list[dict[str, object]]:
    value = np.full(days, 100.0)
    halves = {"80": np.full(days, 20.0), "95": np.full(days, 40.0)}
    return period_rows(FIRST, value, halves, trials)


def past(error: float) -> Past:
    return Past(np.full(28, 100.0 + error), np.full(28, 100.0))


def test_weeks_begin_on_monday_months_on_the_first_and_all_days_are_in_one_of_each() -> None:
    told = rows([])
    for grain, starts in (
        ("week", [FIRST, date(2026, 11, 2), date(2026, 11, 9)]),
        ("month", [FIRST, date(2026, 12, 1), date(2027, 1, 1)]),
    ):
        mine = [row for row in told if row["grain"] == grain]
        assert [row["starts_on"] for row in mine[:3]] == starts
        assert sum(float(str(row["value"])) for row in mine) == 9_000.0
    running = [row for row in told if row["grain"] == "to_date"]
    assert [row["value"] for row in running[:3]] == [100.0, 200.0, 300.0]
    assert running[-1]["ends_on"] == FIRST + timedelta(89)


def test_a_sum_is_surer_than_its_days_all_wrong_alike_and_never_surer_than_chance() -> None:
    for trials in ([], [past(1.0)] * 4, [past(-30.0), past(30.0), past(25.0), past(-20.0)]):
        for row in rows(trials):
            days = (row["ends_on"] - row["starts_on"]).days + 1  # type: ignore[operator]
            half = float(str(row["high_80"])) - float(str(row["value"]))
            assert 20.0 * np.sqrt(days) - 0.01 <= half <= 20.0 * days + 0.01
            assert (
                row["low_95"] <= row["low_80"] <= row["value"] <= row["high_80"] <= row["high_95"]
            )  # type: ignore[operator]


def test_past_sums_that_missed_by_more_make_wider_sums() -> None:
    month = [
        next(row for row in rows([past(e), past(-e), past(e), past(-e)]) if row["ends_on"] == date(2026, 11, 28) and row["grain"] == "to_date")
        for e in (5.0, 10.0)
    ]  # fmt: skip
    narrow, wide = (float(str(row["high_80"])) - float(str(row["value"])) for row in month)
    assert wide > 1.5 * narrow
