"""Pasts that are hard to forecast: each says what can and what cannot be told, and why."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.models.forecast import event_multipliers, quick
from crm_core.text import has

NONE = pd.DataFrame(columns=["name", "starts_on", "ends_on"])
AS_OF = date(2026, 6, 30)


def shop(days: int, *, seed: int = 0, noise: float = 0.1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    day = pd.date_range(end=pd.Timestamp(AS_OF), periods=days)
    week = 1 + 0.3 * np.cos(2 * np.pi * (day.day_of_week - 5) / 7)
    value = 1000 * np.asarray(week) * np.exp(noise * rng.normal(size=days))
    return pd.DataFrame({"day": day, "value": value})


def without(daily: pd.DataFrame, first: str, last: str) -> pd.DataFrame:
    return daily[~daily["day"].between(first, last)]


def test_a_month_that_is_missing_from_the_log_is_not_learned_as_zero() -> None:
    whole = shop(300)
    full = quick(whole, events=NONE, as_of=AS_OF)
    made = quick(without(whole, "2026-05-01", "2026-05-31"), events=NONE, as_of=AS_OF)
    assert "gap_in_log" in made.warnings
    assert "gap_in_log" not in full.warnings
    assert made.frame["value"].sum() == pytest.approx(full.frame["value"].sum(), rel=0.05)
    assert not made.trials["day"].between("2026-05-01", "2026-05-31").any()
    assert made.frame["high_80"].mean() < 1.5 * full.frame["high_80"].mean()


def test_weeks_shut_are_closed_and_no_weak_demand() -> None:
    made = quick(without(shop(300), "2026-06-03", "2026-06-14"), events=NONE, as_of=AS_OF)
    assert "shut_weeks" in made.warnings
    assert made.frame["value"].mean() == pytest.approx(1000, rel=0.08)


def test_a_closing_of_lunar_new_year_is_left_to_the_event() -> None:
    daily = shop(850)
    for year, first in ((2025, "2025-01-29"), (2026, "2026-02-17")):
        daily = without(daily, first, f"{year}-{'02-05' if year == 2025 else '02-24'}")
    made = quick(daily, events=NONE, as_of=AS_OF, horizon_days=240)
    assert "shut_weeks" not in made.warnings
    frame = made.frame.set_index("day")["value"]
    assert frame["2027-02-06":"2027-02-13"].max() < 0.3 * frame["2027-01-10":"2027-01-20"].mean()


def test_an_order_a_week_is_told_by_weeks_and_months_alone() -> None:
    rng = np.random.default_rng(2)
    days = pd.date_range(end=pd.Timestamp(AS_OF), periods=364)
    daily = pd.DataFrame({"day": [days[7 * week + rng.integers(7)] for week in range(52)]})
    made = quick(daily.assign(value=70.0), events=NONE, as_of=AS_OF)
    assert (made.method, made.reason) == ("steady", "rare_sales")
    assert "sells_rarely" in made.warnings
    assert made.frame["value"].nunique() == 1
    weeks = made.periods[made.periods["grain"] == "week"]["value"].iloc[1:-1]
    assert weeks.to_numpy() == pytest.approx(70, rel=0.1)
    others = made.eligible[~made.eligible["method"].str.startswith(("naive", "steady"))]
    assert set(others["reason"]) == {"rare_sales"}


def test_a_stall_open_on_saturdays_sells_on_saturdays() -> None:
    daily = shop(300)
    made = quick(daily[daily["day"].dt.day_of_week == 5], events=NONE, as_of=AS_OF)
    assert not {"sells_rarely", "shut_weeks", "interval_not_tested"} & set(made.warnings)
    sold = made.frame[made.frame["value"] > 0]["day"]
    assert set(sold.dt.day_of_week) == {5}


def test_a_rush_at_the_start_is_not_extended() -> None:
    daily = shop(330)
    daily["value"] *= 0.3 + 6 * np.exp(-np.arange(330) / 30)
    made = quick(daily, events=NONE, as_of=AS_OF)
    assert "launch_decay" in made.warnings
    recent = daily["value"].tail(28).mean()
    assert made.frame["value"].mean() == pytest.approx(recent, rel=0.1)


@pytest.mark.parametrize(("factor", "told"), [(1.5, True), (0.6, True), (1.0, False)])
def test_a_price_change_is_told_and_followed(factor: float, told: bool) -> None:
    daily = shop(300, noise=0.06)
    daily.loc[daily["day"] >= "2026-05-10", "value"] *= factor
    made = quick(daily, events=NONE, as_of=AS_OF)
    assert ("level_changed" in made.warnings) is told
    assert made.frame["value"].mean() == pytest.approx(1000 * factor, rel=0.1)


def test_growth_and_a_yearly_wave_are_no_change_of_level() -> None:
    daily = shop(500)
    daily["value"] *= np.exp(
        0.002 * np.arange(500) + 0.3 * np.sin(2 * np.pi * np.arange(500) / 365)
    )
    assert quick(daily, events=NONE, as_of=AS_OF).warnings == ()


def test_a_shop_gone_quiet_is_told() -> None:
    made = quick(without(shop(200), "2026-06-21", "2026-06-30"), events=NONE, as_of=AS_OF)
    assert "no_recent_sales" in made.warnings


def test_ten_days_are_refused_with_what_it_takes() -> None:
    with pytest.raises(CrmError) as failed:
        quick(shop(10), events=NONE, as_of=AS_OF)
    assert failed.value.code == "not_enough_data"
    assert (failed.value.facts["days"], failed.value.facts["days_needed"]) == (10, 14)


@pytest.mark.parametrize(("days", "method"), [(20, "steady"), (40, "weekday_mean")])
def test_a_new_category_is_carried_on_untested(days: int, method: str) -> None:
    made = quick(shop(days), events=NONE, as_of=AS_OF)
    assert (made.method, made.reason) == (method, "untested")
    assert "interval_not_tested" in made.warnings
    assert made.frame["value"].mean() == pytest.approx(1000, rel=0.1)
    assert made.trials.empty
    assert (made.frame["low_80"] < made.frame["high_80"]).all()


def test_a_part_too_small_to_show_an_event_has_the_shops() -> None:
    daily = shop(700)
    sale = daily["day"].isin(pd.to_datetime(["2024-11-11", "2025-11-11"]))
    total = daily.assign(value=daily["value"].where(~sale, daily["value"] * 4))
    told = event_multipliers(total, events=NONE, as_of=AS_OF)
    assert told[AS_OF]["singles_day", "day"] == pytest.approx(4, rel=0.2)
    assert set(told) == {AS_OF, *(AS_OF - timedelta(28 + 14 * back) for back in range(8))}
    part = quick(
        daily.tail(150), events=NONE, as_of=AS_OF, horizon_days=140, elsewhere=told
    ).frame.set_index("day")["value"]
    assert part["2026-11-11"] / part["2026-11-04"] == pytest.approx(4, rel=0.2)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_code_has_words(language: str) -> None:
    warnings = (
        "gap_in_log shut_weeks no_recent_sales sells_rarely launch_decay level_changed "
        "not_better_than_naive interval_not_tested interval_too_narrow event_seen_once "
        "event_never_seen event_typed"
    )
    for group, codes in (
        ("warning", warnings),
        ("reason", "blend single_better untested rare_sales"),
    ):
        for code in codes.split():
            assert has(f"forecast.{group}.{code}", language)
