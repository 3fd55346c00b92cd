"""Channels of few people keep their numbers from who sees no single people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.overview import overview
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
