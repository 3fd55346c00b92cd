"""Segments in words: their names by the codes of the filter, what they mean and ask for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from crm_core.audiences import SEGMENT_FIELDS
from crm_core.models.cluster_names import words_of
from crm_core.selection import SEGMENTATIONS, segment_code, segment_of_code
from crm_core.ui.session import current
from crm_core.views.code_words import SEGMENT_TEXTS, segment_name

#: The segmentation whose values a field of rules holds.
BY_FIELD = {field: name for name, field in SEGMENT_FIELDS.items()}


def segment_words(codes: Iterable[Any]) -> list[str]:
    """The names of segments; empty where a person has none."""
    language = current().language
    return [segment_name(code, language) for code in codes]


def value_words(field: str, value: object) -> str:
    """What a field of rules holds, in words if it names a segment; else as it stands."""
    name = BY_FIELD.get(field)
    if name is None:
        return str(value)
    return segment_name(segment_code(name, str(value)), current().language) or str(value)


def default_words(rows: pd.DataFrame) -> list[str]:
    """The segment shown everywhere: life-cycle stage and value tier of each row."""
    language, session = current().language, current()
    found: list[str] = []
    for stage, tier in zip(rows["stage"], rows["value_tier"], strict=True):
        names = [
            segment_name(segment_code(name, value), language)
            for name, value in (("stage", stage), ("value", tier))
            if isinstance(value, str)
        ]
        joined = len(names) == len(("stage", "value"))
        found.append(
            session.t("segments.joined", stage=names[0], tier=names[1])
            if joined
            else "".join(names)
        )
    return found


def about_key(code: str, part: str) -> str | None:
    """The text key of a segment's `definition` or `action`; None where its numbers say it."""
    name, value = segment_of_code(code)
    if name in SEGMENT_TEXTS:
        return f"{SEGMENT_TEXTS[name]}.{value}.{part}"
    words = words_of(value)
    return f"clusters.action.{words[1]}" if part == "action" and words else None


def known_names() -> tuple[str, ...]:
    """The ways to divide customers, the default first."""
    return tuple(SEGMENTATIONS)
