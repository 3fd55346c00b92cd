"""What winning customers cost, by plain arithmetic on a few customers, and on the demo shop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.metrics import measure
from crm_core.pipeline.scores import refresh_marts
from crm_core.privacy.policy import Access
from crm_core.records import ShopSettings
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.acquisition import ALL, Acquisition, acquisition, cohort_people
from crm_core.views.cohort_sums import UNKNOWN, Cohorts, payback
from tests.small_shop import Rows, SmallShop, line, order, small_shop


def seen(store: Store, access: Access, **asked: object) -> Acquisition:
    return acquisition(Selection(), store=store, access=access, **asked)


def rows() -> Rows:
    """January: two customers from ads for 30, one from nowhere known; February: one from ads."""
    people = [("a", "ads"), ("b", "ads"), ("c", None), ("d", "ads")]
    bought = [
        ("1", "a", "2026-01-05"), ("2", "a", "2026-02-20"), ("3", "b", "2026-01-31"),
        ("4", "c", "2026-01-10"), ("5", "d", "2026-02-03"), ("6", "a", "2026-04-30"),
    ]  # fmt: skip
    return {
        "customers": [
            {"customer_id": who, "acquisition_source": source, "region": "North"}
            for who, source in people
        ],
        "orders": [order(n, who, f"{on}T20:00:00") for n, who, on in bought],
        "order_lines": [line(n, "tea", "20", unit_cost=Decimal(8)) for n, _, _ in bought],
        "costs": [
            {
                "cost_id": "m1",
                "day": date(2026, 1, 15),
                "kind": "marketing",
                "source": "ads",
                "amount": Decimal(30),
            },
            {
                "cost_id": "m2",
                "day": date(2026, 2, 1),
                "kind": "marketing",
                "source": "ads",
                "amount": Decimal(40),
            },
        ],
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    return small_shop(tmp_path_factory.mktemp("acquisition"), rows())


@pytest.fixture
def small(shop: SmallShop) -> Iterator[Store]:
    store = shop.open()
    yield store
    store.close()


def by_name(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index("name")


def test_a_source_costs_what_was_spent_on_it_over_who_came(small: Store, owner: Access) -> None:
    view = seen(small, owner)
    parts = by_name(view.parts)
    ads = parts.loc["ads"]
    assert (ads["customers"], ads["spend"]) == (3, 70)
    assert ads["cost"] == pytest.approx(70 / 3)
    # Five orders of 20, each costing 8; marketing is not taken off a second time.
    assert ads["so_far"] == pytest.approx(5 * 12 / 3)
    assert parts.loc[ALL, "customers"] == 4
    assert parts.loc[ALL, "cost"] == pytest.approx(70 / 4)
    assert parts.loc[ALL, "so_far"] == pytest.approx(6 * 12 / 4)


def test_what_is_unknown_is_not_nothing(small: Store, owner: Access) -> None:
    parts = by_name(seen(small, owner).parts)
    assert parts.loc[UNKNOWN, "customers"] == 1
    assert parts.loc[UNKNOWN, ["spend", "cost", "payback", "ratio"]].isna().all()
    assert parts.loc[UNKNOWN, "so_far"] == pytest.approx(12)
    by_region = seen(small, owner, split="region")
    assert by_name(by_region.parts).loc["North", ["spend", "cost"]].isna().all()
    assert by_name(by_region.parts).loc[ALL, "cost"] == pytest.approx(70 / 4)
    assert not by_region.scored
    assert by_name(by_region.parts)["ahead"].isna().all()


def test_cost_is_paid_back_in_the_month_the_sum_reaches_it(small: Store, owner: Access) -> None:
    months = by_name(seen(small, owner, part="ads").months)
    january, february = (months.loc[pd.Timestamp(f"2026-0{month}-01")] for month in (1, 2))
    # a and b left 12 each at once, a 12 more after 46 days: 36 against 30 in the second month.
    assert (january["cost"], january["payback"]) == (15, 2)
    assert pd.isna(february["payback"])
    assert february["cost"] == 40
    curve = seen(small, owner, part="ads", curve_months=3).curve
    ads = curve[curve["part"] == "ads"].set_index("month")["value"]
    # Only January is three months old on the last day: the same two customers all along.
    assert ads.tolist() == pytest.approx([-15, -3, 3, 3])


@pytest.mark.slow
def test_typed_in_spend_counts_like_a_file(tmp_path: Path, owner: Access) -> None:
    told = rows()
    del told["costs"]
    shop = small_shop(tmp_path, told)
    spend = {"2026-01": {"ads": Decimal(30)}, "2026-02": {"ads": Decimal(40)}}
    now = datetime(2026, 6, 30, tzinfo=UTC)
    store = shop.open()
    assert by_name(seen(store, owner).parts)["cost"].isna().all()
    store.close()
    shop.records.save_shop_settings(replace(ShopSettings(), marketing_spend=spend), "me", now)
    refresh_marts(shop.url, settings=shop.settings, records=shop.records, progress=lambda *_: None)
    store = shop.open()
    assert by_name(seen(store, owner).parts).loc["ads", "cost"] == pytest.approx(70 / 3)
    store.close()


def test_a_log_that_begins_late_counts_money_only_of_months_whose_newcomers_count(
    tmp_path: Path, owner: Access
) -> None:
    bought = [
        ("1", "old", "2026-01-10"), ("2", "edge", "2026-04-20"),
        ("3", "new", "2026-05-05"), ("4", "new", "2026-06-30"),
    ]  # fmt: skip
    spent = [("2026-01-15", 100), ("2026-04-25", 50), ("2026-05-01", 30), ("2026-06-01", 20)]
    people = [{"customer_id": w, "acquisition_source": "ads"} for w in ("old", "edge", "new")]
    told: Rows = {
        "customers": people,
        "orders": [order(n, who, f"{on}T20:00:00") for n, who, on in bought],
        "order_lines": [line(n, "tea", "20", unit_cost=Decimal(8)) for n, _, _ in bought],
        "costs": [
            {"cost_id": on, "day": date.fromisoformat(on), "kind": "marketing", "source": "ads"}
            | {"amount": Decimal(amount)}
            for on, amount in spent
        ],
    }
    store = small_shop(tmp_path, told, starts_with_shop=False).open()
    # Whether who came until the 9th of April is new cannot be told: May is the first full month.
    assert store.meta.already_until == date(2026, 4, 9)
    view = seen(store, owner)
    store.close()
    assert view.months["name"].tolist() == [pd.Timestamp("2026-05-01")]
    for name in (ALL, "ads"):
        # June brought nobody, and what it cost was spent all the same.
        assert by_name(view.parts).loc[name, ["customers", "spend", "cost"]].tolist() == [1, 50, 50]


def test_a_month_that_brought_nobody_has_to_be_paid_back_too() -> None:
    january, february = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-02-01")
    counts = pd.DataFrame({"cohort": [january], "part": ["ads"], "customers": [1]})
    left = {"cohort": january, "part": "ads", "age": [0, 1], "amount": [15.0, 10.0]}
    spend = pd.DataFrame({"cohort": [january, february], "part": "ads", "spend": [10.0, 10.0]})
    cohorts = Cohorts(counts, pd.DataFrame(left), spend, None, known=True, by_part=True)
    assert payback(cohorts, date(2026, 12, 31), 20.0) == 2


def test_typed_in_spend_counts_until_the_last_day(tmp_path: Path, owner: Access) -> None:
    told = rows()
    del told["costs"]
    told["orders"] = [each for each in told["orders"] if each["order_id"] in "1345"]
    told["orders"].append(order("2", "a", "2026-02-14T20:00:00"))
    told["order_lines"] = [each for each in told["order_lines"] if each["order_id"] in "12345"]
    shop = small_shop(tmp_path)
    amounts = {"2026-01": "30", "2026-02": "28", "2026-03": "99"}
    spend = {month: {"ads": Decimal(amount)} for month, amount in amounts.items()}
    now = datetime(2026, 6, 30, tzinfo=UTC)
    shop.records.save_shop_settings(replace(ShopSettings(), marketing_spend=spend), "me", now)
    shop.load(told)
    store = shop.open()
    view = seen(store, owner)
    months = by_name(seen(store, owner, part="ads").months)
    store.close()
    # 14 of the 28 days of February are over, and March is still to come.
    assert view.as_of == date(2026, 2, 14)
    assert by_name(view.parts).loc["ads", "spend"] == pytest.approx(30 + 14)
    assert months.loc[pd.Timestamp("2026-02-01"), "cost"] == pytest.approx(14)


def test_a_months_customers_are_shown(small: Store, owner: Access) -> None:
    asked = {"split": "acquisition_source", "part": "ads", "cohort": date(2026, 1, 1)}
    people = cohort_people(Selection(), store=small, access=owner, **asked)
    assert people["so_far"].tolist() == [36, 12]
    nowhere = cohort_people(Selection(), store=small, access=owner, **{**asked, "part": UNKNOWN})
    assert nowhere["so_far"].tolist() == [12]
    with pytest.raises(CrmError, match="unknown_choice"):
        seen(small, owner, split="colour")


def test_nothing_of_the_demo_is_lost_or_averaged(store: Store, owner: Access) -> None:
    view = seen(store, owner)
    parts = by_name(view.parts)
    whole, rest = parts.loc[ALL], parts.drop(ALL)
    assert whole["customers"] == rest["customers"].sum()
    left = (rest["so_far"] * rest["customers"]).sum()
    assert whole["so_far"] * whole["customers"] == pytest.approx(left)
    ahead = (rest["ahead"] * rest["customers"]).sum()
    assert whole["ahead"] * whole["customers"] == pytest.approx(ahead)
    ledger = store.at(view.as_of).table("ledger")
    people = store.table("customer_facts")
    keyed = ledger.semi_join(people.filter(people.first_day.notnull()), "customer_key")
    name = "contribution_before_marketing"
    assert left == pytest.approx(measure(store, [name], rows=keyed).totals[name])
    assert whole["spend"] == pytest.approx(383_414.05)
    assert whole["ratio"] == pytest.approx((whole["so_far"] + whole["ahead"]) / whole["cost"])
    curves = view.curve.pivot(index="month", columns="part", values="value")
    assert (curves.diff().dropna() > 0).all().all()
    assert (curves.loc[0] < 0).all()
