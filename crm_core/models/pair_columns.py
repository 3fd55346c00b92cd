"""Pairs, triples and what was looked at, as columns for a table: counts, shares and money."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from crm_core.models.baskets import Learned
from crm_core.models.pair_findings import REASONS, Findings, Kind
from crm_core.models.pair_tests import lift_range
from crm_core.models.triples import Floats, Ints

Columns = dict[str, Any]

_YEAR_DAYS = 365.0


def pair_columns(learned: Learned, kind: Kind) -> Columns:
    """A row a pair, the surest first; `a` is before `b` in the order of their texts.

    `support` and `lift` are of all baskets of the level, `expected_both` of baskets of like size
    and days with how well the two categories go together taken in. `extra_margin`: the baskets
    a year beyond that, times what a basket with the one that is taken along brings on average (b
    where `confidence_ab` is the larger, else a); empty where a cost is not known.
    """
    found, baskets = learned.findings[kind], learned.baskets
    names = np.array(baskets.items.names, dtype=object)
    a, b = _in_order(found, names)
    count, both = baskets.counts, found.pairs.both.astype(np.int64)
    of_a, of_b, total = count[a], count[b], len(baskets)
    lift, low, high = lift_range(both, of_a, of_b, total)
    ahead, back = both / of_a, both / of_b
    taken = np.where(ahead >= back, b, a)
    days = (baskets.last - baskets.first).days + 1
    extra = (both - found.expected) * _YEAR_DAYS / max(days, 1)
    return {
        "level": [baskets.level] * len(found),
        "kind": [kind] * len(found),
        "a": names[a].tolist(),
        "b": names[b].tolist(),
        "baskets_a": of_a,
        "baskets_b": of_b,
        "baskets_both": both,
        "customers_both": found.customers,
        "support": both / total,
        "confidence_ab": ahead,
        "confidence_ba": back,
        "lift": lift,
        "lift_low": low,
        "lift_high": high,
        "expected_both": found.expected,
        "extra_per_1000": 1000.0 * (both / total - of_a / total * (of_b / total)),
        "p_value": found.p,
        "q_value": found.q,
        "q_given": found.q_given,
        "stable": found.stable,
        "explained": ~found.holds,
        "explained_by": [REASONS[reason] or None for reason in found.reason.tolist()],
        "via": [None if item < 0 else names[item] for item in found.via.tolist()],
        "extra_margin": _or_none(extra * baskets.items.margin[taken]),
    }


def triple_columns(learned: Learned) -> Columns:
    """A row a triple, the surest first; `expected` is what its pairs explain."""
    found, names = learned.threes, learned.baskets.items.names
    rows = [sorted(names[item] for item in items) for items in found.items.tolist()]
    sides = {side: [row[place] for row in rows] for place, side in enumerate(("a", "b", "c"))}
    return {
        "level": [learned.baskets.level] * len(found),
        **sides,
        "baskets": found.baskets,
        "expected": found.expected,
        "lift": found.baskets / np.maximum(found.expected, 1e-9),
        "q_value": found.q,
        "customers": found.customers,
    }


def seen_columns(learned: Learned) -> Columns:
    """One row: how much was looked at, and what was counted out."""
    baskets = learned.baskets
    first = baskets.first + timedelta(int(baskets.day.min(initial=0)))
    sold = np.unique(baskets.day)
    return {
        "level": [baskets.level],
        "baskets": [len(baskets)],
        "single_baskets": [int(np.count_nonzero(baskets.size == 1))],
        "items": [len(baskets.items)],
        "lines": [int(baskets.matrix.nnz)],
        "capped_baskets": [baskets.capped],
        "largest": [baskets.largest],
        "possible_pairs": [learned.sight.possible],
        "tested_pairs": [learned.sight.counted.seen],
        "from_day": [first],
        "to_day": [baskets.last],
        "promotion_days": [int(np.count_nonzero(baskets.promotions[sold]))],
    }


def _in_order(found: Findings, names: npt.NDArray[Any]) -> tuple[Ints, Ints]:
    """The places of both, the one whose text comes first first."""
    a, b = found.pairs.a.astype(np.int64), found.pairs.b.astype(np.int64)
    swapped = np.array(names[a] > names[b], dtype=bool)
    return np.where(swapped, b, a), np.where(swapped, a, b)


def _or_none(values: Floats) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values.tolist()]
