"""The words a question may hold, as the text catalogues list them, and how a question is read.

Both languages are known at once. A question is cut into words (each Chinese character is one),
and the longest phrase known is taken at every place; what is left over is kept as not understood.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from crm_core.metrics import DIMENSIONS, METRICS
from crm_core.selection import LANGUAGES
from crm_core.text import catalogue

LONGEST = 300
Kind = Literal[
    "compare",
    "period",
    "metric",
    "top",
    "show",
    "value",
    "dimension",
    "by",
    "across",
    "since",
    "to",
    "noise",
    "unknown",
]
#: Of two readings equally long, the one of the earlier kind is meant.
_FIRST: tuple[Kind, ...] = (
    "compare", "period", "top", "metric", "show", "value", "dimension",
    "by", "across", "since", "to", "noise",
)  # fmt: skip
_CHINESE = "\u3400-\u9fff"
_WORD = re.compile(
    rf"\d{{4}}[-/]\d{{1,2}}(?:[-/]\d{{1,2}})?(?!\d)|\d+|[{_CHINESE}]|(?:(?![{_CHINESE}])[^\W\d_])+"
)
_SLOT = re.compile(r"\{([a-z]+)\}")
_TABLES = ("month", "quarter", "number")
_SHORTEST_PLURAL = 4

Words = tuple[str, ...]


@dataclass(frozen=True)
class Term:
    """What a phrase means: a code of a kind; a value's code belongs to a `dimension`."""

    kind: Kind
    code: str
    dimension: str = ""


@dataclass(frozen=True)
class Piece:
    """A stretch of the question: as it was typed, what it may mean, and the numbers in it."""

    text: str
    terms: tuple[Term, ...]
    numbers: Mapping[str, int]

    @property
    def kind(self) -> Kind:
        """What kind of thing it is."""
        return self.terms[0].kind if self.terms else "unknown"


@dataclass(frozen=True)
class Found:
    """A phrase found at a place: how many words long, what it means, the numbers in it."""

    length: int
    term: Term
    numbers: Mapping[str, int]


@dataclass(frozen=True)
class Lexicon:
    """Phrases by their words, phrases with numbers in them, and the words for numbers."""

    phrases: Mapping[Words, tuple[Term, ...]]
    patterns: tuple[tuple[Words, Term], ...]
    numbers: Mapping[str, Mapping[Words, int]]
    spellings: tuple[str, ...]

    def read(self, question: str) -> list[Piece]:
        """The question in pieces, in order."""
        line = tidy(question)
        spans = [found.span() for found in _WORD.finditer(line)]
        words = [_folded(line[start:end]) for start, end in spans]
        pieces: list[Piece] = []
        place = 0
        while place < len(words):
            found = list(self._found(words, place))
            length = max((each.length for each in found), default=1)
            text = line[spans[place][0] : spans[place + length - 1][1]]
            after = pieces[-1].kind if pieces else "noise"
            pieces.append(_piece(text, [each for each in found if each.length == length], after))
            place += length
        return pieces

    def _found(self, words: Sequence[str], place: int) -> Iterator[Found]:
        for length in range(min(len(words) - place, 12), 0, -1):
            for term in self.phrases.get(tuple(words[place : place + length]), ()):
                yield Found(length, term, {})
        for pattern, term in self.patterns:
            match = self._fits(pattern, words[place:])
            if match:
                yield Found(match[0], term, match[1])
        dated = _date_of(words[place])
        if dated:
            yield Found(1, Term("period", "on_date"), dated)

    def _fits(self, pattern: Words, words: Sequence[str]) -> tuple[int, dict[str, int]] | None:
        place, numbers = 0, dict[str, int]()
        for element in pattern:
            slot = _SLOT.fullmatch(element)
            if slot is None:
                if words[place : place + 1] != [element]:
                    return None
                place += 1
                continue
            taken = self._number(slot[1], words[place:])
            if taken is None:
                return None
            numbers[slot[1]] = taken[1]
            place += taken[0]
        return place, numbers

    def _number(self, slot: str, words: Sequence[str]) -> tuple[int, int] | None:
        """A number of a sort at the beginning of some words: how many words, which number."""
        table = self.numbers.get("number" if slot == "n" else slot, {})
        for length in range(min(len(words), 4), 0, -1):
            if tuple(words[:length]) in table:
                return length, table[tuple(words[:length])]
        if slot in _TABLES or not words or not words[0].isdecimal() or len(words[0]) > 4:
            return None
        low, high = {"year": (1990, 2099), "day": (1, 31)}.get(slot, (1, 9_999))
        return (1, int(words[0])) if low <= int(words[0]) <= high else None


def tidy(question: str) -> str:
    """A question as it is read: small letters, plain width, no longer than need be."""
    return unicodedata.normalize("NFKC", question[:LONGEST]).casefold()


def split(phrase: str) -> Words:
    """A phrase in words, each in the form in which two are the same.

    >>> split("Sales channels"), split("净收入")
    (('sale', 'channel'), ('净', '收', '入'))
    """
    return tuple(_folded(word) for word in _WORD.findall(tidy(phrase)))


def _folded(word: str) -> str:
    """An English word without the ending that says there are several."""
    if len(word) < _SHORTEST_PLURAL or not word.isascii() or word.endswith("ss"):
        return word
    return f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")


def _piece(text: str, found: Sequence[Found], after: Kind) -> Piece:
    """Of readings equally long the likeliest kind; after "by" that is what one can split by."""
    order = ("dimension", "metric", *_FIRST) if after in ("by", "across") else _FIRST
    likeliest = sorted(found, key=lambda each: order.index(each.term.kind))
    alike = [each for each in likeliest if each.term.kind == likeliest[0].term.kind]
    return Piece(text, tuple(each.term for each in alike), alike[0].numbers if alike else {})


def _date_of(word: str) -> dict[str, int] | None:
    parts = re.split(r"[-/]", word)
    if len(parts) < 2 or not all(part.isdecimal() for part in parts):
        return None
    return dict(zip(("year", "month", "day"), map(int, parts), strict=False))


def _spelled(key: str) -> Iterator[str]:
    """Each way a text lists to say something, in every language."""
    for language in LANGUAGES:
        text = catalogue(language).get(key, "")
        yield from (way.strip() for way in text.split("|") if way.strip())


def _codes(prefix: str) -> list[str]:
    start = f"{prefix}."
    return [key.removeprefix(start) for key in catalogue(LANGUAGES[0]) if key.startswith(start)]


def _listed() -> Iterator[tuple[str, Term]]:
    """All spellings of the catalogues with what they mean."""
    for name in METRICS:
        for spelling in (*_spelled(f"ask.metric.{name}"), *_spelled(f"metric.{name}.label")):
            yield spelling, Term("metric", name)
    for name in DIMENSIONS:
        for spelling in (*_spelled(f"ask.dimension.{name}"), *_spelled(f"dimension.{name}.label")):
            yield spelling, Term("dimension", name)
    kinds: tuple[Kind, ...] = ("period", "compare", "show")
    for kind in kinds:
        for code in _codes(f"ask.{kind}"):
            yield from ((way, Term(kind, code)) for way in _spelled(f"ask.{kind}.{code}"))
    links: tuple[Kind, ...] = ("by", "across", "top", "since", "to", "noise")
    for kind in links:
        yield from ((way, Term(kind, kind)) for way in _spelled(f"ask.link.{kind}"))


@cache
def plain_words() -> Lexicon:
    """The words of the product itself, known to every shop."""
    phrases: dict[Words, tuple[Term, ...]] = {}
    patterns: list[tuple[Words, Term]] = []
    spellings: dict[str, None] = {}
    for spelling, term in _listed():
        if _SLOT.search(spelling):
            patterns.append((_pattern(spelling), term))
            continue
        words = split(spelling)
        if term not in phrases.get(words, ()):
            phrases[words] = (*phrases.get(words, ()), term)
        if term.kind in ("metric", "dimension", "period", "compare", "show"):
            spellings[tidy(spelling)] = None
    numbers = {
        table: {
            split(way): int(code) for code in _codes(f"ask.{table}") for way in _spelled(f"ask.{table}.{code}")
        }
        for table in _TABLES
    }  # fmt: skip
    return Lexicon(phrases, tuple(patterns), numbers, tuple(spellings))


def _pattern(spelling: str) -> Words:
    parts = re.split(r"(\{[a-z]+\})", spelling)
    return tuple(
        word for part in parts for word in ((part,) if _SLOT.fullmatch(part) else split(part))
    )


def with_values(values: Iterable[tuple[str, str, Sequence[str]]]) -> Lexicon:
    """The product's words and a shop's own: values as (dimension, code, names)."""
    base = plain_words()
    phrases, spellings = dict(base.phrases), list(base.spellings)
    for dimension, code, names in values:
        for name in dict.fromkeys(names):
            words = split(name)
            if words:
                phrases[words] = (*phrases.get(words, ()), Term("value", code, dimension))
                spellings.append(tidy(name))
    return Lexicon(phrases, base.patterns, base.numbers, tuple(spellings))
