"""Which order model suits this shop, by its own past, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from crm_core.models.base import Fitted, TimeUnit, need
from crm_core.models.order_models import ORDER_MODELS
from crm_core.models.threads import one_thread
from crm_core.models.triples import Triples, read_triples
from crm_core.models.value_columns import YEAR_DAYS
from crm_core.store import Tables

TRIAL_DAYS = 91
NEEDED = {"buyers": 500, "repeat_buyers": 100, "history_days": 180}

_SHORTEST_TRIAL_DAYS = 14
_DECIDING, _MOST_EARLIER = 2, 3
_LEAST_TO_LEARN_FROM = {"buyers": 100, "repeat_buyers": 20}
_TIE = 2.0
_MISSED = 0.15


@dataclass(frozen=True)
class Trial:
    """How one model did on a later period, refitted on what was known at `origin`.

    `score` is the log chance it gave to what the customers known then did next, a customer: the
    higher the better. `purchases_error` is that of the total. `decides` is false for the last
    period, which is kept to tell how the chosen model does, and for what lies so far back that the
    shop was another: its errors count in ranges alone.
    """

    model: str
    origin: date
    horizon_days: int
    customers: int
    score: float
    purchases_error: float | None
    decides: bool


@dataclass(frozen=True)
class Choice:
    """The model chosen and what spoke for it.

    `reason`: `own_past` where it foresaw later periods of this shop best, `likelihood` where
    that was a tie or there was no later period to try on and it fits best; `too_little_to_test`
    where the shop lacks what `missing` names (what there is, what it takes).
    """

    model: str
    reason: str
    fits: Mapping[str, Fitted]
    trials: tuple[Trial, ...]
    missing: Mapping[str, tuple[int, int]]

    @property
    def fitted(self) -> Fitted:
        """The chosen model's fit."""
        return self.fits[self.model]

    @property
    def bic(self) -> Mapping[str, float]:
        """Schwarz's criterion of each model: the lower the better."""
        return {name: _bic(fitted) for name, fitted in self.fits.items()}

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those of the fit, and `rhythm_changes` where the chosen model missed the totals of
        later periods by 15 % or more on average: a trend or season that none of them knows."""
        errors = [
            abs(trial.purchases_error)
            for trial in self.trials
            if trial.model == self.model and trial.purchases_error is not None
        ]
        changes = bool(errors) and float(np.mean(errors)) >= _MISSED
        return self.fitted.warnings + ("rhythm_changes",) * changes


def choose(
    store: Tables,
    *,
    as_of: date,
    triples: Triples | None = None,
    time_unit: TimeUnit = "day",
    horizon_days: int = TRIAL_DAYS,
) -> Choice:
    """Fits the three order models up to `as_of` and chooses one.

    Each is refitted on earlier origins, a period apart, and asked what came in the period after:
    the highest score over the newest two that were over before the longest one on which a value
    or a chance of staying away is told wins. Within two units of log chance it is a tie, which the
    better fit decides. `triples`: the histories, where they were read already.
    Raises: CrmError("not_enough_data") under 10 buyers or without a day of history.
    """
    histories = read_triples(store, as_of) if triples is None else triples
    with one_thread():
        return _chosen(store, as_of, histories, time_unit, horizon_days)


def _chosen(
    store: Tables, as_of: date, histories: Triples, time_unit: TimeUnit, horizon_days: int
) -> Choice:
    fits = {
        name: model.fit_triples(histories, as_of=as_of, time_unit=time_unit)
        for name, model in ORDER_MODELS.items()
    }
    missing = lacking(histories)
    trials = () if missing else tuple(_trials(store, as_of, histories, horizon_days))
    likeliest = min(fits, key=lambda name: _bic(fits[name]))
    if missing:
        return Choice(likeliest, "too_little_to_test", fits, trials, missing)
    scores = {
        name: sum(t.score * t.customers for t in trials if t.decides and t.model == name)
        for name in fits
    }
    best = max(scores.values())
    near = [name for name, score in scores.items() if score >= best - _TIE]
    if len(near) == 1:
        return Choice(near[0], "own_past", fits, trials, missing)
    return Choice(min(near, key=lambda name: _bic(fits[name])), "likelihood", fits, trials, missing)


def lacking(triples: Triples) -> dict[str, tuple[int, int]]:
    """What a shop has too little of to choose by its own past: what there is, what it takes."""
    have = {
        "buyers": triples.customers,
        "repeat_buyers": triples.having(1),
        "history_days": triples.history_days,
    }
    return {name: (have[name], least) for name, least in NEEDED.items() if have[name] < least}


def need_enough(model: str, triples: Triples) -> None:
    """Stops what would rest on too short a past.

    Raises: CrmError("not_enough_data") under 500 buyers, 100 who came back, or 180 days.
    """
    need(model, **lacking(triples))


def trial_periods(as_of: date, *, history_days: int, horizon_days: int) -> list[tuple[date, date]]:
    """Days to look ahead from and where that ends, the latest first; as much lies before each.

    The first ends today and decides nothing. The others end before any period that values and
    chances of staying away are told of (they go back a year at most): what chose the order model
    would otherwise have seen the answers.
    """
    untouched = trial_days(history_days, YEAR_DAYS)
    ends = [0, *(untouched + horizon_days * back for back in range(_MOST_EARLIER))]
    return [
        (as_of - timedelta(end + horizon_days), as_of - timedelta(end))
        for end in ends
        if end + 2 * horizon_days <= history_days
    ]


def trial_days(history_days: int, horizon_days: int) -> int:
    """A period short enough for three of them to lie after a first one."""
    return max(min(horizon_days, history_days // 4), _SHORTEST_TRIAL_DAYS)


def _trials(store: Tables, as_of: date, histories: Triples, horizon_days: int) -> Sequence[Trial]:
    days = trial_days(histories.history_days, horizon_days)
    read = {as_of: histories}
    found: list[Trial] = []
    periods = trial_periods(as_of, history_days=histories.history_days, horizon_days=days)
    for place, (origin, until) in enumerate(periods):
        for day in {origin, until} - set(read):
            read[day] = read_triples(store, day)
        before = read[origin]
        have = {"buyers": before.customers, "repeat_buyers": before.having(1)}
        if any(have[name] < least for name, least in _LEAST_TO_LEARN_FROM.items()):
            break
        found += _one_trial(before, read[until], origin, days, decides=0 < place <= _DECIDING)
    return found


def _one_trial(
    before: Triples, after: Triples, origin: date, days: int, *, decides: bool
) -> list[Trial]:
    """Each model's account of what the customers known at `origin` did in the `days` after it."""
    known = after.age_days >= days
    came = Triples.of(
        *(
            column[known]
            for column in (after.frequency, after.recency_days, after.age_days, after.count)
        )
    )
    brought = float(np.dot(came.frequency, came.count) - np.dot(before.frequency, before.count))
    found: list[Trial] = []
    for name, model in ORDER_MODELS.items():
        at = model.learned_at(before)
        gained = model.likelihood(came)(np.log(at))[0] - model.likelihood(before)(np.log(at))[0]
        coming = model.expected_at(at, before, days)
        said = float(np.dot(coming, before.count))
        found.append(
            Trial(
                model=name,
                origin=origin,
                horizon_days=days,
                customers=before.customers,
                score=float(gained) / before.customers,
                purchases_error=said / brought - 1.0 if brought else None,
                decides=decides,
            )
        )
    return found


def _bic(fitted: Fitted) -> float:
    free = len(fitted.parameters)
    return free * float(np.log(fitted.customers)) - 2.0 * fitted.log_likelihood
