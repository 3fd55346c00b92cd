"""Days on which a series went where the forecast made before them did not expect it.

How wide "expected" is, a shop's own past trials tell. Errors are scaled by the root of what was
said, as the forecast's bands are, then by the middle of the series' own errors: each past trial by
those of the others, as the newest is by all of theirs. A chance is the rank among the scaled errors
of all series; beyond the largest few their tail goes on as a power (Hill). So heavy tails, a
forecast that was off for weeks and a middle learned from few trials are in it without a formula.
Days of one trial move together: that makes ranks less certain, not lower.

Every day looked at and their sum is one look of each series. What is told is a member (a region, the
whole shop) with all its looks, so members are what is counted: those are kept among which at most a
share is false, each by its looks together (Simes), then within them the looks that are odd at the
same level (Benjamini-Bogomolov). Both hold where looks rise and fall together, as a total does with
its parts; Benjamini-Yekutieli, for any dependence, would divide the share by four at 30 members. What
it comes to is not assumed: the same look at every past week of the trials says how many findings a
week to expect from ordinary weeks.

Sources: Vovk, Gammerman & Shafer (2005), conformal prediction; Hill (1975); Benjamini & Hochberg
(1995); Simes (1986); Benjamini & Yekutieli (2001); Benjamini & Bogomolov (2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_core.models.anomaly_findings import Anomaly, Span, findings
from crm_core.models.lift_segments import discoveries

Array = NDArray[np.float64]

DAYS: Final = 7
FALSE_SHARE: Final = 0.1
LEAST_TRIALS: Final = 3
_FLOOR = 0.1
_TAIL = 0.02
_LEAST_TAIL = 10
_STEEPEST = 12.0
_SURE = 0.025


@dataclass(frozen=True)
class Looked:
    """What a look at the last days found, and how much was looked at.

    `looks` are the chances that were weighed: every series and day, and the days together.
    `false_alarms` are the findings a week to expect where nothing is out of the ordinary: what the
    same look finds in the `replayed` past weeks (some of which had a cause, so it is no less), but
    at least the share that the control of false discoveries allows.
    """

    anomalies: tuple[Anomaly, ...]
    series: int
    days: int
    looks: int
    false_alarms: float
    replayed: int


@dataclass(frozen=True)
class Trials:
    """Past trials as arrays: series x trial (the newest last) x day; empty where there is none."""

    keys: tuple[tuple[str, str, str], ...]
    actual: Array
    said: Array
    first: date

    @property
    def horizon(self) -> int:
        """The days of a trial."""
        return self.actual.shape[2]


def anomalies(trials: pd.DataFrame) -> Looked:
    """The last DAYS days of the newest past trial against what was said before it began.

    `trials` has columns measure, dimension, member, origin, day, actual, said. Series with fewer
    than three earlier trials, or whose earlier trials never erred, are not looked at.
    """
    told = arranged(trials)
    if not told.keys:
        return Looked((), 0, 0, 0, FALSE_SHARE, 0)
    single, joint = Scaled.of(told, 1), Scaled.of(told, DAYS)
    newest = told.actual.shape[1] - 1
    last = told.horizon // DAYS - 1
    found, looks = _look(told, single, joint, newest, last)
    past = [
        len(_look(told, single, joint, trial, stretch)[0])
        for trial in range(newest)
        for stretch in range(told.horizon // DAYS)
    ]
    a_week = float(np.mean(past)) if past else 0.0
    return Looked(
        anomalies=found,
        series=int(np.isfinite(joint.chances(newest)[:, last]).sum()),
        days=DAYS,
        looks=looks,
        false_alarms=max(FALSE_SHARE, a_week),
        replayed=len(past),
    )


def arranged(trials: pd.DataFrame) -> Trials:
    """The rows as arrays, for series with enough earlier trials."""
    if trials.empty:
        return Trials((), np.zeros((0, 0, 0)), np.zeros((0, 0, 0)), date.min)
    keys = trials["measure"] + "\x00" + trials["dimension"] + "\x00" + trials["member"]
    series, names = pd.factorize(keys, sort=True)
    origin = pd.to_datetime(trials["origin"])
    trial, origins = pd.factorize(origin, sort=True)
    day = (pd.to_datetime(trials["day"]) - origin).dt.days.to_numpy() - 1
    shape = (len(names), len(origins), int(day.max()) + 1)
    values: list[Array] = []
    for column in ("actual", "said"):
        table = np.full(shape, np.nan)
        table[series, trial, day] = trials[column].to_numpy(dtype=float)
        values.append(table)
    there: NDArray[np.bool_] = np.all(np.isfinite(values[0]), axis=2)
    kept = there[:, -1] & (there[:, :-1].sum(axis=1) >= LEAST_TRIALS)
    told = [tuple(str(name).split("\x00")) for name in np.asarray(names)[kept]]
    first = pd.Timestamp(origins[-1]).date() + timedelta(1)
    return Trials(tuple((m, d, k) for m, d, k in told), values[0][kept], values[1][kept], first)


@dataclass(frozen=True)
class Scaled:
    """Errors of stretches of days, scaled. `root`: the root of what was said of each; `z`: errors
    over it; `middle`: the series' middle error by the other trials (infinite where there is none);
    all are series x trial x stretch."""

    root: Array
    z: Array
    middle: Array

    @classmethod
    def of(cls, told: Trials, days: int) -> Scaled:
        """Errors of the sums of `days` days each, counted back from the end of a trial."""
        actual, said = (_summed(values, days) for values in (told.actual, told.said))
        usual = np.nanmean(np.abs(said), axis=(1, 2), keepdims=True)
        root = np.sqrt(np.maximum(said, np.maximum(_FLOOR * usual, 1e-12)))
        closed = (said <= 0) & (actual == 0)
        z = np.where(closed, np.nan, (actual - said) / root)
        return cls(root, z, _middles(z))

    @property
    def scores(self) -> Array:
        """Errors in middle errors of the series; empty where there is no middle."""
        return np.where(np.isfinite(self.middle), self.z / self.middle, np.nan)

    def chances(self, trial: int) -> Array:
        """How often ordinary days err so much, series x stretch of one trial, by the other past
        trials; empty for what is not looked at."""
        tails = self._tails(trial)
        scores = self.scores[:, trial]
        both = np.minimum(tails[1].chance(scores), tails[0].chance(-scores))
        return np.where(np.isfinite(scores), np.minimum(2 * both, 1.0), np.nan)

    def range_of(self, trial: int) -> tuple[Array, Array]:
        """By how much at least and at most ordinary days differ from what was said, in 95 of 100
        cases; series x stretch."""
        below, above = (tail.at(_SURE) for tail in self._tails(trial))
        width = self.middle[:, trial] * self.root[:, trial]
        return -below * width, above * width

    def _tails(self, trial: int) -> tuple[Tail, Tail]:
        past = np.arange(self.z.shape[1] - 1)
        scores = self.scores[:, past[past != trial]]
        known = scores[np.isfinite(scores)]
        return Tail.of(-known), Tail.of(known)


@dataclass(frozen=True)
class Tail:
    """How often scores are at least so large: by rank among `known` (in order), and beyond `begin`
    as a power."""

    known: Array
    begin: float
    share: float
    power: float

    @classmethod
    def of(cls, scores: Array) -> Tail:
        """The upper tail of scores, most of which lie on both sides of zero."""
        known = np.sort(scores)
        count = min(max(_LEAST_TAIL, round(_TAIL * len(known))), len(known) // 4)
        begin = float(known[-count - 1]) if count else 0.0
        if begin <= 0:
            return cls(known, float("inf"), 0.0, 1.0)
        steps = float(np.mean(np.log(known[-count:] / begin)))
        power = min((count - 1) / count / max(steps, 1e-9), _STEEPEST)
        return cls(known, begin, (count + 1) / (len(known) + 1), power)

    def chance(self, scores: Array) -> Array:
        """The share of ordinary scores that are at least as large."""
        above = len(self.known) - np.searchsorted(self.known, scores, side="left")
        ranks = (above + 1) / (len(self.known) + 1)
        if not np.isfinite(self.begin):
            return ranks
        beyond = np.maximum(scores, self.begin) / self.begin
        return np.where(scores > self.begin, self.share * beyond**-self.power, ranks)

    def at(self, share: float) -> float:
        """The score that this share of ordinary ones lies above."""
        return float(np.quantile(self.known, 1 - share)) if len(self.known) else 0.0


def _summed(values: Array, days: int) -> Array:
    """Sums of `days` days, counted back from the last; days before the first whole one are left."""
    count = values.shape[2] // days
    return values[:, :, -count * days :].reshape(*values.shape[:2], count, days).sum(axis=3)


def _middles(z: Array) -> Array:
    """The middle of the errors' sizes in the other past trials, for every trial and series."""
    size, past = np.abs(z), z.shape[1] - 1
    found = np.full(z.shape[:2], np.inf)
    for trial in range(z.shape[1]):
        others = [other for other in range(past) if other != trial]
        errors = size[:, others].reshape(len(z), -1)
        for place in np.flatnonzero(np.isfinite(errors).any(axis=1)):
            known = errors[place][np.isfinite(errors[place])]
            middle = float(np.median(known)) or float(known.mean())
            found[place, trial] = middle or np.inf
    return found[:, :, None]


def _kept(keys: Sequence[tuple[str, str, str]], chances: Array) -> NDArray[np.bool_]:
    """Which looks to keep: members of which any look is odd (Simes), then their odd looks."""
    members: dict[tuple[str, str], list[int]] = {}
    for place, (_, dimension, member) in enumerate(keys):
        members.setdefault((dimension, member), []).append(place)
    looked = [mine for mine in members.values() if np.isfinite(chances[mine]).any()]
    odd = discoveries([simes(chances[mine]) for mine in looked], FALSE_SHARE)
    kept = np.zeros(chances.shape, dtype=bool)
    for mine, is_odd in zip(looked, odd, strict=True):
        if is_odd:
            there = np.isfinite(chances[mine])
            level = FALSE_SHARE * sum(odd) / len(odd)
            found = np.zeros(there.shape, dtype=bool)
            found[there] = discoveries(chances[mine][there].tolist(), level)
            kept[mine] = found
    return kept


def simes(chances: Array) -> float:
    """The chance that none of several looks is odd; for looks that rise and fall together.

    >>> simes(np.array([0.01, 0.5, 0.9, np.nan]))
    0.03
    """
    known = np.sort(chances[np.isfinite(chances)])
    return float(np.min(known * len(known) / np.arange(1, len(known) + 1)))


def _look(
    told: Trials, single: Scaled, joint: Scaled, trial: int, stretch: int
) -> tuple[tuple[Anomaly, ...], int]:
    """What one look at a stretch of days of a trial finds, and at how many chances it looked."""
    begin = told.horizon % DAYS + stretch * DAYS
    end = begin + DAYS
    of_days, together = single.chances(trial)[:, begin:end], joint.chances(trial)[:, [stretch]]
    chances = np.concatenate([of_days, together], axis=1)
    looked = np.isfinite(chances)
    kept = _kept(told.keys, chances)
    if not kept.any():
        return (), int(looked.sum())
    low, high = single.range_of(trial)
    joint_low, joint_high = joint.range_of(trial)
    span = Span(
        keys=told.keys,
        actual=told.actual[:, trial, begin:end],
        said=told.said[:, trial, begin:end],
        chances=chances,
        kept=kept,
        low=np.concatenate([low[:, begin:end], joint_low[:, [stretch]]], axis=1),
        high=np.concatenate([high[:, begin:end], joint_high[:, [stretch]]], axis=1),
        first=told.first + timedelta(begin),
    )
    return findings(span), int(looked.sum())


def to_document(looked: Looked, **more: Any) -> dict[str, Any]:
    """How much was looked at, as the scores keep it."""
    return {
        "series": looked.series,
        "days": looked.days,
        "looks": looked.looks,
        "false_alarms": round(looked.false_alarms, 3),
        "replayed": looked.replayed,
        **more,
    }
