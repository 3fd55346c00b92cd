"""Conditions that can never hold together are found; those that can are left alone."""

from __future__ import annotations

from datetime import date

import pytest

from crm_core.rules import All, Any, Condition, Did, Not, Rule, contradiction

FIVE, TWO = Condition("orders", ">=", 5), Condition("orders", "<=", 2)
TEA = Did("purchase", (Condition("category", "in", ("Tea",)),))
DAY = date(2026, 6, 30)


@pytest.mark.parametrize(
    "rule",
    [
        All((FIVE, TWO)),
        All((TWO, All((FIVE,)))),
        All((Condition("orders", ">", 2), TWO)),
        All((Condition("orders", "=", 1), Condition("orders", "between", (2, 4)))),
        All((Condition("stage", "is", "active"), Condition("stage", "in", ("lapsed", "at_risk")))),
        All((Condition("stage", "is", "active"), Condition("stage", "not_in", ("active",)))),
        All((Condition("stage", "is_unknown"), Condition("stage", "is", "active"))),
        All((Condition("last", "on_or_after", DAY), Condition("last", "before", DAY))),
        All((Condition("has_email", "is_true"), Condition("has_email", "is_false"))),
        All((TEA, Not(TEA))),
        All((FIVE, Not(Any((TEA, FIVE))))),
    ],
)
def test_what_can_never_hold_is_found(rule: Rule) -> None:
    assert contradiction(rule) is not None


@pytest.mark.parametrize(
    "rule",
    [
        All(),
        FIVE,
        Any((FIVE, TWO)),
        All((Condition("orders", ">=", 2), TWO)),
        All((FIVE, Condition("units", "<=", 2))),
        All(
            (Condition("stage", "in", ("active", "lapsed")), Condition("stage", "is_not", "lapsed"))
        ),
        All((Condition("stage", "is_not", "active"), Condition("stage", "is_not", "lapsed"))),
        All((Condition("stage", "is_unknown"), Condition("stage", "is_unknown"))),
        All((Condition("city", "contains", "a"), Condition("city", "starts_with", "b"))),
        All((TEA, Not(FIVE))),
    ],
)
def test_what_may_hold_is_left_alone(rule: Rule) -> None:
    assert contradiction(rule) is None
