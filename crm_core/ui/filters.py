"""The filter bar: a Selection, drawn once, kept in the URL as codes that mean the same in
every language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import streamlit as st

from crm_core.errors import CrmError
from crm_core.privacy.escape import md_escape
from crm_core.selection import COMPARISONS, LANGUAGES, PERIODS, Selection
from crm_core.text import formats, has, t

PARTS = ("sales_channel", "category", "region", "segment")
LANGUAGE_NAMES = {"en": "EN", "zh": "中文"}
_PENDING = "_pending_filters"


@dataclass(frozen=True)
class Bounds:
    """What the open store allows to choose: its days and the codes of each part."""

    first_day: date
    as_of: date
    choices: Mapping[str, Sequence[str]]


def words_for(part: str, code: str, language: str) -> str:
    """A code's words where the product names it, the shop's own word otherwise."""
    for key in (f"filters.{part}.{code}", f"{part}.{code}", f"{part}.{code}.label"):
        if has(key, language):
            return t(key, language)
    return code or t("app.unknown_choice", language)


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
    """Sets filters for the next run; widgets of this run are already drawn."""
    known = {"period", "compare", *PARTS}
    unknown = set(filters) - known
    if unknown:
        raise CrmError("unknown_choice", name="filter", value=sorted(unknown)[0], match="")
    st.session_state[_PENDING] = {
        name: [value] if name in PARTS and isinstance(value, str) else value
        for name, value in filters.items()
    }


def apply_pending() -> None:
    """Puts what `choose_later` was told into the widgets' state, before they are drawn."""
    pending: dict[str, object] = st.session_state.pop(_PENDING, {})
    for name, value in pending.items():
        st.session_state[name] = list(value) if isinstance(value, tuple) else value


def draw_language(default: str) -> str:
    """The language switch."""
    chosen = st.segmented_control(
        "Language / 语言",
        LANGUAGES,
        default=default,
        required=True,
        format_func=lambda code: LANGUAGE_NAMES[code],
        key="lang",
        bind="query-params",
        label_visibility="collapsed",
    )
    return chosen if chosen in LANGUAGES else default


def draw_bar(bounds: Bounds, applies: frozenset[str], language: str) -> Selection:
    """Draws the bar and returns what it says. Parts that do not apply are shown disabled."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        period = _period(applies, language)
        span = _range(bounds, language) if period == "custom" else (None, None)
        compare = _compare(applies, language)
        parts = _parts(bounds, applies, language)
    return Selection(
        period=period,
        start=span[0],
        end=span[1],
        compare=compare,
        language=language,
        **parts,  # pyright: ignore[reportArgumentType]
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
        default="30d",
        required=True,
        format_func=lambda code: t(f"filters.period.{code}", language),
        key="period",
        bind="query-params",
        label_visibility="collapsed",
        **_off(applies, "period", language),
    )
    return chosen if chosen in PERIODS else "30d"


def _range(bounds: Bounds, language: str) -> tuple[date, date]:
    start = max(bounds.first_day, bounds.as_of - timedelta(29))
    chosen = st.date_input(
        t("filters.range", language),
        value=(start, bounds.as_of),
        min_value=bounds.first_day,
        max_value=bounds.as_of,
        key="range",
        bind="query-params",
        format="YYYY-MM-DD",
        label_visibility="collapsed",
        width=220,
    )
    days = list(chosen) if isinstance(chosen, tuple) else [chosen]
    first = days[0] if days and isinstance(days[0], date) else start
    last = days[1] if len(days) > 1 and isinstance(days[1], date) else bounds.as_of
    return first, last


def _compare(applies: frozenset[str], language: str) -> str:
    chosen = st.selectbox(
        t("filters.compare.label", language),
        COMPARISONS,
        format_func=lambda code: t(f"filters.compare.{code}", language),
        key="compare",
        bind="query-params",
        label_visibility="collapsed",
        width=170,
        **_off(applies, "compare", language),
    )
    return chosen if chosen in COMPARISONS else "previous"


def _parts(bounds: Bounds, applies: frozenset[str], language: str) -> dict[str, tuple[str, ...]]:
    active = sum(len(st.session_state.get(part) or ()) for part in PARTS if part in applies)
    label = t("filters.label_active", language, count=active) if active else None
    chosen: dict[str, tuple[str, ...]] = {}
    with st.popover(label or t("filters.label", language), icon=":material/tune:"):
        for part in PARTS:
            if not bounds.choices.get(part):
                continue
            values = st.multiselect(
                t(f"filters.part.{part}", language),
                list(bounds.choices[part]),
                format_func=lambda code, part=part: words_for(part, code, language),
                placeholder=t("filters.all", language),
                key=part,
                bind="query-params",
                width=320,
                **_off(applies, part, language),
            )
            known = set(bounds.choices[part])
            chosen[part] = tuple(value for value in values if value in known)
    return chosen


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
        st.button(
            t("filters.clear", language),
            key="chip_clear",
            type="tertiary",
            on_click=_clear,
        )


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
        return f"{words}, {t('filters.not_compared', language)}"
    start, end = formats.day(other.start, language), formats.day(other.end, language)
    return f"{words}, {t('filters.compared_about', language, start=start, end=end)}"
