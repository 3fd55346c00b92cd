"""What changed: two periods of small shops split on paper, and any two of the demo to the cent."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.errors import CrmError
from crm_core.metrics import measure, scope
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.changes import BARS, BY, FEW, NAMES, UNKNOWN, Changes, changes, event_of
from tests.examples import examples
from tests.small_shop import Rows, line, order, small_shop

OWNER, VIEWER = Access("single_user", "ann"), Access("viewer", "vic")
FIRST, LAST = date(2024, 5, 1), date(2026, 10, 31)


def period(text: str) -> Period:
    """ "2026-06-01 2026-06-30" as a period."""
    start, end = map(date.fromisoformat, text.split())
    return Period(start, end)


def chosen(text: str, **more: Any) -> Selection:
    days = period(text)
    return Selection(period="custom", start=days.start, end=days.end, **more)


def split(store: Store, selection: Selection, access: Access = OWNER, **asked: Any) -> Changes:
    return changes(selection, store=store, access=access, **asked)


def parts(view: Changes) -> dict[str, float]:
    return {bar: amount for bar, amount in view.bars.items() if amount}


def check_sums(view: Changes) -> None:
    """Bars and groups add up to the move, to the cent."""
    assert round(sum(view.bars.values()), 2) == view.change
    assert round(float(view.groups["change"].sum()), 2) == view.change
    for row in view.groups.to_dict("records"):
        bars = round(sum(row[bar] for bar in BARS), 2)
        assert bars == round(row["change"], 2) == round(row["now"] - row["before"], 2)


def two_weeks() -> Rows:
    """A week of tea at €10 for two customers; then tea at €12, a cup at €20, and a guest."""
    return {
        "products": [
            {"product_id": "tea", "category": "Tea"},
            {"product_id": "cup", "category": "Cups"},
        ],
        "orders": [
            order("1", "ann", "2026-06-01T10:00:00", region="North"),
            order("2", "bob", "2026-06-07T10:00:00", region="South"),
            order("3", "ann", "2026-06-08T10:00:00", region="North"),
            order("4", "bob", "2026-06-12T10:00:00", region="South"),
            order("5", None, "2026-06-14T10:00:00"),
        ],
        "order_lines": [
            line("1", "tea", "10"),
            line("2", "tea", "10"),
            line("3", "tea", "12"),
            line("4", "cup", "20"),
            line("5", "tea", "12"),
        ],
    }


WEEK = "2026-06-08 2026-06-14"


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return small_shop(tmp_path_factory.mktemp("weeks"), two_weeks()).open()


def test_prices_mix_and_a_guest_as_worked_out_on_paper(weeks: Store) -> None:
    """A piece brought €10. At the new prices it had brought €12, of the new goods €15; it brings
    €16. So prices made (2 + 1) / 2 a piece and the mix (5 + 4) / 2, on two pieces."""
    view = split(weeks, chosen(WEEK), by="whole")
    assert (view.before, view.now) == (20.0, 44.0)
    assert parts(view) == {"price": 3.0, "mix": 9.0, "unkeyed": 12.0}
    check_sums(view)


@pytest.mark.slow
def test_groups_that_come_and_go_are_bars_of_their_own(weeks: Store) -> None:
    by_category = split(weeks, chosen(WEEK), by="category")
    # Tea: one customer of two stayed, at €11 on average; €2 more from 1.5 of them.
    assert parts(by_category) == {
        "customers": -11.0, "price": 3.0, "entered": 20.0, "unkeyed": 12.0,
    }  # fmt: skip
    assert list(by_category.groups["code"]) == ["Cups", "Tea"]
    assert list(by_category.groups["main"]) == ["entered", "unkeyed"]
    by_region = split(weeks, chosen(WEEK), by="region")
    assert by_region.groups.set_index("code")["change"].to_dict() == {
        "South": 10.0, "North": 2.0, UNKNOWN: 12.0,
    }  # fmt: skip
    check_sums(by_region)


@pytest.mark.slow
def test_backwards_every_sign_turns(weeks: Store) -> None:
    there = split(weeks, chosen(WEEK), by="region")
    back = split(weeks, chosen("2026-06-01 2026-06-07"), by="region", own=period(WEEK))
    assert parts(back) == {bar: -amount for bar, amount in parts(there).items()}


def test_of_a_shop_of_two_customers_a_viewer_sees_nothing(weeks: Store) -> None:
    view = split(weeks, chosen(WEEK), VIEWER, by="whole")
    assert view.is_hidden
    assert view.groups.empty
    assert view.prices.empty
    assert (view.before, view.now, parts(view)) == (0.0, 0.0, {})


def few_regions() -> Rows:
    """Seven buy in the North in both weeks, six in the West; Ann alone in the South, Bob alone in
    the East; Dee only gives her old pot of before back, in the Far North."""
    home = {"North": range(7), "West": range(7, 13), "South": [20], "East": [21]}
    bought = [
        (f"c{who}", week, region) for region, people in home.items() for who in people
        for week in ("2026-06-07", "2026-06-14")
    ]  # fmt: skip
    bought.append(("dee", "2026-05-20", "Far North"))
    rows: Rows = {
        "orders": [
            order(f"{n}", who, f"{on}T10:00:00", region=region)
            for n, (who, on, region) in enumerate(bought)
        ],
        "order_lines": [
            line(f"{n}", "cup" if region == "South" else "tea", "10" if on < "2026-06-08" else "12")
            for n, (_, on, region) in enumerate(bought)
        ],
        "refunds": [
            {"refund_id": "r", "order_id": f"{len(bought) - 1}", "amount": 10,
             "refunded_at": datetime(2026, 6, 9)}
        ],
    }  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def regions(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return small_shop(tmp_path_factory.mktemp("regions"), few_regions()).open()


def test_a_viewer_sees_no_group_and_no_price_of_fewer_than_five_customers(regions: Store) -> None:
    """South, East and Far North are three people together: West, the next smallest, goes along."""
    view = split(regions, chosen(WEEK), VIEWER, by="region")
    assert set(view.groups["code"]) == {"North", FEW}
    row = view.groups[view.groups["code"] == FEW].iloc[0]
    assert row["change"] == 8 * 2 - 10
    assert row["customers_now"] != row["customers_now"]  # nor how many they are
    check_sums(view)
    everything = split(regions, chosen(WEEK), by="region")
    assert set(everything.groups["code"]) == {"North", "West", "South", "East", "Far North"}
    assert set(everything.prices["product"]) == {"tea", "cup"}
    assert list(view.prices["product"]) == ["tea"]  # one customer paid for cups


@pytest.mark.slow
def test_a_refund_alone_is_somebodys_too(regions: Store) -> None:
    """Nobody bought in the Far North; the money given back is Dee's all the same."""
    asked = chosen(WEEK, region=("North", "Far North"))
    assert list(split(regions, asked, VIEWER, by="region").groups["code"]) == [FEW]
    assert split(regions, chosen(WEEK, region=("Far North",)), VIEWER, by="region").groups.empty


def test_an_event_is_no_partner_of_a_period_that_would_meet_itself(store: Store) -> None:
    """Lunar New Year of 2026 comes 384 days after that of 2025."""
    longest, longer = chosen("2025-10-01 2026-10-19"), chosen("2025-10-01 2026-10-20")
    found = split(store, longest, against="event", by="whole").pair
    assert found.before.end < found.now.start
    assert event_of(longer, store=store, access=OWNER) is None
    with pytest.raises(CrmError, match="changes_no_event"):
        split(store, longer, against="event")


@pytest.mark.slow
def test_one_day_one_product_and_nothing(weeks: Store) -> None:
    one_day = split(weeks, chosen("2026-06-08 2026-06-08"), by="whole")
    assert (one_day.before, one_day.now) == (10.0, 12.0)
    nothing = split(weeks, chosen(WEEK, region=("Nowhere",)))
    assert nothing.groups.empty
    assert (nothing.before, nothing.now, nothing.change) == (0.0, 0.0, 0.0)
    assert parts(split(weeks, chosen(WEEK, category=("Tea",)), by="category")) == {
        "customers": -11.0, "price": 3.0, "unkeyed": 12.0,
    }  # fmt: skip


@pytest.mark.slow
def test_a_period_before_the_log_is_refused_with_the_nearest_one(weeks: Store) -> None:
    with pytest.raises(CrmError, match="changes_before_log") as refused:
        split(weeks, chosen("2026-06-05 2026-06-11"))
    earliest = refused.value.facts["earliest"]
    assert earliest == date(2026, 6, 8)
    split(weeks, Selection(period="custom", start=earliest, end=date(2026, 6, 14)))
    with pytest.raises(CrmError, match="changes_before_log"):
        split(weeks, Selection(period="all"))


@pytest.mark.slow
def test_a_margin_needs_costs_and_words_are_known(weeks: Store) -> None:
    with pytest.raises(CrmError, match="changes_no_cost"):
        split(weeks, chosen(WEEK), name="margin")
    for wrong in ({"by": "regoin"}, {"name": "profit"}):
        with pytest.raises(CrmError, match="unknown_choice"):
            split(weeks, chosen(WEEK), **wrong)
    with pytest.raises(CrmError, match="changes_no_event"):
        split(weeks, chosen(WEEK), against="event")


@pytest.mark.slow
def test_before_segments_were_known_everybody_is_new(weeks: Store) -> None:
    view = split(weeks, chosen(WEEK), by="segment")
    assert view.segments_of is None
    assert list(view.groups["code"]) == [UNKNOWN]


@pytest.mark.slow
def test_all_refunds_and_missing_weeks(tmp_path: Path) -> None:
    """Every day for a month, then two weeks of nothing; everything given back at the end."""
    begin = datetime(2026, 4, 1, 10)
    days = [begin + timedelta(day) for day in (*range(30), *range(44, 60))]
    rows = two_weeks()
    rows["orders"] = [order(f"{d:%m%d}", f"c{i % 7}", d.isoformat()) for i, d in enumerate(days)]
    rows["order_lines"] = [line(f"{d:%m%d}", "tea", "10") for d in days]
    rows["refunds"] = [
        {"refund_id": f"r{d:%m%d}", "order_id": f"{d:%m%d}", "amount": 10,
         "refunded_at": max(d + timedelta(1), datetime(2026, 5, 15, 12))}
        for d in days
    ]  # fmt: skip
    store = small_shop(tmp_path, rows, starts_with_shop=False).open()
    view = split(store, chosen("2026-05-01 2026-05-30"), by="category")
    assert [(each.start, each.end) for each in view.pair.completeness.missing] == [
        (date(2026, 5, 1), date(2026, 5, 14))
    ]
    assert view.before == 300.0
    check_sums(view)
    # Refunds alone: nothing was sold, and money went back.
    only = split(store, chosen("2026-05-01 2026-05-14"), by="whole")
    assert parts(only) == {"left": -140.0}


@pytest.mark.slow
def test_a_source_that_fell_silent_ends_both_periods(tmp_path: Path) -> None:
    """Refunds came daily until the 20th, orders until the 30th: ten days are taken off both."""
    begin = datetime(2026, 4, 1, 10)
    rows = two_weeks()
    days = [begin + timedelta(day) for day in range(60)]
    rows["orders"] = [order(f"{d:%m%d}", f"c{i % 9}", d.isoformat()) for i, d in enumerate(days)]
    rows["order_lines"] = [line(f"{d:%m%d}", "tea", "10") for d in days]
    rows["refunds"] = [
        {"refund_id": f"r{d:%m%d}", "order_id": f"{d:%m%d}", "amount": 1,
         "refunded_at": d + timedelta(hours=1)}
        for d in days[:50]
    ]  # fmt: skip
    store = small_shop(tmp_path, rows).open()
    view = split(store, chosen("2026-05-01 2026-05-30"))
    state = view.pair.completeness
    assert (state.until, state.cut_days) == (date(2026, 5, 20), 10)
    assert view.pair.now == period("2026-05-01 2026-05-20")
    assert view.pair.before == period("2026-04-01 2026-04-20")
    assert {each.source for each in state.sources if each.is_late} == {"refunds"}
    with pytest.raises(CrmError, match="changes_not_covered"):
        split(store, chosen("2026-05-25 2026-05-30"))


@pytest.mark.slow
def test_refunds_still_to_come_are_told(store: Store) -> None:
    state = split(store, Selection(period="90d")).pair.completeness
    assert state.ripe_days is not None
    assert 0 < state.unripe_days == state.ripe_days < 90
    assert split(store, chosen("2026-06-01 2026-06-30")).pair.completeness.unripe_days == 0


@pytest.mark.slow
def test_the_same_shopping_event_meets_itself(store: Store) -> None:
    june = chosen("2026-06-10 2026-06-30", compare="year")
    event = event_of(june, store=store, access=OWNER)
    assert event is not None
    assert event.before == date(2025, 6, 16)
    assert split(store, june, against="event").pair.before == period("2025-06-10 2025-06-30")
    assert split(store, june).pair.before == period("2025-06-11 2025-07-01")
    assert event_of(chosen("2026-08-01 2026-08-10"), store=store, access=OWNER) is None


@pytest.mark.slow
def test_notes_tell_what_happened_in_either_period(store: Store) -> None:
    notes = split(store, chosen("2026-05-10 2026-06-30", compare="year")).notes
    assert notes["day"].is_monotonic_increasing
    told = {(kind, when) for kind, when in zip(notes["kind"], notes["period"], strict=True)}
    assert {("event", "now"), ("event", "before"), ("campaign", "now")} <= told
    campaign = notes[notes["kind"] == "campaign"].iloc[0]
    assert campaign["name_en"] == "tea_club_2026_05"
    assert campaign["count"] == 445  # those held out got no message
    out = notes[notes["kind"] == "stock_out"]
    assert 0 < len(out) <= 10
    assert (out["count"] >= 1).all()


pairs = st.tuples(
    st.dates(FIRST, LAST), st.dates(FIRST, LAST), st.integers(0, 200), st.integers(0, 200)
)


def _any_pair(store: Store, drawn: tuple[date, date, int, int], name: str, by: str) -> None:
    one, other = (
        Period(start, min(start + timedelta(days), LAST))
        for start, days in zip(drawn[:2], drawn[2:], strict=True)
    )
    asked = Selection(period="custom", start=other.start, end=other.end)
    view = split(store, asked, name=name, by=by, own=one)
    check_sums(view)
    for days, value in ((one, view.before), (other, view.now)):
        whole = measure(store, (name,), rows=scope(store, Selection(), days)).totals[name]
        assert round(value, 2) == round(whole or 0.0, 2)


@settings(max_examples=examples(2))
@given(pairs, st.sampled_from(NAMES), st.sampled_from(BY))
@pytest.mark.slow
def test_some_pairs_add_up_to_what_other_pages_show(
    store: Store, drawn: tuple[date, date, int, int], name: str, by: str
) -> None:
    _any_pair(store, drawn, name, by)


@pytest.mark.slow
@settings(max_examples=examples(60))
@given(pairs, st.sampled_from(NAMES), st.sampled_from(BY))
def test_every_pair_adds_up_to_what_other_pages_show(
    store: Store, drawn: tuple[date, date, int, int], name: str, by: str
) -> None:
    _any_pair(store, drawn, name, by)
