"""Cohorts, by plain arithmetic on a few customers and by plain SQL on the demo shop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from crm_core.errors import CrmError
from crm_core.metrics import ALREADY, MEASURES, REST, measure
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.cohort_layers import NOBODY, layers
from crm_core.views.cohort_sums import UNKNOWN
from crm_core.views.cohorts import ALL, SPLITS, Cohorts, cohort_members, cohorts, what_winning_cost
from tests.small_shop import Rows, SmallShop, line, order, small_shop


def seen(store: Store, access: Access, **asked: str) -> Cohorts:
    return cohorts(Selection(), store=store, access=access, **asked)


def rows() -> Rows:
    """Three come in January, one on 10 March, and the last day is 1 May: who came on 31 January has
    lived three times 30 days, who came on 10 March once."""
    bought = [
        ("1", "ann", "2026-01-05", "tea", {}), ("2", "ann", "2026-02-03", "tea", {}),
        ("3", "ann", "2026-02-04", "cup", {}), ("4", "bob", "2026-01-31", "cup", {}),
        ("5", "cy", "2026-01-10", "tea", {"coupon_code": "HELLO"}),
        ("6", "cy", "2026-03-20", "tea", {}), ("7", "dee", "2026-03-10", "tea", {}),
        ("8", None, "2026-02-01", "tea", {}), ("9", "bob", "2026-05-01", "tea", {}),
    ]  # fmt: skip
    return {
        "customers": [
            {"customer_id": who, "acquisition_source": "ads", "region": region}
            for who, region in (("ann", "North"), ("bob", "South"), ("cy", None), ("dee", "North"))
        ],
        "products": [
            {"product_id": "tea", "product_name": "Green tea", "category": "Tea"},
            {"product_id": "cup", "product_name": "Cup", "category": "Ware"},
        ],
        "orders": [order(n, who, f"{on}T12:00:00", **more) for n, who, on, _, more in bought],
        "order_lines": [line(n, what, "20", unit_cost=Decimal(8)) for n, _, _, what, _ in bought],
        "refunds": [
            {
                "refund_id": "r",
                "order_id": "6",
                "refunded_at": pd.Timestamp("2026-04-02T10:00:00").to_pydatetime(),
                "amount": Decimal(5),
            }
        ],
        "costs": [
            {
                "cost_id": "m",
                "day": date(2026, 1, 2),
                "kind": "marketing",
                "source": "ads",
                "amount": Decimal(60),
            }
        ],
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    return small_shop(tmp_path_factory.mktemp("cohorts"), rows())


@pytest.fixture
def small(shop: SmallShop) -> Iterator[Store]:
    store = shop.open()
    yield store
    store.close()


def cells(view: Cohorts) -> dict[tuple[str, int], float]:
    return {
        (f"{row.cohort:%Y-%m}", int(row.age)): float(row.value) for row in view.cells.itertuples()
    }


def test_a_cell_is_shown_only_when_the_youngest_has_lived_the_age(
    small: Store, owner: Access
) -> None:
    view = seen(small, owner)
    assert view.as_of == date(2026, 5, 1)
    sizes = view.cohorts.set_index("cohort")
    assert sizes["customers"].to_dict() == {
        pd.Timestamp("2026-03-01"): 1,
        pd.Timestamp("2026-01-01"): 3,
    }
    # Of ann's orders the one on day 30 is of age 1, that on day 29 of age 0; cy's on day 69 is of
    # age 2. bob's on 1 May is of age 3, which is not over for him.
    assert cells(view) == {
        ("2026-01", 1): pytest.approx(1 / 3),
        ("2026-01", 2): pytest.approx(1 / 3),
    }
    assert view.mean.to_dict("records") == [
        {"age": 1, "customers": 3, "value": pytest.approx(1 / 3)},
        {"age": 2, "customers": 3, "value": pytest.approx(1 / 3)},
    ]


@pytest.mark.slow
def test_what_came_in_is_added_up_per_customer(small: Store, owner: Access) -> None:
    net = cells(seen(small, owner, measure="net_revenue"))
    # January: ann 40 within 30 days and 20 more, bob 20, cy 20 and later 20 less a refund of 5.
    assert net[("2026-01", 0)] == pytest.approx(80 / 3)
    assert net[("2026-01", 1)] == pytest.approx(100 / 3)
    assert net[("2026-01", 2)] == pytest.approx(115 / 3)
    assert net[("2026-03", 0)] == pytest.approx(20)
    orders = cells(seen(small, owner, measure="keyed_orders"))
    assert orders[("2026-01", 2)] == 6 / 3
    margin = cells(seen(small, owner, measure="margin"))
    assert margin[("2026-01", 2)] == pytest.approx((36 + 12 + 19) / 3)


def test_curves_are_over_those_observed_that_long(small: Store, owner: Access) -> None:
    curves = seen(small, owner, measure="keyed_orders").curves
    everyone = curves[curves["part"] == ALL].set_index("age")
    assert everyone["customers"].to_dict() == {0: 4, 1: 3, 2: 3}
    assert everyone.loc[0, "value"] == pytest.approx(5 / 4)


@pytest.mark.slow
def test_first_orders_tell_customers_apart(small: Store, owner: Access) -> None:
    def parts(split: str) -> dict[str, int]:
        view = seen(small, owner, split=split)
        words = [view.names.get(part, part) for part in view.parts["part"]]
        return dict(zip(words, view.parts["customers"], strict=True))

    assert parts("first_category") == {"Tea": 3, "Ware": 1}
    assert parts("first_product") == {"Green tea": 3, "Cup": 1}
    assert parts("first_coupon") == {"_no_coupon": 3, "HELLO": 1}
    assert parts("region") == {"North": 2, "South": 1, UNKNOWN: 1}


@pytest.mark.slow
def test_the_cost_of_winning_is_that_of_the_page_of_new_customers(
    small: Store, owner: Access
) -> None:
    def won(split: str, part: str) -> float | None:
        return what_winning_cost(
            Selection(), store=small, access=owner, split=split, part=part
        ).cost

    assert won("region", ALL) == won("acquisition_source", ALL) == pytest.approx(60 / 3)
    assert won("acquisition_source", "ads") == pytest.approx(60 / 3)
    assert won("region", "North") is None


def test_a_cell_leads_to_its_people(small: Store, owner: Access) -> None:
    def people(group: str, age: int) -> list[date]:
        found = cohort_members(
            Selection(), store=small, access=owner, by="month", split="region", part=ALL,
            cohort=date(2026, 1, 1), age=age, group=group,
        )  # fmt: skip
        assert len(found) == (found["found"].iloc[0] if len(found) else 0)
        return sorted(pd.to_datetime(found["first_day"]).dt.date)

    assert people("all", 1) == [date(2026, 1, 5), date(2026, 1, 10), date(2026, 1, 31)]
    assert people("active", 1) == [date(2026, 1, 5)]
    assert people("quiet", 1) == [date(2026, 1, 10), date(2026, 1, 31)]


@pytest.mark.slow
def test_who_was_there_before_the_log_is_kept_out(
    tmp_path: Path, owner: Access, viewer: Access
) -> None:
    shop = small_shop(tmp_path, rows(), starts_with_shop=False)
    store = shop.open()
    view = seen(store, owner)
    already = store.meta.already_until
    assert already is not None
    first = [date(2026, 1, 5), date(2026, 1, 31), date(2026, 1, 10), date(2026, 3, 10)]
    assert view.kept_out == sum(day <= already for day in first) > 0
    assert int(view.parts["customers"].sum()) == 4 - view.kept_out
    found = layers(Selection(), store=store, access=owner, split="region", by_part=False)
    assert ALREADY in found.order
    seen_by_all = layers(Selection(), store=store, access=viewer, split="region", by_part=False)
    assert ALREADY not in seen_by_all.order  # they are few
    store.close()


@pytest.mark.slow
def test_a_shop_of_one_day_has_nothing_to_show_yet(tmp_path: Path, owner: Access) -> None:
    told: Rows = {
        "orders": [order("1", "ann", "2026-01-05T10:00:00")],
        "order_lines": [line("1", "tea", "20")],
    }
    store = small_shop(tmp_path, told).open()
    for name in MEASURES:
        view = seen(store, owner, measure=name)
        assert view.cells.empty
        assert view.curves.empty
        assert view.mean.empty
    store.close()


@pytest.mark.slow
def test_another_split_measure_or_step_is_refused(small: Store, owner: Access) -> None:
    for wrong in ({"split": "shoe_size"}, {"measure": "luck"}, {"by": "day"}):
        with pytest.raises(CrmError) as refused:
            seen(small, owner, **wrong)
        assert refused.value.code == "unknown_choice"


@pytest.mark.parametrize("by", ["month", pytest.param("week", marks=pytest.mark.slow)])
def test_sizes_add_up_to_new_buyers(store: Store, owner: Access, by: str) -> None:
    ledger = store.table("ledger")
    new = measure(store, ["new_buyers"], rows=ledger.filter(ledger.day <= store.meta.as_of))
    view = seen(store, owner, by=by, split="first_category")
    assert view.customers == view.parts["customers"].sum() == new.totals["new_buyers"]


@pytest.mark.slow
def test_cells_are_what_plain_sums_give(store: Store, owner: Access) -> None:
    as_of = store.meta.as_of
    people = store.fetch(store.table("customer_facts").select("customer_key", "first_day"))
    sales = store.table("ledger")
    sales = sales.filter((sales.day <= as_of) & sales.customer_key.notnull())
    net = (sales.gross - sales.discount - sales.refund).cast("float64")
    kept = store.fetch(
        sales.group_by("customer_key", "day").agg(
            net=net.sum(), sold=(sales.entry == "sale").cast("int32").max()
        ),
        limit=50_000,
    ).merge(people.dropna(), on="customer_key")
    kept["first_day"] = pd.to_datetime(kept["first_day"])
    kept["age"] = (pd.to_datetime(kept["day"]) - kept["first_day"]).dt.days.clip(lower=0) // 30
    kept["cohort"] = kept["first_day"].dt.to_period("M").dt.start_time
    net_view = seen(store, owner, measure="net_revenue")
    share_view = seen(store, owner)
    for view in (net_view, share_view):
        assert len(view.cells) > 200
    sizes = kept.groupby("cohort")["customer_key"].nunique()
    youngest = kept.groupby("cohort")["first_day"].max()
    for row in net_view.cells.sample(25, random_state=7).itertuples():
        mine = kept[(kept["cohort"] == row.cohort) & (kept["age"] <= row.age)]
        assert row.value == pytest.approx(mine["net"].sum() / sizes[row.cohort])
    for row in share_view.cells.sample(25, random_state=7).itertuples():
        then = kept[(kept["cohort"] == row.cohort) & (kept["age"] == row.age) & (kept["sold"] > 0)]
        assert row.value == then["customer_key"].nunique() / sizes[row.cohort]
        end = youngest[row.cohort] + timedelta(30 * (int(row.age) + 1) - 1)
        assert end.date() <= as_of


@pytest.mark.slow
def test_the_mean_weighs_cohorts_by_their_size(store: Store, owner: Access) -> None:
    view = seen(store, owner, measure="net_revenue")
    for age, cut in view.cells.groupby("age"):
        mean = view.mean.set_index("age").loc[age]
        weighed = (cut["value"] * cut["customers"]).sum() / cut["customers"].sum()
        assert (mean["value"], mean["customers"]) == (
            pytest.approx(weighed),
            cut["customers"].sum(),
        )


@pytest.mark.slow
@pytest.mark.parametrize("split", ["first_category", "first_coupon"])
def test_parts_together_are_all(store: Store, owner: Access, split: str) -> None:
    curves = seen(store, owner, measure="keyed_orders", split=split).curves
    whole = curves[curves["part"] == ALL].set_index("age")
    parts = curves[curves["part"] != ALL]
    summed = (parts["value"] * parts["customers"]).groupby(parts["age"]).sum()
    counted = parts.groupby("age")["customers"].sum()
    assert counted.to_dict() == whole["customers"].to_dict()
    assert (summed / counted).to_dict() == pytest.approx(whole["value"].to_dict())


@pytest.mark.parametrize("by_part", [False, True])
def test_layers_add_up_to_net_revenue(store: Store, owner: Access, by_part: bool) -> None:
    found = layers(
        Selection(), store=store, access=owner, split="first_sales_channel", by_part=by_part
    )
    ledger = store.table("ledger")
    by_month = measure(
        store, ["net_revenue"], rows=ledger.filter(ledger.day <= store.meta.as_of), by=("month",)
    )
    summed = found.rows.groupby("month")["amount"].sum()
    wanted = by_month.rows.set_index("month")["net_revenue"]
    assert summed.to_numpy() == pytest.approx(wanted.to_numpy(), abs=0.005)
    assert found.order[0] == NOBODY
    assert REST not in SPLITS


def test_who_sees_no_single_people_sees_no_small_groups(small: Store, viewer: Access) -> None:
    view = seen(small, viewer, split="region", measure="net_revenue")
    assert view.everybody == 4
    assert view.parts.empty
    assert view.cohorts.empty
    assert view.cells.empty
    assert set(view.curves["part"]) == {ALL}
    cake = layers(Selection(), store=small, access=viewer, split="region", by_part=True)
    assert set(cake.order) == {NOBODY, REST}


def test_few_of_many_are_not_listed_to_who_sees_no_single_people(
    tmp_path: Path, owner: Access, viewer: Access
) -> None:
    """Twelve come in January, one of whom comes back."""
    bought = [(f"c{who}", "2026-01-10") for who in range(12)]
    bought += [("c0", "2026-02-20"), ("c0", "2026-04-20")]
    told: Rows = {
        "orders": [order(str(n), who, f"{on}T12:00:00") for n, (who, on) in enumerate(bought)],
        "order_lines": [line(str(n), "tea", "20") for n, _ in enumerate(bought)],
    }
    store = small_shop(tmp_path, told).open()

    def found(access: Access, group: str) -> int:
        return len(
            cohort_members(
                Selection(), store=store, access=access, by="month", split="region", part=ALL,
                cohort=date(2026, 1, 1), age=1, group=group,
            )
        )  # fmt: skip

    assert [found(owner, group) for group in ("all", "active", "quiet")] == [12, 1, 11]
    assert [found(viewer, group) for group in ("all", "active", "quiet")] == [12, 0, 0]
    store.close()
