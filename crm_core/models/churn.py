"""How likely each customer is to order nothing in the days ahead, and when the next order comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from crm_core.models import measures
from crm_core.models.base import Fitted, need
from crm_core.models.learners import Predict, is_enough, learn_boosting, learn_logistic
from crm_core.models.lessons import Past
from crm_core.models.order_models import order_model
from crm_core.models.rhythm import Rhythm, Sight, Told
from crm_core.models.sampling import MOST_CUSTOMERS, sampled
from crm_core.models.snapshots import Snapshot, read_snapshot
from crm_core.models.threads import one_thread
from crm_core.models.triples import Floats, Ints, Triples, read_triples, usual_gap_days
from crm_core.models.value_choice import choose, lacking, need_enough
from crm_core.store import Tables

NAME = "churn"
METHODS = ("btyd", "rate", "logistic", "boosting")
SHARE = "naive_share"
LEVELS = (0.1, 0.5, 0.9)

_SEED = 7
_NEAR = 50.0
_LEAST = {"buyers": 50, "repeat_buyers": 10, "history_days": 30}


@dataclass(frozen=True)
class Trial:
    """The Brier score (smaller is better) of one method, or of everyone at the share of the
    period before (`SHARE`), on the `horizon_days` after `origin`. The last period decides nothing.
    """

    method: str
    origin: date
    horizon_days: int
    customers: int
    brier: float
    decides: bool


@dataclass(frozen=True)
class Churn:
    """What the shop learned about customers staying away for `horizon_days`.

    `brier` is each method's mean over the `trials` that decide (empty where the shop is too
    young for one), by which `method` was chosen: the best that could be learned for the horizon.
    `reliability` is how `method` did on the last period, which chose nothing: (customers, chance
    said, share that stayed away).
    `usual_days` is the time within which nine of ten repeat orders of this shop come; `missing`
    is what there was too little of to try anything (what there is, what it takes).
    """

    as_of: date
    horizon_days: int
    usual_days: int
    method: str
    brier: Mapping[str, float]
    trials: tuple[Trial, ...]
    reliability: tuple[tuple[int, float, float], ...]
    rhythm: Rhythm
    triples: Triples
    learned: Predict | None
    missing: Mapping[str, tuple[int, int]]

    def p_no_order(self, snapshot: Snapshot) -> Floats:
        """Chance of no order within the horizon for each customer of a snapshot of `as_of`."""
        if self.learned is not None:
            chance = self.learned(self.rhythm.design(snapshot, self.horizon_days, self._told))
        elif self.method == "rate":
            chance = self.rhythm.p_no_order_by_rate(snapshot, self.horizon_days)
        else:
            chance = snapshot.spread(self._told.rows, self._told.p_no_order)
        return np.clip(chance, 0.0, 1.0)

    def next_order_days(self, snapshot: Snapshot) -> Floats:
        """Days to the next order of those who come within the horizon: the day by which one in
        ten, half and nine in ten of customers like this one came. Show 1 - `p_no_order` with it."""
        rows, found = self._windows
        x, age = self._alike(snapshot["frequency"]), self._alike(snapshot["age_days"])
        return found[rows.places(x, np.zeros_like(x), age)]

    def _alike(self, counts: Ints) -> Ints:
        """Counts as the windows of a large shop know them: within one part in a hundred, which
        moves no window by a day."""
        if self.triples.customers <= MOST_CUSTOMERS:
            return counts
        near = np.expm1(np.rint(np.log1p(counts) * _NEAR) / _NEAR)
        return np.rint(near).astype(np.int64)

    @cached_property
    def _told(self) -> Told:
        return self.rhythm.told(self.triples, self.horizon_days)

    @cached_property
    def _windows(self) -> tuple[Triples, Floats]:
        """Next order days of all histories; they do not depend on when the last order was."""
        x, age = self._alike(self.triples.frequency), self._alike(self.triples.age_days)
        rows = Triples.of(x, np.zeros_like(x), age)
        model, fitted = order_model(self.rhythm.orders), self.rhythm.orders
        return rows, model.next_order_days(fitted, rows, self.horizon_days, LEVELS)

    @property
    def fitted(self) -> Fitted:
        """As a document: the horizon and each method's Brier score on the shop's own past."""
        scores = {f"brier_{method}": score for method, score in self.brier.items()}
        return Fitted(
            model=NAME,
            as_of=self.as_of,
            time_unit="day",
            parameters={"horizon_days": float(self.horizon_days), **scores},
            standard_errors={},
            log_likelihood=self.rhythm.orders.log_likelihood,
            customers=self.triples.customers,
            distinct=len(self.triples),
            fingerprint=self.triples.fingerprint,
            warnings=self.rhythm.orders.warnings,
        )


def fit(store: Tables, *, as_of: date, horizon_days: int | None = None) -> Fitted:
    """Learns who stays away and chooses how to say it; see `learn`."""
    return learn(store, as_of=as_of, horizon_days=horizon_days).fitted


def learn(
    store: Tables,
    *,
    as_of: date,
    horizon_days: int | None = None,
    model: str | None = None,
    seed: int = _SEED,
    most: int = MOST_CUSTOMERS,
) -> Churn:
    """Learns the chance of no order within `horizon_days`, by default the time within which nine
    of ten repeat orders of this shop come.

    Four ways are tried on past periods, each with all it learned from ended before: the order
    model's chance, one's own rate fading with silence, logistic regression, boosted trees. The
    smallest Brier score over all but the last period is chosen. Never one minus the chance of
    being here still, which nobody can check. `model`: the order model, where it was chosen
    already. At most about `most` customers, drawn by key, are learned from and tried on.
    Raises: CrmError("not_enough_data") under 500 buyers, 100 who came back, or 180 days.
    """
    triples = read_triples(store, as_of)
    need_enough(NAME, triples)
    few = sampled(store, triples.customers, most)
    with one_thread():
        return _learned(_spoken_by(few, as_of, triples, horizon_days, model), few, seed)


def untried(
    store: Tables, *, as_of: date, horizon_days: int | None = None, model: str | None = None
) -> Churn:
    """The order model's chance alone, for a shop too young to try any method on its past.

    Raises: CrmError("not_enough_data") under 50 buyers, 10 who came back, or 30 days.
    """
    triples = read_triples(store, as_of)
    have = {
        "buyers": triples.customers,
        "repeat_buyers": triples.having(1),
        "history_days": triples.history_days,
    }
    need(NAME, **{name: (have[name], least) for name, least in _LEAST.items()})
    few = sampled(store, triples.customers)
    with one_thread():
        return _spoken_by(few, as_of, triples, horizon_days, model)


def _spoken_by(
    store: Tables, as_of: date, triples: Triples, horizon_days: int | None, model: str | None
) -> Churn:
    model = model or choose(store, as_of=as_of).model
    usual = usual_gap_days(store, as_of)
    return Churn(
        as_of=as_of,
        horizon_days=horizon_days or usual,
        usual_days=usual,
        method="btyd",
        brier={},
        trials=(),
        reliability=(),
        rhythm=Rhythm.learned(read_snapshot(store, as_of), model),
        triples=triples,
        learned=None,
        missing=lacking(triples),
    )


def _learned(begun: Churn, store: Tables, seed: int) -> Churn:
    past = Past(store, begun.as_of, begun.triples, begun.rhythm.orders.model)
    deciding, last = past.trials(begun.horizon_days)
    trials = tuple(_trials(past, deciding, seed))
    brier = _brier(trials)
    best = min(brier, key=lambda name: brier[name]) if brier else "btyd"
    learned = _learn(past, begun.as_of, begun.horizon_days, best, seed)
    # What was best on shorter periods may have too little to learn from for a long one.
    method = best if learned is not None or best in ("btyd", "rate") else "btyd"
    told, reliability = ((), ()) if last is None else _told(past, last, method, seed)
    return replace(
        begun,
        method=method,
        brier=brier,
        trials=(*trials, *told),
        reliability=reliability,
        learned=learned,
    )


def _learn(past: Past, until: date, horizon_days: int, method: str, seed: int) -> Predict | None:
    """A learner of what had ended by `until`; None where there is too little, or none needed."""
    if method not in ("logistic", "boosting"):
        return None
    lessons = past.lessons(until, horizon_days)
    if lessons is None or not is_enough(lessons):
        return None
    return learn_logistic(lessons) if method == "logistic" else learn_boosting(lessons, seed=seed)


def _chance(past: Past, sight: Sight, method: str, seed: int) -> Floats | None:
    """What a method would have said on a past day."""
    snapshot, days = sight.snapshot, sight.snapshot.horizon_days
    if method == "btyd":
        return sight.rhythm.p_no_order(snapshot, days)
    if method == "rate":
        return sight.rhythm.p_no_order_by_rate(snapshot, days)
    learned = _learn(past, snapshot.origin, days, method, seed)
    return None if learned is None else learned(sight.design)


def _trials(past: Past, deciding: Sequence[Sight], seed: int) -> list[Trial]:
    """Every method on every period that decides, the latest first."""
    found: list[Trial] = []
    for sight in deciding:
        said = {method: _chance(past, sight, method, seed) for method in METHODS}
        found += _tried(past, sight, said, decides=True)
    return found


def _tried(
    past: Past, sight: Sight, said: Mapping[str, Floats | None], *, decides: bool
) -> list[Trial]:
    """What was said of one period, and everyone at the share of the period before it."""
    seen = sight.snapshot
    share = past.share_before(sight)
    if share is not None:
        said = {**said, SHARE: np.full(len(seen), share)}
    return [
        Trial(
            method=method,
            origin=seen.origin,
            horizon_days=seen.horizon_days,
            customers=len(seen),
            brier=measures.brier(seen.stayed_away, chance),
            decides=decides,
        )
        for method, chance in said.items()
        if chance is not None
    ]


def _brier(trials: Sequence[Trial]) -> dict[str, float]:
    """Mean Brier score of each method over the periods on which all could speak."""
    scores: dict[str, list[float]] = {}
    for trial in trials:
        if trial.method != SHARE:
            scores.setdefault(trial.method, []).append(trial.brier)
    # A method that could not yet learn at the older days is compared on the newer ones alone.
    fewest = min((len(found) for found in scores.values()), default=0)
    return {method: float(np.mean(found[:fewest])) for method, found in scores.items()}


def _told(
    past: Past, last: Sight, method: str, seed: int
) -> tuple[list[Trial], tuple[tuple[int, float, float], ...]]:
    """How the chosen method did on the period that chose nothing."""
    chance = _chance(past, last, method, seed)
    if chance is None:
        return [], ()
    tried = _tried(past, last, {method: chance}, decides=False)
    return tried, tuple(measures.reliability(last.snapshot.stayed_away, chance))


def validate(
    store: Tables, *, origins: Sequence[date], horizon_days: int
) -> list[dict[str, object]]:
    """How well staying away was foreseen, beside plain rules: everyone at the share of the period
    before, and gone or not by whether one had been silent for a whole horizon.

    Raises: CrmError("not_enough_data") where the log ends before the horizon does.
    """
    rows: list[dict[str, object]] = []
    for origin in origins:
        _need_days_after(store, origin, horizon_days)
        churn = learn(store, as_of=origin, horizon_days=horizon_days)
        seen = read_snapshot(store, origin, horizon_days)
        before = read_snapshot(store, origin - timedelta(horizon_days), horizon_days)
        share = float(before.stayed_away.mean()) if len(before) else 0.5
        said = {
            NAME: churn.p_no_order(seen),
            "naive_share": np.full(len(seen), share),
            "naive_silence": (seen.silent_days > horizon_days).astype(np.float64),
        }
        rows += [_measured(seen, method, chance) for method, chance in said.items()]
    return rows


def _need_days_after(store: Tables, origin: date, horizon_days: int) -> None:
    days = store.table("customer_days")
    end = store.fetch(days.agg(last=days.day.max()))["last"].iloc[0]
    logged = (end.date() - origin).days if end is not None and end == end else 0
    need("validate", days_after_origin=(logged, horizon_days))


def _measured(seen: Snapshot, method: str, chance: Floats) -> dict[str, object]:
    away = seen.stayed_away
    usual = measures.brier(away, np.full(len(away), away.mean()))
    return {
        "method": method,
        "origin": seen.origin.isoformat(),
        "horizon_days": seen.horizon_days,
        "auc": measures.auc(away, chance),
        "brier": measures.brier(away, chance),
        "brier_skill": 1.0 - measures.brier(away, chance) / usual if usual else None,
        "calibration_error": measures.calibration_error(away, chance),
    }
