"""Which way of forecasting to show: every way is tried on the shop's own past."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeVar

import numpy as np

from crm_core.models.backtest import coverage, mase, origins, wape
from crm_core.models.forecast_bands import FOLDS, HORIZON, LEVELS, Fold, band
from crm_core.models.forecast_effects import Multipliers
from crm_core.models.forecast_events import EventDay
from crm_core.models.forecast_members import (
    BLENDS,
    DAYS_NEEDED,
    MEMBERS,
    NAIVE,
    YEARLY,
    Known,
    blended,
)
from crm_core.models.forecast_methods import History, Mask, Series

STEP: Final = 14
TRIALS: Final = 8
#: A single method is shown only if it erred this much less than the better blend.
CLEARLY: Final = 0.02

_Any = TypeVar("_Any")
_LEAST = 28
_COUNTED = 14


@dataclass(frozen=True)
class Trial:
    """One past day, what was known by then, what followed and what each method had said.

    `counted` marks the days that followed and are a measure: no gap in the log.
    """

    start: int
    known: History
    actual: Series
    said: dict[str, Series]
    counted: Mask

    def error(self, method: str) -> float:
        """Its scaled error (MASE), or its mean error where the history never varies."""
        actual, said = self.pair(method)
        scaled = mase(actual, said, self.known.values)
        return scaled if scaled is not None else float(np.mean(np.abs(actual - said)))

    def pair(self, method: str) -> tuple[Series, Series]:
        """What came and what was said, on the days that count."""
        return self.actual[self.counted], self.said[method][self.counted]

    def fold(self, method: str) -> Fold:
        """What intervals are made of."""
        return self.actual, self.said[method], self.counted


@dataclass(frozen=True)
class Row:
    """How a method did in one trial. Coverage needs three earlier trials that had ended.

    `total_error` is the error of the sum of the days as a share of it.
    """

    method: str
    origin: date
    horizon_days: int
    mase: float | None
    wape: float | None
    total_error: float | None
    coverage_80: float | None
    coverage_95: float | None


@dataclass(frozen=True)
class Eligible:
    """Whether a method may be chosen. `reason`: tested, too_short, launch, rare_sales."""

    method: str
    may: bool
    reason: str
    days_needed: int


@dataclass(frozen=True)
class Tried:
    """All trials, the members with a yearly wave, and the method to show.

    `reason` is why: single_better (it erred clearly less than the blends), blend (no single method
    did), rare_sales (only a mean rate can be told), untested (too little history for a trial that
    chooses; the plainest method).
    """

    trials: tuple[Trial, ...]
    method: str
    reason: str
    members: tuple[str, ...]
    eligible: tuple[Eligible, ...]
    yearly: frozenset[str] = field(default_factory=frozenset)

    def folds(self, method: str) -> list[Fold]:
        """The trials as intervals take them."""
        return [trial.fold(method) for trial in self.trials if method in trial.said]

    def rows(self) -> list[Row]:
        """Every method in every trial, oldest first."""
        return [self._row(trial, method) for trial in self.trials for method in trial.said]

    def _row(self, trial: Trial, method: str) -> Row:
        actual, said = trial.pair(method)
        ended = [
            past.fold(method)
            for past in self.trials
            if past.start + HORIZON <= trial.start and method in past.said
        ]
        held: list[float | None] = [None, None]
        if len(ended) >= FOLDS:
            for place, level in enumerate(LEVELS):
                low, high = band(trial.said[method], trial.known, ended, level)
                held[place] = coverage(actual, low[trial.counted], high[trial.counted])
        sold = float(np.sum(actual))
        return Row(
            method,
            trial.known.day(trial.start - 1),
            HORIZON,
            mase(actual, said, trial.known.values),
            wape(actual, said),
            abs(float(np.sum(said)) / sold - 1.0) if sold > 0 else None,
            held[0],
            held[1],
        )


def tried(
    history: History,
    *,
    events: Sequence[EventDay],
    seed: int,
    members: Sequence[str] = MEMBERS,
    kept_out: Mapping[str, str] | None = None,
    elsewhere: Mapping[date, Multipliers] | None = None,
    yearly: frozenset[str] | None = None,
    tell: Callable[[float], None] = lambda share: None,
) -> Tried:
    """Up to eight trials of 28 days, two weeks apart, each knowing only the days before it.

    A member takes part in trials of which it has history enough, and gets a yearly wave (tried
    from 500 or 730 known days on) where it erred less with it. Then the better of median and mean
    of the members is shown, or a single method that erred clearly less. The last trial chooses
    nothing: it is what the shop is told about. `kept_out` are members that the history itself
    speaks against, with the reason; `elsewhere` has event multipliers of the whole by origin;
    `yearly` the members with a yearly wave where that was chosen before; `tell` hears which share of
    the trials is over.
    """
    out = kept_out or {}
    starts = origins(len(history.values), horizon=HORIZON, step=STEP, count=TRIALS, least=_LEAST)
    chosen = [member for member in members if member not in out]
    tries = [_Try(history, start, events, elsewhere or {}, seed) for start in starts]
    tries = [one for one in tries if one.counted.sum() >= _COUNTED]
    plain: list[dict[str, Series]] = []
    for one in tries:
        tell(len(plain) / (2 * len(tries)))
        plain.append(one.said(chosen))
    if yearly is None:
        waving = [member for member in chosen if member in YEARLY]
        helped = (m for m in waving if _year_helps(m, deciding(tries), plain))
        yearly = frozenset(helped)
    trials = tuple(
        one.trial({**said, **one.yearly(yearly & set(said))}, chosen)
        for one, said in zip(tries, plain, strict=True)
    )
    tell(1.0)
    told = [_eligible(member, trials, out) for member in (*NAIVE, *members)]
    able = [member for member in chosen if any(row.method == member and row.may for row in told)]
    method, reason = choice(deciding(trials), able)
    return Tried(trials, method, reason, tuple(able), tuple(told), yearly)


def deciding(trials: Sequence[_Any]) -> Sequence[_Any]:
    """The trials that choose: all but the last, or the only one there is."""
    return trials[:-1] or trials


class _Try:
    """A past day to try methods at."""

    def __init__(
        self,
        history: History,
        start: int,
        events: Iterable[EventDay],
        elsewhere: Mapping[date, Multipliers],
        seed: int,
    ) -> None:
        self.start, self.seed = start, seed
        self.actual = history.values[start : start + HORIZON]
        self.counted = history.counted[start : start + HORIZON]
        past = history.until(start)
        self.known = Known.by(past, events, elsewhere.get(past.day(start - 1)))
        self._waved: dict[str, Series] = {}

    def said(self, members: Sequence[str]) -> dict[str, Series]:
        able = [member for member in (*NAIVE, *members) if DAYS_NEEDED[member] <= self.start]
        return {member: self.known.carry(member, HORIZON, seed=self.seed) for member in able}

    def yearly(self, members: Iterable[str]) -> dict[str, Series]:
        able = sorted(member for member in members if self.start >= YEARLY[member])
        for member in able:
            if member not in self._waved:
                self._waved[member] = self.known.carry(member, HORIZON, yearly=True, seed=self.seed)
        return {member: self._waved[member] for member in able}

    def missed(self, said: Series) -> float:
        """The sum of the days' errors, of days that count."""
        return float(np.sum(np.abs(self.actual - said)[self.counted]))

    def trial(self, said: dict[str, Series], members: Sequence[str]) -> Trial:
        every = {**said, **blended(said, members)}
        return Trial(self.start, self.known.history, self.actual, every, self.counted)


def _year_helps(member: str, tries: Sequence[_Try], plain: Sequence[dict[str, Series]]) -> bool:
    """Whether the member erred less with a yearly wave, in two trials that choose or more."""
    able = [
        (one, said) for one, said in zip(tries, plain, strict=False) if one.start >= YEARLY[member]
    ]
    waved = sum(one.missed(one.yearly([member])[member]) for one, _ in able)
    return len(able) >= 2 and waved < sum(one.missed(said[member]) for one, said in able)


def _eligible(member: str, trials: Sequence[Trial], out: Mapping[str, str]) -> Eligible:
    needed = DAYS_NEEDED[member]
    if member in out:
        return Eligible(member, False, out[member], needed)
    tested = any(member in trial.said for trial in deciding(trials))
    return Eligible(member, tested, "tested" if tested else "too_short", needed + HORIZON)


def choice(trials: Sequence[Trial], members: Sequence[str]) -> tuple[str, str]:
    """The method to show, and why. A tie goes to the plainer one."""
    fair = [trial for trial in trials if all(member in trial.said for member in members)]
    if not fair:
        return MEMBERS[0], "untested"
    errors = {
        method: float(np.mean([trial.error(method) for trial in fair]))
        for method in (*NAIVE, *members, *BLENDS)
        if method in fair[0].said
    }
    singles = [method for method in (*NAIVE, *members) if method in errors]
    single = min(singles, key=lambda method: errors[method])
    blends = [method for method in BLENDS if method in errors]
    if not blends:
        return single, "single_better"
    blend = min(blends, key=lambda method: errors[method])
    clearly = errors[single] <= (1 - CLEARLY) * errors[blend]
    return (single, "single_better") if clearly else (blend, "blend")
