"""How a card's change is worded and coloured: what is no news is grey."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crm_core.charts import Numbers
from crm_core.text import t
from crm_core.ui.kpi import delta_of, describe
from crm_core.views.card import Card

ENGLISH = cast(
    "Any",
    SimpleNamespace(
        language="en",
        t=lambda key, **facts: t(key, "en", **facts),
        numbers=lambda unit: Numbers(unit, "en", "EUR"),
    ),
)
CARD = Card("metric.orders.label", 110.0, "count", change=0.1, previous=100.0)


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (CARD, ("+10.0%", "normal")),
        (replace(CARD, change=-0.1), ("-10.0%", "normal")),
        (replace(CARD, good="down"), ("+10.0%", "inverse")),
        (replace(CARD, good="neutral"), ("+10.0%", "off")),
        (replace(CARD, state="steady"), ("+10.0%", "off")),
        (replace(CARD, state="steady", good="down"), ("+10.0%", "off")),
        (replace(CARD, unit="rate", change=-0.012), ("-1.2 pts", "normal")),
        (replace(CARD, change=0.0004), (0, "normal")),
        (replace(CARD, change=None), (None, "off")),
        *((replace(CARD, state=state), (None, "off")) for state in ("missing", "suppressed")),
        (replace(CARD, state="no_previous"), (None, "off")),
    ],
)
def test_a_change_is_grey_unless_it_is_news(card: Card, expected: tuple[object, str]) -> None:
    assert delta_of(card, ENGLISH) == expected


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (CARD, "vs 100"),
        (replace(CARD, state="steady"), "vs 100"),
        (replace(CARD, unit="money", previous=99.5), "vs €99.50"),
        (replace(CARD, unit="money", previous=12_345.0), "vs €12.3k"),
        (replace(CARD, previous=None), ""),
        (replace(CARD, state="no_previous"), "nothing to compare with"),
        (replace(CARD, state="missing"), "not known"),
        (replace(CARD, state="suppressed"), "hidden: too few customers"),
    ],
)
def test_beside_it_stands_the_value_before_or_why_there_is_none(card: Card, expected: str) -> None:
    assert describe(card, ENGLISH) == expected
