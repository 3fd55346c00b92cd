"""How good predictions of customers were on a later period: levels, distances, order, chances."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def total_error(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float | None:
    """Predicted total over actual total, less one; None where nothing happened.

    >>> total_error([2, 2], [1, 5])
    0.5
    """
    happened = float(_column(actual).sum())
    return float(_column(predicted).sum()) / happened - 1.0 if happened else None


# Of purchase days and of revenue: the same measure under the two names that tables carry.
purchases_error = total_error
spend_error = total_error


def mae(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Mean distance per customer.

    >>> mae([0, 4], [1, 1])
    2.0
    """
    return float(np.mean(np.abs(_column(actual) - _column(predicted))))


def rmse(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Root of the mean squared distance: large misses count more."""
    return float(np.sqrt(np.mean((_column(actual) - _column(predicted)) ** 2)))


def spearman(
    first: npt.ArrayLike, second: npt.ArrayLike, *, weight: npt.ArrayLike | None = None
) -> float | None:
    """Correlation of ranks, ties sharing theirs; None where one side is all alike.

    `weight` is how many customers a row stands for.

    >>> round(spearman([1, 2, 3], [10, 30, 20]), 9)
    0.5
    """
    one, two = _column(first), _column(second)
    weights = np.ones_like(one) if weight is None else _column(weight)
    one, two = _ranks(one, weights), _ranks(two, weights)
    one, two = one - np.average(one, weights=weights), two - np.average(two, weights=weights)
    spread = float(np.sqrt(np.dot(weights, one**2) * np.dot(weights, two**2)))
    return float(np.dot(weights, one * two)) / spread if spread > 0 else None


def gini(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float | None:
    """How well the prediction orders customers by what they brought: 1 is the perfect order, 0
    a random one. None where there is no order to find.

    Mean cumulative share of `actual` with customers sorted by prediction, best first, less .5,
    over the same for the perfect order. Tied predictions share what their customers brought.
    """
    brought, said = _column(actual), _column(predicted)
    best = _lift(brought, brought)
    # Without the last digits: what says the same of everybody is 0, not a hair below.
    return round(_lift(brought, said) / best, 12) + 0.0 if best > 0 else None


def top_decile(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float | None:
    """Share of the actual total that the tenth of customers predicted best brought.

    >>> top_decile([0] * 9 + [3], [0] * 9 + [1])
    1.0
    """
    brought = _shared(_column(actual), _column(predicted))
    total = float(brought.sum())
    return float(brought[: max(len(brought) // 10, 1)].sum()) / total if total > 0 else None


def brier(happened: npt.ArrayLike, chance: npt.ArrayLike) -> float:
    """Mean squared distance between a chance and what came (0 or 1): 0 is perfect."""
    return float(np.mean((_column(happened) - _column(chance)) ** 2))


def auc(happened: npt.ArrayLike, score: npt.ArrayLike) -> float | None:
    """Chance that one to whom it happened had the higher score than one to whom it did not.

    Ties count half; None where all fared alike.

    >>> auc([0, 1, 1], [0.2, 0.2, 0.9])
    0.75
    """
    came = _column(happened) > 0
    positive, negative = int(came.sum()), int((~came).sum())
    if not positive or not negative:
        return None
    ranks = _ranks(_column(score), np.ones(len(came)))
    return (float(ranks[came].sum()) - positive * positive / 2.0) / (positive * negative)


def average_precision(happened: npt.ArrayLike, score: npt.ArrayLike) -> float | None:
    """Mean share of right ones among the first so many, at each right one; equal scores together.
    None where there is none to find.

    >>> average_precision([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1]), average_precision([1, 0], [1, 1])
    (0.8333333333333333, 0.5)
    """
    came, said = _column(happened) > 0, _column(score)
    if not came.any():
        return None
    order = np.argsort(-said, kind="stable")
    ends = np.flatnonzero(np.diff(said[order], append=np.nan) != 0)
    found = np.cumsum(came[order])[ends].astype(np.float64)
    return float(np.sum(np.diff(found, prepend=0.0) * found / (ends + 1.0)) / found[-1])


def reliability(
    happened: npt.ArrayLike, chance: npt.ArrayLike, *, groups: int = 10
) -> list[tuple[int, float, float]]:
    """Customers, mean chance and share to whom it happened, in groups of alike chance, lowest
    first: what was said and what came. Equal chances stay together.

    >>> reliability([0, 1, 1, 1], [0.25, 0.25, 0.9, 0.9], groups=2)
    [(2, 0.25, 0.5), (2, 0.9, 1.0)]
    """
    came, said = _column(happened), _column(chance)
    if not len(said):
        return []
    group = np.minimum(
        (_ranks(said, np.ones(len(said))) / len(said) * groups).astype(int), groups - 1
    )
    rows: list[tuple[int, float, float]] = []
    for number in np.unique(group):
        inside = group == number
        rows.append((int(inside.sum()), float(said[inside].mean()), float(came[inside].mean())))
    return rows


def calibration_error(happened: npt.ArrayLike, chance: npt.ArrayLike) -> float:
    """Mean distance of chance and share over ten groups, by their size; 0 is perfect."""
    rows = reliability(happened, chance)
    return sum(n * abs(said - came) for n, said, came in rows) / max(sum(n for n, _, _ in rows), 1)


def eta_squared(values: npt.ArrayLike, groups: npt.ArrayLike) -> float:
    """The share of the differences between values that lies between the groups: 0 to 1.

    >>> eta_squared([1, 1, 3, 3], [0, 0, 1, 1])
    1.0
    """
    column = _column(values)
    _, place = np.unique(np.asarray(groups), return_inverse=True)
    size = np.bincount(place)
    means = np.bincount(place, column) / size
    whole = float(np.sum((column - column.mean()) ** 2)) if len(column) else 0.0
    return float(np.sum(size * (means - column.mean()) ** 2)) / whole if whole > 0 else 0.0


def _column(values: npt.ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _ranks(values: Floats, weight: Floats) -> Floats:
    """Mean place of each value, ties sharing theirs; places run from 0 to the total weight."""
    _, place = np.unique(values, return_inverse=True)
    size = np.bincount(place, weight)
    return (np.cumsum(size) - size / 2.0)[place]


def _shared(actual: Floats, predicted: Floats) -> Floats:
    """What was brought, sorted by prediction, best first; tied customers get their mean."""
    _, place = np.unique(-predicted, return_inverse=True)
    mean = np.bincount(place, actual) / np.bincount(place)
    return mean[np.sort(place)]


def _lift(actual: Floats, predicted: Floats) -> float:
    """Area between the curve of cumulative shares and the diagonal."""
    total = float(actual.sum())
    if total <= 0:
        return 0.0
    curve = np.concatenate([[0.0], np.cumsum(_shared(actual, predicted))]) / total
    return float(np.mean(curve[1:] + curve[:-1]) / 2.0) - 0.5
