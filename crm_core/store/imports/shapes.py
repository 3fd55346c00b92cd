"""What the values of a column look like, whatever the column is called."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crm_core.store.imports.currencies import CODES, WORDS

_DATE = re.compile(r"^\s*(\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}|\d{8}\b|\d{1,2}[ -][A-Za-z]{3})")
_EMAIL = re.compile(r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$")
_NUMBER = re.compile(
    rf"^[^\w+-]*[-+(]?[^\w+-]*(?:{WORDS}|{'|'.join(CODES)})?[^\w+-]*[-+]?"
    r"[\d.,' \u00a0\u202f]*\d[\d.,]*\s*(?:\S{0,3}|euros?)$"
)
# A number alone is no phone: it begins like one, with a country code, a zero or a bracket.
_PHONE = re.compile(
    r"^\s*'?(\+\s?\d|00\d|0\d|\(\d|1[3-9]\d{9}\s*$)(?=[\d\s()./-]*$)(?:[\s()./-]*\d){5,14}\s*$"
)
_URL = re.compile(r"^\s*(https?://|www\.)\S+\s*$", re.IGNORECASE)
_YES_NO = re.compile(
    r"^\s*(yes|no|y|n|true|false|t|f|0|1|on|off|ja|nein|oui|non|vrai|faux|s[ií]|是|否"
    r"|(un)?subscribed|never.subscribed|opt(ed)?.(in|out))\s*$",
    re.IGNORECASE,
)
_STARS = re.compile(r"^\s*[1-5](\.0)?\s*$")
_CURRENCY = re.compile(rf"^\s*({'|'.join(CODES)}|RMB|[$€£¥元])\s*$")
SHAPES: dict[str, re.Pattern[str]] = {
    "emails": _EMAIL,
    "urls": _URL,
    "dates": _DATE,
    "phones": _PHONE,
    "currencies": _CURRENCY,
    "stars": _STARS,
    "yes_no": _YES_NO,
    "numbers": _NUMBER,
}
# Dates are read in eight digits too, which may be anybody's number.
_TOLD = 0.8
_DENIED = 0.3


def shares(values: Sequence[str]) -> dict[str, float]:
    """By shape, the share of values that have it.

    >>> shares(["a@b.example"])["emails"]
    1.0
    """
    many = max(len(values), 1)
    return {
        name: sum(shape.match(value) is not None for value in values) / many
        for name, shape in SHAPES.items()
    }


def told_by(shape: dict[str, float], among: Sequence[str]) -> str | None:
    """The first of these shapes that nearly all values have.

    >>> told_by(shares(["yes", "no"]), ["dates", "yes_no"])
    'yes_no'
    """
    return next((name for name in among if shape[name] > _TOLD), None)


def contradicts(field: str, kind: str, shape: dict[str, float]) -> bool:
    """Whether values cannot be those of a field of this kind."""
    if field == "email":
        return shape["emails"] < _DENIED
    if kind in ("time", "date"):
        return shape["dates"] < _DENIED
    if kind in ("number", "int", "money", "price", "rate"):
        return shape["numbers"] < _DENIED
    return kind == "bool" and shape["yes_no"] < _DENIED
