"""A guess at what a file holds and what its columns are, with the reason for each."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from crm_core.schema import PERSON, TABLES
from crm_core.store.imports.known import known_mapping
from crm_core.store.imports.mapping import Mapping, fields_of
from crm_core.store.imports.money_told import is_paid, is_rate
from crm_core.store.imports.shapes import contradicts, shares, told_by
from crm_core.store.imports.synonyms import AMOUNTS, names_of, plain_name, similar_names
from crm_core.store.imports.textfile import LONGEST, TextFile, first_lines

SAMPLE = 200
SURE, LIKELY, MAYBE = 0.95, 0.7, 0.5
# What a table lacks counts against it: a customer list with a note is no order without a date.
_LACK = 0.8
# Of tables that explain a file equally well the first is meant.
_ORDER = ("order_lines", "orders", "customers", "stock", "products", "refunds", "coupons", "reviews",
          "contacts", "touches", "consents", "costs", "web_events", "accounts")  # fmt: skip
# Where a column of dates belongs whose name says nothing.
_MOMENTS = {"order_lines": "ordered_at", "customers": "first_seen_at", "stock": "day",
            "costs": "day"}  # fmt: skip


@dataclass(frozen=True)
class Guess:
    """One column of the file: the field it fills (None: left out), why, and how sure (0 to 1).

    Reasons: known, name, similar_name, values_dates, values_emails, values_phones,
    values_currencies, values_stars, values_yes_no, values_urls, values_disagree, taken, unknown.
    """

    column: str
    field: str | None
    reason: str
    confidence: float


@dataclass(frozen=True)
class Column:
    """A column as it stands in the file: its name, cells of the first rows, and their shape."""

    name: str
    cells: list[str]
    shape: dict[str, float]

    @property
    def values(self) -> list[str]:
        """The cells that are filled."""
        return [cell for cell in self.cells if cell.strip()]


def guess_columns(text: TextFile, table: str | None = None) -> tuple[Guess, ...]:
    """A guess for every column, in the file's order; for a table, else for the likeliest."""
    known = known_mapping(text.header)
    if known is not None and table in (None, known.table):
        fields = {column: field for field, column in known.columns.items()}
        return tuple(
            Guess(c, fields[c], "known", 1.0) if c in fields else Guess(c, None, "unknown", 0.0)
            for c in text.header
        )
    return _likeliest(sample(text), table)[1]


def propose_mapping(text: TextFile, table: str | None = None) -> Mapping:
    """The mapping that the guesses make; what is missing from it is for people to say."""
    known = known_mapping(text.header)
    if known is not None and table in (None, known.table):
        return known
    columns = sample(text)
    chosen, guesses = _likeliest(columns, table)
    return mapping_from(columns, guesses, chosen)


def explains(mapping: Mapping, header: tuple[str, ...]) -> bool:
    """Whether a proposed mapping says enough of a file to be trusted without being looked at.

    A few words in common are no proof: a table of anything has a date and a number.
    """
    told = len(mapping.columns)
    return not mapping.missing() and told >= 2 and (told >= 4 or told * 2 >= len(header))


def mapping_from(columns: list[Column], guesses: tuple[Guess, ...], table: str) -> Mapping:
    """A mapping out of guesses: the amount is the unit price when the units are known too.

    A line total is taken as after the discount; where it says what was paid it is the amount.
    """
    fields = {guess.field: guess.column for guess in guesses if guess.field}
    if table not in AMOUNTS:
        return Mapping(table=table, columns=_in_order(fields, table))
    if not fields.keys() & set(PERSON) and "account_id" in fields:
        fields["customer_id"] = fields.pop("account_id")  # the only key a buyer has here
    cells = {field: c.cells for field, name in fields.items() for c in columns if c.name == name}
    price, total = fields.pop("unit_price", None), fields.pop("line_total", None)
    by_unit = price is not None and ("quantity" in fields or total is None) and not is_paid(cells)
    if amount := price if by_unit else total:
        fields["amount"] = amount
    if table == "orders":
        return Mapping(table=table, columns=_in_order(fields, table))
    discount = fields.get("discount")
    return Mapping(
        columns=_in_order(fields, table),
        amount_is="unit_price" if by_unit else "line_total",
        amount_after_discount=not by_unit and discount is not None,
        discount_is="rate" if discount and is_rate(discount, cells) else "amount_per_line",
    )


def sample(text: TextFile) -> list[Column]:
    """The columns with their cells in the first rows."""
    lines = [line for line in first_lines(text, SAMPLE)[1:] if len(line) < LONGEST]
    rows = csv.reader(io.StringIO("\n".join(lines)), delimiter=text.delimiter)
    right = [row for row in rows if len(row) == len(text.header)]
    columns: list[Column] = []
    for place, name in enumerate(text.header):
        cells = [row[place] for row in right]
        columns.append(Column(name, cells, shares([cell for cell in cells if cell.strip()])))
    return columns


def _in_order(fields: dict[str, str], table: str) -> dict[str, str]:
    return {field: fields[field] for field in fields_of(table) if field in fields}


def _likeliest(columns: list[Column], table: str | None) -> tuple[str, tuple[Guess, ...]]:
    """The table that explains most columns, less what it needs and does not find."""
    tables = _ORDER if table is None else (table,)
    found = {each: _settled([_guess(column, each) for column in columns]) for each in tables}
    best = max(tables, key=lambda each: _worth(columns, found[each], each))
    if table is None and sum(guess.field is not None for guess in found[best]) < 2:
        best = _ORDER[0]  # nothing speaks for anything: people will say
    return best, found[best]


def _worth(columns: list[Column], guesses: tuple[Guess, ...], table: str) -> float:
    mapping = mapping_from(columns, guesses, table)
    sure = sum(round(guess.confidence, 1) for guess in guesses if guess.field)
    return sure - _LACK * len(mapping.missing())


def _guess(column: Column, table: str) -> Guess:
    plain, names = plain_name(column.name), names_of(table)
    field, reason, confidence = None, "name", SURE
    if plain in names:
        field, place = names[plain]
        confidence = round(SURE - place / 1000, 3)
    else:
        similar = next((name for name in similar_names(plain) if name in names), None)
        if similar is not None:
            field, reason, confidence = names[similar][0], "similar_name", LIKELY
    if field is None:
        return _guess_by_shape(column, table)
    kind = fields_of(table).get(field, "number")
    if column.values and contradicts(field, kind, column.shape):
        return Guess(column.name, None, "values_disagree", 0.0)
    return Guess(column.name, field, reason, confidence)


def _guess_by_shape(column: Column, table: str) -> Guess:
    """What values say where a name says nothing. A yes or a link may be about anything."""
    fields = {
        "emails": ("email", LIKELY),
        "dates": (_moment(table), MAYBE),
        "phones": ("phone", MAYBE),
        "currencies": ("currency", LIKELY),
        "stars": ("stars", MAYBE),
        "yes_no": ("", 0.0),
        "urls": ("", 0.0),
    }
    known = fields_of(table)
    shape = told_by(column.shape, [s for s in fields if s != "stars" or table == "reviews"])
    if shape is None:
        return Guess(column.name, None, "unknown", 0.0)
    field, confidence = fields[shape]
    if field in known or not field:
        return Guess(column.name, field or None, f"values_{shape}", confidence)
    return Guess(column.name, None, "unknown", 0.0)


def _moment(table: str) -> str:
    if table in ("order_lines", "orders"):
        return _MOMENTS["order_lines"]
    return _MOMENTS.get(table) or TABLES[table].event or ""


def _settled(guesses: list[Guess]) -> tuple[Guess, ...]:
    """Each field once: the surest column has it, the leftmost of equals."""
    best: dict[str, Guess] = {}
    for guess in guesses:
        if guess.field and (
            guess.field not in best or guess.confidence > best[guess.field].confidence
        ):
            best[guess.field] = guess
    return tuple(
        g if g.field is None or best[g.field] is g else Guess(g.column, None, "taken", 0.0)
        for g in guesses
    )
