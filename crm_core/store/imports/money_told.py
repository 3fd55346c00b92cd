"""What the first rows' amounts say of each other where the names of their columns say too little."""

from __future__ import annotations

import re
from collections.abc import Sequence

_AROUND = re.compile(r"^[^\d.,-]+|\D+$")
_PLAIN = re.compile(r"-?\d*[.,]?\d+")
_CENT = 0.011


def is_paid_less(price: Sequence[str], quantity: Sequence[str], total: Sequence[str]) -> bool:
    """Whether totals are what was paid after money off that no column tells: never more than
    price times quantity, and somewhere less.

    >>> is_paid_less(["10.00", "4.50"], ["2", "1"], ["18.00", "4.50"])
    True
    >>> is_paid_less(["10.00", "4.50"], ["2", "1"], ["23.80", "4.50"])
    False
    """
    off = [abs(p * q) - abs(t) for p, q, t in _rows(price, quantity, total)]
    return any(each > _CENT for each in off) and all(each > -_CENT for each in off)


def is_rate(
    name: str,
    discount: Sequence[str],
    price: Sequence[str],
    quantity: Sequence[str],
    total: Sequence[str],
) -> bool:
    """Whether a discount is a share: its name or a % says so, else all of it lies between 0 and 1
    and no total shows that so much money was taken off.

    >>> is_rate("Discount", ["0.2", "0"], [], [], [])
    True
    >>> is_rate("Discount", ["0.50", "0"], ["10", "10"], ["1", "1"], ["9.50", "10"])
    False
    """
    if re.search(r"%|rate|pct|percent|率", name.casefold()) or any("%" in v for v in discount):
        return True
    told = [found for found in map(_number, discount) if found is not None]
    if not told or max(told) > 1 or not any(0 < each < 1 for each in told):
        return False
    off = [
        (abs(p * q * (1 - d) - t), abs(p * q - d - t))
        for d, p, q, t in _rows(discount, price, quantity, total)
        if 0 < d < 1
    ]
    return sum(rate < _CENT for rate, _ in off) >= sum(amount < _CENT for _, amount in off)


def _rows(*columns: Sequence[str]) -> list[tuple[float, ...]]:
    """The rows of which every cell is a number."""
    rows = (tuple(map(_number, row)) for row in zip(*columns, strict=False))
    return [tuple(each for each in row if each is not None) for row in rows if None not in row]


def _number(cell: str) -> float | None:
    text = _AROUND.sub("", cell)
    return float(text.replace(",", ".")) if _PLAIN.fullmatch(text) else None
