"""An order file as a shop's own export looks after years of hands on it, and the truth about it.

Semicolons, decimal commas, day-first dates with a clock; some dates ISO, some amounts with
thousands marks or a currency sign, quoted names with line breaks, blank lines: all of that is
good. One row in a hundred is bad in one of twenty ways, and the truth says which.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

HEADER = ("Order ID", "Order Date", "Customer ID", "E-mail", "Country", "SKU", "Product",
          "Category", "Quantity", "Unit Price", "Discount", "Currency")  # fmt: skip
BAD = 0.01
START, MINUTES = datetime(2023, 1, 1), 3 * 365 * 24 * 60
_ORDER, _DATE, _CUSTOMER, _EMAIL, _COUNTRY, _SKU, _NAME, _CATEGORY, _UNITS, _PRICE, _OFF, _MONEY = (
    range(12)
)
_TRUTH = pa.schema(
    [
        ("source_row", pa.int64()),
        ("reason", pa.string()),
        ("order_id", pa.string()),
        ("ordered_at", pa.timestamp("us")),
        ("customer_id", pa.string()),
        ("email", pa.string()),
        ("product_id", pa.string()),
        ("quantity", pa.int64()),
        ("line_total", pa.decimal128(18, 2)),
        ("discount", pa.decimal128(18, 2)),
    ]
)


def _cell(place: int, value: str) -> Callable[[list[str]], str]:
    def spoil(cells: list[str]) -> str:
        cells[place] = value
        return _line(cells)

    return spoil


def _dear(cells: list[str]) -> str:
    cells[_OFF] = "999999,99"
    return _line(cells)


def _line(cells: list[str]) -> str:
    return ";".join(_quoted(cell) for cell in cells)


def _quoted(cell: str) -> str:
    if '"' in cell or ";" in cell or "\n" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _stray(cells: list[str]) -> str:
    cells[_NAME] = "\x1a"
    return _line(cells).replace("\x1a", '"Lamp" small', 1)


# What is wrong, the reason that must be told, and how the row comes to be so.
KINDS: dict[str, tuple[str, Callable[[list[str]], str]]] = {
    "impossible date": ("import_bad_date", _cell(_DATE, "31.02.2025 10:15")),
    "word for a date": ("import_bad_date", _cell(_DATE, "unknown")),
    "no date": ("import_missing_value", _cell(_DATE, "")),
    "future date": ("import_future_date", _cell(_DATE, "01.03.2031 09:00")),
    "date before any shop": ("import_old_date", _cell(_DATE, "30.12.1899 00:00")),
    "no order id": ("import_missing_value", _cell(_ORDER, "")),
    "no product": ("import_missing_value", lambda cells: _nameless(cells)),
    "n/a for an amount": ("import_bad_number", _cell(_PRICE, "n/a")),
    "no amount": ("import_missing_value", _cell(_PRICE, " ")),
    "other decimal style": ("import_bad_number", _cell(_PRICE, "1,234.50")),
    "negative price": ("import_negative_amount", _cell(_PRICE, "-12,50")),
    "amount beyond reason": ("import_bad_number", _cell(_PRICE, "9000000000000,00")),
    "fractional quantity": ("import_fractional_quantity", _cell(_UNITS, "1,5")),
    "word for a quantity": ("import_bad_number", _cell(_UNITS, "two")),
    "no quantity": ("import_missing_value", _cell(_UNITS, "")),
    "discount over the price": ("import_bad_discount", _dear),
    "other currency": ("import_currency_mixed", _cell(_MONEY, "USD")),
    "a column too few": ("import_ragged_row", lambda cells: _line(cells[:-1])),
    "a column too many": ("import_ragged_row", lambda cells: _line([*cells, "x"])),
    "stray quote": ("import_bad_quote", _stray),
}
# Two more, which make the whole file one that no reader takes as it is.
BYTES: dict[str, tuple[str, Callable[[list[str]], str]]] = {
    "NUL byte": ("import_nul_byte", _cell(_COUNTRY, "D\0")),
    "broken bytes": ("import_bad_encoding", _cell(_CATEGORY, "M\udcf6bel")),
}


def _nameless(cells: list[str]) -> str:
    cells[_SKU] = cells[_NAME] = ""
    return _line(cells)


def write_messy(path: Path, truth: Path, *, rows: int, seed: int, broken: bool = True) -> int:
    """Writes the file and the Parquet file of its truth; the number of bad rows."""
    maker = random.Random(seed)
    kinds = list((KINDS | BYTES if broken else KINDS).values())
    batch: list[dict[str, Any]] = []
    bad = 0
    with (
        path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as out,
        pq.ParquetWriter(truth, _TRUTH) as told,
    ):
        csv.writer(out, delimiter=";", lineterminator="\n").writerow(HEADER)
        place = 1
        for cells, known in _good_lines(maker, rows):
            place += 1
            if maker.random() < 0.00005:
                out.write("\n")
                place += 1
            known["source_row"] = place
            if maker.random() < BAD:
                reason, spoil = kinds[bad % len(kinds)]
                bad += 1
                known["reason"] = reason
                out.write(spoil(cells) + "\n")
            else:
                out.write(_line(cells) + "\n")
            batch.append(known)
            if len(batch) == 50_000:
                told.write_table(pa.Table.from_pylist(batch, _TRUTH))
                batch.clear()
        told.write_table(pa.Table.from_pylist(batch, _TRUTH))
    return bad


def _good_lines(maker: random.Random, rows: int) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """Rows as their cells stand in the file, and what each means."""
    products = [_product(maker, n) for n in range(3_000)]
    cents = Decimal("0.01")
    made = order = 0
    while made < rows:
        order += 1
        at = START + timedelta(minutes=maker.randrange(MINUTES))
        customer = f"K{maker.randrange(max(rows // 6, 1)):07d}"
        email = f"{customer.lower()}@example.com" if maker.random() < 0.9 else ""
        country = ("DE", "DE", "DE", "AT", "CH", "FR")[int(customer[1:]) % 6]
        for line in range(min(maker.choice((1, 1, 2, 2, 3, 4)), rows - made)):
            sku, name, category, price = products[maker.randrange(len(products))]
            units = maker.choice((1, 1, 1, 2, 3, 10))
            total = price * units
            off = Decimal(0)
            if maker.random() < 0.2:
                off = (total * maker.randrange(5, 30) / 100).quantize(cents, ROUND_HALF_UP)
            number = f"B-{order:08d}"
            cells = [number, _date(maker, at, line), customer, email, country, sku, name, category,
                     str(units), _amount(maker, price), _comma(off) if off else "", "EUR"]  # fmt: skip
            made += 1
            yield cells, {
                "reason": None, "order_id": number, "ordered_at": at, "customer_id": customer,
                "email": email or None, "product_id": sku, "quantity": units, "line_total": total,
                "discount": off,
            }  # fmt: skip


def _product(maker: random.Random, n: int) -> tuple[str, str, str, Decimal]:
    kind = maker.choice(("Stuhl", "Lampe", "Tisch", "Bücherregal", "Kissen", "Teppich"))
    ending = maker.choice(("",) * 30 + ('; 6" hoch', "\nmit Schublade", ", rund"))
    price = Decimal(maker.randrange(199, 250_000)) / 100
    return f"A{n:05d}", f"{kind} {n}{ending}", maker.choice(("Wohnen", "Büro", "Küche")), price


def _date(maker: random.Random, at: datetime, line: int) -> str:
    if maker.random() < 0.01:
        return at.strftime("%Y-%m-%d %H:%M:%S" if line % 2 else "%Y-%m-%dT%H:%M")
    return at.strftime("%d.%m.%Y %H:%M")


def _amount(maker: random.Random, price: Decimal) -> str:
    chance = maker.random()
    if chance < 0.01:
        return f"{price:,}".translate(str.maketrans(",.", ".,"))
    if chance < 0.015:
        return f"{_comma(price)} €"
    return f" {_comma(price)} " if chance < 0.016 else _comma(price)


def _comma(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")
