"""Codes of filters in words: the product's where it has them, the shop's own otherwise."""

from __future__ import annotations

from crm_core.audiences import SEGMENT_CODES
from crm_core.models.cluster_names import words_of
from crm_core.selection import segment_of_code
from crm_core.text import has, t

SEGMENT_TEXTS = {"stage": "lifecycle", "value": "value_tier", "rfm": "rfm", "loyalty": "loyalty"}


def words_for(part: str, code: str, language: str) -> str:
    """A code's words where the product names it, the shop's own word otherwise."""
    if part == "segment":
        return segment_name(code, language, full=True) or code
    for key in (f"filters.{part}.{code}", f"{part}.{code}"):
        if has(key, language):
            return t(key, language)
    return code or t("app.unknown_choice", language)


def segment_name(code: object, language: str, *, full: bool = False) -> str:
    """A segment's name; empty where there is none of that code.

    `full` says of which way to divide customers it is one, for lists that mix them.

    >>> segment_name("stage.at_risk", "en"), segment_name("stage.at_risk", "en", full=True)
    ('At risk', 'Life-cycle: At risk')
    >>> segment_name("cluster.regular-lately-big", "en")
    'Regular, recent, big spend'
    """
    name, value = segment_of_code(code) if isinstance(code, str) else ("", "")
    words = words_of(value) if name == "cluster" else ()
    if words:
        found = _group(words, language)
    elif name != "cluster" and code in SEGMENT_CODES:
        found = t(f"{SEGMENT_TEXTS[name]}.{value}.name", language)
    else:
        return ""
    if not full:
        return found
    kind = t(f"filters.segmentation.{name}", language)
    return t("filters.segmentation.named", language, kind=kind, name=found)


def _group(words: tuple[str, ...], language: str) -> str:
    often, lately, much = (t(f"clusters.word.{word}", language) for word in words[:3])
    name = t("clusters.name", language, often=often, lately=lately, much=much)
    return t("clusters.numbered", language, name=name, number=words[3]) if words[3:] else name
