"""Order numbers as people say them: without case and separators, and by their ending."""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

NAME: Final = "order_numbers"
#: So many letters and digits of an ending are enough to look for.
ENDING: Final = 4
_SEPARATORS: Final = (" ", "-", "_", "/", ".", "#")


def bare(number: str) -> str:
    """The letters and digits of a number, in small letters.

    >>> bare("#DE-2026 / 1001")
    'de20261001'
    """
    for sign in _SEPARATORS:
        number = number.replace(sign, "")
    return number.lower()


def order_numbers(orders: ir.Table) -> ir.Table:
    """The mart: order_key, customer_key, bare `number`, and its last four signs (`ending`), by which
    it is sorted: who reads one out may begin anywhere, but ends where it ends.

    Of two shops that gave the same number the second has its name behind it, which nobody says.
    """
    told = orders.order_id
    told = ibis.ifelse(orders.shop.notnull(), told.re_replace("@[^@]*$", ""), told).lower()
    for sign in _SEPARATORS:
        told = told.replace(sign, "")
    numbers = orders.select("order_key", "customer_key", number=told)
    numbers = numbers.mutate(ending=numbers.number.right(ENDING))
    return numbers.order_by("ending", "number", "order_key")


def ending_with(numbers: ir.Table, text: str) -> ir.Table:
    """The numbers that end so; of fewer than four signs, those that are so."""
    wanted = bare(text)
    same = numbers.ending == wanted[-ENDING:]
    return numbers.filter(same & numbers.number.endswith(wanted))
