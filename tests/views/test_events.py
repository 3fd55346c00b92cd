"""An event's past is told as it was planted; what was seen once or never is not guessed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from crm_core.errors import CrmError
from crm_core.metrics import measure
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.event_buyers import event_buyers
from crm_core.views.event_calendar import KnownEvent, TypedEvent, known_events
from crm_core.views.event_contacts import event_contacts
from crm_core.views.event_hours import event_hours
from crm_core.views.event_stock import event_stock
from crm_core.views.events import EventView, events
from tests.small_shop import Rows, line, order, small_shop

ALL = Selection()
FIRST, DAYS = date(2026, 1, 1), 170
SALE = FIRST + timedelta(50)
TODAY = FIRST + timedelta(DAYS - 1)
AGAIN = date(2026, 6, 19)


def seen(store: Store, access: Access, code: str, by: str = "net_revenue", planned: tuple[TypedEvent, ...] = ()) -> EventView:  # fmt: skip
    return events(ALL, store=store, access=access, code=code, measure_name=by, planned=planned)


def rows(*, timed: bool = True) -> Rows:
    """Three orders a day by old customers, spread over the day; on the sale twelve, all of them new,
    of whom four order again in time. Today, the sale's second time, is not over."""
    orders, lines = [], []

    def sell(number: str, who: str, day: date, hour: int) -> None:
        at = datetime(day.year, day.month, day.day, hour if timed else 0)
        orders.append(order(number, who, at.isoformat()))
        lines.append(line(number, "tea", "10"))

    for number in range(DAYS):
        day = FIRST + timedelta(number)
        for place, hour in enumerate((8, 12, 20)):
            if day < TODAY or hour <= 12:
                sell(f"d{number}-{place}", f"c{(number * 3 + place) % 60}", day, hour)
    for place in range(12):
        sell(f"s{place}", f"n{place}", SALE, 8 if place < 9 else 20)
    for place in range(4):
        sell(f"b{place}", f"n{place}", SALE + timedelta(30 + place), 12)
    people = [f"c{n}" for n in range(60)] + [f"n{n}" for n in range(12)]
    when = datetime(SALE.year, SALE.month, SALE.day, 6) - timedelta(3)
    return {
        "customers": [{"customer_id": who} for who in people],
        "products": [{"product_id": "tea"}],
        "orders": orders,
        "order_lines": lines,
        "events": [
            {"event_id": f"e{day}", "name_en": f"Spring sale {day.year}", "name_zh": "春促", "kind": "own", "starts_on": day, "ends_on": day}
            for day in (SALE, TODAY)
        ],
        "touches": [
            {
                "touch_id": f"t{n}", "customer_id": f"c{n}", "campaign": "letter",
                "arm": "control" if n > 7 else "mail", "contact_channel": "email", "sent_at": when,
            }
            for n in range(10)
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = small_shop(tmp_path_factory.mktemp("events"), rows()).open()
    yield store
    store.close()


def test_the_planted_events_come_out_as_planted(store: Store, owner: Access) -> None:
    """Orders times 3.2, 2.1 and 2.6; nothing was moved to these days from those around them."""
    for code, factor in (("singles_day", 3.2), ("mid_year", 2.1), ("black_friday", 2.6)):
        view = seen(store, owner, code, "orders")
        assert view.seen == "often"
        times = [time.multiplier or 0.0 for time in view.times]
        assert sum(times) / len(times) == pytest.approx(factor, rel=0.2)
        assert all(time.parts["day"].is_clear for time in view.times)
        for time in view.times:
            assert time.parts["after"].high > 0
            assert time.parts["net"].extra > 0.5 * time.parts["day"].extra


def test_the_coming_time_lies_beside_the_last_ones(store: Store, owner: Access) -> None:
    view = seen(store, owner, "singles_day")
    lines = view.lines.set_index(["series", "offset"])["value"]
    assert set(view.lines["series"]) == {"2024", "2025", "2026", "expected"}
    assert view.lines.loc[view.lines["series"] == "2026", "offset"].max() == -11
    assert lines["2025", 0] > 2 * lines["2025", -1]
    assert view.expected == pytest.approx(lines["expected", 0])
    assert view.growth_basis == "forecast"
    assert view.is_running
    assert view.growth == pytest.approx(view.expected / lines["2025", 0])


def test_the_list_begins_with_what_comes_next(store: Store) -> None:
    known = known_events(store, ())
    assert [event.code for event in known][:2] == ["singles_day", "black_friday"]
    (tea,) = (event for event in known if event.code.startswith("own:"))
    assert (tea.name_en, tea.name_zh) == ("Juniper & Jade Tea Weeks", "茶香周")
    assert [each.day.year for each in tea.past] == [2026, 2025]


def test_products_of_an_event_against_the_shelf(
    store: Store, owner: Access, viewer: Access
) -> None:
    asked = {"first": date(2025, 11, 28), "last": date(2025, 12, 1), "until": date(2026, 11, 27)}
    view = event_stock(ALL, store=store, access=owner, growth=1.2, **asked)  # type: ignore[arg-type]
    assert view is not None
    row = view.rows.iloc[0]
    there = row["on_hand"] + row["incoming"]
    assert row["missing"] == pytest.approx(row["pieces"] * 1.2 + row["weekly"] * 26 / 7 - there)
    assert view.rows["missing_money"].is_monotonic_decreasing
    assert view.short == int((view.rows["missing"] >= 1).sum())
    few = event_stock(ALL, store=store, access=viewer, growth=1.2, **asked)  # type: ignore[arg-type]
    assert few is not None
    assert few.products < view.products


def code_of(store: Store, planned: tuple[TypedEvent, ...] = ()) -> KnownEvent:
    return next(e for e in known_events(store, planned) if e.code.startswith("own:Spring"))


def test_a_sale_seen_once_is_told_and_said_to_be_one(small: Store, owner: Access) -> None:
    event = code_of(small)
    assert event.coming is not None
    view = seen(small, owner, event.code)
    assert view.seen == "once"
    assert view.expected is None
    (time,) = view.times
    assert time.parts["day"].actual == 150
    assert time.parts["day"].usual == 30
    assert time.parts["before"].extra == time.parts["after"].extra == 0


def test_who_came_back_of_those_a_sale_brought(small: Store, owner: Access, viewer: Access) -> None:
    view = event_buyers(ALL, store=small, access=owner, code=code_of(small).code)
    event, ordinary = view.groups
    assert (event.newcomers, event.back) == (12, 4)
    assert event.share == pytest.approx(1 / 3)
    assert ordinary.newcomers == 60  # all the others, on the first days
    assert ordinary.share == 1
    assert view.high is not None
    assert view.high < 0
    # four of them is a small group
    kept = event_buyers(ALL, store=small, access=viewer, code=code_of(small).code)
    assert kept.groups[0].newcomers is None
    assert (kept.low, kept.high) == (None, None)


def test_revenue_by_day_is_measured_once_for_the_whole_page(
    small: Store, owner: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[tuple[str, ...]] = []

    def spy(store: Store, names: Sequence[str], **asked: Any) -> Any:
        measured.append(tuple(names))
        return measure(store, names, **asked)

    monkeypatch.setattr("crm_core.views.events.measure", spy)
    view = seen(small, owner, code_of(small).code, "orders")
    before = measured.copy()
    assert before == [("orders", "net_revenue", "buyers")]
    asked = {"code": view.event.code, "unusual": view.unusual}
    assert event_buyers(ALL, store=small, access=owner, **asked).groups
    assert measured == before
    assert SALE in view.unusual


def test_an_event_never_seen_promises_nothing(small: Store, owner: Access) -> None:
    fair = ("Village fair", "", date(2026, 7, 4), date(2026, 7, 5), "promotion", 2.0)
    view = seen(small, owner, "own:Village fair", planned=(fair,))
    assert (view.seen, view.times, view.expected) == ("never", (), None)
    assert view.event.uplift == 2.0
    assert view.lines.loc[view.lines["series"] == "2026", "value"].notna().all()
    buyers = event_buyers(ALL, store=small, access=owner, code="own:Village fair", planned=(fair,))
    assert (buyers.day, buyers.groups) == (None, ())
    with pytest.raises(CrmError, match="unknown_choice"):
        seen(small, owner, "own:Village fair")


def test_messages_before_the_sale_leave_out_who_got_none(
    small: Store, owner: Access, viewer: Access
) -> None:
    found = event_contacts(ALL, store=small, access=owner, first=SALE, last=SALE)
    assert found[["campaign", "people"]].to_numpy().tolist() == [["letter", 8]]
    assert event_contacts(ALL, store=small, access=viewer, first=SALE, last=SALE)["people"].tolist() == [8]  # fmt: skip
    assert event_contacts(ALL, store=small, access=owner, first=TODAY, last=TODAY).empty


def test_the_pace_of_the_day(small: Store, owner: Access) -> None:
    view = event_hours(ALL, store=small, access=owner, code=code_of(small).code)
    assert view.has_times
    past = view.shares[view.shares["day"] == SALE].set_index("hour")["share"]
    assert past[9] == pytest.approx(10 / 15)
    assert past[24] == 1
    # two of today's three orders, at an hour by which 11 of 15 had come
    assert (view.today, view.so_far) == (TODAY, 2)
    assert view.by_now == pytest.approx(11 / 15)
    assert view.landing == pytest.approx(2 / (11 / 15))


@pytest.mark.slow
def test_orders_without_an_hour_have_no_pace(
    tmp_path_factory: pytest.TempPathFactory, owner: Access
) -> None:
    store = small_shop(tmp_path_factory.mktemp("undated"), rows(timed=False)).open()
    assert not event_hours(ALL, store=store, access=owner, code=code_of(store).code).has_times
    store.close()


def test_days_of_few_buyers_are_hidden_from_who_sees_no_single_people(
    small: Store, owner: Access, viewer: Access
) -> None:
    code = code_of(small).code
    open_days = seen(small, owner, code, "buyers").lines
    kept = seen(small, viewer, code, "buyers").lines
    assert (open_days["value"] == 3).any()
    assert kept["value"].min() >= 5 or kept.empty


def test_a_time_of_few_buyers_is_hidden_from_who_sees_no_single_people(
    small: Store, owner: Access, viewer: Access
) -> None:
    """On a day in March three people bought, all of them regular customers."""
    quiet = SALE + timedelta(40)
    fair = ("Fair", "", quiet, quiet, "promotion", None)
    (time,) = seen(small, owner, "own:Fair", planned=(fair,)).times
    assert time.parts["day"].actual == 30
    (time,) = seen(small, viewer, "own:Fair", planned=(fair,)).times
    assert (time.parts, time.multiplier) == ({}, None)
    (time,) = seen(small, viewer, code_of(small).code).times
    assert time.parts["day"].actual == 150
