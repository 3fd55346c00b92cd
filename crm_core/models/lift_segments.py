"""Where a campaign worked: lift by segment, drawn to the common lift as far as chance explains it.

The best of many segments looks better than it is. So each is read with the others: a normal
model of true lifts that scatter around a common one, with the scatter averaged over what the
data allow (an even prior), and no finding without control of false discoveries.
Sources: Rubin (1981); Gelman (2006); Benjamini & Hochberg (1995).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Final

import numpy as np

from crm_core.models.lift import INTERVAL_FROM, Moments
from crm_core.models.student import two_sided
from crm_core.models.triples import Floats

REST: Final = "_rest"
FALSE_DISCOVERIES: Final = 0.05

_SCATTERS = 200
_SURE = 1.959964


@dataclass(frozen=True)
class SegmentLift:
    """Lift in buyers within one segment.

    `difference` is what was seen, `shrunk` what is to be believed, between `low` and `high` in 95
    of 100 cases. `is_found` (see `found_among`): among all findings so marked at most 5 % are
    false. `is_best`: the highest of many, which is why it alone must not be believed.
    """

    code: str
    treated: int
    control: int
    control_buyers: int
    difference: float
    shrunk: float
    low: float
    high: float
    chance: float
    is_best: bool
    is_found: bool = False


def segment_lifts(
    treated: Mapping[str, Moments], control: Mapping[str, Moments]
) -> tuple[SegmentLift, ...]:
    """Lift by segment, the highest first. Segments with under 10 buyers in either arm stand together
    as REST, if they have as many then; with fewer than two left there is nothing to compare."""
    ours, theirs = _folded(treated, control)
    if len(theirs) < 2:
        return ()
    codes = list(theirs)
    seen = np.array([ours[code].mean("buyers") - theirs[code].mean("buyers") for code in codes])
    errors = np.array([_error(ours[code], theirs[code]) for code in codes])
    believed, spread = shrink(seen, errors)
    chances = [two_sided(d / e) if e > 0 else 1.0 for d, e in zip(seen, errors, strict=True)]
    best = int(np.argmax(seen))
    rows = [
        SegmentLift(
            code=code,
            treated=ours[code].n,
            control=theirs[code].n,
            control_buyers=round(theirs[code].total("buyers")),
            difference=float(seen[place]),
            shrunk=float(believed[place]),
            low=float(believed[place] - _SURE * spread[place]),
            high=float(believed[place] + _SURE * spread[place]),
            chance=chances[place],
            is_best=place == best,
        )
        for place, code in enumerate(codes)
    ]
    return tuple(sorted(rows, key=lambda row: (-row.shrunk, row.code)))


def found_among(
    ways: Mapping[str, Sequence[SegmentLift]],
) -> dict[str, tuple[SegmentLift, ...]]:
    """Marks what is found among all segments of all ways to divide people: whoever looks at two
    ways has tried the segments of both."""
    kept = iter(discoveries([row.chance for rows in ways.values() for row in rows]))
    return {
        name: tuple(replace(row, is_found=next(kept)) for row in rows)
        for name, rows in ways.items()
    }


def shrink(seen: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """Each lift drawn to the common one, and its standard deviation.

    Averaged over how far true lifts may scatter, each scatter weighed by what was seen.
    """
    errors = np.maximum(errors, 1e-9)
    most = 4 * max(float(np.ptp(seen)), float(errors.max()))
    scatters = np.linspace(0.0, most, _SCATTERS)
    weights = 1 / (errors**2 + scatters[:, None] ** 2)
    middle = (weights * seen).sum(axis=1) / weights.sum(axis=1)
    doubt = 1 / weights.sum(axis=1)
    fit = -0.5 * (weights * (seen - middle[:, None]) ** 2).sum(axis=1)
    log_weight = fit + 0.5 * np.log(weights).sum(axis=1) + 0.5 * np.log(doubt)
    share = np.exp(log_weight - log_weight.max())
    share /= share.sum()
    own = scatters[:, None] ** 2 * weights  # how much of each is its own, given the scatter
    means = middle[:, None] + own * (seen - middle[:, None])
    variances = own * errors**2 + (1 - own) ** 2 * doubt[:, None]
    believed = share @ means
    spread = np.sqrt(share @ (variances + (means - believed) ** 2))
    return believed, spread


def discoveries(chances: Sequence[float], rate: float = FALSE_DISCOVERIES) -> list[bool]:
    """Which findings to keep so that at most `rate` of those kept are false (Benjamini-Hochberg).

    >>> discoveries([0.001, 0.02, 0.04, 0.6])
    [True, True, False, False]
    """
    order = np.argsort(chances, kind="stable")
    bounds = rate * np.arange(1, len(order) + 1) / max(len(order), 1)
    passed = np.flatnonzero(np.asarray(chances)[order] <= bounds)
    kept = set(order[: passed[-1] + 1].tolist()) if len(passed) else set()
    return [place in kept for place in range(len(order))]


def _error(ours: Moments, theirs: Moments) -> float:
    """The standard error of a difference in buyers, both arms drawn to their common share a
    little: a share of all or none varies, too."""
    common = (ours.total("buyers") + theirs.total("buyers") + 1) / (ours.n + theirs.n + 2)
    variance = 0.0
    for arm in (ours, theirs):
        share = (arm.total("buyers") + 2 * common) / (arm.n + 2)
        variance += share * (1 - share) / arm.n
    return sqrt(variance)


def _folded(
    treated: Mapping[str, Moments], control: Mapping[str, Moments]
) -> tuple[dict[str, Moments], dict[str, Moments]]:
    ours: dict[str, Moments] = {}
    theirs: dict[str, Moments] = {}
    for code in sorted(set(treated) & set(control)):
        name = code if _enough(treated[code], control[code]) else REST
        ours[name] = ours[name] + treated[code] if name in ours else treated[code]
        theirs[name] = theirs[name] + control[code] if name in theirs else control[code]
    if REST in theirs and not _enough(ours[REST], theirs[REST]):
        del ours[REST], theirs[REST]
    return ours, theirs


def _enough(treated: Moments, control: Moments) -> bool:
    """Whether both arms have the buyers that an interval of the whole campaign needs, too."""
    return min(treated.total("buyers"), control.total("buyers")) >= INTERVAL_FROM
