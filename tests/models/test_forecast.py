from __future__ import annotations

import logging
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.models.forecast import (
    FRAME,
    Forecast,
    daily_revenue,
    fingerprint,
    forecast,
    history_of,
    predict,
    validate,
)
from crm_core.models.forecast_effects import Effects
from crm_core.models.forecast_methods import (
    History,
    closed_weekdays,
    naive_seasonal,
    naive_weekday_mean,
)
from crm_core.models.forecast_prophet import prophet
from crm_core.store import Store

NONE = pd.DataFrame(columns=["name", "starts_on", "ends_on"])
AS_OF = date(2026, 6, 30)


def shop(days: int, *, seed: int = 0, noise: float = 0.1, end: date = AS_OF) -> pd.DataFrame:
    """A growing shop with weekly and yearly waves, 11.11 four times as large, closed at Christmas."""
    rng = np.random.default_rng(seed)
    day = pd.date_range(end=pd.Timestamp(end), periods=days)
    week = 0.2 * np.cos(2 * np.pi * (day.day_of_week - 5) / 7)
    year = 0.2 * np.sin(2 * np.pi * day.day_of_year / 365.25)
    level = 2000 * np.exp(
        np.asarray(0.0004 * np.arange(days) + week + year + noise * rng.normal(size=days))
    )
    level[(day.month == 11) & (day.day == 11)] *= 4
    level[(day.month == 12) & (day.day == 25)] = 0
    return pd.DataFrame({"day": day, "value": np.round(level, 2)})


@pytest.fixture(scope="module")
def long() -> Forecast:
    return forecast(shop(900), events=NONE, as_of=AS_OF, horizon_days=180, seed=7)


@pytest.mark.slow
def test_the_next_days_follow_the_last_without_a_gap(long: Forecast) -> None:
    assert list(long.frame.columns) == list(FRAME)
    assert long.frame["day"].iloc[0].date() == AS_OF + timedelta(1)
    assert long.frame["day"].diff().dropna().dt.days.unique().tolist() == [1]
    assert len(long.frame) == 180


@pytest.mark.slow
def test_intervals_hold_the_value_nest_and_stay_above_zero(long: Forecast) -> None:
    frame = long.frame
    assert (frame["low_95"] <= frame["low_80"]).all()
    assert (frame["low_80"] <= frame["value"]).all()
    assert (frame["value"] <= frame["high_80"]).all()
    assert (frame["high_80"] <= frame["high_95"]).all()
    assert (frame["low_95"] >= 0).all()


def test_what_is_shown_beats_last_week_on_a_shop_with_seasons_and_says_by_how_much(
    long: Forecast,
) -> None:
    assert long.yearly
    assert "not_better_than_naive" not in long.warnings
    means = long.backtest.groupby("method")["mase"].mean()
    assert means[long.method] < 0.85 * means["naive_seasonal"]
    assert long.measures["mase_prophet"] == pytest.approx(means["prophet"], abs=1e-5)
    assert long.measures["skill"] == pytest.approx(
        1 - means[long.method] / means["naive_seasonal"], abs=1e-5
    )


@pytest.mark.slow
def test_the_last_trial_chooses_nothing_and_a_single_method_must_be_clearly_better(
    long: Forecast,
) -> None:
    newest = long.backtest["origin"].max()
    before = long.backtest[long.backtest["origin"] < newest].groupby("method")["mase"].mean()
    blends = before.filter(like="blend_")
    best = before.drop(blends.index).min()
    if long.reason == "blend":
        assert long.method == blends.idxmin()
        assert best > 0.98 * blends.min()
    else:
        assert before[long.method] == best <= 0.98 * blends.min()


def test_days_of_the_trials_are_those_the_measures_are_of(long: Forecast) -> None:
    assert long.trials["day"].max().date() == AS_OF
    assert long.trials.groupby("origin").size().tolist() == [28] * 8
    last = long.trials[long.trials["origin"] == long.trials["origin"].max()]
    told = long.backtest[
        (long.backtest["origin"] == last["origin"].iloc[0])
        & (long.backtest["method"] == long.method)
    ]
    off = (last["said"] - last["actual"]).abs().sum() / last["actual"].sum()
    assert told["wape"].iloc[0] == pytest.approx(off, rel=1e-4)
    sums = last["said"].sum() / last["actual"].sum() - 1
    assert told["total_error"].iloc[0] == pytest.approx(abs(sums), rel=1e-3)


@pytest.mark.slow
def test_the_interval_is_checked_on_trials_it_did_not_learn_from(long: Forecast) -> None:
    held = long.backtest[long.backtest["method"] == long.method]
    # the first four trials have no three earlier ones that had ended by then
    assert held["coverage_80"].isna().tolist() == [True] * 4 + [False] * 4
    assert 0.6 <= held["coverage_80"].mean() <= 1.0
    assert held["coverage_95"].mean() >= held["coverage_80"].mean()


@pytest.mark.slow
def test_singles_day_is_forecast_from_its_past(long: Forecast) -> None:
    frame = long.frame.set_index("day")["value"]
    ratio = frame["2026-11-11"] / frame["2026-11-04"]
    assert 3.0 < ratio < 5.0
    ahead = long.events[(long.events["event"] == "singles_day") & ~long.events["is_past"]]
    assert ahead["times_seen"].tolist() == [2]
    extra = frame["2026-11-11"] - frame["2026-11-04"]
    assert ahead["extra"].iloc[0] == pytest.approx(extra, rel=0.25)


@pytest.mark.slow
def test_a_day_closed_every_year_is_forecast_at_zero(long: Forecast) -> None:
    frame = long.frame.set_index("day")["value"]
    assert frame["2026-12-25"] == 0
    assert frame["2026-12-22"] > 500


@pytest.mark.slow
def test_the_same_input_gives_the_same_forecast_and_keeps_it_as_json(long: Forecast) -> None:
    one, again = (forecast(shop(130), events=NONE, as_of=AS_OF, seed=7) for _ in range(2))
    assert again.to_json() == one.to_json()
    text = long.to_json()
    back = Forecast.from_json(text)
    assert back.to_json() == text
    pd.testing.assert_frame_equal(back.frame, long.frame)
    assert back.fitted.to_json() == long.fitted.to_json()
    assert long.fitted.parameters["yearly"] == 1.0


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 99}', '{"format": 1}'])
def test_a_damaged_document_is_refused(text: str) -> None:
    with pytest.raises(CrmError) as failed:
        Forecast.from_json(text)
    assert failed.value.code == "fitted_unreadable"


@pytest.mark.slow
def test_a_shop_that_only_repeats_last_week_gets_the_plain_forecast_and_is_told() -> None:
    week = np.array([100.0, 900, 20, 400, 5000, 10, 60])
    day = pd.date_range(end=pd.Timestamp(AS_OF), periods=210)
    # each new week is a new random order of days: no method learns more than last week's repeat
    rng = np.random.default_rng(1)
    values = np.concatenate(
        [np.repeat(rng.permutation(week)[None], 5, 0).ravel() for _ in range(6)]
    )
    made = forecast(
        pd.DataFrame({"day": day, "value": values}), events=NONE, as_of=AS_OF, horizon_days=14
    )
    assert made.method.startswith("naive_")
    assert "not_better_than_naive" in made.warnings


def test_too_short_a_history_is_refused_with_what_it_takes() -> None:
    for daily in (shop(59), shop(0), shop(200).assign(value=0.0)):
        with pytest.raises(CrmError) as failed:
            forecast(daily, events=NONE, as_of=AS_OF)
        assert failed.value.code == "not_enough_data"
        assert failed.value.facts["days_needed"] == 60


def test_a_young_shop_gets_a_forecast_whose_interval_was_not_tested() -> None:
    made = forecast(shop(60), events=NONE, as_of=AS_OF, horizon_days=30)
    assert "interval_not_tested" in made.warnings
    assert made.backtest["origin"].nunique() == 1
    assert not made.yearly
    assert made.measures["coverage_80"] is None
    assert Forecast.from_json(made.to_json()).to_json() == made.to_json()


def test_the_future_is_not_read() -> None:
    past = shop(200)
    later = pd.concat(
        [past, pd.DataFrame({"day": pd.date_range("2026-07-01", periods=30), "value": 1e6})]
    )
    one = forecast(past, events=NONE, as_of=AS_OF, horizon_days=7)
    other = forecast(later, events=NONE, as_of=AS_OF, horizon_days=7)
    assert one.to_json() == other.to_json()


@pytest.mark.slow
def test_own_events_are_learned_and_unseen_ones_are_noted() -> None:
    daily = shop(400, noise=0.05)
    sale = pd.to_datetime(["2025-10-10", "2026-02-20", "2026-07-10"])
    for start in sale[:2]:
        inside = daily["day"].between(start, start + pd.Timedelta(days=2))
        daily.loc[inside, "value"] *= 2.0
    own = pd.DataFrame(
        {
            "name": ["Club days", "Club days", "Club days", "Opening of the new store"],
            "starts_on": [*sale, pd.Timestamp("2026-08-01")],
            "ends_on": [*(sale + pd.Timedelta(days=2)), pd.Timestamp("2026-08-02")],
        }
    )
    made = forecast(daily, events=own, as_of=AS_OF, horizon_days=60)
    assert "event_never_seen" in made.warnings
    ahead = made.events[~made.events["is_past"]].set_index("event")
    assert ahead.loc["own:Club days", "times_seen"] == 2
    assert np.isnan(ahead.loc["own:Opening of the new store", "extra"])
    frame = made.frame.set_index("day")["value"]
    assert 1.6 < frame["2026-07-10"] / frame["2026-07-17"] < 2.4
    assert 1.6 < ahead.loc["own:Club days", "multiplier"] < 2.4


def test_closed_sundays_stay_closed() -> None:
    daily = shop(300)
    daily.loc[daily["day"].dt.day_of_week == 6, "value"] = 0.0
    made = forecast(daily, events=NONE, as_of=AS_OF, horizon_days=28)
    sundays = made.frame[made.frame["day"].dt.day_of_week == 6]
    assert (sundays[["value", "high_95"]] == 0).all(axis=None)
    assert (made.frame[made.frame["day"].dt.day_of_week == 0]["value"] > 500).all()


def test_days_without_rows_are_days_without_sales() -> None:
    daily = shop(30).drop(index=[3, 4])
    history = history_of(daily, AS_OF + timedelta(2))
    assert len(history.values) == 32
    assert history.values[[3, 4, 30, 31]].tolist() == [0, 0, 0, 0]


def test_the_fingerprint_changes_with_any_past_day_and_not_with_order() -> None:
    daily = shop(100)
    same = daily.sample(frac=1, random_state=1)
    other = daily.assign(value=daily["value"].where(daily.index != 50, 1.0))
    assert fingerprint(daily, AS_OF) == fingerprint(same, AS_OF)
    assert fingerprint(daily, AS_OF) != fingerprint(other, AS_OF)
    assert fingerprint(daily, AS_OF) != fingerprint(daily, AS_OF - timedelta(1))


def test_plain_methods() -> None:
    history = History(date(2026, 6, 1), np.arange(35.0))
    assert naive_seasonal(history, 9).tolist() == [28, 29, 30, 31, 32, 33, 34, 28, 29]
    assert naive_weekday_mean(history, 1).tolist() == [np.mean([7, 14, 21, 28])]
    assert closed_weekdays(history) == set()


def test_a_shop_that_gives_back_more_than_it_sells_is_never_forecast_below_zero() -> None:
    daily = shop(120)
    daily["value"] = -daily["value"]
    made = forecast(daily, events=NONE, as_of=AS_OF, horizon_days=14)
    assert (made.frame["value"] == 0).all()


def test_fitting_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    history = history_of(shop(100), AS_OF)
    prophet(history, 7, effects=Effects(), yearly=False, seed=1)
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("cmdstanpy").propagate is False


@pytest.mark.slow
def test_the_demo_shop_is_forecast_from_its_own_log_and_events(store: Store) -> None:
    as_of = store.meta.as_of - timedelta(35)
    known = daily_revenue(store, as_of)
    assert known["day"].max().date() <= as_of
    made = predict(store, as_of=as_of, horizon_days=60)
    assert made.fingerprint == fingerprint(known, as_of)
    assert made.measures["mase"] is not None
    assert made.measures["mase"] < (made.measures["mase_naive_seasonal"] or 0)
    ahead = made.events[~made.events["is_past"]]
    assert "singles_day" in set(ahead["event"])


@pytest.mark.slow
def test_validation_measures_choice_and_interval_on_days_unseen(store: Store) -> None:
    origin = store.meta.as_of - timedelta(28)
    rows = validate(store, origins=[origin], horizon_days=28)
    assert [row["method"] for row in rows] == ["forecast", "naive_seasonal", "naive_weekday_mean"]
    assert all(row["origin"] == origin.isoformat() for row in rows)
    assert float(str(rows[0]["mase"])) < float(str(rows[1]["mase"]))
    with pytest.raises(CrmError) as failed:
        validate(store, origins=[store.meta.as_of], horizon_days=28)
    assert failed.value.code == "not_enough_data"
