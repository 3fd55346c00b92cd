"""What is known of one customer on a day: checked by hand, and never from the future."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from crm_core.errors import CrmError
from crm_core.features import FEATURES, build_features
from crm_core.metrics import measure, scope
from crm_core.pipeline.imports import run_import
from crm_core.pipeline.workspace import DEMO_DATA, store_url, workspace
from crm_core.records import open_records
from crm_core.selection import Period, Selection
from crm_core.settings import Settings
from crm_core.store import Store, open_store
from crm_core.store.imports import recognise
from tests.examples import fast
from tests.small_shop import NOW, Rows, SmallShop, line, order, small_shop

AS_OF = date(2026, 6, 30)


def features(store: Store, as_of: date, *names: str) -> pd.DataFrame:
    """Every feature of everybody, by customer key."""
    expr = build_features(store.at(as_of), names or tuple(FEATURES))
    return store.fetch(expr).set_index("customer_key").sort_index()


def visits() -> list[dict[str, Any]]:
    """Ann looks at tea and buys it, and at a cup that she does not buy again; what she put into a
    basket before her last order is done with, the rest is not; once she is not logged in."""
    told = [
        ("2026-05-20T10:00:00", "view", "cup", "ann"),
        ("2026-06-20T09:00:00", "view", "tea", "ann"),
        ("2026-06-20T09:05:00", "cart", "tea", "ann"),
        ("2026-06-24T09:00:00", "view", "cup", None),
        ("2026-06-29T09:00:00", "cart", "cup", "bob"),
        ("2026-06-30T09:00:00", "add_to_cart", None, "ann"),
        ("2026-06-30T09:10:00", "cart", "pot", "ann"),
        ("2026-07-01T09:00:00", "cart", "tea", "ann"),
    ]
    return [
        {
            "event_id": str(number),
            "occurred_at": datetime.fromisoformat(at),
            "event": event,
            "product_id": product,
            "customer_id": person,
            "visitor_id": "bobs" if person == "bob" else "anns",
        }
        for number, (at, event, product, person) in enumerate(told)
    ]


def ann() -> Rows:
    """Ann buys tea twice and a cup once, gives a tea back, and complains once."""
    return {
        "customers": [
            {
                "customer_id": "ann",
                "acquisition_source": "search",
                "region": "North",
                "country": "DE",
                "language": "de",
            },
            {"customer_id": "bob"},
        ],
        "products": [
            {"product_id": "tea", "category": "Tea", "unit_cost": Decimal("4")},
            {"product_id": "cup", "category": "Cups", "unit_cost": Decimal("2.50")},
        ],
        "orders": [
            order("1", "ann", "2026-01-05T10:00:00", sales_channel="web", region="South"),
            order("2", "ann", "2026-04-25T10:00:00", sales_channel="app", coupon_code="MAY"),
            order("3", "ann", "2026-06-20T10:00:00", sales_channel="app",
                  shipping_income=Decimal("5"), shipping_cost=Decimal("6"), fees=Decimal("1")),
            order("4", "ann", "2026-06-20T12:00:00", sales_channel="app", status="cancelled"),
            order("5", "ann", "2026-07-05T12:00:00", sales_channel="phone"),
            order("6", "bob", "2026-06-01T12:00:00"),
        ],
        "order_lines": [
            line("1", "tea", "10", 2, discount=Decimal("2")),
            line("2", "cup", "8"),
            line("3", "tea", "10", 3),
            line("4", "cup", "8", 50),
            line("5", "cup", "8", 50),
            line("6", "tea", "10"),
        ],
        "refunds": [
            {
                "refund_id": "r1",
                "order_id": "1",
                "line_id": "1-tea",
                "refunded_at": datetime(2026, 1, 20),
                "amount": Decimal("9"),
                "quantity": 1,
                "restocked": True,
            },
            {
                "refund_id": "r2",
                "order_id": "3",
                "refunded_at": datetime(2026, 7, 2),
                "amount": Decimal("30"),
            },
        ],
        "contacts": [
            {
                "contact_id": str(number),
                "customer_id": "ann",
                "occurred_at": datetime(2026, month, 10),
                "direction": "in",
                "contact_channel": "phone",
                "rating": rating,
                "cost": Decimal("2.50"),
            }
            for number, (month, rating) in enumerate(((2, 2), (5, 5), (7, 1)))
        ],
        "web_events": visits(),
    }  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    return small_shop(tmp_path_factory.mktemp("ann"), ann())


def test_what_is_known_of_ann_by_hand(shop: SmallShop) -> None:
    store = shop.open()
    links = store.fetch(store.table("identity_links")).set_index("value")["customer_key"]
    row = features(store, AS_OF).loc[links["ann"]]
    store.close()
    revenue = 18 + 8 + 30
    expected: dict[str, Any] = {
        # when and how often: a cancelled order is none, July has not come yet
        "recency_days": 10,
        "tenure_days": (AS_OF - date(2026, 1, 5)).days,
        "orders": 3,
        "purchase_days": 3,
        "orders_90d": 2,
        "orders_365d": 3,
        "average_gap_days": (date(2026, 6, 20) - date(2026, 1, 5)).days / 2,
        "first_order_day": pd.Timestamp("2026-01-05"),
        "last_order_day": pd.Timestamp("2026-06-20"),
        # money: refunds on their own day, the second one is still to come
        "revenue": revenue,
        "revenue_365d": revenue,
        "refunds": 9,
        "net_revenue": revenue - 9,
        # goods of five teas and a cup less the one that came back; two calls
        "contribution": revenue - 9 - (5 * 4 + 2.5 - 4) + 5 - 6 - 1 - 5,
        "average_order_value": round(revenue / 3, 2),
        "refund_rate": 9 / revenue,
        "discount_rate": 2 / (revenue + 2),
        "units": 6,
        "contacts": 2,
        "service_cost": 5,
        "days_since_contact": (AS_OF - date(2026, 5, 10)).days,
        "contact_rating": 3.5,
        # the cup, by a browser that is hers, and the pot in her basket
        "viewed_not_bought": 2,
        "viewed_not_bought_day": pd.Timestamp("2026-06-30"),
        "abandoned_basket": 2,
        "abandoned_basket_day": pd.Timestamp("2026-06-30"),
        "acquisition_source": "search",
        "region": "North",
        "country": "DE",
        "language": "de",
        "first_sales_channel": "web",
        "favourite_category": "Tea",
        "favourite_sales_channel": "app",
        "is_already_customer": False,
        "categories": 2,
        "coupon_orders": 1,
        "discounted_share": 2 / 3,  # a lower price, a code
    }
    assert set(expected) == set(FEATURES)
    for name, value in expected.items():
        wanted = pytest.approx(value) if isinstance(value, int | float) else value
        assert row[name] == wanted, name


@pytest.mark.slow
def test_who_never_did_a_thing_has_none_of_it_and_what_has_no_meaning_is_unknown(
    shop: SmallShop,
) -> None:
    store = shop.open()
    links = store.fetch(store.table("identity_links")).set_index("value")["customer_key"]
    row = features(store, AS_OF).loc[links["bob"]]
    before = features(store, date(2026, 5, 31))
    store.close()
    assert (row["contacts"], row["refunds"], row["coupon_orders"]) == (0, 0, 0)
    for name in ("average_gap_days", "days_since_contact", "contact_rating", "region"):
        assert pd.isna(row[name]), name
    assert links["bob"] not in before.index


def test_an_unknown_cost_makes_a_contribution_unknown(tmp_path: Path) -> None:
    rows = ann()
    del rows["products"][0]["unit_cost"]
    shop = small_shop(tmp_path, rows)
    store = shop.open()
    assert features(store, AS_OF, "contribution")["contribution"].isna().all()
    store.close()


def test_an_unknown_feature_gets_the_closest_name(shop: SmallShop) -> None:
    store = shop.open()
    with pytest.raises(CrmError) as refused:
        features(store, AS_OF, "recency_day")
    assert (refused.value.code, refused.value.facts["match"]) == (
        "unknown_feature",
        "recency_days",
    )
    store.close()


#: One feature of each source alone at the gate, the others among the slow tests.
ALONE = ("abandoned_basket_day", "contribution", "days_since_contact", "orders_90d", "refund_rate")


@pytest.mark.parametrize("name", fast(sorted(FEATURES), *ALONE))
def test_one_feature_alone_is_the_same_as_among_all(store: Store, name: str) -> None:
    day = date(2026, 1, 31)
    alone = features(store, day, name)[name]
    assert alone.equals(all_of(store, day)[name])


_ALL: dict[date, pd.DataFrame] = {}


def all_of(store: Store, day: date) -> pd.DataFrame:
    if day not in _ALL:
        _ALL[day] = features(store, day)
    return _ALL[day]


@pytest.mark.parametrize("day", [date(2025, 6, 30), date(2026, 10, 31)])
def test_customers_revenue_is_the_revenue_of_known_buyers(store: Store, day: date) -> None:
    period = Period(store.meta.first_day, day)
    names = ("keyed_revenue", "keyed_orders", "buyers")
    totals = measure(store, names, rows=scope(store, Selection(), period)).totals
    everybody = all_of(store, day)
    assert everybody["revenue"].sum() == pytest.approx(totals["keyed_revenue"], abs=0.01)
    assert everybody["orders"].sum() == totals["keyed_orders"]
    assert len(everybody) == totals["buyers"]
    assert (everybody["revenue"] - everybody["refunds"]).sum() == pytest.approx(
        everybody["net_revenue"].sum(), abs=0.01
    )


def test_features_of_the_demo_keep_their_bounds(store: Store) -> None:
    found = all_of(store, date(2026, 10, 31))
    assert found.index.is_unique
    assert (found["recency_days"] <= found["tenure_days"]).all()
    assert (found["recency_days"] >= 0).all()
    assert (found["orders_90d"] <= found["orders_365d"]).all()
    assert (found["orders_365d"] <= found["orders"]).all()
    assert (found["purchase_days"] <= found["orders"]).all()
    assert found["average_gap_days"].isna().equals(found["purchase_days"] == 1)
    assert found["discount_rate"].dropna().between(0, 1).all()


CUT = date(2025, 11, 30)
_TIMES = {
    "orders": "ordered_at",
    "refunds": "refunded_at",
    "contacts": "occurred_at",
    "costs": "day",
}


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The demo shop as its files were on the evening of a day, as a store of its own."""
    folder = tmp_path_factory.mktemp("past")
    files = folder / "files"
    files.mkdir()
    (files / "manifest.json").write_bytes((DEMO_DATA / "manifest.json").read_bytes())
    keep: dict[str, pa.Table] = {}
    for name in ("customers", "identities", "products", "order_lines", *_TIMES):
        table = pq.read_table(DEMO_DATA / f"{name}.parquet")
        if name in _TIMES:
            table = table.filter(until(table[_TIMES[name]]))
        keep[name] = table
    known = keep["orders"]["order_id"]
    lines = keep["order_lines"]
    keep["order_lines"] = lines.filter(pc.is_in(lines["order_id"], value_set=known.unique()))
    for name, table in keep.items():
        pq.write_table(table, files / f"{name}.parquet")
    settings = Settings(var=folder / "var")
    url = store_url(folder / "var" / "shop")
    records = open_records(workspace(settings, url).records_url)
    run_import(recognise([files]), url=url, settings=settings, records=records, now=NOW)
    records.close()
    return open_store(url, settings=settings)


def until(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Where a moment (UTC) or day falls on the demo shop's CUT day or before."""
    if pa.types.is_date(column.type):
        return pc.less_equal(column, pa.scalar(CUT))
    midnight = datetime.combine(CUT + timedelta(1), datetime.min.time()) - timedelta(hours=1)
    return pc.less(column.cast(pa.timestamp("us")), pa.scalar(midnight, pa.timestamp("us")))


def by_id(store: Store) -> pd.Series[Any]:
    """The ids of each customer as one text, by key: people are the same who have the same ids."""
    links = store.fetch(store.table("identity_links"))
    return links.sort_values("value").groupby("customer_key")["value"].agg("|".join)


@pytest.mark.slow
def test_what_came_later_changes_nothing_of_what_was_known(store: Store, past: Store) -> None:
    then, now = features(past, CUT), features(store, CUT)
    then.index = pd.Index(by_id(past).reindex(then.index))
    now.index = pd.Index(by_id(store).reindex(now.index))
    # An e-mail that turned up later may have joined two people, which applies to their past.
    same = then.index.intersection(now.index)
    assert len(same) > 0.97 * len(then)
    pd.testing.assert_frame_equal(
        then.loc[same].sort_index(), now.loc[same].sort_index(), check_dtype=False
    )
