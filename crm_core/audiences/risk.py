"""Customers by chance of no order."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from crm_core.rules import All, Condition

#: From (with it) and up to (without it) which chance of no order; the last has no end.
BANDS: Mapping[str, tuple[float, float]] = {
    "low": (0.0, 0.25),
    "some": (0.25, 0.5),
    "high": (0.5, 0.8),
    "very_high": (0.8, 0.95),
    "almost_sure": (0.95, 2.0),
}
#: More likely to stay away than not, and not yet almost surely away: worth winning back.
AT_RISK = ("high", "very_high")


def band_of(chance: float) -> str:
    """The band of a chance of no order.

    >>> band_of(0.0), band_of(0.5), band_of(1.0)
    ('low', 'high', 'almost_sure')
    """
    return next(code for code, (low, high) in BANDS.items() if low <= chance < high)


def banded(people: ir.Table) -> ir.Table:
    """Those whose chance of no order is known, with their `band`."""
    known = people.filter(people.p_no_order.notnull())
    cases = [(known.p_no_order < high, code) for code, (_, high) in BANDS.items()]
    return known.mutate(band=ibis.cases(*cases))


def band_rule(band: str, least: float | None = None) -> All:
    """Who is in a band (or in all of `AT_RISK`), with at least so much at stake, as a rule.

    >>> band_rule("almost_sure")
    All(parts=(Condition(field='p_no_order', operator='>=', value=0.95),))
    """
    codes = AT_RISK if band == "at_risk" else (band,)
    low, high = BANDS[codes[0]][0], BANDS[codes[-1]][1]
    parts = [Condition("p_no_order", ">=", low)]
    if high <= 1.0:
        parts.append(Condition("p_no_order", "<", high))
    if least:
        parts.append(Condition("value_at_stake", ">=", least))
    return All(tuple(parts))
