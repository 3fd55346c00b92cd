"""The four rates, by counting on one's fingers and by plain sets on the demo shop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.metrics import RATES, Buyers, measure, scope
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.rates import BY, UNKNOWN, Rates, rates
from tests.examples import fast
from tests.small_shop import Rows, SmallShop, line, order, small_shop

MARCH = Selection(period="custom", start=date(2026, 3, 1), end=date(2026, 3, 31))


def board(view: Rates) -> dict[str, float | None]:
    return {name: card.value for name, card in zip(RATES, view.cards, strict=True)}


def rows() -> Rows:
    """In the 31 days before March ann, bob and cy bought; in March ann (twice), dee and eve, who
    are new, and old, whose one order before was in January."""
    bought = [
        ("1", "old", "2026-01-02", "web"), ("2", "ann", "2026-02-03", "web"),
        ("3", "bob", "2026-02-10", "web"), ("4", "cy", "2026-02-28", "shop"),
        ("5", "ann", "2026-03-01", "shop"), ("6", "dee", "2026-03-31", "web"),
        ("7", "old", "2026-03-15", "web"), ("8", "eve", "2026-03-20", "web"),
        ("9", "ann", "2026-03-21", "shop"), ("x", None, "2026-03-22", "web"),
    ]  # fmt: skip
    return {
        "orders": [
            order(n, who, f"{on}T12:00:00", sales_channel=place) for n, who, on, place in bought
        ],
        "order_lines": [line(n, "tea", "20", unit_cost=Decimal(15)) for n, *_ in bought],
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    return small_shop(tmp_path_factory.mktemp("rates"), rows())


@pytest.fixture
def small(shop: SmallShop) -> Iterator[Store]:
    store = shop.open()
    yield store
    store.close()


def test_the_rates_of_a_month_by_counting(small: Store, owner: Access) -> None:
    view = rates(MARCH, store=small, access=owner)
    assert view.buyers == Buyers(now=4, before=3, kept=1, new=2)
    assert view.buyers is not None
    assert view.buyers.back == 1
    assert board(view) == {
        "acquisition": pytest.approx(2 / 3),
        "retention": pytest.approx(1 / 3),
        "loyalty": 2 / 4,  # ann and old; dee and eve had never bought before
        "profitability": pytest.approx(0.25),
    }


def test_a_part_counts_what_was_bought_in_it(small: Store, owner: Access) -> None:
    parts = rates(MARCH, store=small, access=owner).parts.set_index("part")
    # ann went from web to shop: kept in neither, and not new in the shop either.
    assert parts.loc["web", ["buyers", "before", "kept", "new", "back"]].tolist() == [3, 2, 0, 2, 1]
    assert parts.loc["shop", ["buyers", "before", "kept", "new", "back"]].tolist() == [
        1, 1, 0, 0, 1,
    ]  # fmt: skip
    assert parts.loc["shop", "loyalty"] == 1


def test_what_lies_before_the_log_is_unknown_not_nothing(small: Store, owner: Access) -> None:
    whole = rates(Selection(period="all"), store=small, access=owner)
    assert whole.buyers is None
    assert board(whole)["acquisition"] is board(whole)["retention"] is None
    assert board(whole)["loyalty"] == pytest.approx(2 / 6)
    assert whole.cards[0].state == "missing"
    assert whole.parts[["acquisition", "retention", "before"]].isna().all(axis=None)


def test_months_are_held_against_the_month_before(small: Store, owner: Access) -> None:
    trend = rates(MARCH, store=small, access=owner).trend
    retention = trend[trend["rate"] == "retention"].set_index("month")["value"]
    # January began on the 2nd: it is no whole month, so February has none before it.
    assert retention.to_dict() == {pd.Timestamp("2026-03-01"): pytest.approx(1 / 3)}


def test_a_period_of_nobody_has_no_rates(small: Store, owner: Access) -> None:
    empty = Selection(period="custom", start=date(2026, 1, 10), end=date(2026, 1, 12))
    view = rates(empty, store=small, access=owner)
    assert set(board(view).values()) == {None}
    assert view.parts.empty


def test_another_way_to_tell_apart_is_refused(small: Store, owner: Access) -> None:
    with pytest.raises(CrmError) as refused:
        rates(MARCH, store=small, access=owner, by="regoin")
    assert refused.value.facts["match"] == "region"


@pytest.mark.parametrize(
    "selection",
    [
        pytest.param(Selection(), marks=pytest.mark.slow),
        Selection(period="90d", sales_channel=("web",)),
    ],
)
def test_rates_are_what_plain_sets_give(store: Store, owner: Access, selection: Selection) -> None:
    view = rates(selection, store=store, access=owner)
    orders = store.table("order_facts")
    orders = orders.filter(orders.customer_key.notnull() & (orders.day <= store.meta.as_of))
    if selection.sales_channel:
        orders = orders.filter(orders.sales_channel.isin(selection.sales_channel))
    told = store.fetch(orders.select("customer_key", "day", "order_no"), limit=50_000)
    told["day"] = pd.to_datetime(told["day"]).dt.date
    length = timedelta(view.period.days)
    now = told[(told["day"] >= view.period.start) & (told["day"] <= view.period.end)]
    then = told[(told["day"] >= view.period.start - length) & (told["day"] < view.period.start)]
    buyers, before = set(now["customer_key"]), set(then["customer_key"])
    new = set(now[now["order_no"] == 1]["customer_key"])
    assert view.buyers == Buyers(len(buyers), len(before), len(buyers & before), len(new))
    assert view.buyers is not None
    found = board(view)
    assert found["retention"] == len(buyers & before) / len(before)
    again = set(now[now["order_no"] > 1]["customer_key"])
    assert found["loyalty"] == pytest.approx(len(again) / len(buyers))
    names = ("acquisition", "retention")
    summed = sum(found[name] or 0.0 for name in names) + (view.buyers.rate("back") or 0.0)
    assert summed == pytest.approx(len(buyers) / len(before))


@pytest.mark.slow
def test_the_board_shows_the_metrics_of_the_catalogue(store: Store, owner: Access) -> None:
    view = rates(Selection(), store=store, access=owner)
    wanted = ["contribution_rate", "loyalty_rate"]
    totals = measure(store, wanted, rows=scope(store, Selection(), view.period)).totals
    assert board(view)["profitability"] == pytest.approx(totals["contribution_rate"])
    assert board(view)["loyalty"] == pytest.approx(totals["loyalty_rate"])


@pytest.mark.parametrize("by", fast(BY, "sales_channel", "stage"))
def test_every_part_adds_up_to_its_buyers(store: Store, owner: Access, by: str) -> None:
    view = rates(Selection(period="90d"), store=store, access=owner, by=by)
    assert len(view.parts) > 2
    assert (view.parts[["kept", "new", "back"]].sum(axis=1) == view.parts["buyers"]).all()
    assert view.parts["retention"].dropna().between(0, 1).all()


def test_who_is_in_no_segment_yet_is_told_and_not_dropped(
    store: Store, owner: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first hundred customers are taken out of the table of stages."""
    table = Store.table

    def fewer(self: Store, name: str) -> Any:
        rows = table(self, name)
        return rows.filter(rows.customer_key > 100) if name == "lifecycle" else rows

    whole = rates(Selection(period="90d"), store=store, access=owner, by="stage")
    monkeypatch.setattr(Store, "table", fewer)
    view = rates(Selection(period="90d"), store=store, access=owner, by="stage")
    assert whole.buyers is not None
    assert UNKNOWN in set(view.parts["part"])
    assert view.parts["buyers"].sum() == whole.parts["buyers"].sum() == whole.buyers.now


def test_who_sees_no_single_people_sees_no_small_parts(small: Store, viewer: Access) -> None:
    assert rates(MARCH, store=small, access=viewer).parts.empty
