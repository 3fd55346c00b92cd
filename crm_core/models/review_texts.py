"""Reviews as a model reads them: tidy texts, stars, and who wrote, the newest first."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import ibis
import numpy as np
import numpy.typing as npt

from crm_core.models.review_lexicon import language_of, tidy
from crm_core.models.triples import Floats, fingerprint_of
from crm_core.store import StoreAt, Tables

#: Older texts say little of today's goods, and reading takes its time.
MOST_READ: Final = 200_000
GOOD, BAD = 4, 2  # stars from which, and up to which, a review is one of praise or of blame

_BATCH_ROWS = 20_000


@dataclass(frozen=True)
class Texts:
    """Reviews with words, a row each. `stars` is not a number where there are none, `person` whom
    a review counts for (a negative number of its own where nobody is known)."""

    review_id: tuple[str, ...]
    text: tuple[str, ...]
    stars: Floats
    person: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.text)

    @property
    def is_good(self) -> npt.NDArray[np.bool_]:
        """Whether each has the stars of praise."""
        return self.stars >= GOOD

    @property
    def is_told(self) -> npt.NDArray[np.bool_]:
        """Whether each has the stars of praise or of blame: those in between teach neither."""
        return self.is_good | (self.stars <= BAD)

    def take(self, kept: npt.NDArray[np.bool_]) -> Texts:
        """Those that are kept."""
        places = np.flatnonzero(kept)
        ids, text = (tuple(each[p] for p in places) for each in (self.review_id, self.text))
        return Texts(ids, text, self.stars[places], self.person[places])

    @property
    def language(self) -> npt.NDArray[np.str_]:
        """The language of each, by its letters."""
        return np.asarray([language_of(text) for text in self.text], dtype="<U2")

    @property
    def fingerprint(self) -> str:
        """Another review, text or star: another name."""
        words = [
            zlib.crc32(f"{i}\0{t}".encode()) for i, t in zip(self.review_id, self.text, strict=True)
        ]
        stars = np.nan_to_num(self.stars, nan=-1.0).astype(np.int64)
        return fingerprint_of(np.asarray(words, dtype=np.int64), stars)


def read_texts(
    store: Tables, as_of: date, *, after: date | None = None, most: int = MOST_READ
) -> Texts:
    """The newest reviews with words up to the end of a day, those of days `after` another."""
    rows: Any = StoreAt(store, as_of).table("reviews")
    rows = rows.filter(rows.body.notnull())
    if after is not None:
        rows = rows.filter(rows.day > ibis.literal(after))
    told = rows.select(
        "review_id",
        "body",
        "day",
        stars=rows.stars.cast("float64"),
        person=rows.customer_key.fill_null(-1),
    )
    newest = told.order_by(told.day.desc(), told.review_id.desc()).limit(most)
    ids: list[str] = []
    texts: list[str] = []
    stars: list[Floats] = [np.empty(0)]
    people: list[npt.NDArray[np.int64]] = [np.empty(0, np.int64)]
    for batch in store.stream(newest, _BATCH_ROWS, purpose="fit"):
        tidied = [tidy(body) for body in batch["body"].to_pylist()]
        kept = np.asarray([bool(text) for text in tidied], dtype=np.bool_)
        ids += [
            each for each, keep in zip(batch["review_id"].to_pylist(), kept, strict=True) if keep
        ]
        texts += [text for text in tidied if text]
        stars.append(batch["stars"].to_numpy(zero_copy_only=False).astype(np.float64)[kept])
        people.append(batch["person"].to_numpy(zero_copy_only=False).astype(np.int64)[kept])
    person = np.concatenate(people)
    alone = person < 0
    person[alone] = -1 - np.arange(int(alone.sum()))
    return Texts(tuple(ids), tuple(texts), np.concatenate(stars), person)
