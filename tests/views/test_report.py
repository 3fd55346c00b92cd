"""The monthly review tells what the pages tell, of whole months, and of nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from crm_core.documents import Document, Figures, Lines, Points, Steps, Table, Text
from crm_core.errors import CrmError
from crm_core.privacy.policy import Access
from crm_core.records import Reported
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.changes import changes
from crm_core.views.overview import overview
from crm_core.views.report import Report, report
from crm_core.views.report_words import Wording, document, reported
from tests.small_shop import Rows, line, order, small_shop

JUNE, MAY = date(2026, 6, 1), date(2026, 5, 1)
NOW = datetime(2026, 7, 3, 9, tzinfo=UTC)
#: How many people bought in May and June.
PEOPLE = {"phone": (9, 3), "fair": (6, 6), "web": (12, 12), "stall": (2, 8)}
FEW = "For three people"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    rows: Rows = {"orders": [order("first", "web0", "2026-04-01T10:00:00")],
                  "order_lines": [line("first", "tea", "10")], "products": []}  # fmt: skip
    for product, category in (("tea", "Tea"), ("cup", "<b>Cups</b>"), ("odd", FEW)):
        rows["products"].append(
            {"product_id": product, "product_name": product, "category": category}
        )
    for channel, months in PEOPLE.items():
        for month, people in zip((5, 6), months, strict=True):
            for who in range(people):
                number = f"{channel}{month}-{who}"
                at = f"2026-{month:02}-{who + 2:02}T10:00:00"
                product = (
                    "odd" if channel == "phone" and month == 6 else "cup" if who % 2 else "tea"
                )
                rows["orders"].append(order(number, f"{channel}{who}", at, sales_channel=channel))
                rows["order_lines"].append(line(number, product, str(10 + month)))
    rows["orders"].append(order("last", "web0", "2026-07-02T10:00:00", sales_channel="web"))
    rows["order_lines"].append(line("last", "tea", "10"))
    made = small_shop(tmp_path_factory.mktemp("report"), rows)
    store = made.open()
    yield store
    store.close()
    made.records.close()


@pytest.fixture(scope="module")
def june(shop: Store, owner: Access) -> Report:
    return report(Selection(), store=shop, access=owner)


def words_of(told: Document) -> str:
    return repr(told)


def blocks(told: Document, kind: type) -> list[object]:
    return [block for section in told.sections for block in section.blocks if type(block) is kind]


def test_the_last_whole_month_is_told_with_the_overviews_numbers(
    shop: Store, june: Report, owner: Access
) -> None:
    page = overview(Selection("custom", JUNE, date(2026, 6, 30)), store=shop, access=owner)
    before = overview(Selection("custom", MAY, date(2026, 5, 31)), store=shop, access=owner)
    assert (june.month.start, june.month.end) == (JUNE, date(2026, 6, 30))
    assert {card.metric: card.value for card in june.cards} == {
        c.metric: c.value for c in page.cards
    }
    assert {card.metric: card.previous for card in june.cards} == {
        card.metric: card.value for card in before.cards
    }
    assert june.days["value"].tolist() == page.days["value"].tolist()
    assert june.days["value"].iloc[-1] == june.headline["net_revenue"]
    assert june.headline["orders"] == 29
    assert june.year is None
    assert june.year_cards == ()


def test_the_document_says_what_it_rests_on_on_every_page(shop: Store, june: Report) -> None:
    for language, filters, until in (
        ("en", "Whole shop", "2 Jul 2026"),
        ("zh", "全店", "2026年7月2日"),
    ):
        told = document(june, Wording(language, NOW))
        assert filters in told.foot
        assert until in told.foot
        assert shop.snapshot in told.foot
        assert (told.language, shop.snapshot in dict(told.facts).values()) == (language, True)
    (figures,) = blocks(document(june, Wording("en", NOW)), Figures)
    assert isinstance(figures, Figures)
    orders = figures.figures[2]
    assert (orders.label, orders.value, orders.notes[0].words) == (
        "Orders", "29", "+0.0% vs May 2026 (29)".replace("+", "±"),
    )  # fmt: skip


def test_days_channels_and_the_move_are_there(shop: Store, june: Report, viewer: Access) -> None:
    told = document(june, Wording("en", NOW))
    to_date, by_day = blocks(told, Lines)
    assert isinstance(to_date, Lines)
    assert isinstance(by_day, Lines)
    assert [series.name for series in to_date.series] == ["Jun 2026", "May 2026"]
    assert sum(v for v in by_day.series[0].values if v) == june.headline["net_revenue"]
    assert len(to_date.places) == len(to_date.series[1].values) == 30
    (steps,) = blocks(told, Steps)
    assert isinstance(steps, Steps)
    asked = Selection("custom", JUNE, date(2026, 6, 30), compare="none")
    split = changes(asked, store=shop, access=viewer, own=june.before)
    assert steps.values[-1] == split.change == pytest.approx(29 * 16 - 29 * 15)


def test_small_groups_are_told_to_nobody(june: Report) -> None:
    """The owner asks, yet what leaves may be handed on."""
    told = document(june, Wording("en", NOW))
    channels, categories = blocks(told, Table)  # groups of the move would tell the rest
    assert isinstance(channels, Table)
    assert isinstance(categories, Table)
    rows = {row[0]: row[1] for row in channels.rows}
    assert rows["Phone"] == "–"
    assert rows["Web shop"] == "€192.00"
    named = {row[0]: row[1] for row in categories.rows}
    assert named[FEW] == "–"
    assert named["Total"] == "€464.00"
    assert "phone0" not in words_of(told)


def test_what_later_data_changed_is_listed(june: Report) -> None:
    then = replace(
        reported(june, user="ann", now=datetime(2026, 7, 2, tzinfo=UTC)),
        numbers={**june.headline, "orders": 27.0},
    )
    again = reported(june, user="ann", now=NOW)
    told = document(june, Wording("en", NOW, (again, then)))
    (moved,) = [block for block in blocks(told, Points) if "Orders" in repr(block)]
    assert isinstance(moved, Points)
    assert [point.title for point in moved.points] == [
        "Orders 27 → 29 since the review of 2 Jul 2026"
    ]
    same = document(june, Wording("en", NOW, (again,)))
    assert "Nothing has changed since the review of 3 Jul 2026" in words_of(same)
    assert "Restated" not in words_of(document(june, Wording("en", NOW)))


def test_a_commentary_stands_as_it_was_written(june: Report) -> None:
    told = document(june, Wording("en", NOW, comment="A good <b>month</b>.\n\n  Thanks  "))
    assert Text(("A good <b>month</b>.", "Thanks")) in blocks(told, Text)


def test_filters_are_followed_and_remembered(shop: Store, owner: Access) -> None:
    web = report(Selection(sales_channel=("web",)), store=shop, access=owner, month=MAY)
    assert web.headline["orders"] == 12
    told: Reported = reported(web, user="ann", now=NOW)
    assert (told.month, dict(told.asked)) == (MAY, {"sales_channel": ("web",)})
    assert document(web, Wording("en", NOW)).foot.startswith("Sales channel: Web shop")


def test_only_whole_months_and_only_who_sees_numbers(shop: Store, owner: Access) -> None:
    with pytest.raises(CrmError) as error:
        report(Selection(), store=shop, access=owner, month=date(2026, 7, 1))
    assert (error.value.code, error.value.facts) == (
        "report_month_unknown", {"first": "2026-04", "last": "2026-06"},
    )  # fmt: skip
    with pytest.raises(CrmError) as denied:
        report(Selection(), store=shop, access=Access("care", "cora"))
    assert denied.value.code == "privacy_denied"


def test_the_first_month_has_nothing_to_be_held_against(shop: Store, owner: Access) -> None:
    first = report(Selection(), store=shop, access=owner, month=date(2026, 4, 1))
    assert (first.before, first.changes) == (None, None)
    assert "no whole month before" in words_of(document(first, Wording("en", NOW)))
