"""What reviews say: how content each text sounds, what it is about, and what it wishes for.

The shop's own stars are the labels: from 200 rated texts on, runs of letters learn from them what praise
and blame sound like, in whatever languages its customers write. Before that, a list of words reads.
A rated text is never read by what learned from it: its tone comes from a reader of the other fifths,
so that stars and tone may be held against each other.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from crm_core.errors import CrmError
from crm_core.models import measures
from crm_core.models.base import Fitted, need
from crm_core.models.review_lexicon import ASPECTS, Lexicon, lexicon, tidy
from crm_core.models.review_texts import BAD, Texts, read_texts
from crm_core.models.threads import one_thread
from crm_core.models.triples import Floats, Ints
from crm_core.store import Tables

if TYPE_CHECKING:
    from crm_core.models.review_learner import Learner

NAME: Final = "reviews"
LEXICON, MAJORITY = "naive_lexicon", "naive_majority"
#: Rated texts, and texts of praise and of blame each, from which on the shop's own stars teach.
LEAST_RATED: Final = 200
LEAST_OF_EACH: Final = 10
#: More texts teach nothing more (measured: .890 at 1,000, .891 at 5,000).
MOST_LEARNED: Final = 20_000

_FOLDS = 5
_BETWEEN = 0.5  # three stars teach what is amiss, but less surely
Words = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class ReviewReader:
    """Reads texts as of a day: by what `learner` learned from `lessons`, else by words alone."""

    as_of: date
    lessons: Texts
    words: Lexicon
    learner: Learner | None

    @property
    def method(self) -> str:
        """What reads: the shop's own stars, or a list of words."""
        return LEXICON if self.learner is None else NAME

    @cached_property
    def _fold(self) -> Mapping[str, int]:
        return {text: fold_of(text) for text in self.lessons.text}

    def tone(self, texts: Sequence[str], of: Sequence[str] | None = None) -> Floats:
        """The chance that each tidy text is one of praise; `of` are the reviews they stand in."""
        if self.learner is None:
            return np.asarray([self.words.tone(text) for text in texts], dtype=np.float64)
        whole = texts if of is None else of
        fold = np.asarray([self._fold.get(text, -1) for text in whole], dtype=np.int64)
        unique: dict[tuple[str, int], int] = {}
        for pair in zip(texts, fold.tolist(), strict=True):
            unique.setdefault(pair, len(unique))
        folds = np.asarray([place for _, place in unique], dtype=np.int64)
        with one_thread():
            said = self.learner.tone([text for text, _ in unique], folds)
        return said[[unique[pair] for pair in zip(texts, fold.tolist(), strict=True)]]

    def explain(self, text: str) -> list[tuple[str, float]]:
        """Each word of a text with how much it speaks for praise (above zero) or blame."""
        if self.learner is None:
            pieces = tidy(text).split()
            return [(piece, 2 * self.words.tone(piece) - 1) for piece in pieces]
        return self.learner.weights(tidy(text))

    @property
    def fitted(self) -> Fitted:
        """As a document: what was learned from, and how often praise is the case."""
        told = self.lessons.take(self.lessons.is_told)
        return Fitted(
            model=NAME,
            as_of=self.as_of,
            time_unit="day",
            parameters={
                "texts": float(len(self.lessons)),
                "told": float(len(told)),
                "share_good": float(told.is_good.mean()) if len(told) else 0.0,
                "by_stars": float(self.learner is not None),
            },
            standard_errors={},
            log_likelihood=0.0,
            customers=len(np.unique(self.lessons.person)),
            distinct=len(set(self.lessons.text)),
            fingerprint=self.lessons.fingerprint,
            warnings=() if self.learner is not None else ("few_rated",),
        )


@dataclass(frozen=True)
class Read:
    """What was read of each review: `tone`, the tone of the clauses about each of ASPECTS (not a
    number where it is not named), and whether something is wished for."""

    texts: Texts
    tone: Floats
    aspects: Floats
    wish: np.ndarray


def fold_of(text: str) -> int:
    """Which fifth a text belongs to: the same words always to the same one."""
    return zlib.crc32(text.encode()) % _FOLDS


def fit(store: Tables, *, as_of: date) -> Fitted:
    """What the shop's own stars teach as of a day; see `learn`."""
    return learn(store, as_of=as_of).fitted


def learn(store: Tables, *, as_of: date, words: Words | None = None) -> ReviewReader:
    """Learns from the newest rated texts up to a day.

    Raises: CrmError("no_reviews") where no review has words.
    """
    lessons = read_texts(store, as_of, most=MOST_LEARNED)
    if not len(lessons):
        raise CrmError("no_reviews")
    return reader_of(as_of, lessons, words)


def reader_of(as_of: date, lessons: Texts, words: Words | None = None) -> ReviewReader:
    """What reads once these are learned from: by words alone where too few have stars."""
    listed = lexicon(words)
    return ReviewReader(as_of, lessons, listed, _learner(lessons, listed))


def _learner(lessons: Texts, words: Lexicon) -> Learner | None:
    rated = lessons.take(np.isfinite(lessons.stars))
    good, bad = int(rated.is_good.sum()), int((rated.stars <= BAD).sum())
    if len(rated) < LEAST_RATED or min(good, bad) < LEAST_OF_EACH:
        return None
    # A shop without reviews need not wait for it.
    from crm_core.models.review_learner import Learner

    fold: Ints = np.asarray([fold_of(text) for text in rated.text], dtype=np.int64)
    weight = np.where(rated.is_told, 1.0, _BETWEEN)
    with one_thread():
        return Learner.of(rated.text, rated.is_good, weight=weight, fold=fold, words=words)


def predict(reader: ReviewReader, texts: Texts) -> Read:
    """What a reader makes of reviews."""
    about = [reader.words.about(text) for text in texts.text]
    aspects = np.full((len(texts), len(ASPECTS)), np.nan)
    pieces = [
        (row, place, piece, texts.text[row])
        for row, named in enumerate(about)
        for place, name in enumerate(ASPECTS)
        for piece in named.get(name, ())
    ]
    if pieces:
        rows, places, clauses, whole = zip(*pieces, strict=True)
        said = reader.tone(clauses, whole)
        total, count = np.zeros_like(aspects), np.zeros_like(aspects)
        np.add.at(total, (rows, places), said)
        np.add.at(count, (rows, places), 1.0)
        aspects = np.divide(total, count, out=aspects, where=count > 0)
    wish = np.asarray([reader.words.is_wish(text) for text in texts.text], dtype=np.bool_)
    return Read(texts, reader.tone(texts.text), aspects, wish)


def explain(reader: ReviewReader, text: str) -> list[tuple[str, float]]:
    """The words of a text that speak for praise or blame."""
    return reader.explain(text)


def validate(
    store: Tables, *, origins: Sequence[date], horizon_days: int
) -> list[dict[str, object]]:
    """Whether a text's stars are told from its words in the days after each origin, by what was
    known then: beside a list of words, and calling everything praise.

    Raises: CrmError of `learn`, ("not_enough_data") where no review of praise or none of blame came.
    """
    rows: list[dict[str, object]] = []
    for origin in origins:
        reader = learn(store, as_of=origin)
        later = read_texts(store, origin + timedelta(horizon_days), after=origin)
        rows += trial(reader, later.take(later.is_told), horizon_days)
    return rows


def trial(reader: ReviewReader, later: Texts, horizon_days: int) -> list[dict[str, object]]:
    """How a reader did on later reviews of praise or blame, a row a method.

    Raises: CrmError("not_enough_data").
    """
    good = int(later.is_good.sum())
    need(NAME, texts=(min(good, len(later) - good), 1))
    told = {
        NAME: reader.tone(later.text),
        LEXICON: np.asarray([reader.words.tone(text) for text in later.text]),
        MAJORITY: np.ones(len(later)),
    }
    spoken = later.language
    rows: list[dict[str, object]] = []
    for method, said in told.items():
        row: dict[str, object] = {
            "method": method,
            "origin": reader.as_of.isoformat(),
            "horizon_days": horizon_days,
            "texts": len(later),
            **_told(later, said),
        }
        for language in ("en", "zh"):
            mine = spoken == language
            found = _told(later.take(mine), said[mine])
            row |= {f"texts_{language}": int(mine.sum())}
            row |= {f"{name}_{language}": value for name, value in found.items()}
        rows.append(row)
    return rows


def _told(texts: Texts, said: Floats) -> dict[str, Any]:
    """Shares told rightly: of all, and the mean of those of praise and of blame."""
    good, called = texts.is_good, said >= 0.5
    if not len(texts):
        return {"accuracy": None, "balanced_accuracy": None, "auc": None}
    sides = [float((called == good)[side].mean()) for side in (good, ~good) if side.any()]
    return {
        "accuracy": float((called == good).mean()),
        "balanced_accuracy": sum(sides) / len(sides),
        "auc": measures.auc(good, said),
    }
