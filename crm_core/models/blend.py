"""Ranks customers by value with boosted trees beside the order model, where that has paid here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from crm_core.models import measures
from crm_core.models.base import need
from crm_core.models.learners import Predict, learn_spend
from crm_core.models.lessons import Past
from crm_core.models.resampling import Gain, gini_gain
from crm_core.models.rhythm import Rhythm, Sight, Told
from crm_core.models.snapshots import Snapshot
from crm_core.models.threads import one_thread
from crm_core.models.triples import Floats

LEAST_CUSTOMERS = 2_000

_SEED, _SEEDS_IN_ONE = 7, 2


@dataclass(frozen=True)
class Blend:
    """Half the trees' share of revenue and half the order model's, times the order model's total:
    trees rank better and get the level wrong.

    `gains` is how much better customers were ranked on each past day, by Gini; `pays` is whether
    all but the last say so beyond chance. The last chose nothing; `told` is how the order model and
    the blend did on it. `learned_days` is the horizon trees learned from: that of the trials in a
    shop too young to have seen a whole one.
    """

    horizon_days: int
    pays: bool
    gains: Mapping[date, Gain]
    last: date | None
    told: Mapping[str, Mapping[str, float | None]]
    learned: Predict | None = field(repr=False)
    learned_days: int

    def ranked(self, rhythm: Rhythm, snapshot: Snapshot, told: Told | None = None) -> Floats | None:
        """What the trees say of each customer, in no level to rely on; None where they do not pay.
        `told`: see `Rhythm.design`, of the horizon."""
        if not self.pays or self.learned is None:
            return None
        known = told if self.learned_days == self.horizon_days else None
        return self.learned(rhythm.design(snapshot, self.learned_days, known))

    def revenue(self, rhythm: Rhythm, snapshot: Snapshot) -> Floats:
        """Revenue to expect of each customer; the order model's own where the blend does not pay."""
        expected = rhythm.expected_revenue(snapshot, self.horizon_days)
        ranked = self.ranked(rhythm, snapshot)
        return expected if ranked is None else mixed(ranked, expected)


def mixed(ranked: Floats, expected: Floats) -> Floats:
    """The mean of two shares of the total, as parts of the total of `expected`.

    >>> import numpy as np
    >>> mixed(np.array([30.0, 10.0]), np.array([1.0, 3.0])).tolist()
    [2.0, 2.0]
    """
    total, other = float(expected.sum()), float(ranked.sum())
    if total <= 0 or other <= 0:
        return expected
    return (expected + ranked * (total / other)) / 2.0


def learn(past: Past, horizon_days: int, *, customers: int, seed: int = _SEED) -> Blend:
    """Tries the blend on past days and, where it pays, learns it from what ended by now.

    Raises: CrmError("not_enough_data") under 2,000 customers: trees rank worse than the order
    model then.
    """
    need("blend", customers=(customers, LEAST_CUSTOMERS))
    with one_thread():
        return _learned(past, horizon_days, seed)


def _learned(past: Past, horizon_days: int, seed: int) -> Blend:
    deciding, last = past.trials(horizon_days)
    gains: dict[date, Gain] = {}
    for sight in [*deciding, *([] if last is None else [last])]:
        gain = _gain(past, sight, seed)
        if gain is not None:
            gains[sight.snapshot.origin] = gain
    said = [gains[s.snapshot.origin] for s in deciding if s.snapshot.origin in gains]
    pays = bool(said) and all(gain.low > 0 for gain in said)
    seeds = range(seed, seed + _SEEDS_IN_ONE)
    days = horizon_days
    learned = _learn(past, past.as_of, days, seeds) if pays else None
    if pays and learned is None:
        days = deciding[0].snapshot.horizon_days
        learned = _learn(past, past.as_of, days, seeds)
    return Blend(
        horizon_days=horizon_days,
        pays=pays and learned is not None,
        gains=gains,
        last=None if last is None else last.snapshot.origin,
        told={} if last is None else _told(past, last, seed),
        learned=learned,
        learned_days=days,
    )


def _learn(past: Past, until: date, horizon_days: int, seeds: range) -> Predict | None:
    lessons = past.lessons(until, horizon_days)
    if lessons is None or not lessons.spent.sum():
        return None
    return learn_spend(lessons, seeds=seeds)


def _told(past: Past, last: Sight, seed: int) -> dict[str, dict[str, float | None]]:
    """Both ways on the day that chose nothing."""
    snapshot, days = last.snapshot, last.snapshot.horizon_days
    expected = last.expected
    found = {"order_model": measured(snapshot, expected)}
    learned = _learn(past, snapshot.origin, days, range(seed, seed + 1))
    if learned is not None:
        found["blend"] = measured(snapshot, mixed(learned(last.design), expected))
    return found


def _gain(past: Past, sight: Sight, seed: int) -> Gain | None:
    """How much better the blend would have ranked the customers of a past day."""
    snapshot, days = sight.snapshot, sight.snapshot.horizon_days
    learned = _learn(past, snapshot.origin, days, range(seed, seed + 1))
    if learned is None:
        return None
    spent = snapshot.next_cents / 100.0
    said = mixed(learned(sight.design), sight.expected)
    return gini_gain(spent, said, sight.expected, seed=seed)


def measured(snapshot: Snapshot, said: Floats) -> dict[str, float | None]:
    """Order and level of what was said of each customer's spend in the horizon."""
    spent = snapshot.next_cents / 100.0
    return {
        "spend_error": measures.spend_error(spent, said),
        "gini": measures.gini(spent, said),
        "top_decile": measures.top_decile(spent, said),
        "mae": measures.mae(spent, said),
    }
