"""Texts that say nearly the same, found by MinHash: no pair of texts is compared without cause."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from crm_core.models.triples import Floats, Ints

#: Shorter texts are alike by nature: "好评", "all good".
SHORTEST: Final = 20
NEAR_DAYS: Final = 14

_GRAM = 4
_HASHES, _ROWS = 64, 4  # 16 bands: texts that share half of their parts meet in one of them
_LEAST_ALIKE = 0.5
_MOST_IN_BUCKET = 300  # more different texts that meet are one form filled in, not copies
_NOT_LETTERS = re.compile(r"[\W_]+")
_UInts = npt.NDArray[np.uint64]


def bare(text: str) -> str:
    """A text less case, blanks, signs and pictures; empty where too little is left to compare.

    >>> bare("Best shop ever, five stars!! 👍"), bare("好评")
    ('bestshopeverfivestars', '')
    """
    letters = _NOT_LETTERS.sub("", unicodedata.normalize("NFKC", text).casefold())
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in letters)
    return letters if len(text) + wide >= SHORTEST and len(letters) >= 2 * _GRAM else ""


def near_pairs(texts: Sequence[str]) -> tuple[Ints, Ints]:
    """Pairs (i < j) of different bare texts of which about half or more of the parts agree."""
    if len(texts) < 2:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    signed = _signatures(texts)
    bands = signed.reshape(len(texts), _HASHES // _ROWS, _ROWS)
    first: list[Ints] = []
    second: list[Ints] = []
    for band in range(bands.shape[1]):
        one = bands[:, band]
        order = np.lexsort(one.T[::-1])
        fresh = np.any(one[order][1:] != one[order][:-1], axis=1)
        for bucket in np.split(order, np.flatnonzero(fresh) + 1):
            if 2 <= len(bucket) <= _MOST_IN_BUCKET:
                i, j = np.triu_indices(len(bucket), 1)
                low, high = np.minimum(bucket[i], bucket[j]), np.maximum(bucket[i], bucket[j])
                first.append(low)
                second.append(high)
    if not first:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    met = np.unique(np.stack([np.concatenate(first), np.concatenate(second)]), axis=1)
    alike = np.mean(signed[met[0]] == signed[met[1]], axis=1) >= _LEAST_ALIKE
    return met[0][alike], met[1][alike]


def _signatures(texts: Sequence[str]) -> _UInts:
    """For every text the least of its parts under each of the hashes."""
    size = np.asarray([len(text) for text in texts])
    letters = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    gram = np.zeros(len(letters) - _GRAM + 1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for step in range(_GRAM):
            gram = gram * np.uint64(1_000_003) + letters[step : step + len(gram)]
    begin = np.concatenate(([0], np.cumsum(size)[:-1]))
    # Parts that reach into the next text are none: each text ends where its last whole part does.
    places = np.concatenate(
        [np.arange(b, b + n - _GRAM + 1) for b, n in zip(begin, size, strict=True)]
    )
    starts = np.concatenate(([0], np.cumsum(size - _GRAM + 1)[:-1]))
    own = gram[places]
    draw = np.random.default_rng(20240501)
    signed = np.empty((len(texts), _HASHES), dtype=np.uint64)
    for column in range(_HASHES):
        factor, shift = draw.integers(1, 2**63, 2, dtype=np.uint64)
        with np.errstate(over="ignore"):
            mixed = (own * (factor | np.uint64(1)) + shift) >> np.uint64(20)
        signed[:, column] = np.minimum.reduceat(mixed, starts)
    return signed


def twins(texts: Sequence[str], who: Ints, day: Ints) -> tuple[Ints, Floats, Ints]:
    """Of each review: how many others wrote nearly the same within NEAR_DAYS, how many would if
    all that was ever written alike were spread like the shop's reviews, and how many ever did.

    Texts too short to compare have none. One person who repeats themselves counts once.
    """
    bared = [bare(text) for text in texts]
    long = np.asarray([bool(text) for text in bared], dtype=bool)
    counts = np.zeros(len(texts), np.int64), np.zeros(len(texts)), np.zeros(len(texts), np.int64)
    if not long.any():
        return counts
    distinct = sorted({text for text in bared if text})
    number = {text: place for place, text in enumerate(distinct)}
    rows = np.flatnonzero(long)
    of = np.asarray([number[bared[row]] for row in rows])
    first, second = near_pairs(distinct)
    same = np.arange(len(distinct))
    a, b = np.concatenate([same, first, second]), np.concatenate([same, second, first])
    kept = np.unique(np.stack([of, who[rows], day[rows]]), axis=1)
    once = np.unique(kept[:2], axis=1, return_index=True)[1]  # the first time somebody said it
    told_of, told_day = kept[0][once], kept[2][once]
    order = np.lexsort((told_day, told_of))
    told_of, told_day = told_of[order], told_day[order]
    bounds = np.searchsorted(told_of, np.arange(len(distinct) + 1))
    all_days = np.sort(day[rows])
    mine = np.argsort(of, kind="stable")
    own = np.searchsorted(of[mine], np.arange(len(distinct) + 1))
    near, ever = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    for i, j in zip(a.tolist(), b.tolist(), strict=True):
        at = mine[own[i] : own[i + 1]]
        days = told_day[bounds[j] : bounds[j + 1]]
        here = day[rows[at]]
        near[at] += np.searchsorted(days, here + NEAR_DAYS, "right") - np.searchsorted(
            days, here - NEAR_DAYS, "left"
        )
        ever[at] += len(days)
    here = day[rows]
    span = np.searchsorted(all_days, here + NEAR_DAYS, "right") - np.searchsorted(
        all_days, here - NEAR_DAYS, "left"
    )
    counts[0][rows] = np.maximum(near - 1, 0)
    counts[2][rows] = np.maximum(ever - 1, 0)
    counts[1][rows] = counts[2][rows] * span / len(all_days)
    return counts
