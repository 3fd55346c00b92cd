"""Numbers of Explore against goals: shares and gaps that a shopkeeper can work out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crm_core.errors import CrmError
from crm_core.metrics.exploration import Exploration
from crm_core.metrics.explore import WHOLE, Explored, explore
from crm_core.metrics.explore_goals import Target
from crm_core.selection import Period, Selection
from crm_core.store import Store

AUGUST, SEPTEMBER, OCTOBER = (date(2026, month, 1) for month in (8, 9, 10))
QUARTER = Period(AUGUST, date(2026, 10, 31))
TARGETS: tuple[Target, ...] = (
    ("revenue", AUGUST, "", 31_000.0), ("revenue", SEPTEMBER, "", 30_000.0),
    ("revenue", OCTOBER, "", 62_000.0), ("revenue", OCTOBER, "web", 20_000.0),
    ("margin_rate", OCTOBER, "", 0.4),
)  # fmt: skip


def ask(
    store: Store, period: Period = QUARTER, selection: Selection | None = None, **parts: Any
) -> Explored:
    asked = Exploration(**{"metrics": ("revenue",), "by": ("month",), "show": "goal"} | parts)
    return explore(store, selection or Selection(), asked, period=period, targets=TARGETS)


def test_months_are_held_against_their_goals_and_the_total_against_the_sum(store: Store) -> None:
    answer = ask(store)
    goals = {"2026-08-01": 31_000.0, "2026-09-01": 30_000.0, "2026-10-01": 62_000.0}
    for line in answer.lines[:-1]:
        value = line.values["revenue", WHOLE] or 0
        assert line.told["revenue", WHOLE] == pytest.approx(value / goals[line.keys[0]])
    whole = answer.total.values["revenue", WHOLE] or 0
    assert answer.total.told["revenue", WHOLE] == pytest.approx(whole / 123_000)
    gap = ask(store, show="gap")
    assert gap.total.told["revenue", WHOLE] == pytest.approx(whole - 123_000, abs=0.01)


def test_part_of_a_month_has_that_part_of_its_goal(store: Store) -> None:
    half = Period(date(2026, 9, 16), date(2026, 10, 31))
    answer = ask(store, half)
    value = answer.lines[0].values["revenue", WHOLE] or 0
    assert answer.lines[0].told["revenue", WHOLE] == pytest.approx(value / 15_000)
    days = ask(store, Period(OCTOBER, date(2026, 10, 2)), by=("day",), show="gap")
    for line in days.lines[:-1]:
        value = line.values["revenue", WHOLE] or 0
        assert line.told["revenue", WHOLE] == pytest.approx(value - 2_000, abs=0.01)


def test_channels_have_their_own_goals_and_what_has_none_shows_none(store: Store) -> None:
    october = Period(OCTOBER, date(2026, 10, 31))
    answer = ask(store, october, by=("sales_channel",))
    told = {line.keys: line.told["revenue", WHOLE] for line in answer.lines}
    assert [keys for keys, value in told.items() if value is not None] == [("web",), ()]
    for mine in (
        ask(store, october, by=(), selection=Selection(sales_channel=("web",))),
        ask(store, october, by=(), where=(("sales_channel", "web"),)),
    ):
        assert mine.total.told["revenue", WHOLE] == told["web",]
    across = ask(store, across="sales_channel")
    assert across.lines[2].told["revenue", "web"] == told["web",]
    assert across.lines[1].told["revenue", "web"] is None
    # July has no goal: neither has a stretch that July is part of.
    assert (
        ask(store, Period(date(2026, 7, 1), date(2026, 10, 31))).total.told["revenue", WHOLE]
        is None
    )


def test_rates_have_goals_for_one_month_alone(store: Store) -> None:
    answer = ask(store, metrics=("margin_rate",), show="gap")
    october = answer.lines[2]
    value = october.values["margin_rate", WHOLE] or 0
    assert october.told["margin_rate", WHOLE] == pytest.approx(value - 0.4)
    assert answer.total.told["margin_rate", WHOLE] is None


@pytest.mark.parametrize(
    ("parts", "selection", "named"),
    [
        ({"by": ("category",)}, Selection(), "category"),
        ({"where": (("weekday", "1"),)}, Selection(), "weekday"),
        ({}, Selection(region=("South",)), "region"),
    ],
)
def test_what_has_no_goals_is_refused_by_name(
    store: Store, parts: dict[str, Any], selection: Selection, named: str
) -> None:
    with pytest.raises(CrmError, match="explore_no_goal") as refused:
        ask(store, selection=selection, **parts)
    assert refused.value.facts["dimension"] == named


def test_words_that_are_no_month_have_no_goal(store: Store) -> None:
    answer = ask(store, by=(), where=(("month", "soon"),))
    assert answer.total.told["revenue", WHOLE] is None
