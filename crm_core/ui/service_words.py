"""What the values that contacts are split by are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from crm_core.metrics.care_rules import CareRules
from crm_core.pipeline.rules import care_rules
from crm_core.privacy.escape import one_line
from crm_core.text import formats
from crm_core.ui.explore_words import value_name
from crm_core.ui.session import current

_OWN = ("topic", "contact_channel", "agent")


def current_rules() -> CareRules:
    """What the shop promises, as its settings say now."""
    return care_rules(current().records.shop_settings())


def care_words(by: str, code: str, names: Mapping[str, str]) -> str:
    """A value in words; unknown is said to be."""
    session = current()
    if by not in _OWN:
        return value_name(by, code, names)
    if not code:
        return session.t(f"service.unknown.{by}")
    if by == "agent":
        return one_line(code)
    return session.word(f"behaviour.value.{by}", code)


def named_rows(by: str, rows: pd.DataFrame) -> list[str]:
    """The words of rows with `code`, and of products with `name`."""
    names = dict(zip(rows["code"], rows["name"], strict=True)) if "name" in rows else {}
    return [care_words(by, code, names) for code in rows["code"]]


def cell_words(prefix: str, value: Any) -> str:
    """A code of a cell in words, nothing where it is unknown."""
    session = current()
    if value is None or value != value or value == "":
        return ""
    return session.word(prefix, value)


def hours_words(value: Any) -> str:
    """A length of time as it is said: minutes, hours or days."""
    return "" if value is None or pd.isna(value) else current().write(float(value), "hours")


def share_ranges(lows: Iterable[float], highs: Iterable[float]) -> list[str]:
    """Between which shares each true one lies, nothing where that is unknown."""
    language = current().language
    return [
        f"{formats.percent(low, language, 0)}–{formats.percent(high, language, 0)}"
        if low == low
        else ""
        for low, high in zip(lows, highs, strict=True)
    ]
