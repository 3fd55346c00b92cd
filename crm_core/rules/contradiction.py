"""Conditions of one rule that can never hold together, whoever the customers are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any as Anything
from typing import Final

from crm_core.rules.definition import All, Any, Condition, Leaf, Not, Rule
from crm_core.rules.predicate import conjuncts

_LOWER: Final[Mapping[str, bool]] = {">": True, ">=": False, "=": False, "on_or_after": False}
_UPPER: Final[Mapping[str, bool]] = {"<": True, "<=": False, "=": False, "before": True}
_LISTS: Final[Mapping[str, bool]] = {"is": True, "in": True, "is_not": False, "not_in": False}
_OPPOSITES: Final = (("is_true", "is_false"), ("is_known", "is_unknown"))


def contradiction(rule: Rule) -> tuple[Leaf, Leaf] | None:
    """Two conditions that must both hold and never can; None where none were found.

    Found are a number or day that would have to be above one bound and below another, a word that
    would have to be two words, a yes that is a no, and a condition beside its own opposite. Rules
    can be empty in other ways, too: only counting tells.

    >>> from crm_core.rules.definition import All
    >>> clash = contradiction(All((Condition("orders", ">=", 5), Condition("orders", "<", 3))))
    >>> [part.value for part in clash]
    [5, 3]
    """
    parts = conjuncts(rule)
    barred = {part.part for part in parts if isinstance(part, Not)}
    for part in parts:
        if part in barred and not isinstance(part, All | Any | Not):
            return part, part
    held = [part for part in parts if isinstance(part, Condition)]
    pairs = ((one, other) for place, one in enumerate(held) for other in held[place + 1 :])
    return next(((one, other) for one, other in pairs if _clash(one, other)), None)


def _clash(one: Condition, other: Condition) -> bool:
    if one.field != other.field:
        return False
    if {one.operator, other.operator} in [set(pair) for pair in _OPPOSITES]:
        return True
    if "is_unknown" in (one.operator, other.operator):
        return one.operator != other.operator
    if one.operator in _LISTS and other.operator in _LISTS:
        return _no_word_left(one, other)
    return _apart(one, other) or _apart(other, one)


def _apart(one: Condition, other: Condition) -> bool:
    """Whether all that the first allows is above all that the second does."""
    low, high = _bound(one, _LOWER, 0), _bound(other, _UPPER, 1)
    if low is None or high is None:
        return False
    (least, is_above), (most, is_below) = low, high
    return least > most or (least == most and (is_above or is_below))


def _bound(condition: Condition, ways: Mapping[str, bool], end: int) -> Anything:
    """Where a condition begins or ends, and whether the bound itself is outside."""
    value: Anything = condition.value
    if condition.operator == "between":
        return value[end], False
    return (value, ways[condition.operator]) if condition.operator in ways else None


def _no_word_left(one: Condition, other: Condition) -> bool:
    words = [_words(each) for each in (one, other)]
    first, second = (_LISTS[each.operator] for each in (one, other))
    if first and second:
        return not words[0] & words[1]
    if first != second:
        wanted, barred = words if first else reversed(words)
        return wanted <= barred
    return False


def _words(condition: Condition) -> set[object]:
    value = condition.value
    return set(value) if isinstance(value, tuple) else {value}
