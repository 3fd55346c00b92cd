"""What a shop may say of its segments: loyalty tiers and where RFM scores begin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

#: The tiers above `member`, lowest first.
PAID_TIERS: Final = ("silver", "gold", "platinum")
RFM_BY: Final = ("quantiles", "rhythm", "fixed", "own")
#: The scores that begin at a number, from the smallest number to the greatest.
CUT_SCORES: Final[Mapping[str, tuple[str, ...]]] = {
    "recency_days": ("5", "4", "3", "2"),
    "purchase_days": ("3", "4", "5"),
    "revenue": ("2", "3", "4", "5"),
}
_LEAST: Final = {"recency_days": Decimal(0), "purchase_days": Decimal(2), "revenue": Decimal(0)}


def tier_issues(tiers: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with the spend asked for: (the end of a text key, where).

    >>> list(tier_issues({"silver": Decimal(200), "gold": Decimal(100)}))
    [('not_rising', 'gold')]
    """
    if not isinstance(tiers, Mapping):
        yield ("not_a_table", "")
        return
    for tier in sorted(set(tiers) - set(PAID_TIERS)):
        yield ("not_a_choice", str(tier)[:80])
    yield from _rising(tiers, PAID_TIERS, Decimal(0))


def cut_issues(by: Any, cuts: Any) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the way RFM scores are cut: (field, the end of a text key, where)."""
    if by not in RFM_BY:
        yield ("rfm_by", "not_a_choice", "")
    if not isinstance(cuts, Mapping) or not all(
        isinstance(each, Mapping) for each in cuts.values()
    ):
        yield ("rfm_cuts", "not_a_table", "")
        return
    for name in sorted(set(cuts) - set(CUT_SCORES)):
        yield ("rfm_cuts", "not_a_choice", str(name)[:80])
    for name, scores in CUT_SCORES.items():
        told = cuts.get(name, {})
        if set(told) - set(scores) or (by == "own" and len(told) != len(scores)):
            yield ("rfm_cuts", "cuts_missing", name)
        for code, at in _rising(told, scores, _LEAST[name]):
            yield ("rfm_cuts", code, f"{name} {at}")


def _rising(
    told: Mapping[str, Any], order: Sequence[str], least: Decimal
) -> Iterator[tuple[str, str]]:
    """Each number must be one, above `least`, and above the one before it."""
    numbers: list[tuple[str, Decimal]] = []
    for name in order:
        value = told.get(name)
        if value is None:
            continue
        if not isinstance(value, Decimal) or not value.is_finite():
            yield ("not_a_number", name)
        elif not least < value < 10**12:
            yield ("not_an_amount", name)
        else:
            numbers.append((name, value))
    for (_, lower), (name, higher) in pairwise(numbers):
        if higher <= lower:
            yield ("not_rising", name)
