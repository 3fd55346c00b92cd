"""How many customers of a group are still without an event after so many days: Kaplan-Meier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crm_core.models.triples import Floats, Ints

_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Curve:
    """On each of `days` something happened: `share` is without the event after it, between `low`
    and `high` in 95 of 100 cases; `at_risk` were still watched just before."""

    days: Ints
    share: Floats
    low: Floats
    high: Floats
    at_risk: Floats

    def median(self) -> int | None:
        """The day by which half had the event; None where that was not seen."""
        under = np.flatnonzero(self.share <= 0.5)
        return int(self.days[under[0]]) if len(under) else None


def kaplan_meier(days: npt.ArrayLike, happened: npt.ArrayLike, count: npt.ArrayLike) -> Curve:
    """The curve of one group from counts: `count` customers watched for `days`, after which it
    `happened` or they were lost from sight. Whoever leaves sight on a day is at risk on it.

    Interval of Greenwood on the log-log scale, so that it stays between 0 and 1.
    Source: Kaplan & Meier (1958), JASA 53, 457-481.

    >>> kaplan_meier([1, 2, 2, 3], [1, 1, 0, 1], [1, 1, 1, 1]).share.round(3).tolist()
    [0.75, 0.5, 0.0]
    """
    time, event = np.asarray(days, np.int64), np.asarray(happened, np.bool_)
    weight = np.asarray(count, np.float64)
    places, row = np.unique(time, return_inverse=True)
    ended = np.bincount(row, weight, len(places))
    died = np.asarray(np.bincount(row, weight * event, len(places)), np.float64)
    at_risk = ended[::-1].cumsum()[::-1]
    seen = died > 0
    places, died, at_risk = places[seen], died[seen], at_risk[seen]
    share = np.asarray(np.cumprod(1.0 - died / at_risk), np.float64)
    low, high = _greenwood(share, died, at_risk)
    return Curve(places, share, low, high, at_risk)


def kaplan_meier_by(
    groups: npt.ArrayLike, days: npt.ArrayLike, happened: npt.ArrayLike, count: npt.ArrayLike
) -> dict[str, Curve]:
    """One curve a group, by its name in order."""
    names = np.asarray(groups).astype(str)
    time, event, weight = np.asarray(days), np.asarray(happened), np.asarray(count)
    return {
        str(name): kaplan_meier(time[names == name], event[names == name], weight[names == name])
        for name in np.unique(names)
    }


def _greenwood(share: Floats, died: Floats, at_risk: Floats) -> tuple[Floats, Floats]:
    left = at_risk - died
    inside = (share > 0.0) & (share < 1.0)
    terms = np.divide(died, at_risk * left, out=np.zeros(len(died)), where=left > 0)
    logs = np.log(share, out=np.full(len(share), -1.0), where=inside)
    width = _Z95 * np.sqrt(np.cumsum(terms)) / np.abs(logs)
    low = np.where(inside, np.exp(logs * np.exp(np.minimum(width, 50.0))), share)
    high = np.where(inside, np.exp(logs * np.exp(-width)), share)
    return low, high
