"""Who is written to and who is held out: drawn by hash, so that anybody can draw it again."""

from __future__ import annotations

import hashlib
from math import floor

import numpy as np
from numpy.typing import NDArray

TREATMENT, HOLDOUT, GLOBAL_CONTROL = range(3)
_BYTES = 8
_WHOLE = 2.0**64

Keys = NDArray[np.int64]


def hashed(salt: bytes, keys: Keys) -> NDArray[np.uint64]:
    """A number for each key: the first eight bytes of SHA-256 of `<salt>:<key>`.

    >>> hashed(b"7", np.array([42]))[0] == int(hashlib.sha256(b"7:42").hexdigest()[:16], 16)
    np.True_
    """
    told, sha256 = salt.replace(b"%", b"%%") + b":%d", hashlib.sha256
    parts = [sha256(told % key).digest()[:_BYTES] for key in keys.tolist()]
    return np.frombuffer(b"".join(parts), dtype=">u8").astype(np.uint64)


def campaign_salt(campaign_id: int) -> bytes:
    """What arms of a campaign are drawn with: its number, in figures."""
    return b"%d" % campaign_id


def assign(
    campaign_id: int, keys: Keys, strata: NDArray[np.int64], holdout_share: float
) -> NDArray[np.int8]:
    """The arm of each customer: within each stratum the first round(n x share) by hash are held out.

    `strata` are numbers, one for each key. The order of the keys does not matter, nor does
    whatever else is known of a customer.

    >>> assign(1, np.arange(10), np.zeros(10, int), 0.2).sum()
    np.int64(2)
    """
    numbers = hashed(campaign_salt(campaign_id), keys)
    order = np.lexsort((keys, numbers, strata))
    _, counts = np.unique(strata, return_counts=True)
    held = np.concatenate(
        [np.arange(count) < held_out(int(count), holdout_share) for count in counts]
        or [np.zeros(0, bool)]
    )
    arms = np.full(len(keys), TREATMENT, np.int8)
    arms[order[held]] = HOLDOUT
    return arms


def held_out(people: int, holdout_share: float) -> int:
    """How many of a stratum are held out; a half is rounded up.

    >>> [held_out(people, 0.1) for people in (4, 5, 15, 1200)]
    [0, 1, 2, 120]
    """
    return floor(people * holdout_share + 0.5)


def globally_held(secret: bytes, keys: Keys, share: float) -> NDArray[np.bool_]:
    """Whom no campaign writes to: a share of all customers, the same for every campaign.

    Drawn with a secret of the shop. A greater share keeps everybody of a smaller one.
    """
    return hashed(secret, keys) < np.float64(share * _WHOLE)
