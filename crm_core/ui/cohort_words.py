"""Words of cohorts: a month or week, a part of a split, an age, a layer."""

from __future__ import annotations

from datetime import date

import pandas as pd

from crm_core.metrics import ALREADY
from crm_core.text import formats
from crm_core.ui.session import current
from crm_core.views.code_words import words_for
from crm_core.views.cohort_layers import NOBODY, Layers
from crm_core.views.cohorts import Cohorts


def cohort_words(view: Cohorts, day: object) -> str:
    """A cohort by its month, or by the first day of its week."""
    session, first = current(), pd.Timestamp(day).date()  # pyright: ignore[reportArgumentType]
    if view.by == "month":
        return formats.month(first, session.language)
    return session.t("cohorts.week_of", day=formats.day(first, session.language))


def part_words(view: Cohorts, code: object) -> str:
    """A part in words: a product by its name, a few codes by words of their own."""
    session = current()
    word = view.names.get(str(code)) or session.word("cohorts.part", code)
    is_channel = view.split == "first_sales_channel" and word == code
    return words_for("sales_channel", word, session.language) if is_channel else word


def layer_words(view: Cohorts, found: Layers) -> dict[str, str]:
    """The layers in words, by their codes."""
    session = current()
    words = {ALREADY: session.t("cohorts.layer.already"), NOBODY: session.t("cohorts.layer.nobody")}
    for code in found.order:
        if code not in words:
            words[code] = span_words(code, found.span) if found.span else part_words(view, code)
    return words


def span_words(code: str, span: str) -> str:
    """A layer by its month, quarter or year, from its first day."""
    session, day = current(), date.fromisoformat(code)
    if span == "M":
        return formats.month(day, session.language)
    if span == "Y":
        return str(day.year)
    return session.t("cohorts.quarter", year=day.year, quarter=(day.month + 2) // 3)
