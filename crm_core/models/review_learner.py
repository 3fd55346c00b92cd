"""How content a text sounds, learned from stars: short runs of letters, weighed.

Runs of one to three letters need no knowledge of a language: they hold endings of English words and
whole Chinese ones. What a list of words makes of a text is one column more: of 200 texts, few are in a
shop's second language. Figures: docs/adr/0059.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from crm_core.models.review_lexicon import Lexicon
from crm_core.models.triples import Floats, Ints

Flags = npt.NDArray[np.bool_]
FOLDS: Final = 5
_RUNS = (1, 3)
_MOST_RUNS = 50_000
_MANY = 1_000
_AT_ONCE = 5_000
_STRENGTH = 10.0
_HEAD_START = 0.5


@dataclass(frozen=True)
class Learner:
    """A reader of all texts, and one for each fifth that never saw that fifth's texts."""

    vectoriser: Any
    words: Lexicon
    whole: Any
    without: tuple[Any, ...]

    @classmethod
    def of(
        cls, texts: Sequence[str], is_good: Flags, *, weight: Floats, fold: Ints, words: Lexicon
    ) -> Learner:
        """Learns from texts of praise and blame, each of some weight; without each fifth where both
        are left without it."""
        least = 2 if len(texts) >= _MANY else 1
        vectoriser = TfidfVectorizer(
            analyzer="char",
            ngram_range=_RUNS,
            sublinear_tf=True,
            min_df=least,
            max_features=_MOST_RUNS,
            lowercase=False,
            dtype=np.float32,  # pyright: ignore[reportArgumentType]  as its documentation says
        )
        design = _design(vectoriser.fit_transform(texts), _by_words(texts, words))
        whole = _fitted(design, is_good, weight)
        without: list[Any] = []
        for place in range(FOLDS):
            kept = fold != place
            both = len(np.unique(is_good[kept])) == 2
            found = _fitted(design[kept], is_good[kept], weight[kept]) if both else whole
            without.append(found)
        return cls(vectoriser, words, whole, tuple(without))

    def tone(self, texts: Sequence[str], fold: Ints | None = None) -> Floats:
        """The chance that each text is one of praise; by the reader that did not see its fifth
        (`fold`, -1 for a text nothing was learned from)."""
        found = np.empty(len(texts))
        places = np.full(len(texts), -1) if fold is None else fold
        for start in range(0, len(texts), _AT_ONCE):
            rows = slice(start, start + _AT_ONCE)
            runs, by_words = (
                self.vectoriser.transform(texts[rows]),
                _by_words(texts[rows], self.words),
            )
            learned = self._of(_design(runs, by_words), places[rows])
            # Of faces alone, where none were learned from, the letters say nothing.
            found[rows] = np.where(np.diff(runs.indptr) > 0, learned, by_words)
        return found

    def _of(self, design: Any, fold: Ints) -> Floats:
        said = np.empty(len(fold))
        for place in np.unique(fold):
            mine = fold == place
            reader = self.whole if place < 0 else self.without[int(place)]
            said[mine] = reader.predict_proba(design[mine])[:, 1]
        return said

    def weights(self, text: str) -> list[tuple[str, float]]:
        """Each piece of a tidy text (a word, a Chinese character) with what its runs of letters add
        to the log-odds of praise."""
        names = self.vectoriser.vocabulary_
        row: Any = self.vectoriser.transform([text])
        weight = dict(zip(row.indices, row.data * self.whole.coef_[0][row.indices], strict=True))
        spread = np.zeros(len(text))
        times: dict[int, list[tuple[int, int]]] = {}
        for length in range(_RUNS[0], _RUNS[1] + 1):
            for start in range(len(text) - length + 1):
                run = names.get(text[start : start + length])
                if run is not None:
                    times.setdefault(run, []).append((start, length))
        for run, spans in times.items():
            for start, length in spans:
                spread[start : start + length] += weight[run] / len(spans) / length
        return _pieces(text, spread)


def _by_words(texts: Sequence[str], words: Lexicon) -> Floats:
    return np.asarray([words.tone(text) for text in texts], dtype=np.float64)


def _design(runs: Any, by_words: Floats) -> Any:
    """A row a text: its runs of letters, and what the list of words makes of it."""
    said = (by_words - 0.5).astype(np.float32)
    return sparse.hstack([runs, sparse.csr_matrix(said[:, None] * _HEAD_START)]).tocsr()


def _fitted(design: Any, is_good: Flags, weight: Floats) -> Any:
    """Praise is the rule in most shops: both sides weigh the same, so that blame is heard."""
    good = float(weight[is_good].sum())
    share = np.where(is_good, good, float(weight.sum()) - good)
    reader = LogisticRegression(C=_STRENGTH, max_iter=1_000)
    return reader.fit(design, is_good, weight * len(weight) / (2 * share))


def _pieces(text: str, spread: Floats) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    word, total = "", 0.0
    for letter, weight in zip(text, spread, strict=True):
        if letter.isascii() and (letter.isalnum() or letter == "'"):
            word, total = word + letter, total + float(weight)
            continue
        if word:
            found.append((word, total))
            word, total = "", 0.0
        if letter.isalnum() or not letter.isascii():
            found.append((letter, float(weight)))
    return [*found, (word, total)] if word else found
