"""The first screen's five numbers, counted by hand; channels of few people keep theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.card import Card
from crm_core.views.overview import CARDS, overview
from tests.small_shop import Rows, line, order, small_shop

JUNE = Selection("custom", date(2026, 6, 1), date(2026, 6, 30))
#: How many people bought in May and June.
PEOPLE = {"phone": (9, 3), "fair": (6, 6), "web": (12, 12), "stall": (2, 8)}
NUMBERS = ["net_revenue", "orders", "average_order_value", "repeat_share"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    rows: Rows = {"orders": [], "order_lines": []}
    for channel, months in PEOPLE.items():
        for month, people in zip((5, 6), months, strict=True):
            for who in range(people):
                number = f"{channel}{month}-{who}"
                at = f"2026-{month:02}-{who + 2:02}T10:00:00"
                rows["orders"].append(order(number, f"{channel}{who}", at, sales_channel=channel))
                rows["order_lines"].append(line(number, "tea", "10"))
    rows["orders"].append(order("last", "web0", "2026-06-30T10:00:00", sales_channel="web"))
    rows["order_lines"].append(line("last", "tea", "10"))
    made = small_shop(tmp_path_factory.mktemp("overview"), rows)
    store = made.open()
    yield store
    store.close()
    made.records.close()


def test_a_channel_of_few_people_and_one_more_have_no_numbers_for_a_viewer(
    shop: Store, owner: Access, viewer: Access
) -> None:
    mine, told = (
        overview(JUNE, store=shop, access=access).channels.set_index("sales_channel")
        for access in (owner, viewer)
    )
    assert mine[NUMBERS].notna().all(axis=None)
    assert set(told.index) == set(mine.index) == set(PEOPLE)
    # three by phone; the total would tell them if the next smallest stood there
    assert told.loc[["phone", "fair"], [*NUMBERS, "change"]].isna().all(axis=None)
    assert (told.loc["web", NUMBERS] == mine.loc["web", NUMBERS]).all()
    # eight at the stall now, but two in May, whom the change would tell
    assert told.loc["stall", NUMBERS].notna().all()
    assert told.loc["stall", "change"] != told.loc["stall", "change"]
    assert mine.loc["stall", "change"] == pytest.approx(3.0)


#: The last whole week but one, Monday to Sunday.
WEEK = Selection("custom", date(2026, 6, 22), date(2026, 6, 28))


def one_buyer_a_week() -> Rows:
    """Reg buys tea every Wednesday for over a year, for 10 and 12 by turns, which costs the shop 4.

    In the week looked at Reg pays 12 less 3, Nia comes for the first time and pays 4 (cost 1), 2
    are given back and 2 are spent on advertising.
    """
    rows: Rows = {"orders": [], "order_lines": []}
    for weeks in range(59):
        at = datetime(2026, 6, 17, 10) - timedelta(weeks=weeks)
        rows["orders"].append(order(f"r{weeks}", "reg", at.isoformat()))
        rows["order_lines"].append(
            line(f"r{weeks}", "tea", "12" if weeks % 2 else "10", unit_cost=4)
        )
    rows["orders"] += [
        order("now", "reg", "2026-06-24T10:00:00"),
        order("first", "nia", "2026-06-25T10:00:00"),
        order("after", "reg", "2026-06-30T10:00:00"),
    ]
    rows["order_lines"] += [
        line("now", "tea", "12", discount=3, unit_cost=4),
        line("first", "cup", "4", unit_cost=1),
        line("after", "tea", "10", unit_cost=4),
    ]
    rows["refunds"] = [
        {"refund_id": "f", "order_id": "now", "line_id": "now-tea",
         "refunded_at": datetime(2026, 6, 26, 10), "amount": Decimal(2)}
    ]  # fmt: skip
    rows["costs"] = [
        {"cost_id": "ads", "day": date(2026, 6, 23), "kind": "marketing", "source": "ads",
         "amount": Decimal(2)}
    ]  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def weekly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = small_shop(tmp_path_factory.mktemp("weekly"), one_buyer_a_week())
    store = made.open()
    yield store
    store.close()
    made.records.close()


def told(card: Card) -> tuple[object, ...]:
    return card.value, card.previous, card.change, card.state


#: Net revenue 12 - 3 + 4 - 2; contribution that less goods of 4 + 1 and advertising of 2.
WEEK_BEFORE = {
    "net_revenue": (11, 10, 0.1, "steady"),  # by turns it moves by a fifth and a sixth
    "contribution": (4, 6, pytest.approx(-1 / 3), "steady"),  # 6 and 8 by turns: a third is usual
    "orders": (2, 1, 1.0, "changed"),
    "new_buyers": (1, 0, None, "no_previous"),
    "repeat_share": (0.5, 1.0, -0.5, "changed"),
}
YEAR_BEFORE = {
    "net_revenue": (11, 12, pytest.approx(-1 / 12), "changed"),  # no other week differed at all
    "contribution": (4, 8, -0.5, "changed"),
    "orders": (2, 1, 1.0, "changed"),
    "new_buyers": (1, 0, None, "no_previous"),
    "repeat_share": (0.5, 1.0, -0.5, "changed"),
}


@pytest.mark.parametrize(
    ("compare", "expected", "start"),
    [
        ("previous", WEEK_BEFORE, date(2026, 6, 15)),
        ("year", YEAR_BEFORE, date(2025, 6, 23)),  # the same weekdays
    ],
)
def test_the_five_cards_are_what_one_counts_by_hand(
    compare: str, expected: dict[str, tuple[object, ...]], start: date, weekly: Store, owner: Access
) -> None:
    view = overview(replace(WEEK, compare=compare), store=weekly, access=owner)
    assert view.compared is not None
    assert (view.compared.start, view.compared.days) == (start, 7)
    assert tuple(card.metric for card in view.cards) == CARDS
    assert {card.metric: told(card) for card in view.cards} == expected
    assert view.days["value"].tolist() == [0, 0, 9, 13, 11, 11, 11]
    assert view.days["value"].iloc[-1] == view.cards[0].value
    assert view.days["previous"].iloc[-1] == view.cards[0].previous
    assert view.days["previous_day"].iloc[0].date() == start


def test_with_nothing_to_compare_with_no_card_tells_a_change(weekly: Store, owner: Access) -> None:
    view = overview(replace(WEEK, compare="none"), store=weekly, access=owner)
    assert {card.metric: told(card) for card in view.cards} == {
        name: (value[0], None, None, "no_previous") for name, value in WEEK_BEFORE.items()
    }
    assert "previous" not in view.days
