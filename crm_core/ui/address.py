"""What the address of a screen says about filters: codes, the same in every language.

The widgets' labels are translated, so Streamlit's own binding, which writes labels, cannot be
used. The address wins when a session starts and when the browser goes back or forward; at any
other time the widgets win and the address follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from crm_core.selection import COMPARISONS, LANGUAGES, PARTS, PERIODS

NAMES = ("lang", "period", "from", "to", "compare", "set_aside", *PARTS)
_KEPT = "_asked"
_MOST = 50


@dataclass(frozen=True)
class Asked:
    """The filters as the address carries them. `language` "" is the browser's own, `set_aside` ""
    counts what was set aside."""

    language: str = ""
    period: str = "30d"
    start: date | None = None
    end: date | None = None
    compare: str = "previous"
    shop: tuple[str, ...] = ()
    sales_channel: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    segment: tuple[str, ...] = ()
    set_aside: str = ""


def from_query(query: Mapping[str, Sequence[str]]) -> Asked:
    """Reads an address; what it does not say, or says wrongly, is the default.

    >>> from_query({"period": ["90d"], "category": ["shoes"], "compare": ["nonsense"]}).period
    '90d'
    """
    language = _one_of(query, "lang", LANGUAGES, "")
    parts: dict[str, Any] = {part: _all(query, part) for part in PARTS}
    return Asked(
        language=language,
        period=_one_of(query, "period", PERIODS, "30d"),
        start=_day(query, "from"),
        end=_day(query, "to"),
        compare=_one_of(query, "compare", COMPARISONS, "previous"),
        set_aside=_one_of(query, "set_aside", ("out",), ""),
        **parts,
    )


def to_query(asked: Asked) -> dict[str, list[str]]:
    """Writes an address; defaults are left out.

    >>> to_query(Asked(period="90d", category=("shoes",)))
    {'period': ['90d'], 'category': ['shoes']}
    """
    said: dict[str, list[str]] = {}
    if asked.language:
        said["lang"] = [asked.language]
    if asked.period != "30d":
        said["period"] = [asked.period]
    if asked.period == "custom" and asked.start and asked.end:
        said |= {"from": [asked.start.isoformat()], "to": [asked.end.isoformat()]}
    if asked.compare != "previous":
        said["compare"] = [asked.compare]
    if asked.set_aside:
        said["set_aside"] = [asked.set_aside]
    said |= {part: list(getattr(asked, part)) for part in PARTS if getattr(asked, part)}
    return said


def _one_of(
    query: Mapping[str, Sequence[str]], name: str, known: Sequence[str], default: str
) -> str:
    said = query.get(name) or [""]
    return said[-1] if said[-1] in known else default


def _all(query: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    said = dict.fromkeys(value[:200] for value in query.get(name, ()) if value)
    return tuple(said)[:_MOST]


def _day(query: Mapping[str, Sequence[str]], name: str) -> date | None:
    try:
        return date.fromisoformat((query.get(name) or [""])[-1])
    except ValueError:
        return None


def begin() -> tuple[Asked, bool]:
    """What is asked at the start of a run, and whether the address said so just now."""
    kept = st.session_state.get(_KEPT)
    context = get_script_run_ctx()
    moved = context is not None and context.is_history_navigation
    if isinstance(kept, Asked) and not moved:
        return kept, False
    asked = from_query({name: st.query_params.get_all(name) for name in NAMES})
    st.session_state[_KEPT] = asked
    return asked, True


def kept() -> Asked:
    """What is asked in this run so far."""
    asked = st.session_state.get(_KEPT)
    return asked if isinstance(asked, Asked) else Asked()


def keep(**changes: Any) -> Asked:
    """Remembers what the widgets say now."""
    asked = replace(kept(), **changes)
    st.session_state[_KEPT] = asked
    return asked


def write() -> None:
    """Makes the address say what is asked, in one step; other parts of it stay."""
    said = to_query(kept())
    now = {name: st.query_params.get_all(name) for name in NAMES}
    if {name: values for name, values in now.items() if values} == said:
        return
    others = {name: st.query_params.get_all(name) for name in st.query_params if name not in NAMES}
    st.query_params.from_dict({**others, **said})
