"""Whether what a customer began with tells value apart: source, channel, region, first category."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np

from crm_core.models.lessons import Past
from crm_core.models.resampling import Gain, gini_gain
from crm_core.models.rhythm import Sight
from crm_core.models.triples import Floats, Ints
from crm_core.store import Tables

FACTS = ("acquisition_source", "first_sales_channel", "first_region", "first_category")

_SEED, _RESAMPLES = 7, 60
_LEAST_OF_A_CODE = 50
_PLACES = 10**12


@dataclass(frozen=True)
class Beginnings:
    """`gains` is how much better the order model ranked customers on past days when its revenue
    was multiplied by what each code of a fact had brought over what was expected, by fact and
    day. `used` is the fact that did so beyond chance on all but the `last` day, most of all;
    empty where none did. `multipliers` are those of its codes now.
    """

    used: str = ""
    multipliers: Mapping[str, float] = field(default_factory=dict)
    gains: Mapping[str, Mapping[date, Gain]] = field(default_factory=dict)
    last: date | None = None


def began(store: Tables) -> ir.Table:
    """One row a customer: customer_key and FACTS, by their first order; the first category is
    that of the dearest line."""
    ledger = store.table("ledger")
    first = ledger.filter(
        (ledger.entry == "sale") & (ledger.order_no == 1) & ledger.customer_key.notnull()
    )
    cents = (first.gross * 100).cast("int64") + _PLACES
    # One text a line, so that the largest is the same in every run and on every engine.
    line = cents.cast("string") + first.category
    told = first.group_by("customer_key").agg(
        acquisition_source=first.acquisition_source.max(),
        first_sales_channel=first.sales_channel.max(),
        first_region=first.region.max(),
        dearest=line.max(),
    )
    told = told.mutate(first_category=told.dearest.substr(len(str(_PLACES))))
    return told.select("customer_key", *FACTS)


def learn(past: Past, horizon_days: int) -> Beginnings:
    """Tries each fact on past days; what chooses it ended before the last of them began.

    A fact that fails on one day is not tried on earlier ones.
    """
    if not past.store.has("ledger"):
        return Beginnings()
    told = _Told.read(past)
    deciding, last = past.trials(horizon_days)
    gains: dict[str, dict[date, Gain]] = {}
    for fact in FACTS:
        for sight in deciding:
            gain = _gain(past, sight, told, fact)
            if gain is not None:
                gains.setdefault(fact, {})[sight.snapshot.origin] = gain
            if gain is None or gain.low <= 0:
                break
    used = _best(gains)
    now = _multipliers(past, past.as_of, horizon_days, told, used) if used else {}
    if last is not None and now:
        gain = _gain(past, last, told, used)
        gains[used] |= {} if gain is None else {last.snapshot.origin: gain}
    until = None if last is None else last.snapshot.origin
    return Beginnings(used if now else "", now, gains, until)


def _gain(past: Past, sight: Sight, told: _Told, fact: str) -> Gain | None:
    """How much better customers would have been ranked on that day; None where too few codes
    were known."""
    seen = sight.snapshot
    by_code = _multipliers(past, seen.origin, seen.horizon_days, told, fact)
    if len(by_code) < 2:
        return None
    if len(set(by_code.values())) == 1:
        return Gain(0.0, 0.0, 0.0)
    said = sight.expected * told.spread(seen["customer_key"], fact, by_code)
    spent = seen.next_cents / 100.0
    return gini_gain(spent, said, sight.expected, seed=_SEED, resamples=_RESAMPLES)


def _best(gains: Mapping[str, Mapping[date, Gain]]) -> str:
    """The fact of the largest mean gain among those that gained beyond chance each time."""
    sure = {
        fact: float(np.mean([gain.gain for gain in found.values()]))
        for fact, found in gains.items()
        if all(gain.low > 0 for gain in found.values())
    }
    return max(sure, key=lambda fact: sure[fact]) if sure else ""


@dataclass(frozen=True)
class _Told:
    """What the customers learned from began with, sorted by their keys."""

    customer_key: Ints
    codes: Mapping[str, np.ndarray]

    @classmethod
    def read(cls, past: Past) -> _Told:
        expr = began(past.store)
        batches = list(past.store.stream(expr.order_by("customer_key"), purpose="fit"))
        columns = {
            name: np.concatenate([batch.column(name).to_numpy(False) for batch in batches])
            if batches
            else np.empty(0, dtype=object)
            for name in expr.columns
        }
        return cls(columns.pop("customer_key").astype(np.int64), columns)

    def of(self, customer_key: Ints, fact: str) -> np.ndarray:
        """Each customer's code as text; empty where it is not known."""
        if not len(self.customer_key):
            return np.full(len(customer_key), "")
        place = np.searchsorted(self.customer_key, customer_key).clip(0, len(self.customer_key) - 1)
        codes = self.codes[fact][place]
        known = (self.customer_key[place] == customer_key) & (codes != None)  # noqa: E711 one by one
        return np.where(known, codes, "").astype(str)

    def spread(self, customer_key: Ints, fact: str, by_code: Mapping[str, float]) -> Floats:
        """Each customer's multiplier; 1 where there is none."""
        names, place = np.unique(self.of(customer_key, fact), return_inverse=True)
        return np.array([by_code.get(str(name), 1.0) for name in names])[place]


def _multipliers(
    past: Past, until: date, horizon_days: int, told: _Told, fact: str
) -> dict[str, float]:
    """By code: what its customers brought over what was expected of them, relative to all and
    drawn to 1 by as much as chance alone may have moved it. Known by `until`."""
    lessons = past.lessons(until, horizon_days)
    if lessons is None:
        return {}
    names, place = np.unique(told.of(lessons.customer_key, fact), return_inverse=True)
    level = float(lessons.spent.sum()) / max(float(lessons.expected.sum()), 1e-9)
    expected = np.bincount(place, lessons.expected * level)
    spent = np.bincount(place, lessons.spent)
    people, person = np.unique(lessons.customer_key, return_inverse=True)
    # A customer seen on several days is one: their misses are added before they are squared.
    miss = np.bincount(person, lessons.spent - lessons.expected * level)
    of_person = np.zeros(len(people), dtype=np.int64)
    of_person[person] = place
    chance = np.bincount(of_person, miss**2, minlength=len(names))
    size = np.bincount(of_person, minlength=len(names))
    kept = (names != "") & (size >= _LEAST_OF_A_CODE) & (expected > 0) & (chance > 0)
    if not kept.any():
        return {}
    ratio, variance = spent[kept] / expected[kept], chance[kept] / expected[kept] ** 2
    drawn = _drawn_to_one(ratio, variance)
    return {str(name): float(value) for name, value in zip(names[kept], drawn, strict=True)}


def _drawn_to_one(ratio: Floats, variance: Floats) -> Floats:
    """Ratios shrunk by the share of their spread that chance explains (DerSimonian & Laird 1986).

    >>> _drawn_to_one(np.array([1.5, 0.5]), np.array([0.01, 0.01])).round(2).tolist()
    [1.48, 0.52]
    >>> _drawn_to_one(np.array([1.1, 0.9]), np.array([0.04, 0.04])).tolist()
    [1.0, 1.0]
    """
    weight = 1.0 / variance
    off = float(np.dot(weight, (ratio - 1.0) ** 2)) - len(ratio)
    spread = max(off / float(weight.sum()), 0.0)
    return 1.0 + (ratio - 1.0) * spread / (spread + variance)


def with_multiplier(joined: ir.Table, store: Tables, begun: Beginnings) -> ir.Table:
    """The same rows with `told`: the multiplier of what each customer began with."""
    facts = began(store)
    code = facts[begun.used]
    cases = [(code == name, ibis.literal(value)) for name, value in begun.multipliers.items()]
    facts = facts.select("customer_key", told=ibis.cases(*cases, else_=1.0))
    both = joined.left_join(facts, "customer_key")
    both = both.drop("customer_key_right") if "customer_key_right" in both.columns else both
    return both.mutate(told=both.told.fill_null(1.0))
