from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from crm_core.models.outcomes import outcome
from crm_core.store import Store
from tests.small_shop import Rows, line, order, small_shop

TODAY = date(2026, 6, 30)
YEAR_AGO = TODAY - timedelta(365)
Visits = list[tuple[str, date]]


def quiet_since(day: date, name: str, *, people: int, returning: int, after: int) -> Visits:
    """Customers who came twice, 30 days apart, and were silent for 80 days on a day; some of
    them came again so many days after it."""
    visits: Visits = []
    for number in range(people):
        who, last = f"{name}{number}", day - timedelta(80)
        visits += [(who, last - timedelta(30)), (who, last)]
        if number < returning:
            visits.append((who, day + timedelta(after)))
    return visits


def a_regular(first: date) -> Visits:
    """Somebody from the first day of the log to its last."""
    span = (TODAY - first).days
    return [("regular", first + timedelta(min(days, span))) for days in range(0, span + 30, 30)]


def rows_of(visits: Visits) -> Rows:
    rows: Rows = {"orders": [], "order_lines": []}
    for number, (who, day) in enumerate(visits):
        rows["orders"].append(order(f"o{number}", who, f"{day.isoformat()}T10:00:00"))
        rows["order_lines"].append(line(f"o{number}", "tea", "10"))
    return rows


@pytest.fixture
def shop_of(tmp_path: Path) -> Iterator[Callable[[Visits], Store]]:
    """Opens a shop with these visits."""
    opened: list[Store] = []

    def open_(visits: Visits) -> Store:
        shop = small_shop(tmp_path, rows_of(visits))
        shop.records.close()
        opened.append(shop.open())
        return opened[-1]

    yield open_
    for store in opened:
        store.close()


@pytest.mark.slow
def test_a_long_log_compares_with_the_same_segment_a_year_earlier(
    shop_of: Callable[[Visits], Store],
) -> None:
    earlier = YEAR_AGO - timedelta(365)
    store = shop_of(
        a_regular(earlier - timedelta(400))
        + quiet_since(YEAR_AGO, "now", people=40, returning=10, after=200)
        + quiet_since(earlier, "before", people=40, returning=30, after=200)
    )
    found = outcome(store, TODAY, "stage", "at_risk")
    assert found is not None
    assert found.expected is not None
    assert (found.cohort.day, found.cohort.customers, found.cohort.share) == (YEAR_AGO, 40, 0.25)
    assert (found.cohort.net_before, found.cohort.net_after) == (20.0, 2.5)
    assert found.basis == "earlier_year"
    assert (found.expected.day, found.expected.customers) == (earlier, 40)
    assert (found.expected.share, found.expected.net_after) == (0.75, 7.5)
    assert found.verdict == "less"


@pytest.mark.slow
def test_a_shorter_log_compares_with_customers_as_silent_half_a_year_earlier(
    shop_of: Callable[[Visits], Store],
) -> None:
    half_before = YEAR_AGO - timedelta(182)
    store = shop_of(
        a_regular(YEAR_AGO - timedelta(320))
        + quiet_since(YEAR_AGO, "now", people=40, returning=18, after=200)
        + quiet_since(half_before, "before", people=40, returning=20, after=300)
    )
    found = outcome(store, TODAY, "stage", "at_risk")
    assert found is not None
    assert found.expected is not None
    assert found.basis == "same_silence"
    assert (found.expected.day, found.expected.share) == (half_before, 0.5)
    assert found.cohort.share == 0.45
    assert found.verdict == "as_expected"


@pytest.mark.slow
def test_nobody_comparable_leaves_no_expectation(shop_of: Callable[[Visits], Store]) -> None:
    store = shop_of(
        a_regular(YEAR_AGO - timedelta(120))
        + quiet_since(YEAR_AGO, "now", people=5, returning=2, after=90)
    )
    found = outcome(store, TODAY, "stage", "at_risk")
    assert found is not None
    assert (found.cohort.customers, found.cohort.share) == (5, 0.4)
    assert (found.expected, found.basis, found.verdict) == (None, "none", None)
    assert outcome(store, TODAY, "stage", "one_and_done") is None
    assert outcome(store, TODAY - timedelta(180), "stage", "at_risk") is None
