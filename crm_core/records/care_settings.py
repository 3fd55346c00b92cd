"""What a shop may say of its service: what it promises, when it works, which words mean a topic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

#: The promised hours to a first reply, and until a contact is settled.
REPLY_HOURS: Final = (1, 24 * 14)
SETTLE_HOURS: Final = (1, 24 * 60)
MOST_TOPICS: Final = 40
LONGEST_TOPIC: Final = 40
_LONGEST: Final = 1_000
_CLOCK: Final = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")
_BETWEEN: Final = re.compile(r"[,，、;；]")
_COLON: Final = re.compile(r"[:：]")


def topic_rule(text: str) -> tuple[str, tuple[str, ...]] | None:
    """A line of the rule list, `topic: word, word`; None where it is none.

    >>> topic_rule("delivery: parcel, 包裹、快递")
    ('delivery', ('parcel', '包裹', '快递'))
    >>> topic_rule("parcel") is None
    True
    """
    topic, colon, rest = (_COLON.sub("\x00", text, count=1)).partition("\x00")
    words = tuple(dict.fromkeys(word.strip() for word in _BETWEEN.split(rest) if word.strip()))
    topic = topic.strip()
    if not colon or not words or not 0 < len(topic) <= LONGEST_TOPIC:
        return None
    return topic, words


def minute_of(clock: str) -> int:
    """Minutes since midnight of a time like 09:30.

    >>> minute_of("09:30")
    570
    """
    return int(clock[:2]) * 60 + int(clock[3:])


def hours_issues(days: Any, opens: Any, closes: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with the hours of work: (field, the end of a text key). None at all is right."""
    if not isinstance(days, tuple) or set(days) - set("1234567"):
        yield ("service_days", "not_a_choice")
    clocks = {"service_opens": opens, "service_closes": closes}
    for name, clock in clocks.items():
        if clock and not (isinstance(clock, str) and _CLOCK.match(clock)):
            yield (name, "not_a_time")
            return
    told = [bool(days), bool(opens), bool(closes)]
    if any(told) and not all(told):
        yield ("service_opens", "hours_missing")
    elif all(told) and str(closes) <= str(opens):
        yield ("service_closes", "hours_missing")


def topic_issues(rules: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with the rule list: (the end of a text key, where)."""
    if not isinstance(rules, tuple) or len(rules) > MOST_TOPICS:
        yield ("not_a_list", "")
        return
    for line in rules:
        if not isinstance(line, str) or len(line) > _LONGEST or topic_rule(line) is None:
            yield ("not_a_rule", str(line)[:80])
