"""Parts that add up to their whole: forecasts by their errors, a table by its margins, cents."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]

_ROUNDS = 200
_NEAR = 1e-9
_CENTS = 100


def reconciled(whole: Numbers, parts: Numbers, variances: Numbers) -> Numbers:
    """Parts (a row each, a column a date) that add to the whole at every date and are never below
    zero.

    What is missing or too much is shared out by how much each part erred in the past: least squares
    with a diagonal of error variances (minimum trace), where the whole stays as it is. A part that
    would fall below zero stops there and the others take the rest.
    Source: Wickramasuriya, Athanasopoulos & Hyndman (2019), "Optimal forecast reconciliation".

    >>> reconciled(np.array([10.0]), np.array([[4.0], [4.0]]), np.array([3.0, 1.0])).tolist()
    [[5.5], [4.5]]
    """
    found = np.maximum(parts, 0.0).astype(float)
    free = np.ones_like(found, dtype=bool)
    weights = variances if np.sum(variances) > 0 else np.ones_like(variances)
    for _ in range(len(parts) + 1):
        gap = np.maximum(whole, 0.0) - found.sum(axis=0)
        given = np.where(free, weights[:, None], 0.0)
        total = given.sum(axis=0)
        given = np.divide(given, total, out=np.zeros_like(given), where=total > 0)
        found = found + given * gap
        free &= found > 0
        found = np.maximum(found, 0.0)
    return _scaled(whole, found, weights)


def _scaled(whole: Numbers, parts: Numbers, weights: Numbers) -> Numbers:
    """What rounding left over goes to the parts in proportion; to all of them where all are none."""
    sums = parts.sum(axis=0)
    shares = np.where(sums > 0, parts, weights[:, None])
    return shares / np.maximum(shares.sum(axis=0), _NEAR) * np.maximum(whole, 0.0)


def in_cents(whole: Numbers, parts: Numbers) -> Numbers:
    """The parts in hundredths that add to the rounded whole exactly, at every date.

    Each is rounded down, and the cents that are missing go to those that lost most.

    >>> in_cents(np.array([1.0]), np.array([[1 / 3], [1 / 3], [1 / 3]])).ravel().tolist()
    [0.34, 0.33, 0.33]
    """
    wanted = np.rint(np.asarray(whole) * _CENTS).astype(np.int64)
    sums = parts.sum(axis=0)
    exact = np.divide(parts * wanted, sums, out=np.zeros_like(parts), where=sums > 0)
    down = np.floor(exact + _NEAR).astype(np.int64)
    missing = wanted - down.sum(axis=0)
    order = np.argsort(-(exact - down), axis=0, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(len(parts))[:, None], axis=0)
    return (down + (place < missing)) / _CENTS


def fitted_table(seed: Numbers, rows: Numbers, columns: Numbers) -> Numbers:
    """The table nearest to `seed` whose rows and columns add to these margins, to the cent of `rows`
    as a whole.

    Margins that disagree are scaled to the rows'. A row or column of which the seed knows nothing is
    filled as if both were independent. By iterative proportional fitting (Deming & Stephan 1940).

    >>> fitted_table(np.array([[1.0, 1.0], [1.0, 3.0]]), np.array([4.0, 6.0]), np.array([5.0, 5.0]))
    array([[2.64, 1.36],
           [2.36, 3.64]])
    """
    total = float(rows.sum())
    if total <= 0:
        return np.zeros_like(seed, dtype=float)
    columns = columns / max(float(columns.sum()), _NEAR) * total
    table = seed.astype(float) / max(float(seed.sum()), _NEAR) * total
    unknown = (table.sum(axis=1, keepdims=True) <= 0) | (table.sum(axis=0, keepdims=True) <= 0)
    table = np.where(unknown, np.outer(rows, columns) / total, table)
    for _ in range(_ROUNDS):
        table *= _ratio(rows, table.sum(axis=1))[:, None]
        table *= _ratio(columns, table.sum(axis=0))[None, :]
        if np.allclose(table.sum(axis=1), rows, atol=_NEAR * total):
            break
    flat = in_cents(np.array([round(total, 2)]), table.reshape(-1, 1))
    return flat.reshape(table.shape)


def _ratio(wanted: Numbers, have: Numbers) -> Numbers:
    return np.divide(wanted, have, out=np.zeros_like(have), where=have > 0)
