"""Words that stand in reviews of blame more often than in those of praise.

A word counts once a review, and only if five people used it: what one person wrote stays theirs. English
words and pairs of them; of Chinese, runs of two to eight characters, since nothing divides its words.
Log-odds with Jeffreys' half; false findings among all words tried are held to one in twenty.
Source: Monroe, Colaresi & Quinn (2008); Benjamini & Hochberg (1995).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from crm_core.models.discoveries import false_discovery
from crm_core.models.review_texts import Texts
from crm_core.models.student import two_sided
from crm_core.models.triples import Floats, Ints

LEAST_PEOPLE: Final = 5
FALSE_SHARE: Final = 0.05
MOST_TERMS: Final = 40
MOST_TEXTS: Final = 50_000

_Z_95 = 1.959964
_ALIKE = 0.8
_BESIDE = 3
_WORD = re.compile(r"[a-zà-ÿ']{2,}")
_RUN = re.compile(r"[\u3400-\u9fff]+")
_RUNS = range(2, 9)
#: At an end they say nothing.
_HOLLOW = frozenset("的了是在和就也都我你他她它这那一个们啊吧呢吗把被给对与或还又")
_STOP = frozenset((
    "a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "do", "for", "from",
    "had", "has", "have", "he", "her", "his", "i", "if", "in", "is", "it", "its", "me", "my",
    "no", "not", "of", "on", "or", "our", "she", "so", "that", "the", "their", "them", "then",
    "there", "they", "this", "to", "too", "was", "we", "were", "what", "when", "which", "who",
    "will", "with", "would", "you", "your", "very", "just", "than", "before", "because", "out",
    "still", "also", "into", "over",
))  # fmt: skip


@dataclass(frozen=True)
class Term:
    """A word, with up to two others that stand in the same reviews, in `bad` of the reviews of blame
    and `good` of those of praise; the log of the odds ratio with its 95 % range, and the share of false
    findings at which it is one."""

    term: str
    language: str
    bad: int
    good: int
    bad_texts: int
    good_texts: int
    log_odds: float
    low: float
    high: float
    q: float


def terms_of(texts: Texts) -> list[Term]:
    """The words of blame of each language, the surest first, at most 40 each."""
    told = texts.take(texts.is_told)
    found: list[Term] = []
    for language in ("en", "zh"):
        mine = told.take(told.language == language)
        found += _of_language(mine, language)
    return found


def _of_language(texts: Texts, language: str) -> list[Term]:
    blame = ~texts.is_good
    bad_texts, good_texts = int(blame.sum()), int((~blame).sum())
    tried = _by_several(texts)
    if not tried or not bad_texts or not good_texts:
        return []
    bad = np.asarray([int(blame[rows].sum()) for _, rows in tried], dtype=np.float64)
    good = np.asarray([len(rows) for _, rows in tried], dtype=np.float64) - bad
    odds, error = _log_odds(bad, bad_texts, good, good_texts)
    q = false_discovery(np.asarray([two_sided(z) for z in odds / error]), len(tried))
    held = [p for p in range(len(tried)) if q[p] <= FALSE_SHARE and odds[p] > 0]
    held.sort(key=lambda p: (-odds[p] / error[p], -len(tried[p][0]), tried[p][0]))
    return [
        Term(
            term=" · ".join(words),
            language=language,
            bad=int(bad[p]),
            good=int(good[p]),
            bad_texts=bad_texts,
            good_texts=good_texts,
            log_odds=float(odds[p]),
            low=float(odds[p] - _Z_95 * error[p]),
            high=float(odds[p] + _Z_95 * error[p]),
            q=float(q[p]),
        )
        for p, words in _apart(tried, held).items()
    ]


def _by_several(texts: Texts) -> list[tuple[str, Ints]]:
    """Each word that five people used, with the places of the texts that hold it."""
    used: dict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(texts.text[:MOST_TEXTS]):
        for term in set(_terms_in(text)):
            used[term].append(row)
    places = ((term, np.asarray(rows, dtype=np.int64)) for term, rows in used.items())
    return [
        (term, rows) for term, rows in places if len(np.unique(texts.person[rows])) >= LEAST_PEOPLE
    ]


def _log_odds(bad: Floats, bad_texts: int, good: Floats, good_texts: int) -> tuple[Floats, Floats]:
    """The log of each odds ratio, a half added to each count, and its standard error."""
    with_it, without = (bad + 0.5, good + 0.5), (bad_texts - bad + 0.5, good_texts - good + 0.5)
    odds = np.log(with_it[0] / without[0]) - np.log(with_it[1] / without[1])
    return odds, np.sqrt(sum(1 / each for each in (*with_it, *without)))


def _apart(tried: Sequence[tuple[str, Ints]], held: Sequence[int]) -> dict[int, list[str]]:
    """The surest words by their place, each with up to two that say the same of the same reviews."""
    kept: dict[int, list[str]] = {}
    for place in held:
        term, rows = tried[place]
        alike = next((k for k in kept if _same(rows, tried[k][1], term, tried[k][0])), None)
        if alike is None:
            if len(kept) < MOST_TERMS:
                kept[place] = [term]
        elif len(kept[alike]) < _BESIDE and not any(_overlap(term, had) for had in kept[alike]):
            kept[alike].append(term)
    return kept


def _terms_in(text: str) -> Iterator[str]:
    for piece in re.split(r"[.!?,;。！？，；\n]+", text):
        words = _WORD.findall(piece)
        yield from (word for word in words if word not in _STOP)
        for one, two in pairwise(words):
            if one not in _STOP and two not in _STOP:
                yield f"{one} {two}"
    for run in _RUN.findall(text):
        for length in _RUNS:
            for start in range(len(run) - length + 1):
                piece = run[start : start + length]
                if piece[0] not in _HOLLOW and piece[-1] not in _HOLLOW:
                    yield piece


def _same(rows: Ints, others: Ints, one: str, other: str) -> bool:
    """Whether two words stand in nearly the same reviews; sooner where they share letters."""
    both = len(np.intersect1d(rows, others, assume_unique=True))
    if _overlap(one, other):
        return both >= _ALIKE * min(len(rows), len(others))
    return both >= _ALIKE * max(len(rows), len(others))


def _overlap(first: str, second: str) -> bool:
    """Whether one holds the other, or ends as it begins: `有裂` and `裂纹`."""
    if first in second or second in first:
        return True
    if first.isascii():
        return bool(set(first.split()) & set(second.split()))
    lengths = range(1, min(len(first), len(second)))
    return any(first[-n:] == second[:n] or second[-n:] == first[:n] for n in lengths)
