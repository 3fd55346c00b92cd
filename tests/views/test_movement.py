from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.models import rfm
from crm_core.models.movement import ABSENT
from crm_core.models.standing import is_kept
from crm_core.privacy.policy import Access
from crm_core.selection import Selection, segment_code
from crm_core.store import Store
from crm_core.views.movement import (
    NAMES,
    Movement,
    became,
    days,
    moved_people,
    movement,
)
from crm_core.views.past_shop import past_customers, past_shop
from crm_core.views.segments import segments
from tests.examples import fast
from tests.small_shop import Rows, day, line, order, small_shop

EVERYONE = Selection()
ODD_DAYS = (date(2025, 8, 14), date(2026, 5, 6))


def seen(store: Store, then: date, now: date, name: str = "rfm") -> Movement:
    access = Access("single_user", "owner")
    return movement(EVERYONE, store=store, access=access, then=then, now=now, name=name)


def bought(*told: tuple[str, str, str], prefix: str = "o") -> Rows:
    """Orders of (customer, day, price), numbered from 1."""
    rows: Rows = {"orders": [], "order_lines": []}
    for place, (who, when, price) in enumerate(told, start=1):
        rows["orders"].append(order(f"{prefix}{place}", who, f"{when}T10:00:00"))
        rows["order_lines"].append(line(f"{prefix}{place}", "tea", price))
    return rows


@pytest.fixture(scope="module")
def last(store: Store, owner: Access) -> date:
    return days(EVERYONE, store=store, access=owner).last


@pytest.fixture(scope="module")
def odd(store: Store) -> dict[str, Movement]:
    """Between two days that no refresh keeps."""
    return {name: seen(store, *ODD_DAYS, name) for name in NAMES}


@pytest.fixture(scope="module")
def year(store: Store, last: date) -> dict[str, Movement]:
    """The last year, whose days are kept."""
    return {name: seen(store, last - timedelta(365), last, name) for name in NAMES}


def people_known(store: Store, at: date) -> int:
    facts = store.table("customer_facts")
    known = facts.filter(facts.first_day <= at)
    return int(store.fetch(known.agg(n=known.count()))["n"].iloc[0])


@pytest.mark.parametrize("name", fast(NAMES, "stage"))
def test_flows_hold_every_customer_of_both_days_once(
    store: Store, odd: dict[str, Movement], name: str
) -> None:
    view = odd[name]
    assert view.customers_then == people_known(store, ODD_DAYS[0])
    assert view.customers_now == people_known(store, ODD_DAYS[1])
    assert not view.cells.duplicated(["code_then", "code_now"]).any()


@pytest.mark.parametrize("name", fast(NAMES, "stage"))
def test_rows_and_columns_add_up_to_the_segments_of_their_days(
    store: Store, owner: Access, odd: dict[str, Movement], name: str
) -> None:
    view = odd[name]
    for at, column in zip(ODD_DAYS, ("code_then", "code_now"), strict=True):
        there = past_shop(EVERYONE, store=store, access=owner, day=at, name=name).sizes
        sizes = view.cells.groupby(column)["customers"].sum()
        for code, customers in zip(there["code"], there["customers"], strict=True):
            assert sizes.get(code, 0) == customers


def test_a_past_day_has_the_segments_that_scores_of_that_day_would_have(
    store: Store, owner: Access
) -> None:
    there = past_shop(EVERYONE, store=store, access=owner, day=ODD_DAYS[0], name="rfm").sizes
    fitted = rfm.fit(store, as_of=ODD_DAYS[0]).parameters
    for code, customers in zip(there["code"], there["customers"], strict=True):
        assert fitted[f"customers_{code}"] == customers


@pytest.mark.parametrize("name", fast(NAMES, "stage"))
def test_the_last_day_has_the_sizes_of_the_segments_page(
    store: Store, owner: Access, last: date, name: str
) -> None:
    page = segments(EVERYONE, store=store, access=owner, by=name).rows
    there = past_shop(EVERYONE, store=store, access=owner, day=last, name=name).sizes
    shown = dict(zip(page["segment"], page["customers"], strict=True))
    for code, customers in zip(there["code"], there["customers"], strict=True):
        assert shown[segment_code(name, code)] == customers


@pytest.mark.parametrize("name", fast(NAMES, "stage"))
def test_what_was_kept_is_what_would_be_computed(
    store: Store, year: dict[str, Movement], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = year[name]
    then, last = kept.then, kept.now
    assert is_kept(store, then)
    assert not is_kept(store, ODD_DAYS[0])
    monkeypatch.setattr(store, "scores_facts", "other facts")
    assert not is_kept(store, then)
    pd.testing.assert_frame_equal(seen(store, then, last, name).cells, kept.cells)


@pytest.mark.parametrize("name", fast(NAMES, "stage"))
def test_between_a_day_and_itself_nobody_moves(store: Store, last: date, name: str) -> None:
    view = seen(store, last, last, name)
    assert (view.cells["code_then"] == view.cells["code_now"]).all()
    assert set(view.sizes.values()) == {0}
    assert view.cells["difference"].eq(0).all()


def test_the_days_may_be_given_in_any_order(store: Store, year: dict[str, Movement]) -> None:
    told = year["rfm"]
    assert seen(store, told.now, told.then).sizes == told.sizes


def test_the_money_of_all_flows_is_the_net_revenue_known_buyers_brought(
    store: Store, odd: dict[str, Movement]
) -> None:
    view = odd["rfm"]
    for at, told in zip(ODD_DAYS, (view.net_then, view.net_now), strict=True):
        ledger = store.at(at).table("ledger")
        year = ledger.filter(ledger.customer_key.notnull() & (ledger.day > at - timedelta(365)))
        net = store.fetch(year.agg(net=(year.gross - year.discount - year.refund).sum()))
        assert told == pytest.approx(float(net["net"].iloc[0]))


@pytest.mark.parametrize("name", fast(NAMES, "stage"))
def test_each_list_holds_as_many_as_the_number_above_it(
    store: Store, owner: Access, year: dict[str, Movement], name: str
) -> None:
    view = year[name]
    then, last = view.then, view.now
    assert view.sizes["new"] == view.customers_now - view.customers_then
    for group in ("up", "back", "silent"):
        pages = dict.fromkeys(range(1, view.people(group) // 200 + 3), 0)
        for page in pages:
            listed = moved_people(
                EVERYONE,
                store=store,
                access=owner,
                then=then,
                now=last,
                name=name,
                group=group,
                page=page,
                size=200,
            )
            pages[page] = len(listed)
        assert sum(pages.values()) == view.people(group)


def test_pages_of_a_flow_hold_everybody_once(
    store: Store, owner: Access, year: dict[str, Movement]
) -> None:
    then, last, cells = year["rfm"].then, year["rfm"].now, year["rfm"].cells
    cell = cells[cells["customers"].between(301, 400)].iloc[0]
    keys: list[int] = []
    for page in range(1, 4):
        listed = moved_people(
            EVERYONE,
            store=store,
            access=owner,
            then=then,
            now=last,
            name="rfm",
            cell=(cell["code_then"], cell["code_now"]),
            page=page,
            size=150,
        )
        keys += listed["customer_key"].tolist()
    assert len(keys) == len(set(keys)) == cell["customers"]


def told_of(store: Store, at: date, owner: Access) -> list[pd.DataFrame]:
    """Everything the page shows of a day."""
    told = {"store": store, "access": owner}
    found = [past_shop(EVERYONE, day=at, name=name, **told).sizes for name in NAMES]
    found += [past_customers(EVERYONE, day=at, name="rfm", **told)]
    return [*found, moved_people(EVERYONE, then=FIRST, now=at, name="stage", **told)]


FIRST = day("2025-01-15")
SPRING = bought(
    ("ann", "2025-01-10", "30"), ("ann", "2025-02-10", "20"), ("bob", "2025-03-01", "9")
)


@pytest.mark.slow
def test_what_happens_later_changes_nothing_of_a_past_day(tmp_path: Path, owner: Access) -> None:
    at = day("2025-03-01")
    shop = small_shop(tmp_path, SPRING)
    store = shop.open()
    before = told_of(store, at, owner)
    store.close()
    later = bought(("ann", "2025-06-01", "500"), ("zoe", "2025-04-01", "70"), prefix="p")
    refunded = {"refund_id": "r1", "order_id": "o1", "amount": Decimal(30)}
    later["refunds"] = [{**refunded, "refunded_at": datetime(2025, 5, 1, 9)}]
    shop.load(later, name="later")
    store = shop.open()
    for old, new in zip(before, told_of(store, at, owner), strict=True):
        pd.testing.assert_frame_equal(old, new)
    net = [
        past_shop(EVERYONE, store=store, access=owner, day=day(on), name="rfm").net_revenue_365d
        for on in ("2025-04-30", "2025-05-01", "2025-06-01")
    ]
    assert net == [pytest.approx(129), pytest.approx(99), pytest.approx(599)]
    store.close()
    shop.records.close()


@pytest.mark.parametrize(
    "rows",
    [
        bought(("ann", "2025-01-10", "30")),
        pytest.param(
            bought(("ann", "2025-01-10", "30"), ("bob", "2025-01-10", "9")), marks=pytest.mark.slow
        ),
        pytest.param(
            bought(
                ("ann", "2024-01-10", "30"), ("bob", "2024-01-20", "9"), ("ann", "2026-01-10", "5")
            ),
            marks=pytest.mark.slow,
        ),
    ],
    ids=["one customer", "one day", "years without an order"],
)
def test_an_odd_shop_has_plain_numbers(tmp_path: Path, owner: Access, rows: Rows) -> None:
    shop = small_shop(tmp_path, rows)
    store = shop.open()
    there = days(EVERYONE, store=store, access=owner)
    for name in NAMES:
        view = seen(store, there.back("year"), there.last, name)
        assert not view.cells.drop(columns=["code_then", "code_now"]).isna().any().any()
        assert view.customers_now == people_known(store, there.last)
        found = became(EVERYONE, store=store, access=owner, name=name, code="at_risk")
        assert found is None or (found.expected is None and found.verdict is None)
    store.close()
    shop.records.close()


def test_a_day_outside_of_the_log_is_told(store: Store, owner: Access) -> None:
    first, beyond = store.meta.first_day, store.meta.as_of + timedelta(1)
    for then, now in ((first - timedelta(1), first), (first, beyond)):
        with pytest.raises(CrmError, match="day_outside_log"):
            seen(store, then, now)
    with pytest.raises(CrmError, match="day_outside_log"):
        past_shop(EVERYONE, store=store, access=owner, day=beyond, name="rfm")


def test_who_buys_for_the_first_time_is_new_and_nobody_is_lost(odd: dict[str, Movement]) -> None:
    view = odd["rfm"]
    fresh = view.cells[view.cells["code_then"] == ABSENT]
    assert fresh["customers"].sum() == view.customers_now - view.customers_then > 0
    assert set(fresh["tone"]) == {"new"}
    assert fresh["net_then"].eq(0).all()


@pytest.mark.slow
def test_a_shop_without_scores_shows_its_past_all_the_same(unscored: Store) -> None:
    view = seen(unscored, *ODD_DAYS)
    assert view.customers_now == people_known(unscored, ODD_DAYS[1])


def test_orders_of_nobody_known_move_nobody(tmp_path: Path, owner: Access) -> None:
    rows = bought(("ann", "2025-01-10", "30"))
    rows["orders"][0]["customer_id"] = None
    shop = small_shop(tmp_path, rows)
    store = shop.open()
    at = day("2025-01-10")
    view = seen(store, at, at)
    assert (view.customers_now, view.rows, view.people("moved")) == (0, (), 0)
    assert became(EVERYONE, store=store, access=owner, name="rfm", code="at_risk") is None
    store.close()
    shop.records.close()
