"""Products whose stars rose or fell between two periods, told from what a few reviews do by chance.

A product with five reviews of five stars is not certain: its scatter is drawn towards that of all
products, as if the shop had told of ten reviews more. Of those named, one in ten at most is false.
Source: Smyth (2004), moderated t; Benjamini & Hochberg (1995).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from crm_core.models.discoveries import false_discovery
from crm_core.models.student import t_quantile, two_sided

Floats = npt.NDArray[np.float64]
LEAST_REVIEWS: Final = 5
FALSE_SHARE: Final = 0.1

_PRIOR = 10.0


def movers(told: pd.DataFrame) -> pd.DataFrame:
    """Of products with their reviews of two periods (n, total, squares of stars; n_before, …): those
    with five in each, with `mean`, `mean_before`, `change`, its 95 % range `low` and `high`, and the
    share of false findings `q` at which it moved; the surest first.

    >>> rows = pd.DataFrame({"n": [40], "total": [80], "squares": [180], "n_before": [40], "total_before": [160], "squares_before": [660]})
    >>> movers(rows)[["mean_before", "mean", "change"]].iloc[0].tolist()
    [4.0, 2.0, -2.0]
    """
    kept = told[(told["n"] >= LEAST_REVIEWS) & (told["n_before"] >= LEAST_REVIEWS)].copy()
    n, n_before = (kept[name].to_numpy(np.float64) for name in ("n", "n_before"))
    now, before = _means(kept, ""), _means(kept, "_before")
    own = _squares(kept, "") + _squares(kept, "_before")
    own_free = n + n_before - 2
    usual = float(own.sum() / own_free.sum()) if len(kept) else 0.0
    free = own_free + _PRIOR
    variance = (own + _PRIOR * usual) / free
    error = np.sqrt(variance * (1 / n + 1 / n_before))
    change = now - before
    moved = np.divide(change, error, out=np.zeros_like(change), where=error > 0)
    p = np.asarray([two_sided(_normal(t, each)) for t, each in zip(moved, free, strict=True)])
    reach = np.asarray([t_quantile(0.975, each) for each in free]) * error
    rows = kept.assign(
        mean=now,
        mean_before=before,
        change=change,
        low=change - reach,
        high=change + reach,
        q=false_discovery(p, max(len(p), 1)),
    )
    return rows.sort_values("q", kind="stable", ignore_index=True)


def _means(rows: pd.DataFrame, end: str) -> Floats:
    return (rows[f"total{end}"] / rows[f"n{end}"]).to_numpy(np.float64)


def _squares(rows: pd.DataFrame, end: str) -> Floats:
    """The sum of squares about the mean."""
    spread = rows[f"squares{end}"] - rows[f"total{end}"] ** 2 / rows[f"n{end}"]
    return np.maximum(spread.to_numpy(np.float64), 0.0)


def _normal(t: float, free: float) -> float:
    """Student's t as a standard normal of the same chance (Abramowitz & Stegun 26.7.8)."""
    return float(t * (1 - 1 / (4 * free)) / np.sqrt(1 + t * t / (2 * free)))
