"""What price, promotion days and marketing did to sales in the past, where the past can tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_core.models.forecast_effects import learned_effects
from crm_core.models.forecast_events import OWN, EventDay
from crm_core.models.forecast_methods import History
from crm_core.models.student import t_quantile

Series = NDArray[np.floating[Any]]

LEVERS: Final = ("price", "promotion", "marketing")
INPUTS: Final = ("day", "units", "net_revenue", "price", "discount", "spend")
COLUMNS: Final = (
    "lever", "verdict", "effect", "low", "high", "gain", "days", "usual", "least", "most",
)  # fmt: skip
SHOWN: Final = "shown"
_LEAST_DAYS = 180
_OPEN = 0.9
_LEAST_UNITS = 5
_BLOCK = 28
_RANGE = 0.99
_KNOT_DAYS = 120
_WAVE_FROM = 500
_PRICE_MOVES = 0.02
_SPEND_MOVES = 0.15
_SPEND_DAYS = 7
_LEAST_DISCOUNT = 0.05
_LEAST_SPELLS, _LEAST_PROMOTIONS = 3, 12
_USUAL_DAYS = 30
_LEAST_LIFT = 0.05


@dataclass(frozen=True)
class Effect:
    """What a lever does, or why that cannot be told (`verdict`, `shown` if it can).

    `effect`, with the bounds of 95 %: of price and marketing the elasticity (of pieces sold; of net
    revenue): one percent more of it changes sales by so many percent. Of promotion the factor of a
    promotion day's net revenue. `gain`: how much smaller the error of days it had not seen became.
    `usual`: promotion days, or spend, of a usual 30 days. `least` and `most`: how far from now the
    past went, as a factor of price or spend, or promotion days of 30.
    """

    lever: str
    verdict: str
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    gain: float | None = None
    days: int = 0
    usual: float | None = None
    least: float | None = None
    most: float | None = None


def effects(daily: pd.DataFrame, events: Sequence[EventDay]) -> pd.DataFrame:
    """A row a lever (COLUMNS). `daily` has INPUTS for every day without gaps: price as an index of
    what the same products usually cost, discount as a share of gross sales, spend of marketing (NaN
    where it is not known).

    An effect is shown only if it varied enough, has the sign that trade gives it, makes days left out
    of the fit better foretold, and its 95 % range leaves nothing out. A regression of the logarithm of
    sales on weekday, a trend that may bend, the season from 500 days on, and events of the calendar;
    ranges come from leaving out four weeks at a time, for days that move together are no news. Spend
    must lead sales: where the spend of the days after tells as much, it follows them. What else moved with a lever is in its
    effect: a strong hint, no experiment.
    """
    refused = refusal(daily)
    if refused:
        rows = [asdict(Effect(lever, refused, days=len(daily))) for lever in LEVERS]
        return pd.DataFrame(rows, columns=list(COLUMNS))
    made: dict[str, Callable[[pd.DataFrame, Sequence[EventDay]], Effect]] = {
        "price": _price,
        "promotion": _promotion,
        "marketing": _marketing,
    }
    rows = [asdict(made[lever](daily, events)) for lever in LEVERS]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def factor(lever: str, effect: float, change: float) -> float:
    """What net revenue is multiplied by: at a price or spend `change` times as high, or on days of
    which a share of `change` more are promotion days.

    >>> round(factor("price", -2.0, 1.1), 3), factor("promotion", 1.5, 0.1)
    (0.909, 1.05)
    """
    if lever == "promotion":
        return 1.0 + (effect - 1.0) * change
    return float(change ** (effect + 1.0 if lever == "price" else effect))


def refusal(daily: pd.DataFrame) -> str:
    """Why no lever of these days (units, net_revenue) can be told at all; empty where one may be."""
    if len(daily) < _LEAST_DAYS:
        return "too_few_days"
    few = float((daily["net_revenue"] > 0).mean()) < _OPEN or daily["units"].median() < _LEAST_UNITS
    return "too_few_sales" if few else ""


def _price(daily: pd.DataFrame, events: Sequence[EventDay]) -> Effect:
    index = daily["price"].ffill().bfill().to_numpy(dtype=float)
    if not np.isfinite(index).all() or (index <= 0).any():
        return Effect("price", "no_data", days=len(daily))
    weekly = np.log(index[len(index) % 7 :]).reshape(-1, 7).mean(axis=1)
    if float(np.std(weekly)) < _PRICE_MOVES:
        return Effect("price", "hardly_varies", days=len(daily))
    now = float(np.median(index[-_USUAL_DAYS:]))
    found = _learned("price", daily, "units", np.log(index), events, expected=-1)
    return _ranged(found, None, float(np.quantile(index, 0.02)) / now, float(np.quantile(index, 0.98)) / now)  # fmt: skip


def _promotion(daily: pd.DataFrame, events: Sequence[EventDay]) -> Effect:
    share = daily["discount"].fillna(0.0).to_numpy(dtype=float)
    least = max(_LEAST_DISCOUNT, 2.0 * float(np.median(share)))
    on = share >= least
    spells = int(np.sum(on & ~np.concatenate([[False], on[:-1]])))
    if on.mean() > 0.5:
        return Effect("promotion", "always_on", days=len(daily))
    if on.sum() < _LEAST_PROMOTIONS or spells < _LEAST_SPELLS:
        return Effect("promotion", "too_few_promotions", days=int(on.sum()))
    calendar = [day for day in events if not day.event.startswith(OWN)]
    found = _learned("promotion", daily, "net_revenue", on.astype(float), calendar, expected=1)
    months = pd.Series(on.astype(float)).rolling(_USUAL_DAYS).sum().dropna()
    return _ranged(found, float(months.iloc[-1]), 0.0, float(months.max()))


def _marketing(daily: pd.DataFrame, events: Sequence[EventDay]) -> Effect:
    known = daily["spend"].notna()
    if known.sum() < _LEAST_DAYS or not (daily["spend"] > 0).any():
        return Effect("marketing", "no_data", days=int(known.sum()))
    cut = daily[known.cummax() & known[::-1].cummax()].reset_index(drop=True)
    mean = cut["spend"].fillna(0.0).rolling(_SPEND_DAYS).mean()
    if float(mean.std() / max(float(mean.mean()), 1e-9)) < _SPEND_MOVES:
        return Effect("marketing", "hardly_varies", days=len(cut))
    least = max(float(mean[mean > 0].quantile(0.02)), 1e-9)
    logs = pd.Series(np.log(mean.clip(lower=least).to_numpy(dtype=float)))
    before, after = logs.shift(1), logs.shift(-_SPEND_DAYS)
    whole = before.notna() & after.notna()
    rows = cut[whole].reset_index(drop=True)
    found = _learned(
        "marketing", rows, "net_revenue", before[whole].to_numpy(), events,
        expected=1, placebo=after[whole].to_numpy(),
    )  # fmt: skip
    now = float(mean.iloc[-1]) or 1.0
    return _ranged(
        found, now * _USUAL_DAYS, float(mean.quantile(0.02)) / now, float(mean.max()) / now
    )


def _ranged(found: Effect, usual: float | None, least: float, most: float) -> Effect:
    return replace(found, usual=usual, least=round(least, 4), most=round(most, 4))


def _learned(
    lever: str,
    daily: pd.DataFrame,
    target: str,
    moved: Series,
    events: Sequence[EventDay],
    *,
    expected: int,
    placebo: Series | None = None,
) -> Effect:
    """The effect with its verdict; `placebo` is the same lever after the day, which cannot act."""
    values = daily[target].to_numpy(dtype=float)
    first = pd.Timestamp(daily["day"].iloc[0]).date()
    history = History(first, values)
    days = [history.day(place) for place in range(len(values))]
    lifts = np.maximum(learned_effects(history, events).ahead(days), _LEAST_LIFT)
    sold = values > 0
    plain = _controls(first, len(values))
    outcome = np.log(np.where(sold, values, 1.0)) - np.log(lifts)
    tried = np.column_stack([moved - moved.mean(), plain])
    gain = _gain(outcome, plain, tried, sold)
    full = tried if placebo is None else np.column_stack([tried, placebo - placebo.mean()])
    slope, wide_of = _fit(outcome, full, sold)
    effect, wide = float(slope[0]), float(wide_of[0])
    verdict = SHOWN
    if placebo is not None and slope[-1] > wide_of[-1]:
        verdict = "follows_sales"
    elif effect * expected <= 0:
        verdict = "wrong_sign"
    elif abs(effect) <= wide:
        verdict = "not_sure"
    elif gain <= 0:
        verdict = "no_better"
    told = np.array([effect, effect - wide, effect + wide])
    told = np.round(np.exp(told) if lever == "promotion" else told, 6).tolist()
    return Effect(lever, verdict, told[0], told[1], told[2], round(gain, 6), len(values))


def _controls(first: date, count: int) -> Series:
    """Level, weekdays, a trend that bends every 120 days, and from 500 days on the season."""
    at = np.arange(count, dtype=float)
    weekday = (np.arange(count) + first.weekday()) % 7
    columns = [np.ones(count), *(np.where(weekday == day, 1.0, 0.0) for day in range(1, 7))]
    columns += [np.maximum(at - knot, 0.0) / _KNOT_DAYS for knot in range(0, count - _KNOT_DAYS // 2, _KNOT_DAYS)]  # fmt: skip
    if count >= _WAVE_FROM:
        turn = 2 * np.pi * (at + first.timetuple().tm_yday) / 365.25
        columns += [wave(turn * times) for times in (1, 2) for wave in (np.sin, np.cos)]
    return np.column_stack(columns)


def _gain(outcome: Series, plain: Series, tried: Series, sold: NDArray[np.bool_]) -> float:
    """By what share the squared error of four weeks left out of the fit falls, over all such blocks."""
    missed = [_without_blocks(outcome, design, sold)[1] for design in (plain, tried)]
    return 1.0 - missed[1] / missed[0] if missed[0] > 0 else 0.0


def _fit(outcome: Series, design: Series, sold: NDArray[np.bool_]) -> tuple[Series, Series]:
    """Slopes, and half the width of their 95 % ranges: by leaving out four weeks at a time, so that
    days that move together count as one (the jackknife of blocks).

    Measured on 80 made shops whose days hang together: aiming at 95 % held 90 % of planted effects,
    aiming at 98 %, as here, 97 %, and showed 2 of 240 levers that did nothing."""
    slope = np.linalg.lstsq(design[sold], outcome[sold], rcond=None)[0]
    others, _ = _without_blocks(outcome, design, sold)
    count = len(others)
    error = np.sqrt((count - 1) / count * np.sum((others - others.mean(axis=0)) ** 2, axis=0))
    return slope, t_quantile(_RANGE, count - 1) * error


def _without_blocks(
    outcome: Series, design: Series, sold: NDArray[np.bool_]
) -> tuple[Series, float]:
    """The slopes without each block of four weeks, and the squared error on the blocks left out."""
    known, values = np.where(sold[:, None], design, 0.0), np.where(sold, outcome, 0.0)
    squares, moment = known.T @ known, known.T @ values
    slopes: list[Series] = []
    missed = 0.0
    for first in range(0, len(outcome), _BLOCK):
        out, came = known[first : first + _BLOCK], values[first : first + _BLOCK]
        slope = np.linalg.lstsq(squares - out.T @ out, moment - out.T @ came, rcond=None)[0]
        slopes.append(slope)
        missed += float(np.sum((came - out @ slope) ** 2))
    return np.array(slopes), missed
