"""The customers behind a number are those that the rule of it finds, where a rule can say it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from crm_core.audiences import members
from crm_core.audiences.explored import rule_behind
from crm_core.metrics.exploration import Exploration
from crm_core.metrics.explore import WHOLE
from crm_core.privacy.policy import Access
from crm_core.rules import Rule
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.explore import (
    Rows,
    audience_behind,
    customers_behind,
    explore,
    orders_behind,
)

OWNER = Access("single_user", "owner")
YEAR = Selection(period="12m")


def size_of(store: Store, rule: Rule) -> int:
    found = members(store, rule)
    return int(store.fetch(found.agg(n=found.count()))["n"].iloc[0])


@pytest.mark.parametrize(
    "where",
    [
        (("category", "Tea"),),
        (("sales_channel", "web"), ("category", "Kitchen")),
        (("stage", "active"), ("month", "2026-06-01")),
        (("product", "25"),),
        (("region", "South"), ("category", "Tea")),
        (("coupon", "TEA12"), ("category", "Tea")),
        (("cohort", "2026-01-01"),),
    ],
)
def test_the_rule_finds_who_is_behind_the_number(
    store: Store, where: tuple[tuple[str, str], ...]
) -> None:
    asked = Exploration(metrics=("buyers",), where=where)
    behind = audience_behind(YEAR, store=store, access=OWNER, asked=asked)
    assert (behind.roughly, behind.unsaid) == ((), ())
    listed = customers_behind(YEAR, store=store, access=OWNER, asked=asked)
    assert listed.total == size_of(store, behind.rule)


def test_what_a_rule_cannot_say_is_told() -> None:
    june = Period(date(2026, 6, 1), date(2026, 6, 30))
    where = (("weekday", "1"), ("campaign", "spring"), ("category", ""), ("region", ""))
    behind = rule_behind(where, june, {})
    assert behind.unsaid == ("weekday", "campaign", "category")
    assert behind.roughly == ("region",)
    for name, code in (("month", "no date"), ("week", "9999-12-31"), ("cohort", "no date")):
        assert rule_behind(((name, code),), june, {}).unsaid == (name,)


def test_the_segment_of_the_filter_bar_is_in_the_rule(store: Store) -> None:
    few = Selection(period="12m", segment=("champions",))
    asked = Exploration(metrics=("buyers",), where=(("category", "Tea"),))
    rule = audience_behind(few, store=store, access=OWNER, asked=asked).rule
    assert (
        size_of(store, rule) == customers_behind(few, store=store, access=OWNER, asked=asked).total
    )


@pytest.mark.parametrize(
    ("metric", "behind"),
    [("orders", orders_behind), ("buyers", customers_behind), ("new_buyers", customers_behind)],
)
def test_as_many_are_listed_as_were_counted(
    store: Store, metric: str, behind: Callable[..., Rows]
) -> None:
    asked, month = Exploration(metrics=(metric,), by=()), Selection(period="30d")
    told = explore(month, store=store, access=OWNER, asked=asked).answer.total
    listed = behind(month, store=store, access=OWNER, asked=asked)
    assert listed.total == told.values[metric, WHOLE]


@pytest.mark.parametrize("code", ["9" * 19, "\u00b2"])
def test_no_product_of_an_address_breaks_the_page(store: Store, code: str) -> None:
    asked = Exploration(metrics=("buyers",), by=("product",), where=(("product", code),))
    assert explore(YEAR, store=store, access=OWNER, asked=asked).is_empty
    assert not customers_behind(YEAR, store=store, access=OWNER, asked=asked).total
    assert code in str(audience_behind(YEAR, store=store, access=OWNER, asked=asked).rule)
