"""What the first rows' amounts say of each other where the names of their columns say too little."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from crm_core.store.imports.currencies import CODES, WORDS

_MONEY = f"(?:{WORDS}|{'|'.join(CODES)})"
_AROUND = re.compile(rf"^\s*{_MONEY}\s*|\s*{_MONEY}\s*$|^\s+|\s+$")
# Numbers of one meaning in either decimal style: 1,200 and 1.200 are none.
_ONE_MEANING = re.compile(
    r"-?(\d+|\d*[.,](\d{1,2}|\d{4,})|0?[.,]\d{3}"
    r"|\d{1,3}(,\d{3})+\.\d+|\d{1,3}(\.\d{3})+,\d+|\d{1,3}(['\u2019 \xa0\u202f]\d{3})+([.,]\d+)?)"
)
_CENT = 0.011
# Columns that change what a line costs: beside one of them a total may be less for its reasons.
_REASONS = frozenset({"order_discount", "tax", "order_tax", "refunded_amount", "fees", "profit"})


def is_paid(cells: Mapping[str, Sequence[str]]) -> bool:
    """Whether a line's total is what was paid: in the first rows never more than price times
    quantity, in some less, in some the same, and no column but a discount's tells why.

    `cells` has the cells of each field.

    >>> cells = {"unit_price": ["10.00", "4.50"], "quantity": ["2", "1"]}
    >>> is_paid({**cells, "line_total": ["$18.00", "$4.50"]})
    True
    >>> is_paid({**cells, "line_total": ["23.80", "4.50"]})
    False
    """
    rows, broken = _rows(cells, "unit_price", "quantity", "line_total")
    if broken or _REASONS & cells.keys():
        return False
    found = {_beside_price(*row) for row in rows}
    discounted, _ = _rows(cells, "discount", "unit_price", "quantity", "line_total")
    told = {(_beside_price(*row), taken != 0) for taken, *row in discounted}
    if "more" in found or ("same", True) in told:
        return False  # the total is before the discount, or with a tax
    is_told_why = bool(discounted) and ("less", False) not in told
    return "less" in found and ("same" in found or is_told_why)


def _beside_price(price: float, units: float, total: float) -> str:
    """What a total is beside price times quantity; a price is rounded, its total once more."""
    if not total:
        return "nothing"  # given away or never reckoned: no evidence
    off = abs(price * units) - abs(total)
    if abs(off) <= 0.006 * max(abs(units), 1):
        return "same"
    return "less" if off > 0 else "more"


def is_rate(name: str, cells: Mapping[str, Sequence[str]]) -> bool:
    """Whether a discount is a share: its name or a % says so, else it lies between 0 and 1 without
    a currency, and no total shows that so much money was taken off.

    >>> is_rate("Discount", {"discount": ["0.2", "0"]}), is_rate("Discount", {"discount": ["$0.5"]})
    (True, False)
    """
    discount = cells["discount"]
    if re.search(r"%|rate|pct|percent|率", name.casefold()) or any("%" in v for v in discount):
        return True
    if any(re.search(_MONEY, cell) for cell in discount):
        return False
    told = [_number(cell) for cell in discount if re.search(r"\d", cell)]
    if not all(each is not None and each <= 1 for each in told) or not any(
        each and 0 < each < 1 for each in told
    ):
        return False  # 1.250 and 1,200 are above 1 in either style
    rate = money = 0
    rows, _ = _rows(cells, "discount", "unit_price", "quantity", "line_total")
    for taken, price, units, total in rows:
        if taken:
            full = price * units
            rate += abs(full * (1 - taken) - total) < _CENT
            money += min(abs(full - taken - total), abs(full - taken * units - total)) < _CENT
    return money <= rate


def _rows(cells: Mapping[str, Sequence[str]], *fields: str) -> tuple[list[tuple[float, ...]], int]:
    """The first rows in which all of some fields are numbers, and how many have a part of them."""
    if not cells.keys() >= set(fields):
        return [], 0
    rows = [tuple(map(_number, row)) for row in zip(*(cells[f] for f in fields), strict=True)]
    full = [tuple(n for n in row if n is not None) for row in rows if None not in row]
    return full, sum(any(n is not None for n in row) for row in rows) - len(full)


def _number(cell: str) -> float | None:
    text = _AROUND.sub("", cell)
    if not _ONE_MEANING.fullmatch(text):
        return None
    mark = max(text.rfind("."), text.rfind(","))
    whole, part = (text[:mark], text[mark:]) if mark >= 0 else (text, ".0")
    return float(re.sub(r"[^\d-]", "", whole) + "." + part[1:])
