"""Integrals over the hidden day of leaving, summed day by day in logarithms."""

from __future__ import annotations

import numpy as np

from crm_core.models.optimise import Floats
from crm_core.models.triples import Triples

_PLACE, _WEIGHT = np.polynomial.legendre.leggauss(4)
_BLOCK = 250_000
_WIDE = 600.0


class DayGrid:
    """The days of a shop and the (recency, age) of each history on them.

    A history's integral runs from its last order to the last day. It is the difference of two
    tails, which are summed once for each frequency, however many histories share it. Dense
    buyers' integrands span more than a float holds, so all is kept in logarithms.
    """

    def __init__(self, triples: Triples, days_in_unit: int = 1) -> None:
        self.levels, self.level = np.unique(triples.frequency, return_inverse=True)
        self.recency, self.age = triples.recency_days, triples.age_days
        days = triples.history_days
        self.width = 1.0 / days_in_unit
        self.time = (np.arange(days)[:, None] + (_PLACE + 1.0) / 2.0) * self.width
        self.start = np.arange(days) * self.width
        self.weight = _WEIGHT / 2.0 * self.width
        by_level = np.argsort(self.level, kind="stable")
        self.order = by_level
        self.first = np.searchsorted(self.level[by_level], np.arange(len(self.levels) + 1))

    def integrals(
        self, r: float, alpha: float, s: float, beta: float, *, slopes: bool = False
    ) -> list[Floats]:
        """Logarithms, one for each history, of the integral from recency to age of
        f(t) = (1 + t/alpha) ** -(r+x) (1 + t/beta) ** -(s+1).

        With `slopes` also of f times log(1 + t/alpha), t/(alpha + t), and the same of beta.
        """
        quiet, gone = np.log1p(self.time / alpha), np.log1p(self.time / beta)
        factors = [np.ones_like(self.time)]
        if slopes:
            factors += [quiet, self.time / (alpha + self.time)]
            factors += [gone, self.time / (beta + self.time)]
        found = np.full((len(factors), len(self.level)), -np.inf)
        if not len(self.start):
            return list(found)
        first_quiet = np.log1p(self.start / alpha)
        first_gone = (s + 1.0) * np.log1p(self.start / beta)
        # Relative to the start of its day the integrand varies little, whatever its size.
        lag, fall = first_quiet[:, None] - quiet, first_gone[:, None] - (s + 1.0) * gone
        rows = max(_BLOCK // self.time.size, 1)
        for low in range(0, len(self.levels), rows):
            high = min(low + rows, len(self.levels))
            power = r + self.levels[low:high].astype(np.float64)
            within = np.exp(power[:, None, None] * lag + fall)
            at_start = -power[:, None] * first_quiet - first_gone
            who = self.order[self.first[low] : self.first[high]]
            who = who[self.recency[who] < self.age[who]]  # else there is nothing between
            row = self.level[who] - low
            for place, factor in enumerate(factors):
                cells = np.einsum("ldn,dn->ld", within, factor * self.weight)
                tails = _tails(at_start + np.log(np.maximum(cells, 1e-300)))
                since = tails[row, self.recency[who]]
                beyond = tails[row, self.age[who]]
                found[place, who] = since + np.log(-np.expm1(beyond - since))
        return list(found)


def _tails(cells: Floats) -> Floats:
    """Log sums from each day to the last, and of none at the end; `cells` are logarithms."""
    top = cells.max(axis=1, keepdims=True)
    summed = np.full((len(cells), cells.shape[1] + 1), -np.inf)
    narrow = (top[:, 0] - cells.min(axis=1)) < _WIDE
    scaled = np.exp(cells[narrow] - top[narrow])
    summed[narrow, :-1] = np.log(np.cumsum(scaled[:, ::-1], axis=1)[:, ::-1]) + top[narrow]
    wide = cells[~narrow]
    summed[~narrow, :-1] = np.logaddexp.accumulate(wide[:, ::-1], axis=1)[:, ::-1]
    return summed
