"""Evidence in words: what speaks for a look at an order or a review, and what against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core.text import formats, has
from crm_core.ui.session import Session

Evidence = Mapping[str, Mapping[str, Any]]


def reasons(kind: str, signs: Evidence, session: Session) -> list[str]:
    """What speaks for a look, in order, each with its numbers."""
    return [
        _worded(f"review_queue.{kind}.{_exact(name, told)}", told, session)
        for name, told in signs.items()
    ]


def counters(kind: str, against: Evidence, session: Session) -> list[str]:
    """What speaks against it."""
    return [
        _worded(f"review_queue.{kind}_against.{name}", told, session)
        for name, told in against.items()
    ]


def _exact(name: str, told: Mapping[str, Any]) -> str:
    """A parcel that came within the hour has words of its own."""
    return "within_the_hour" if name == "at_once" and float(told.get("hours", 1)) < 1 else name


def _worded(key: str, told: Mapping[str, Any], session: Session) -> str:
    """The words of a kind of evidence; what an earlier version of the program told of one that
    has none today is left as its name."""
    if not has(key, session.language):
        return key.rpartition(".")[2]
    return session.t(key, **{name: _number(name, value, session) for name, value in told.items()})


def _number(name: str, value: Any, session: Session) -> str:
    if not isinstance(value, int | float):
        return str(value)
    if name == "share":
        return session.write(float(value), "rate")
    return formats.number(value, session.language)


def why_set_aside(reason: str, session: Session) -> str:
    """A reason as it was given: one of a few in the reader's language, with words of one's own."""
    code, _, words = reason.partition("|")
    named = session.word("review_queue.reasons", code) if code else ""
    return ": ".join(each for each in (named, words) if each)


def points_apart(signs: Evidence, against: Evidence, session: Session) -> str:
    """The points of each kind, as a sum that can be followed."""
    told = [*((each["points"], 1) for each in signs.values())]
    told += [(each["points"], -1) for each in against.values()]
    return " ".join(
        f"{'+' if side > 0 else '−'} {formats.number(points, session.language)}"
        for points, side in told
    ).removeprefix("+ ")
