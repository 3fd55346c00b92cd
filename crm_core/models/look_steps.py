"""Who acts together: accounts that push the same things in the same weeks again and again."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from crm_core.models.triples import Ints

#: Days without a row end a rush.
GAP_DAYS: Final = 6
LEAST_SHARED: Final = 2


def rushes(rows: pd.DataFrame) -> Ints:
    """The number of the rush each row is in: rows of one product without GAP_DAYS between them.

    >>> rushes(pd.DataFrame({"product_id": ["a", "a", "b", "a"], "n": [1, 3, 2, 30]})).tolist()
    [0, 0, 2, 1]
    """
    if rows.empty:
        return np.zeros(0, np.int64)
    order = np.lexsort((rows["n"].to_numpy(), rows["product_id"].to_numpy(str)))
    product, day = rows["product_id"].to_numpy(str)[order], rows["n"].to_numpy(np.int64)[order]
    fresh = np.concatenate(([True], (product[1:] != product[:-1]) | (np.diff(day) > GAP_DAYS)))
    numbers = np.empty(len(rows), np.int64)
    numbers[order] = np.cumsum(fresh) - 1
    return numbers


def partners(who: npt.NDArray[np.int64], rush: Ints) -> tuple[Ints, Ints]:
    """Of each row: in how many rushes its customer is, and how many others were in two of them or
    more with them. `who` below zero is nobody known."""
    shared, others = np.zeros(len(who), np.int64), np.zeros(len(who), np.int64)
    known = np.flatnonzero(who >= 0)
    if not len(known):
        return shared, others
    people, person = np.unique(who[known], return_inverse=True)
    kinds, kind = np.unique(rush[known], return_inverse=True)
    there = sparse.csr_matrix(
        (np.ones(len(known), np.int32), (person, kind)), shape=(len(people), len(kinds))
    )
    there.data[:] = 1  # twice in one rush is once
    rushed = np.asarray(there.sum(axis=1)).ravel()
    again = there[rushed >= LEAST_SHARED]
    both = (again @ again.T).tocsr()
    both.setdiag(0)
    found = np.zeros(len(people), np.int64)
    found[rushed >= LEAST_SHARED] = np.asarray((both >= LEAST_SHARED).sum(axis=1)).ravel()
    shared[known], others[known] = rushed[person], found[person]
    return shared, others
