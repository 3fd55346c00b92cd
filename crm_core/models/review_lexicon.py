"""Words that tell what a review is about and how it means it, in English and Chinese.

A shop edits what names an aspect; how praise and blame sound is only the beginning, until the shop's
own stars teach it (see `models.reviews`).
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from crm_core.records import ASPECT_CODES

ASPECTS: Final = ASPECT_CODES
#: What a text is cut to before it is read: nobody reads on, and a pasted book must not stop a refresh.
LONGEST: Final = 2_000

_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_TOKEN = re.compile(r"[a-zà-ÿ]+")
_ENDS = re.compile(
    r"[.!?。！？；;\n]+"
    r"|(?<=[\u3400-\u9fff])[，,、~～]"
    r"|\b(?:but|however|although|though|yet)\b"
    r"|但是|不过|可是|然而|只是|但"
)
_REACH = 3


def tidy(text: object) -> str:
    """A text as it is compared and learned from: plain width, small letters, single spaces.

    >>> tidy("  ＧＯＯＤ\\n Tea ")
    'good tea'
    """
    told = unicodedata.normalize("NFKC", str(text or "")[:LONGEST]).casefold()
    return " ".join(told.split())


def language_of(text: str) -> str:
    """`zh` for a text with Chinese characters, else `en`: what a file says of it is often wrong.

    >>> language_of("质量 good"), language_of("👍")
    ('zh', 'en')
    """
    return "zh" if _CHINESE.search(text) else "en"


def clauses(text: str) -> list[str]:
    """The pieces of a tidy text that each say one thing.

    >>> clauses("nice pot, but it came late. thanks"), clauses("质量好，但是太慢")
    (['nice pot,', 'it came late', 'thanks'], ['质量好', '太慢'])
    """
    return [piece for part in _ENDS.split(text) if (piece := part.strip())]


@dataclass(frozen=True)
class Lexicon:
    """Patterns of words. `aspects` by name; `wishes` tell that somebody wants something else."""

    positive: re.Pattern[str]
    negative: re.Pattern[str]
    negators: frozenset[str]
    negators_before: tuple[str, ...]
    aspects: Mapping[str, re.Pattern[str]]
    wishes: re.Pattern[str]

    def tone(self, text: str) -> float:
        """How content a tidy text sounds: 0 to 1, half where no word tells.

        >>> lexicon().tone("not good"), lexicon().tone("质量很好"), lexicon().tone("ok")
        (0.25, 0.75, 0.5)
        """
        good = bad = 0
        blamed: list[tuple[int, int]] = []
        for found in self.negative.finditer(text):
            blamed.append(found.span())
            turned = self._is_turned(text, found.start())
            good, bad = good + turned, bad + (not turned)
        for found in self.positive.finditer(text):
            if any(low <= found.start() < high for low, high in blamed):
                continue  # `no good` in a longer word of blame is counted once
            turned = self._is_turned(text, found.start())
            good, bad = good + (not turned), bad + turned
        return (good + 0.5) / (good + bad + 1.0)

    def _is_turned(self, text: str, start: int) -> bool:
        before = text[:start]
        if before.endswith(self.negators_before):
            return True
        last = _ENDS.split(before)[-1]
        return any(word in self.negators for word in _TOKEN.findall(last)[-_REACH:])

    def about(self, text: str) -> dict[str, list[str]]:
        """The aspects a tidy text names, each with the clauses that name it.

        >>> lexicon().about("quick delivery, but bad quality")
        {'delivery': ['quick delivery,'], 'quality': ['bad quality']}
        """
        named = [name for name, pattern in self.aspects.items() if pattern.search(text)]
        if not named:
            return {}
        pieces = clauses(text)
        found = {name: [p for p in pieces if self.aspects[name].search(p)] for name in named}
        # A word that a clause's end cuts in two is still a word of the text.
        return {name: told or [text] for name, told in found.items()}

    def is_wish(self, text: str) -> bool:
        """Whether a tidy text wishes for something.

        >>> lexicon().is_wish("the lamp could be brighter"), lexicon().is_wish("希望有大号")
        (True, True)
        """
        return self.wishes.search(text) is not None


@cache
def _told() -> Mapping[str, Any]:
    file = Path(__file__).with_name("review_words.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def own_words(aspect: str) -> tuple[str, ...]:
    """The words that come with the program for an aspect."""
    return tuple(_told()["aspects"][aspect])


def lexicon(words: Mapping[str, Sequence[str]] | None = None) -> Lexicon:
    """The patterns, with a shop's own words for the aspects that it has any for."""
    own = words or {}
    return _lexicon(tuple((name, tuple(own.get(name) or own_words(name))) for name in ASPECTS))


@cache
def _lexicon(aspects: tuple[tuple[str, tuple[str, ...]], ...]) -> Lexicon:
    tone = _told()["tone"]
    return Lexicon(
        positive=pattern_of(tone["positive"]),
        negative=pattern_of(tone["negative"]),
        negators=frozenset(tone["negators"]),
        negators_before=tuple(tone["negators_before"]),
        aspects={name: pattern_of(listed) for name, listed in aspects},
        wishes=pattern_of(_told()["wishes"]["words"]),
    )


def pattern_of(words: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds any of the words, the longest first.

    >>> pattern_of(["ship", "deliver*", "快递"]).findall("delivered by ship, 快递慢, shipped")
    ['delivered', 'ship', '快递']
    """
    tidied = {tidy(word) for word in words} - {"", "*"}
    return re.compile("|".join(map(_piece, sorted(tidied, key=lambda w: (-len(w), w)))) or r"(?!)")


def _piece(word: str) -> str:
    stem = word.removesuffix("*")
    escaped = re.escape(stem)
    if not stem[0].isascii():
        return escaped
    return rf"\b{escaped}\w*" if word.endswith("*") else rf"\b{escaped}(?!\w)"
