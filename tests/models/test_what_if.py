from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crm_core.models.what_if import SHOWN, effects, factor

DAYS = 730


def shop(seed: int = 0) -> pd.DataFrame:
    """Two quiet years: weekdays and a slow rise, one price, no promotion, spend that is steady."""
    rng = np.random.default_rng(seed)
    day = pd.date_range("2024-10-01", periods=DAYS)
    level = 200 * np.exp(0.0004 * np.arange(DAYS) + 0.2 * np.isin(day.day_of_week, (5, 6)))
    units = level * np.exp(0.1 * rng.normal(size=DAYS))
    return pd.DataFrame(
        {
            "day": day,
            "units": units,
            "net_revenue": units * 10,
            "price": 1.0,
            "discount": 0.0,
            "spend": 100.0,
        }
    )


def told(daily: pd.DataFrame) -> pd.DataFrame:
    return effects(daily, []).set_index("lever")


def steps(rng: np.random.Generator, low: float, high: float, days: int = 30) -> np.ndarray:
    return np.repeat(rng.uniform(low, high, DAYS // days + 1), days)[:DAYS]


def test_nothing_is_shown_of_a_shop_that_never_tried_anything() -> None:
    found = told(shop())["verdict"].to_dict()
    assert found == {
        "price": "hardly_varies",
        "promotion": "too_few_promotions",
        "marketing": "hardly_varies",
    }


def test_a_planted_price_elasticity_is_found() -> None:
    daily, rng = shop(1), np.random.default_rng(5)
    daily["price"] = steps(rng, 0.85, 1.2)
    daily["units"] *= daily["price"] ** -2.0
    daily["net_revenue"] = daily["units"] * 10 * daily["price"]
    row = told(daily).loc["price"]
    assert row["verdict"] == SHOWN
    assert row["low"] < -2.0 < row["high"]
    assert row["high"] < 0
    assert row["gain"] > 0.1
    assert row["least"] < 1 < row["most"]


def test_promotion_days_that_sell_half_again_are_found() -> None:
    daily, rng = shop(2), np.random.default_rng(6)
    on = np.zeros(DAYS, dtype=bool)
    for start in rng.choice(np.arange(10, DAYS - 20), 14, replace=False):
        on[start : start + 5] = True
    daily.loc[on, "discount"] = 0.2
    daily.loc[on, ["units", "net_revenue"]] *= 1.5
    row = told(daily).loc["promotion"]
    assert row["verdict"] == SHOWN
    assert row["low"] < 1.5 < row["high"]


def test_spend_that_brings_sales_is_found() -> None:
    daily, rng = shop(3), np.random.default_rng(7)
    daily["spend"] = np.exp(rng.normal(0, 0.6, DAYS // 10 + 1)).repeat(10)[:DAYS] * 100
    before = np.log(daily["spend"].rolling(7).mean().shift(1).bfill())
    daily["net_revenue"] *= np.exp(0.2 * (before - before.mean()))
    row = told(daily).loc["marketing"]
    assert row["verdict"] == SHOWN
    assert row["low"] < 0.2 < row["high"]


def test_days_after_the_last_known_spend_are_unknown_not_free() -> None:
    daily, rng = shop(3), np.random.default_rng(7)
    daily["spend"] = np.exp(rng.normal(0, 0.6, DAYS // 10 + 1)).repeat(10)[:DAYS] * 100
    lasting = told(daily.head(DAYS - 60).copy()).loc["marketing", ["effect", "usual", "least"]]
    daily.loc[DAYS - 60 :, "spend"] = np.nan
    row = told(daily).loc["marketing", ["effect", "usual", "least"]]
    assert row.tolist() == pytest.approx(lasting.tolist(), rel=1e-9)


def test_spend_that_follows_sales_is_refused() -> None:
    daily, rng = shop(4), np.random.default_rng(8)
    wave = np.convolve(rng.normal(0, 1, DAYS + 30), np.ones(20) / 5, "valid")[:DAYS]
    daily["net_revenue"] *= np.exp(0.15 * wave)
    daily["spend"] = daily["net_revenue"] * 0.1
    assert told(daily).loc["marketing", "verdict"] in ("follows_sales", "not_sure")


@pytest.mark.parametrize("seed", range(3))
def test_levers_that_moved_without_any_effect_are_not_shown(seed: int) -> None:
    daily, rng = shop(10 + seed), np.random.default_rng(20 + seed)
    daily["price"] = steps(rng, 0.9, 1.1)
    daily["discount"] = np.where(steps(rng, 0, 1, 7) > 0.85, 0.2, 0.0)
    daily["spend"] = steps(rng, 50, 200, 10)
    shown = told(daily)["verdict"] == SHOWN
    assert shown.sum() <= 1  # one in forty by chance for each


def test_higher_prices_that_sold_more_are_a_sign_of_something_else() -> None:
    daily, rng = shop(5), np.random.default_rng(9)
    daily["price"] = steps(rng, 0.85, 1.2)
    daily["units"] *= daily["price"] ** 1.5
    assert told(daily).loc["price", "verdict"] == "wrong_sign"


def test_a_young_and_a_tiny_shop_are_told_what_is_missing() -> None:
    assert set(told(shop().head(120))["verdict"]) == {"too_few_days"}
    tiny = shop()
    sells = np.where(np.arange(DAYS) % 7 == 0, 1.0, 0.0)
    tiny = tiny.assign(units=sells, net_revenue=sells)
    assert set(told(tiny)["verdict"]) == {"too_few_sales"}


def test_what_a_change_does_to_revenue() -> None:
    assert factor("price", -1.0, 1.3) == 1.0  # as many per cent fewer pieces
    assert factor("marketing", 0.0, 2.0) == 1.0
    assert factor("promotion", 1.5, 0.2) == pytest.approx(1.1)
