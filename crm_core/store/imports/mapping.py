"""How the columns of a delimited file fill a canonical table: a mapping, kept as TOML."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from crm_core.errors import CrmError, close_match
from crm_core.store.imports.record_fields import RECORD_TABLES, record_fields, record_needs

FIELDS: dict[str, str] = {
    "order_id": "text", "line_id": "text", "ordered_at": "time", "customer_id": "text",
    "name": "text", "email": "text", "phone": "text", "address": "text", "postal_code": "text",
    "city": "text", "country": "text", "language": "text", "acquisition_source": "text",
    "status": "text", "sales_channel": "text", "payment_method": "text", "coupon_code": "text",
    "shipping_income": "number", "shipping_cost": "number", "fees": "number", "region": "text",
    "currency": "text", "promised_at": "time", "delivered_at": "time", "seller_note": "text",
    "product_id": "text", "product_name": "text", "category": "text", "subcategory": "text",
    "brand": "text", "list_price": "number", "quantity": "number", "amount": "number",
    "discount": "number", "tax": "number", "unit_cost": "number", "profit": "number",
    "order_discount": "number", "order_tax": "number", "refunded_amount": "number",
    "refunded_at": "time", "email_consent": "text", "sms_consent": "text", "consent_at": "time",
    "shop": "text", "account_id": "text", "account_name": "text", "account_kind": "text",
    "product_kind": "text",
}  # fmt: skip
_OF_LINES = {"line_id", "category", "subcategory", "brand", "list_price", "unit_cost", "profit",
             "product_kind"}  # fmt: skip

# What a file's rows can be; order lines and order heads are read by the same rules.
MAPPED_TABLES = ("order_lines", "orders", *RECORD_TABLES)

CHOICES: dict[str, tuple[str, ...]] = {
    "amount_is": ("line_total", "unit_price"),
    "discount_is": ("rate", "amount_per_line"),
    "date_order": ("auto", "ymd", "dmy", "mdy"),
    "decimal": ("auto", "dot", "comma"),
}


def fields_of(table: str) -> dict[str, str]:
    """The fields of a table's files, each with the kind of its values.

    >>> fields_of("stock")
    {'product_id': 'text', 'day': 'date', 'on_hand': 'int', 'incoming': 'int'}
    """
    if table == "order_lines":
        return FIELDS
    if table == "orders":
        return {field: kind for field, kind in FIELDS.items() if field not in _OF_LINES}
    return record_fields(table)


@dataclass(frozen=True)
class Mapping:
    """Which column fills which field of a table, and how its values are written.

    `columns` goes from field to the file's column name, `constants` from field to one value for
    every row. In a file of order lines `amount` is the line total or the unit price; when
    `amount_after_discount`, the discount has already been taken off it. `profit` gives the unit
    cost: (amount - profit) / quantity. `complete_orders`: the file states whole orders, so a
    later file's version of an order replaces its earlier lines. `id_columns`: the columns that
    tell rows apart where a file has no id of its own. `fingerprint` lists the column names by
    which a bundled mapping knows its file; one that is given is for files with just these.

    >>> Mapping(columns={"amount": "Sales"}).amount_is
    'line_total'
    """

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    name: str = ""
    table: str = "order_lines"
    complete_orders: bool = False
    amount_is: str = "line_total"
    amount_after_discount: bool = False
    discount_is: str = "amount_per_line"
    date_order: str = "auto"
    decimal: str = "auto"
    encoding: str = "auto"
    delimiter: str = "auto"
    currency: str | None = None
    timezone: str | None = None
    starts_with_shop: bool | None = None
    id_columns: tuple[str, ...] = ()
    fingerprint: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key, choices in {"table": MAPPED_TABLES, **CHOICES}.items():
            value = str(getattr(self, key))
            if value not in choices:
                raise CrmError(
                    "import_bad_choice",
                    key=key,
                    value=value,
                    choices=", ".join(choices),
                    match=close_match(value, choices),
                )
        known = fields_of(self.table)
        for key in (*self.columns, *self.constants):
            if key not in known:
                raise CrmError(
                    "import_bad_mapping", key="columns", value=key, match=close_match(key, known)
                )

    @property
    def fields(self) -> dict[str, str]:
        """The fields of the mapping's table, each with the kind of its values."""
        return fields_of(self.table)

    def check(self, header: tuple[str, ...], file: str) -> None:
        """Raise CrmError("import_missing_column") naming a column the file does not have."""
        for column in (*self.columns.values(), *self.id_columns):
            if column not in header:
                match = close_match(column, header)
                raise CrmError("import_missing_column", file=file, column=column, match=match)
        missing = [each for each in self.missing() if each]
        if missing:
            raise CrmError(
                "import_missing_field",
                file=file,
                column=", ".join(missing),
                columns=", ".join(header),
            )

    def missing(self) -> tuple[str, ...]:
        """The fields a file of this table cannot do without and this mapping does not fill."""
        filled = {*self.columns, *self.constants}
        if self.table not in ("order_lines", "orders"):
            return record_needs(self.table, filled)
        needed = ("ordered_at", "amount") if self.table == "order_lines" else ("ordered_at",)
        lost = [each for each in needed if each not in filled]
        if not filled & {"order_id", "customer_id"}:
            lost.insert(0, "order_id")
        if self.table == "order_lines" and not filled & {"product_id", "product_name"}:
            lost.append("product_id")
        return tuple(lost)

    def present_in(self, header: tuple[str, ...]) -> Mapping:
        """The same mapping without the columns that a file does not have."""
        present = {field: column for field, column in self.columns.items() if column in header}
        made_of = tuple(column for column in self.id_columns if column in header)
        return self.with_(columns=present, id_columns=made_of)

    def with_(self, **changes: Any) -> Mapping:
        """The same mapping with some keys changed."""
        return replace(self, **changes)


def header_hash(header: Iterable[str]) -> str:
    """What two files with the same column names share, in whatever order; the names cannot be
    read back.

    >>> header_hash(["Date", "Sum"]) == header_hash(["Sum", "Date"]) != header_hash(["Date Sum"])
    True
    """
    return hashlib.sha256(json.dumps(sorted(header)).encode()).hexdigest()


def read_mapping(path: Path) -> Mapping:
    """A mapping from a TOML file.

    Raises: CrmError import_missing_file, import_bad_mapping_file, import_bad_mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CrmError("import_missing_file", file=path.name) from None
    except (OSError, UnicodeDecodeError):
        raise CrmError("import_bad_mapping_file", file=path.name, reason="UTF-8") from None
    return parse_mapping(text, file=path.name)


def parse_mapping(text: str, *, file: str = "mapping.toml") -> Mapping:
    """A mapping from TOML text.

    >>> parse_mapping('decimal = "comma"').decimal
    'comma'
    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as failure:
        raise CrmError("import_bad_mapping_file", file=file, reason=str(failure)) from None
    known = [each.name for each in fields(Mapping)]
    for key in told:
        if key not in known:
            raise CrmError("import_bad_mapping", key=key, value=key, match=close_match(key, known))
    for key in ("columns", "constants"):
        table = told.get(key, {})
        if not isinstance(table, dict):
            raise CrmError("import_bad_mapping", key=key, value=str(table), match=f"[{key}]")
        told[key] = {str(name): str(value) for name, value in table.items()}
    for key in ("id_columns", "fingerprint"):
        if key in told:
            told[key] = tuple(told[key])
    return Mapping(**told)


def write_mapping(mapping: Mapping) -> str:
    """The mapping as TOML text that `parse_mapping` reads back to the same mapping."""
    lines: list[str] = []
    tables: list[str] = []
    for each in fields(Mapping):
        value = getattr(mapping, each.name)
        if value is None or value in ("", (), {}):
            continue
        if isinstance(value, dict):
            rows = [f"{key} = {_toml(text)}" for key, text in value.items()]
            tables.append("\n".join([f"\n[{each.name}]", *rows]))
        else:
            lines.append(f"{each.name} = {_toml(value)}")
    return "\n".join([*lines, *tables]) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
