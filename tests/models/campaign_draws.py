"""Campaigns drawn by lot from the people of a published log: what they spent before and after a
day, resampled, so that the true lift is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np

from crm_core.models.lift import COLUMNS, OUTCOMES, Moments, lift
from crm_core.models.triples import Floats

WIDTH = len(COLUMNS)
_BUYERS = COLUMNS.index("buyers")
_KNOWN = len(OUTCOMES)
_CHUNK = 2_000_000


def cdnow_people(path: Path, day: date = date(1997, 6, 1), window_days: int = 30) -> Floats:
    """A row a customer of CDNOW with COLUMNS: the window after a day, and the 84 days before."""
    bought: dict[int, list[tuple[date, float]]] = defaultdict(list)
    for line in path.read_text().splitlines()[1:]:
        who, when, _, amount = line.split()
        bought[int(who)].append((datetime.strptime(when, "%Y%m%d").date(), float(amount)))
    end, before = day + timedelta(window_days), day - timedelta(84)
    rows = np.zeros((len(bought), WIDTH))
    for place, orders in enumerate(bought.values()):
        after = [amount for when, amount in orders if day <= when < end]
        past = [amount for when, amount in orders if before <= when < day]
        spend = sum(after)
        rows[place] = (bool(after), len(after), spend, 0.4 * spend, sum(past), len(past), 0)
    return rows


def complete_journey_people(folder: Path, day: date = date(2017, 9, 1), days: int = 28) -> Floats:
    """A row a household of Complete Journey with COLUMNS, as above."""
    told = duckdb.sql(f"""
        SELECT household_id,
               count(DISTINCT t) FILTER (d >= '{day}' AND d < '{day + timedelta(days)}') AS orders,
               coalesce(sum(v) FILTER (d >= '{day}' AND d < '{day + timedelta(days)}'), 0),
               coalesce(sum(v) FILTER (d < '{day}' AND d >= '{day - timedelta(84)}'), 0),
               count(DISTINCT t) FILTER (d < '{day}' AND d >= '{day - timedelta(84)}')
        FROM (SELECT household_id, basket_id AS t, sales_value AS v,
                     transaction_timestamp::DATE AS d
              FROM '{folder / "transactions.parquet"}')
        GROUP BY 1 ORDER BY 1
    """).fetchnumpy()
    _, orders, spend, before, past = (np.asarray(told[name], float) for name in told)
    return np.column_stack([orders > 0, orders, spend, 0.3 * spend, before, past, 0 * spend])


@dataclass(frozen=True)
class Coverage:
    """Of campaigns drawn: how many had an interval, in which share it held the truth, in which it
    left out zero, and the mean variance that adjusting saved (None where nothing was adjusted)."""

    runs: int
    held: float
    left_out_zero: float
    saved: float | None


def coverage(
    people: Floats,
    *,
    control_buyers: int,
    control_share: float,
    outcome: str,
    effect: float = 0.0,
    runs: int = 4_000,
    seed: int = 7,
) -> Coverage:
    """How often the interval of `lift` holds the truth where so many control members buy in the
    mean; `effect` is the share of treated members that a message turns into a usual buyer."""
    random = np.random.default_rng(seed)
    share = people[:, _BUYERS].mean()
    control = round(control_buyers / share)
    treated = round(control * (1 - control_share) / control_share)
    place, buyers = COLUMNS.index(outcome), people[people[:, _BUYERS] > 0]
    true = effect * (buyers[:, place].mean() - people[:, place].mean())
    found = [
        lift({"": ours}, {"": theirs}, outcome)
        for ours, theirs in zip(
            _arms(random, people, treated, runs, effect),
            _arms(random, people, control, runs, 0.0),
            strict=True,
        )
    ]
    told = [one for one in found if one.low is not None and one.high is not None]
    saved = [one.variance_reduction for one in told if one.variance_reduction is not None]
    return Coverage(
        runs=len(told),
        held=float(np.mean([(one.low or 0) <= true <= (one.high or 0) for one in told])),
        left_out_zero=float(np.mean([one.is_sure for one in told])),
        saved=float(np.mean(saved)) if saved else None,
    )


def _arms(
    random: np.random.Generator, people: Floats, size: int, runs: int, effect: float
) -> Iterator[Moments]:
    """Arms of `size` drawn with putting back; people without any order need not be drawn one by
    one, since they add nothing to any sum."""
    busy = people[people.any(axis=1)]
    sums = _with_products(busy)
    buyers = people[people[:, _BUYERS] > 0]
    per_chunk = max(1, _CHUNK // max(size, 1))
    for start in range(0, runs, per_chunk):
        count = min(per_chunk, runs - start)
        moved = random.binomial(size, effect, count) if effect else np.zeros(count, int)
        usual = random.binomial(size - moved, len(busy) / len(people))
        totals = _by_run(random.integers(0, len(busy), usual.sum()), usual, len(busy)) @ sums
        if effect:
            # A message changes what somebody buys, never what was known of them before.
            turned = people[random.integers(0, len(people), moved.sum())].copy()
            turned[:, :_KNOWN] = buyers[random.integers(0, len(buyers), len(turned)), :_KNOWN]
            starts = np.concatenate([[0], np.cumsum(moved)[:-1]])
            totals += np.add.reduceat(_with_products(turned), starts, axis=0)
        for total in totals:
            yield Moments(size, total[:WIDTH], total[WIDTH:].reshape(WIDTH, WIDTH))


def _with_products(rows: Floats) -> Floats:
    pairs = np.einsum("ij,ik->ijk", rows, rows).reshape(len(rows), -1)
    found: Floats = np.hstack([rows, pairs])
    return found


def _by_run(drawn: np.ndarray, sizes: np.ndarray, width: int) -> Floats:
    """How often each person was drawn, a row a run."""
    ends = np.cumsum(sizes)
    counts = np.zeros((len(sizes), width))
    for place, (end, size) in enumerate(zip(ends, sizes, strict=True)):
        counts[place] = np.bincount(drawn[end - size : end], minlength=width)
    return counts
