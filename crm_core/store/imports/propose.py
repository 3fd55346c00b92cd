"""A guess at what the columns of an order file are, with the reason for each."""

from __future__ import annotations

import csv
import io
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

from crm_core.store.imports.known import known_mapping
from crm_core.store.imports.mapping import FIELDS, Mapping
from crm_core.store.imports.textfile import LONGEST, TextFile, first_lines

SAMPLE = 200
SURE, LIKELY, MAYBE = 0.95, 0.7, 0.5
_CLOSE = 0.86
_DATE = re.compile(r"^\s*(\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}|\d{8}\b|\d{1,2}[ -][A-Za-z]{3})")
_EMAIL = re.compile(r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$")
_NUMBER = re.compile(r"^[^\w+-]*[-+(]?[^\w+-]*[\d.,' \u00a0\u202f]*\d[\d.,]*\s*\S{0,3}$")


@dataclass(frozen=True)
class Guess:
    """One column of the file: the field it fills (None: left out), why, and how sure (0 to 1).

    Reasons: known, name, similar_name, values_dates, values_emails, values_disagree, taken,
    unknown.
    """

    column: str
    field: str | None
    reason: str
    confidence: float


def guess_columns(text: TextFile) -> tuple[Guess, ...]:
    """A guess for every column, in the file's order."""
    known = known_mapping(text.header)
    if known is not None:
        fields = {column: field for field, column in known.columns.items()}
        return tuple(
            Guess(c, fields[c], "known", 1.0) if c in fields else Guess(c, None, "unknown", 0.0)
            for c in text.header
        )
    values = _sample(text)
    guesses = [_guess(column, values[place]) for place, column in enumerate(text.header)]
    return tuple(_settled(guesses))


def propose_mapping(text: TextFile) -> Mapping:
    """The mapping that the guesses make; what is missing from it is for people to say."""
    known = known_mapping(text.header)
    return known if known is not None else mapping_from(text, guess_columns(text))


def mapping_from(text: TextFile, guesses: tuple[Guess, ...]) -> Mapping:
    """A mapping out of guesses: the amount is the unit price when the units are known too.

    A line total beside a discount column is taken as after the discount.
    """
    fields = {guess.field: guess.column for guess in guesses if guess.field}
    price, total = fields.pop("unit_price", None), fields.pop("line_total", None)
    by_unit = price is not None and ("quantity" in fields or total is None)
    amount = price if by_unit else total
    if amount is not None:
        fields["amount"] = amount
    rate = "discount" in fields and _is_rate(
        fields["discount"], _sample(text)[text.header.index(fields["discount"])]
    )
    ordered = {field: fields[field] for field in FIELDS if field in fields}
    return Mapping(
        columns=ordered,
        amount_is="unit_price" if by_unit else "line_total",
        amount_after_discount=not by_unit and "discount" in fields,
        discount_is="rate" if rate else "amount_per_line",
    )


def plain_name(name: str) -> str:
    """A column name without case, spaces, marks, accents and bracketed parts.

    >>> plain_name("Sub-Category"), plain_name("邮费(元)")
    ('subcategory', '邮费')
    """
    bare = re.sub(r"[(（\[].*?[)）\]]", "", name) or name
    apart = unicodedata.normalize("NFKD", bare.casefold())
    return "".join(c for c in apart if c.isalnum() or c in "%#")


@cache
def _synonyms() -> dict[str, str]:
    told = tomllib.loads((Path(__file__).parent / "synonyms.toml").read_text(encoding="utf-8"))
    known: dict[str, str] = {}
    for field, names in told.items():
        for name in (field, *names):
            known.setdefault(plain_name(name), field)
    return known


@cache
def _places() -> dict[str, int]:
    """How far down its field's list a name is: the plainest names come first."""
    names = list(_synonyms())
    starts = {field: names.index(plain_name(field)) for field in _synonyms().values()}
    return {name: place - starts[field] for place, (name, field) in enumerate(_synonyms().items())}


def _guess(column: str, values: list[str]) -> Guess:
    plain, known = plain_name(column), _synonyms()
    field, reason, confidence = known.get(plain), "name", SURE
    if field is None:
        field, reason, confidence = _similar(plain), "similar_name", LIKELY
    if field is None and _share(values, _EMAIL) > 0.8:
        return Guess(column, "email", "values_emails", LIKELY)
    if field is None and _share(values, _DATE) > 0.8:
        return Guess(column, "ordered_at", "values_dates", MAYBE)
    if field is None:
        return Guess(column, None, "unknown", 0.0)
    if _contradicts(field, values):
        return Guess(column, None, "values_disagree", 0.0)
    confidence = round(confidence - _places().get(plain, 0) / 1000, 3)
    return Guess(column, field, reason, confidence)


def _similar(plain: str) -> str | None:
    if len(plain) < 4:
        return None
    best = max(_synonyms(), key=lambda name: SequenceMatcher(None, plain, name).ratio())
    close = SequenceMatcher(None, plain, best).ratio() >= _CLOSE
    return _synonyms()[best] if close else None


def _contradicts(field: str, values: list[str]) -> bool:
    kind = FIELDS.get(field, "number")
    if not values:
        return False
    if kind == "time":
        return _share(values, _DATE) < 0.3
    if kind == "number":
        return _share(values, _NUMBER) < 0.3
    if field == "email":
        return _share(values, _EMAIL) < 0.3
    return False


def _settled(guesses: list[Guess]) -> list[Guess]:
    """Each field once: the surest column has it, the leftmost of equals."""
    best: dict[str, Guess] = {}
    for guess in guesses:
        if guess.field and (
            guess.field not in best or guess.confidence > best[guess.field].confidence
        ):
            best[guess.field] = guess
    return [
        g if g.field is None or best[g.field] is g else Guess(g.column, None, "taken", 0.0)
        for g in guesses
    ]


def _sample(text: TextFile) -> list[list[str]]:
    """The filled values of each column in the first rows."""
    lines = [line for line in first_lines(text, SAMPLE)[1:] if len(line) < LONGEST]
    rows = csv.reader(io.StringIO("\n".join(lines)), delimiter=text.delimiter)
    right = [row for row in rows if len(row) == len(text.header)]
    return [[row[n] for row in right if row[n].strip()] for n in range(len(text.header))]


def _share(values: list[str], shape: re.Pattern[str]) -> float:
    return sum(shape.match(value) is not None for value in values) / len(values) if values else 0.0


def _is_rate(column: str, values: list[str]) -> bool:
    if re.search(r"%|rate|pct|percent|率", column.casefold()) or any("%" in v for v in values):
        return True
    numbers = [
        float(v.replace(",", ".")) for v in values if re.fullmatch(r"\d*[.,]?\d+", v.strip())
    ]
    return bool(numbers) and max(numbers) <= 1 and any(0 < each < 1 for each in numbers)
