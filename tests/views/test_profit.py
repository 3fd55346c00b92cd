"""Profit from every angle is the profit of the whole, to the cent, and says what it cannot know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pandas as pd
import pytest

from crm_core.audiences import members
from crm_core.errors import CrmError
from crm_core.metrics import ANGLES, KINDS, ORDERS, PROFIT, measure, scope
from crm_core.pipeline.workspace import DEMO_DATA
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.losing_customers import losing_customers
from crm_core.views.overview import overview
from crm_core.views.profit import Losing, Profit, losing_products, part_bars, profit
from crm_core.views.waterfall import MoneyPart
from tests.examples import fast
from tests.small_shop import Rows, line, order, small_shop

HALF = Selection(period="custom", start=date(2026, 3, 1), end=date(2026, 8, 31))
SELECTIONS = (
    Selection(),
    HALF,
    Selection(period="90d", segment=("stage.active",), region=("Berlin",)),
    Selection(period="7d", category=("Tea",)),
    Selection(period="custom", start=date(2025, 12, 24), end=date(2025, 12, 24)),
)
NOBODY = Selection(region=("no such region",))


def cents(amount: float) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal("0.01"))


def seen(store: Store, access: Access, selection: Selection, **asked: object) -> Profit:
    return profit(selection, store=store, access=access, **asked)


@pytest.mark.parametrize("angle", fast(ANGLES, "campaign"))
def test_every_angle_adds_up_to_the_same_whole(store: Store, owner: Access, angle: str) -> None:
    for selection in SELECTIONS[:3] if angle in ("product", "segment") else SELECTIONS[3:]:
        view = seen(store, owner, selection, angle=angle, top=3)
        for name in ("revenue", "contribution", "shipping_income", "units"):
            assert cents(view.rows[name].sum()) == cents(view.totals[name] or 0.0), name
        assert set(view.rows["kind"]) <= set(KINDS)
        assert len(view.of_kind("part")) <= 3
        assert cents(sum(bar.amount or 0 for bar in view.bars[:-1])) == cents(
            view.totals["contribution"] or 0.0
        )
        for bar in view.bars[:-1]:
            assert cents(view.rows[bar.part].sum()) == cents(bar.amount or 0.0), bar.part


@pytest.mark.slow
def test_the_whole_is_what_the_overview_shows(store: Store, owner: Access) -> None:
    for selection in (Selection(), HALF):
        cards = overview(selection, store=store, access=owner).cards
        shown = {card.label_key: card.value for card in cards}
        totals = seen(store, owner, selection).totals
        for name in ("net_revenue", "contribution"):
            assert cents(shown[f"metric.{name}.label"] or 0) == cents(totals[name] or 0)


def test_the_rest_is_measured_anew(store: Store, owner: Access) -> None:
    few, many = (seen(store, owner, HALF, angle="product", top=top) for top in (5, 100_000))
    beyond = many.of_kind("part").iloc[5:]
    (rest,) = few.of_kind("others").to_dict("records")
    assert rest["parts"] == len(beyond) > 100
    assert cents(rest["contribution"]) == cents(beyond["contribution"].sum())
    net = beyond["revenue"].sum() + beyond["refunds"].sum()
    assert rest["contribution_rate"] == pytest.approx(beyond["contribution"].sum() / net)
    assert few.of_kind("part")["part"].tolist() == many.of_kind("part")["part"].tolist()[:5]


@pytest.mark.parametrize("order_by", fast(ORDERS, "least"))
def test_parts_come_in_the_order_asked_for(store: Store, owner: Access, order_by: str) -> None:
    parts = seen(store, owner, HALF, order=order_by, top=100).of_kind("part")
    by = parts["revenue" if order_by == "revenue" else "contribution"]
    assert by.is_monotonic_increasing if order_by == "least" else by.is_monotonic_decreasing


def test_a_category_has_the_revenue_that_its_lines_have(store: Store, owner: Access) -> None:
    """Against the rows that were imported, by plain SQL."""
    found = duckdb.sql(f"""
        select p.category, sum(l.quantity * l.unit_price - coalesce(l.discount, 0)) as revenue
        from '{DEMO_DATA}/order_lines.parquet' l join '{DEMO_DATA}/orders.parquet' o using (order_id)
        join '{DEMO_DATA}/products.parquet' p using (product_id)
        left join '{DEMO_DATA}/customers.parquet' c using (customer_id)
        where o.status not in ('pending', 'cancelled', 'test') and not coalesce(c.is_internal, false)
        group by 1
    """).df()
    view = seen(store, owner, Selection(period="all"), angle="category", top=100)
    told = dict(zip(found["category"], found["revenue"], strict=True))
    parts = view.of_kind("part")
    assert set(parts["part"]) == set(told)
    for part, revenue in zip(parts["part"], parts["revenue"], strict=True):
        assert revenue == pytest.approx(float(told[part]), abs=0.01)


@pytest.mark.slow
def test_a_parts_bars_are_its_row(store: Store, owner: Access) -> None:
    for angle in ("category", "segment"):
        view = seen(store, owner, Selection(), angle=angle)
        row = view.of_kind("part").iloc[0]
        bars = part_bars(Selection(), store=store, access=owner, angle=angle, part=row["part"])
        assert {bar.part: bar.amount for bar in bars} == {
            bar.part: pytest.approx(row[bar.part]) for bar in bars
        }
        # what an order cost is known of the order, not of a line of it
        basis = {bar.part: bar.basis for bar in bars}
        assert basis["shipping"] == ("allocated" if angle == "category" else "own")
        assert basis["marketing_cost"] == "allocated"


def test_the_demos_planted_losers_are_found(store: Store, owner: Access) -> None:
    view: Losing = losing_products(Selection(period="12m"), store=store, access=owner)
    assert {"Egg Pan", "Key Tray", "Night Light Moon", "Tea Advent Box"} <= set(view.rows["name"])
    worst = view.rows.set_index("name").loc["Key Tray"]
    assert worst["reason"] == "goods_cost"
    assert worst["share"] > 0.9 > worst["usual"]
    assert view.count >= len(view.rows)
    assert view.amount <= view.rows["contribution"].sum() < 0


def test_losing_customers_are_those_whom_the_rule_finds(store: Store, owner: Access) -> None:
    for selection in (Selection(), Selection(region=("North",), segment=("stage.active",))):
        view = losing_customers(selection, store=store, access=owner)
        picked = store.fetch(members(store, view.rule, ("contribution",)))
        assert len(picked) == view.count > 0
        assert cents(picked["contribution"].sum()) == cents(view.amount)
        assert set(view.rows["customer_key"]) <= set(picked["customer_key"])
        assert view.rows["contribution"].is_monotonic_increasing
        assert set(view.rows.columns).isdisjoint({"name", "email", "phone"})
        assert view.rows["reason"].notna().any()


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    shop = small_shop(tmp_path_factory.mktemp("profit"), odd_rows())
    store = shop.open()
    yield store
    store.close()


def odd_rows() -> Rows:
    """A cup of known cost, a pot of unknown; a guest; a service contact; a message before an order;
    later a day on which everything comes back."""
    return {
        "customers": [{"customer_id": "ann", "region": "North"}, {"customer_id": "bob"}],
        "products": [
            {"product_id": "cup", "category": "Cups", "unit_cost": Decimal(4)},
            {"product_id": "pot"},
        ],
        "orders": [
            order("1", "ann", "2026-06-10T10:00:00"),
            order("2", "bob", "2026-06-11T10:00:00"),
            order("3", None, "2026-06-12T10:00:00"),
            order("4", "bob", "2026-06-25T10:00:00"),
        ],
        "order_lines": [
            line("1", "cup", "10"),
            line("2", "pot", "30"),
            line("3", "cup", "10", 2),
            line("4", "cup", "10"),
        ],
        "refunds": [
            {
                "refund_id": "r",
                "order_id": "1",
                "refunded_at": datetime(2026, 6, 20),
                "amount": Decimal(10),
            }
        ],
        "contacts": [
            {
                "contact_id": "1",
                "customer_id": "ann",
                "occurred_at": datetime(2026, 6, 13),
                "direction": "in",
                "contact_channel": "phone",
                "cost": Decimal(3),
            }
        ],
        "touches": [
            {
                "touch_id": str(number),
                "customer_id": who,
                "campaign": name,
                "arm": arm,
                "contact_channel": "email",
                "sent_at": datetime.fromisoformat(at),
            }
            for number, (who, name, arm, at) in enumerate(
                [
                    ("ann", "june", "treated", "2026-06-01T08:00:00"),
                    ("ann", "again", "treated", "2026-06-09T08:00:00"),
                    ("ann", "late", "treated", "2026-06-10T12:00:00"),
                    ("bob", "june", "control", "2026-06-09T08:00:00"),
                    ("bob", "long_ago", "treated", "2026-05-01T08:00:00"),
                ]
            )
        ],
    }


def told(view: Profit) -> dict[tuple[str, str | None], dict[str, float]]:
    rows = view.rows.to_dict("records")
    return {(row["kind"], row["part"] if row["kind"] == "part" else None): row for row in rows}


def test_unknown_costs_are_unknown_and_not_zero(odd: Store, owner: Access) -> None:
    june = Selection(period="all")
    view = seen(odd, owner, june, angle="category")
    rows = told(view)
    assert view.totals["contribution"] is None
    assert view.bars[-1].amount is None
    assert rows["part", "Cups"]["contribution"] == 40 - 10 - 4 * 4
    assert pd.isna(rows["unknown", None]["contribution"])
    assert pd.isna(rows["unknown", None]["goods_cost"])
    assert rows["unknown", None]["revenue"] == 30
    assert rows["not_split", None]["service_cost"] == -3
    # the product of unknown cost comes after the others, and loses nothing that is known
    products = seen(odd, owner, june, angle="product").of_kind("part")
    assert products["name"].tolist() == ["cup", "pot"]
    assert losing_products(june, store=odd, access=owner).count == 0


def test_the_last_message_before_an_order_counts(odd: Store, owner: Access) -> None:
    rows = told(seen(odd, owner, Selection(period="all"), angle="campaign"))
    assert set(rows) == {("part", "again"), ("unknown", None), ("not_split", None)}
    assert rows["part", "again"]["revenue"] == 10


@pytest.mark.slow
def test_where_everything_came_back_there_is_a_loss_without_revenue(
    odd: Store, owner: Access
) -> None:
    day = Selection(period="custom", start=date(2026, 6, 20), end=date(2026, 6, 20))
    view = losing_products(day, store=odd, access=owner)
    (row,) = view.rows.to_dict("records")
    assert (row["revenue"], row["refunds"], row["contribution"]) == (0, -10, -10)
    assert pd.isna(row["reason"])
    by_region = told(seen(odd, owner, day, angle="region"))
    assert by_region["part", "North"]["contribution"] == -10


@pytest.mark.slow
def test_nothing_sold_is_no_row_and_unknown_names_are_refused(store: Store, owner: Access) -> None:
    view = seen(store, owner, NOBODY)
    assert view.rows.empty
    assert view.totals["contribution_rate"] is None
    assert losing_products(NOBODY, store=store, access=owner).count == 0
    with pytest.raises(CrmError, match="unknown_choice"):
        seen(store, owner, NOBODY, angle="produkt")
    with pytest.raises(CrmError, match="unknown_choice"):
        seen(store, owner, NOBODY, order="best")


@pytest.mark.slow
def test_without_scores_there_are_no_segments_and_no_losing_customers(
    unscored: Store, owner: Access
) -> None:
    view = seen(unscored, owner, Selection(), angle="segment")
    assert set(view.rows["kind"]) == {"unknown", "not_split"}
    whole = measure(unscored, PROFIT, rows=scope(unscored, Selection(), view.period)).totals
    assert cents(view.rows["contribution"].sum()) == cents(whole["contribution"] or 0)
    with pytest.raises(CrmError, match="no_scores"):
        losing_customers(Selection(), store=unscored, access=owner)


@pytest.fixture(scope="module")
def regions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Eight buy in the North, six in the West, five in the South, Ann alone in the East, where she
    lost money for the shop; of the pot nobody else took one."""
    home = {"North": range(8), "West": range(8, 14), "South": range(14, 19), "East": [19]}
    people = [(f"c{who}", region) for region, some in home.items() for who in some]
    told: Rows = {
        "products": [{"product_id": "cup", "unit_cost": 4}, {"product_id": "pot", "unit_cost": 40}],
        "orders": [order(who, who, "2026-06-10T10:00:00", region=region) for who, region in people],
        "order_lines": [line(who, "pot" if who == "c19" else "cup", "10") for who, _ in people],
    }
    store = small_shop(tmp_path_factory.mktemp("regions"), told).open()
    yield store
    store.close()


def test_who_sees_no_single_people_sees_no_small_parts(
    regions: Store, owner: Access, viewer: Access
) -> None:
    whole = Selection(period="all")
    for top, order_by in ((1, "least"), (100, "most")):
        view = seen(regions, viewer, whole, angle="region", order=order_by, top=top)
        # South, the next smallest, goes along, whatever else is shown or not
        assert set(view.of_kind("part")["part"]) <= {"North", "West"}
        assert len(view.of_kind("part")) == min(top, 2)
        assert cents(view.rows["contribution"].sum()) == cents(20 * 10 - 19 * 4 - 40)
    everything = seen(regions, owner, whole, angle="region")
    assert set(everything.of_kind("part")["part"]) == {"North", "West", "South", "East"}

    def bars(access: Access, part: str) -> tuple[MoneyPart, ...]:
        return part_bars(whole, store=regions, access=access, angle="region", part=part)

    assert bars(viewer, "East") == ()
    assert bars(viewer, "West") == bars(owner, "West") != ()


@pytest.mark.slow
def test_a_product_that_one_customer_made_a_loss_is_not_told_to_everybody(
    regions: Store, owner: Access, viewer: Access
) -> None:
    whole = Selection(period="all")
    assert losing_products(whole, store=regions, access=owner).amount == -30
    hidden = losing_products(whole, store=regions, access=viewer)
    assert (hidden.count, hidden.amount, len(hidden.rows)) == (0, 0.0, 0)
