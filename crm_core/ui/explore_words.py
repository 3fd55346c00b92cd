"""Dimensions and their values in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from crm_core.metrics.explore import is_time
from crm_core.selection import segment_code
from crm_core.text import formats
from crm_core.ui.session import current
from crm_core.views.code_words import segment_name, words_for

_SEGMENTS = {
    "stage": "stage",
    "value_tier": "value",
    "rfm": "rfm",
    "loyalty_tier": "loyalty",
    "cluster": "cluster",
}


def dimension_name(name: str) -> str:
    """What a dimension is called."""
    return current().t(f"dimension.{name}.label")


def value_name(name: str, code: str, products: Mapping[str, str]) -> str:
    """What a value of a dimension is called; the shop's own word where the product has none."""
    session = current()
    if not code:
        return session.maybe(f"dimension.{name}.unknown") or session.t("explore.unknown")
    if name == "weekday":
        return session.word("dimension.weekday.named", code)
    if is_time(name):
        return _day_words(name, code)
    if name == "product":
        return products.get(code, code)
    if name in _SEGMENTS:
        return segment_name(segment_code(_SEGMENTS[name], code), session.language) or code
    if name == "new_returning":
        return session.word("dimension.new_returning.named", code)
    if name == "sales_channel":
        return session.word("overview.channels_named", code)
    return words_for(name, code, session.language)


def _day_words(name: str, code: str) -> str:
    session = current()
    try:
        day = date.fromisoformat(code)
    except ValueError:
        return code
    if name in ("month", "cohort"):
        return formats.month(day, session.language)
    if name == "year":
        return session.t("dimension.year.named", year=day.year)
    if name == "quarter":
        return session.t("dimension.quarter.named", number=(day.month + 2) // 3, year=day.year)
    if name == "week":
        return session.t("dimension.week.named", day=formats.day(day, session.language))
    return formats.day(day, session.language)
