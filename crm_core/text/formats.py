"""Money, numbers, shares and days as people of each language write them."""

from __future__ import annotations

from datetime import date
from math import isfinite

_MISSING = "–"
_SYMBOLS = {
    "EUR": "€",
    "USD": "$",
    "GBP": "£",
    "CNY": "¥",
    "JPY": "¥",
    "CHF": "CHF ",
    "CAD": "CA$",
    "AUD": "A$",
    "HKD": "HK$",
    "TWD": "NT$",
    "BRL": "R$",
    "INR": "₹",
    "KRW": "₩",
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def symbol(currency: str) -> str:
    """The sign written before an amount.

    >>> symbol("EUR"), symbol("SEK")
    ('€', 'SEK ')
    """
    return _SYMBOLS.get(currency, f"{currency} ")


def _known(value: float | None) -> float | None:
    return None if value is None or not isfinite(float(value)) else float(value)


def number(value: float | None, language: str, digits: int = 0) -> str:
    """A number with thousands marks; unknown is a dash.

    >>> number(1234.5, "en", 1), number(None, "zh")
    ('1,234.5', '–')
    """
    known = _known(value)
    return _MISSING if known is None else f"{known:z,.{digits}f}".replace("-", "−")


def money(value: float | None, currency: str, language: str, digits: int | None = None) -> str:
    """An amount with its sign: no cents from 1,000 on, unless `digits` says so.

    >>> money(472036.4, "EUR", "en"), money(-68.19, "EUR", "en")
    ('€472,036', '−€68.19')
    """
    known = _known(value)
    if known is None:
        return _MISSING
    places = (0 if abs(known) >= 1000 else 2) if digits is None else digits
    sign = "−" if round(known, places) < 0 else ""
    return f"{sign}{symbol(currency)}{abs(known):,.{places}f}"


def compact_money(value: float | None, currency: str, language: str) -> str:
    """An amount short enough for an axis or a narrow card: €1.2M, ¥120万.

    >>> compact_money(1234567, "EUR", "en"), compact_money(1234567, "CNY", "zh")
    ('€1.2M', '¥123.5万')
    """
    known = _known(value)
    if known is None:
        return _MISSING
    steps = [(1e8, "亿"), (1e4, "万")] if language == "zh" else [(1e9, "B"), (1e6, "M"), (1e3, "k")]
    sign = "−" if round(known) < 0 else ""
    for size, letter in steps:
        if abs(known) >= size:
            return f"{sign}{symbol(currency)}{abs(known) / size:,.1f}".removesuffix(".0") + letter
    return f"{sign}{symbol(currency)}{abs(known):,.0f}"


def percent(value: float | None, language: str, digits: int = 1) -> str:
    """A share or a change: .131 is 13.1%.

    >>> percent(0.131, "en"), percent(-0.05, "en", 0)
    ('13.1%', '−5%')
    >>> percent(-0.0001, "en")
    '0.0%'
    """
    known = _known(value)
    return _MISSING if known is None else f"{known * 100:z,.{digits}f}%".replace("-", "−")


def day(value: date | None, language: str) -> str:
    """A day: 28 Aug 2026, 2026年8月28日.

    >>> day(date(2026, 8, 28), "en"), day(date(2026, 8, 28), "zh")
    ('28 Aug 2026', '2026年8月28日')
    """
    if value is None:
        return _MISSING
    if language == "zh":
        return f"{value.year}年{value.month}月{value.day}日"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def month(value: date | None, language: str) -> str:
    """A month: Aug 2026, 2026年8月.

    >>> month(date(2026, 8, 1), "zh")
    '2026年8月'
    """
    if value is None:
        return _MISSING
    if language == "zh":
        return f"{value.year}年{value.month}月"
    return f"{_MONTHS[value.month - 1]} {value.year}"
