"""The filter bar: a Selection, drawn once for every page that follows any part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import streamlit as st

from crm_core.errors import CrmError
from crm_core.privacy.escape import md_escape
from crm_core.selection import COMPARISONS, LANGUAGES, PERIODS, Selection
from crm_core.text import formats, t
from crm_core.ui import address
from crm_core.ui.address import PARTS, Asked
from crm_core.views.code_words import words_for

LANGUAGE_NAMES = {"en": "EN", "zh": "中文"}
#: The switch that leaves out what was set aside, and what the address then says.
SET_ASIDE, LEFT_OUT = "set_aside_left_out", "out"
_PENDING = "_pending_filters"
_RANGE = "_range_at_first"


@dataclass(frozen=True)
class Bounds:
    """What the open store allows to choose: its days and the codes of each part."""

    first_day: date
    as_of: date
    choices: Mapping[str, Sequence[str]]


def narrowed(selection: Selection, applies: frozenset[str]) -> Selection:
    """The selection a page follows: parts that do not apply are left out.

    >>> narrowed(Selection(category=("shoes",), period="7d"), frozenset({"period"})).category
    ()
    """
    blank: dict[str, Any] = {part: () for part in PARTS if part not in applies}
    if "compare" not in applies:
        blank["compare"] = "none"
    if "period" not in applies:
        blank |= {"period": "30d", "start": None, "end": None}
    return replace(selection, **blank)


def preferred_language(locale: str | None) -> str:
    """The language to start in for a browser's locale.

    >>> preferred_language("zh-CN"), preferred_language("de-DE"), preferred_language(None)
    ('zh', 'en', 'en')
    """
    return "zh" if (locale or "").lower().startswith("zh") else "en"


def choose_later(filters: Mapping[str, object]) -> None:
    """Sets filters for the next run; widgets of this run are already drawn.

    Raises: CrmError("unknown_choice") for a filter there is none of.
    """
    for name in filters:
        if name not in ("period", "start", "end", "compare", *PARTS):
            raise CrmError("unknown_choice", name="filter", value=name, match="")
    changes: dict[str, Any] = {
        name: (value,) if name in PARTS and isinstance(value, str) else value
        for name, value in filters.items()
    }
    st.session_state[_PENDING] = address.keep(**changes)


def start() -> None:
    """Gives the widgets what the address or the last page asked for, before they are drawn."""
    asked, fresh = address.begin()
    pending = st.session_state.pop(_PENDING, None)
    if fresh or pending is not None:
        _fill(pending or asked)


def _fill(asked: Asked) -> None:
    state = st.session_state
    state["lang"] = asked.language or preferred_language(st.context.locale)
    state["period"], state["compare"] = asked.period, asked.compare
    state[SET_ASIDE] = asked.set_aside == LEFT_OUT
    state.pop("range", None)
    state.pop(_RANGE, None)
    if asked.start and asked.end:
        state[_RANGE] = (asked.start, asked.end)
    for part in PARTS:
        state[part] = list(getattr(asked, part))


def draw_language() -> str:
    """The language switch."""
    preferred = preferred_language(st.context.locale)
    st.session_state.setdefault("lang", preferred)
    chosen = st.segmented_control(
        "Language / 语言",
        LANGUAGES,
        required=True,
        format_func=lambda code: LANGUAGE_NAMES[code],
        key="lang",
        label_visibility="collapsed",
        persist_state="session",
    )
    language = chosen if chosen in LANGUAGES else preferred
    address.keep(language="" if language == preferred else language)
    return language


def draw_bar(bounds: Bounds, applies: frozenset[str], language: str) -> Selection:
    """Draws the bar and returns what it says. Parts that do not apply are shown disabled."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        period = _period(applies, language)
        span = _range(bounds, language) if period == "custom" else (None, None)
        compare = _compare(applies, language)
        parts = _parts(bounds, applies, language)
    asked = address.keep(period=period, start=span[0], end=span[1], compare=compare, **parts)
    given: dict[str, Any] = {part: getattr(asked, part) for part in PARTS}
    return Selection(
        period=period, start=span[0], end=span[1], compare=compare, language=language, **given
    )


def _off(applies: frozenset[str], part: str, language: str) -> dict[str, Any]:
    """Why a widget cannot be used on this page."""
    if part in applies:
        return {}
    return {"disabled": True, "help": t("filters.not_here", language)}


def _period(applies: frozenset[str], language: str) -> str:
    chosen = st.segmented_control(
        t("filters.period.label", language),
        PERIODS,
        required=True,
        format_func=lambda code: t(f"filters.period.{code}", language),
        key="period",
        label_visibility="collapsed",
        persist_state="session",
        **_off(applies, "period", language),
    )
    return chosen if chosen in PERIODS else "30d"


def _range(bounds: Bounds, language: str) -> tuple[date, date]:
    low, high = bounds.first_day, bounds.as_of
    start = max(low, high - timedelta(29))
    asked: Any = st.session_state.setdefault(_RANGE, (start, high))
    inside = [min(max(day, low), high) for day in asked]
    chosen = st.date_input(
        t("filters.range", language),
        value=(min(inside), max(inside)),
        min_value=low,
        max_value=high,
        key="range",
        format="YYYY-MM-DD",
        label_visibility="collapsed",
        width=250,
        persist_state="session",
    )
    days = list(chosen)
    first = days[0] if days else start
    return first, days[1] if len(days) > 1 else high


def _compare(applies: frozenset[str], language: str) -> str:
    chosen = st.selectbox(
        t("filters.compare.label", language),
        COMPARISONS,
        format_func=lambda code: t(f"filters.compare.{code}", language),
        key="compare",
        label_visibility="collapsed",
        width=170,
        persist_state="session",
        **_off(applies, "compare", language),
    )
    return chosen if chosen in COMPARISONS else "previous"


def _parts(bounds: Bounds, applies: frozenset[str], language: str) -> dict[str, tuple[str, ...]]:
    for part in PARTS:
        known = set(bounds.choices.get(part, ()))
        st.session_state[part] = [c for c in st.session_state.get(part) or () if c in known]
    active = sum(len(st.session_state[part]) for part in PARTS if part in applies)
    label = t("filters.label_active", language, count=active) if active else None
    chosen: dict[str, tuple[str, ...]] = {}
    with st.popover(label or t("filters.label", language), icon=":material/tune:"):
        for part in PARTS:
            choices = bounds.choices.get(part, ())
            if choices or part == "shop":
                chosen[part] = _part(part, choices, applies, language)
    return chosen


def _part(
    part: str, codes: Sequence[str], applies: frozenset[str], language: str
) -> tuple[str, ...]:
    values = st.multiselect(
        t(f"filters.part.{part}", language),
        list(codes),
        format_func=lambda code: words_for(part, code, language),
        placeholder=t("filters.all", language),
        key=part,
        width=320,
        persist_state="session",
        **(_one_shop(part, codes, language) or _off(applies, part, language)),
    )
    known = set(codes)
    return tuple(value for value in values if value in known)


def _one_shop(part: str, codes: Sequence[str], language: str) -> dict[str, Any]:
    """Why there is no choice of shops where the store holds one."""
    if part != "shop" or len(codes) > 1:
        return {}
    return {"disabled": True, "help": t("filters.one_shop", language)}


def draw_chips(selection: Selection, language: str) -> None:
    """The active filters as buttons that remove them."""
    active = [(part, code) for part in PARTS for code in getattr(selection, part)]
    if not active:
        return
    with st.container(horizontal=True, gap="xsmall"):
        for part, code in active:
            words = words_for(part, code, language)
            name = t(f"filters.part.{part}", language)
            st.button(
                f"{name}: {md_escape(words)}",
                icon=":material/close:",
                key=f"chip_{part}_{code}",
                help=md_escape(t("filters.remove", language, name=name, value=words)),
                on_click=_remove,
                args=(part, code),
            )
        st.button(t("filters.clear", language), key="chips", type="tertiary", on_click=_clear)


def _remove(part: str, code: str) -> None:
    st.session_state[part] = [kept for kept in st.session_state.get(part, []) if kept != code]


def _clear() -> None:
    for part in PARTS:
        st.session_state[part] = []


def describe_days(selection: Selection, bounds: Bounds, applies: frozenset[str]) -> str:
    """The days meant and compared, in words."""
    language = selection.language
    period = selection.resolve(bounds.first_day, bounds.as_of)
    days = (formats.day(period.start, language), formats.day(period.end, language))
    words = t("filters.range_about", language, start=days[0], end=days[1])
    if "compare" not in applies or selection.compare == "none":
        return words
    other = selection.compared(bounds.first_day, bounds.as_of)
    if other is None:
        return f"{words} · {t('filters.not_compared', language)}"
    start, end = formats.day(other.start, language), formats.day(other.end, language)
    return f"{words} · {t('filters.compared_about', language, start=start, end=end)}"
