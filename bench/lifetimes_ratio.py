"""CPU seconds of BG/NBD against lifetimes 0.11.3, on the same simulated histories, in turns.

Two ratios: against `lifetimes` as usually called, and against `lifetimes` given the distinct
histories with their counts as weights. A million customers: million_customers.py.
"""

from __future__ import annotations

import warnings
from datetime import date

import numpy as np
import numpy.typing as npt
from lifetimes import BetaGeoFitter

from bench._clock import alternating, row
from crm_core.models.bg_nbd import fit_triples
from crm_core.models.triples import Triples

AS_OF = date(2026, 6, 30)
R, ALPHA, A, B = 0.243, 7 * 4.414, 0.793, 2.426  # a shop like CDNOW, in days
YEAR = 365
ROUNDS = 5

Column = npt.NDArray[np.int64]


def histories(customers: int, seed: int) -> tuple[Column, Column, Column]:
    """Frequency, recency and age in days of customers who buy and leave as BG/NBD says."""
    random = np.random.default_rng(seed)
    rate = random.gamma(R, 1 / ALPHA, customers)
    leaving = random.beta(A, B, customers)
    age = random.integers(0, YEAR, customers)  # they arrive all through the year
    frequency = np.zeros(customers, dtype=np.int64)
    recency = np.zeros(customers, dtype=np.int64)
    now = np.zeros(customers)
    here = np.ones(customers, dtype=bool)
    while here.any():
        gap = random.exponential(1 / np.maximum(rate, 1e-12))
        now = np.where(here, now + gap, now)
        here &= now <= age
        day = np.floor(now).astype(np.int64)
        fresh = here & (day > recency)  # a second order of a day is the same purchase
        frequency[fresh] += 1
        recency[fresh] = day[fresh]
        here &= ~(fresh & (random.random(customers) < leaving))
    return frequency, recency, age


def main() -> None:
    warnings.simplefilter("ignore")  # the other program's, about its own past
    x, recency, age = histories(100_000, seed=1)
    triples = Triples.of(x, recency, age)

    def rows_to_fit() -> None:
        fit_triples(Triples.of(x, recency, age), as_of=AS_OF)

    def fit() -> None:
        fit_triples(triples, as_of=AS_OF)

    def plain() -> None:
        BetaGeoFitter().fit(x, recency, age)

    def weighted() -> None:
        BetaGeoFitter().fit(
            triples.frequency, triples.recency_days, triples.age_days, weights=triples.count
        )

    works = {"rows": rows_to_fit, "triples": fit, "plain": plain, "weighted": weighted}
    taken = alternating(works, ROUNDS)
    row("100,000 customers", "CPU s", "ratio", "asked")
    row("ours, from rows", taken["rows"])
    row("ours, from triples", taken["triples"])
    row("lifetimes", taken["plain"], taken["plain"] / taken["rows"], ">= 30")
    row("lifetimes, weighted", taken["weighted"], taken["weighted"] / taken["triples"], ">= 7")
    row("distinct histories", len(triples))


if __name__ == "__main__":
    main()
