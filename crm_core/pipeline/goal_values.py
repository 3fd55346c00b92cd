"""Months and amounts as people type them into a list of goals: read for sure, or not at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

Mark = Literal[".", ",", "", "unclear"]
"""What stands before decimals in a column; "" where no text tells, "unclear" where they differ."""

_NAMES: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_YEAR_FIRST = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})(?:\s*[-/.月]\s*(\d{1,2})日?)?月?(?:[T ].*)?"
)
_MONTH_FIRST = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{4})")
_DAY_FIRST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?: .*)?")
_NAMED = re.compile(r"([A-Za-z]{3,9})\.?[\s\-/,]*(\d{4})")
_PACKED = re.compile(r"(\d{4})(\d{2})")
_EXACT = re.compile(r"-?\d+(?:e-?\d+)?")
_NUMBER = re.compile(r"-?\d[\d.,]*")
_GROUPS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_SPACES = str.maketrans("", "", " '\u2019\u00a0\u202f")


def month_of(text: str) -> date | None:
    """The first day of the month that a text names; None where it names none, or may name two.

    >>> month_of("2026-11"), month_of("Nov 2026"), month_of("11/2026") == month_of("2026年11月")
    (datetime.date(2026, 11, 1), datetime.date(2026, 11, 1), True)
    >>> month_of("03/04/2026") is None
    True
    """
    words = unicodedata.normalize("NFKC", text).strip()
    if found := _YEAR_FIRST.fullmatch(words):
        return _month(found[1], found[2])
    if found := _MONTH_FIRST.fullmatch(words):
        return _month(found[2], found[1])
    if found := _PACKED.fullmatch(words):
        return _month(found[1], found[2])
    if found := _NAMED.fullmatch(words):
        short = found[1][:3].casefold()
        return _month(found[2], str(_NAMES.index(short) + 1)) if short in _NAMES else None
    if found := _DAY_FIRST.fullmatch(words):
        return _of_day(int(found[1]), int(found[3]), found[4], dotted=found[2] == ".")
    return None


def _of_day(one: int, two: int, year: str, *, dotted: bool) -> date | None:
    """A day written with the year last: dots are the day first, else only one order may fit."""
    if dotted or one > 12 or one == two:
        return _month(year, str(two))
    return _month(year, str(one)) if two > 12 else None


def _month(year: str, month: str) -> date | None:
    fits = 1 <= int(month) <= 12 and 1980 <= int(year) <= 2200
    return date(int(year), int(month), 1) if fits else None


def decimal_mark(texts: Iterable[str]) -> Mark:
    """How a column writes decimals, as its texts tell that can be read in one way only.

    >>> decimal_mark(["1.250,50", "300"]), decimal_mark(["120,000", "95,000"])
    (',', '')
    """
    told = {mark for text in texts if (mark := _tells(_bare(text)[0]))}
    if len(told) > 1:
        return "unclear"
    return "," if "," in told else "." if told else ""


def _tells(number: str) -> str:
    """The mark before decimals that a number shows beyond doubt, or nothing."""
    dots, commas = number.count("."), number.count(",")
    if not dots and not commas:
        return ""
    if dots and commas:
        return "." if number.rfind(".") > number.rfind(",") else ","
    mark = "." if dots else ","
    if dots + commas > 1:
        return "," if mark == "." else "."
    whole, _, rest = number.partition(mark)
    return mark if len(rest) != 3 or whole.lstrip("-") == "0" or len(whole.lstrip("-")) > 3 else ""


def amount_of(text: str, mark: Mark) -> tuple[float, bool] | None:
    """The number that a text says, and whether it is a percentage; None where it says none for
    sure. Signs of currencies may stand around it; thousands may be told apart.

    >>> amount_of("€ 120,000", ""), amount_of("35,5 %", ","), amount_of("about 5", "")
    ((120000.0, False), (0.355, True), None)
    """
    number, percent = _bare(text)
    value = _value(number, mark)
    if value is None:
        return None
    return (float(value / 100) if percent else float(value)), percent


def _bare(text: str) -> tuple[str, bool]:
    """A number without what stands around it, and whether a percent sign did."""
    words = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
    percent = words.endswith("%")
    words = words.removesuffix("%").removesuffix("元").strip()
    words = re.sub(r"^(?:[A-Z]{3}|RMB)\s*(?=[\d-])|(?<=\d)\s*[A-Z]{3}$", "", words)
    kept = "".join(char for char in words if unicodedata.category(char) != "Sc")
    return kept.translate(_SPACES), percent


def _value(number: str, mark: Mark) -> Decimal | None:
    if _EXACT.fullmatch(number):
        return Decimal(number)
    if not _NUMBER.fullmatch(number):
        return None
    sure = _tells(number)
    if not sure and mark == "unclear":
        return None
    decimals = sure or (mark if mark in (".", ",") else "")
    if not decimals:  # nothing but marks of thousands
        return (
            Decimal(re.sub("[.,]", "", number)) if _GROUPS.fullmatch(number.lstrip("-")) else None
        )
    whole, _, rest = number.partition(decimals)
    grouped = re.sub("[.,]", "", whole)
    if whole.lstrip("-") != grouped.lstrip("-") and not _GROUPS.fullmatch(whole.lstrip("-")):
        return None
    try:
        return Decimal(f"{grouped}.{rest}" if rest else grouped)
    except InvalidOperation:
        return None
