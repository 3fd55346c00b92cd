"""Which words of a review name what it is about, as a shop says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

ASPECT_CODES: Final = ("delivery", "quality", "size", "price", "service", "packaging")
MOST_WORDS: Final = 200
_LONGEST = 40


def words_by_aspect(value: Any) -> Any:
    """Words trimmed, each once, aspects without any left out; what is no table stays to be found
    by the check.

    >>> words_by_aspect({"size": ["fits ", "fits"], "price": []})
    {'size': ('fits',)}
    """
    if not isinstance(value, Mapping):
        return value
    told: dict[str, Any] = {}
    for name in sorted(value, key=str):
        words = value[name]
        if isinstance(words, list | tuple):
            tidy = (each.strip() if isinstance(each, str) else each for each in words)
            words = tuple(dict.fromkeys(each for each in tidy if each not in ("", "*")))
        if words != ():
            told[str(name)] = words
    return told


def aspect_issues(words: Any) -> list[tuple[str, str]]:
    """What is wrong with such words: a text key's end, and the aspect it is in.

    >>> aspect_issues({"size": ("fits",)}), aspect_issues({"colour": ("red",)})
    ([], [('not_a_choice', 'colour')])
    """
    if not isinstance(words, Mapping):
        return [("not_words", "")]
    found: list[tuple[str, str]] = []
    for name, listed in words.items():
        if name not in ASPECT_CODES:
            found.append(("not_a_choice", str(name)[:80]))
        elif not _are_words(listed):
            found.append(("not_words", name))
    return found


def _are_words(listed: Any) -> bool:
    fits = isinstance(listed, tuple) and len(listed) <= MOST_WORDS
    return fits and all(isinstance(each, str) and len(each) <= _LONGEST for each in listed)
