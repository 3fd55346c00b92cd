"""Who of the shop answered, how long it took to settle, and the first words of what people wrote."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crm_core.demo.after import TOPICS, Talks
from crm_core.demo.arrow import join, words
from crm_core.demo.calendar import DAY_US
from crm_core.demo.parameters import LANGUAGES, SERVICE
from crm_core.demo.people import People
from crm_core.demo.process import BY_EMAIL, TALK_CHANNELS
from crm_core.demo.seeds import pick

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: The last of them helped out once.
AGENTS = ("Mara", "Jonas", "Lin", "Sofia", "Noor")
#: Who answers, and who answers late: one of them far more often.
_IN_TIME, _LATE = (0.32, 0.18, 0.26, 0.24), (0.12, 0.52, 0.18, 0.18)
#: Hours that settling a topic takes at the middle.
_HOURS = np.array([9.0, 30.0, 14.0, 8.0, 26.0, 3.0, 0.0])
_REOPENED, _REOPENED_LATE = 0.05, 0.17
_WRITTEN = tuple(TALK_CHANNELS.index(name) for name in ("email", "chat"))
#: E-mails of the last days that nobody has answered yet.
_LAST_DAYS, _UNANSWERED = 5, 0.5
#: The share of what is written that nobody put under a topic.
_UNNAMED = 0.3


@dataclass(frozen=True)
class Care:
    """By contact; minutes are NaN where nothing is known, `named` is whether it has a topic."""

    agent: Ints
    reply: Floats
    resolved: Flags
    resolved_minutes: Floats
    reopened: Flags
    rated: Flags
    named: Flags
    message: pa.Array


def care_of(
    rng: np.random.Generator, talks: Talks, people: People, end: int, *, first: bool
) -> Care:
    """What is known of each contact by the end of the log; `first` block: somebody helped out."""
    n = len(talks.at)
    late = talks.reply > SERVICE.slow_minutes
    agent = np.where(late, pick(rng, _LATE, n), pick(rng, _IN_TIME, n))
    inbound = np.flatnonzero(~talks.outbound)
    if first and len(inbound):
        agent[inbound[len(inbound) // 2]] = len(AGENTS) - 1
    settle = _HOURS[talks.topic] * 60 * rng.lognormal(0.0, 0.8, n)
    again = rng.random(n) < np.where(late, _REOPENED_LATE, _REOPENED)
    settle = np.round((talks.reply + settle * np.where(again, 2.2, 1.0)) / 5) * 5
    answered = talks.at + (talks.reply * 60e6).astype(np.int64) <= end
    is_last = (talks.at > end - _LAST_DAYS * DAY_US) & (talks.channel == BY_EMAIL) & ~late
    answered &= ~(is_last & (rng.random(n) < _UNANSWERED))
    done = talks.resolved & answered & (talks.at + (settle * 60e6).astype(np.int64) <= end)
    return Care(
        agent=agent,
        reply=np.where(talks.outbound | ~answered, np.nan, talks.reply),
        resolved=done,
        resolved_minutes=np.where(done & ~talks.outbound, settle, np.nan),
        reopened=again & done & ~talks.outbound,
        rated=(talks.rating > 0) & done,
        named=(rng.random(n) >= _UNNAMED) | talks.outbound | ~np.isin(talks.channel, _WRITTEN),
        message=_written(rng, talks, people),
    )


@cache
def _parts() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("contacts.toml").read_text(encoding="utf-8"))


def _written(rng: np.random.Generator, talks: Talks, people: People) -> pa.Array:
    """The first words of e-mails and chats; nothing of calls."""
    n = len(talks.at)
    draw = rng.random((2, n))
    body = pa.nulls(n, pa.string())
    language = people.language[np.maximum(talks.person, 0)]
    for code, gap in (("en", " "), ("zh", "")):
        parts = _parts()[code]
        pools: list[list[str]] = [parts.get(topic, [""]) for topic in TOPICS]
        start = np.concatenate(([0], np.cumsum([len(pool) for pool in pools])))[talks.topic]
        size = np.array([len(pool) for pool in pools])[talks.topic]
        said = words(
            start + (draw[0] * size).astype(np.int64), [text for pool in pools for text in pool]
        )
        close = words((draw[1] * len(parts["close"])).astype(np.int64), parts["close"])
        text = pc.utf8_trim_whitespace(join(said, gap, close))
        is_zh = language == LANGUAGES.index("zh")
        body = pc.if_else(pa.array(is_zh == (code == "zh")), text, body)
    silent = talks.outbound | ~np.isin(talks.channel, _WRITTEN)
    return pc.if_else(pa.array(silent), pa.scalar(None, pa.string()), body)
