"""Of what a report tells: its filters in words, and as the parts of an address."""

from __future__ import annotations

from crm_core.selection import PARTS, Selection
from crm_core.text import has, t
from crm_core.views.code_words import words_for

_SET_ASIDE = "set_aside"


def asked_of(selection: Selection) -> dict[str, tuple[str, ...]]:
    """The filters as an address has them; nothing for the whole shop.

    >>> asked_of(Selection(sales_channel=("web", "app")))
    {'sales_channel': ('app', 'web')}
    """
    found = {part: tuple(sorted(getattr(selection, part))) for part in PARTS}
    asked = {part: codes for part, codes in found.items() if codes}
    return asked | ({_SET_ASIDE: ("out",)} if selection.without_set_aside else {})


def filter_words(selection: Selection, language: str) -> str:
    """The filters as people read them.

    >>> filter_words(Selection(sales_channel=("web",)), "en")
    'Sales channel: Web shop'
    """
    told: list[str] = []
    for part, codes in asked_of(selection).items():
        if part == _SET_ASIDE:
            told.append(t("exports.set_aside_left_out", language))
            continue
        names = [_name(part, code, language) for code in codes]
        kind, joined = t(f"filters.part.{part}", language), t("attention.comma", language)
        told.append(t("report.filter", language, part=kind, values=joined.join(names)))
    return t("report.semicolon", language).join(told) or t("report.whole_shop", language)


def channel_name(code: str, language: str) -> str:
    """A sales channel by its name, the shop's own by the shop's."""
    key = f"overview.channels_named.{code}"
    return t(key, language) if has(key, language) else code


def _name(part: str, code: str, language: str) -> str:
    if part == "sales_channel":
        return channel_name(code, language)
    return words_for(part, code, language)
