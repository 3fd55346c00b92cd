"""A refresh fills the two lists of offers, from what was known on its day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from crm_core.audiences import next_three
from crm_core.models.offer_history import purchases, stream_bought
from crm_core.models.offer_shelf import read_shelf
from crm_core.pipeline import scores
from crm_core.pipeline.jobs import predict
from crm_core.pipeline.offer_steps import next_offer
from crm_core.store import Store
from tests.small_shop import Rows, SmallShop, line, order, small_shop

START = datetime(2026, 1, 1, 10)
AS_OF = date(2026, 4, 30)
LATER = 150


def told() -> Rows:
    """Thirty people who buy tea every twenty days, half of them with a pot, half with a kettle; ann
    has a pot alone, bob gave his tea back, c0 one bag of four, and c1 had a little money back.
    After the day of scoring somebody buys honey."""
    rows: Rows = {"orders": [], "order_lines": [], "refunds": []}

    def buys(who: str, product: str, *days: int) -> None:
        for day in days:
            number = f"{who}-{product}-{day}"
            rows["orders"].append(order(number, who, (START + timedelta(day)).isoformat()))
            rows["order_lines"].append(line(number, product, "10", unit_cost=4))

    for place in range(30):
        buys(f"c{place}", "tea", 40, 60, 80, 100)
        buys(f"c{place}", "pot" if place % 2 else "kettle", 40)
        buys(f"c{place}", "gone", 41, 71)
        buys(f"c{place}", "honey", LATER)
    buys("ann", "pot", 50)
    buys("bob", "tea", 90)
    rows["refunds"] += [
        {"refund_id": number, "order_id": number, "refunded_at": START + timedelta(105),
         "amount": amount, "quantity": quantity, "restocked": quantity is not None}
        for number, amount, quantity in (
            ("bob-tea-90", 10, 1), ("c0-tea-100", 10, 1), ("c1-tea-100", 3, None)
        )
    ]  # fmt: skip
    rows["products"] = [
        {"product_id": name, "product_name": name.title(), "category": kind}
        for name, kind in (("tea", "Tea"), ("pot", "Ware"), ("kettle", None), ("gone", "Tea"))
    ]
    rows["stock"] = [
        {"product_id": name, "day": AS_OF, "on_hand": on_hand}
        for name, on_hand in (("tea", 5), ("gone", 0))
    ]
    return rows


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    found = small_shop(tmp_path_factory.mktemp("offers"), told())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scores, "STEPS", {"next_offer": next_offer})
        scores.refresh_scores(found.url, settings=found.settings, as_of=AS_OF)
    return found


@pytest.fixture(scope="module")
def store(shop: SmallShop) -> Store:
    return shop.open()


def read(store: Store, name: str) -> pd.DataFrame:
    return store.fetch(store.table(name)).set_index("customer_key")


def key_of(store: Store, who: str) -> int:
    links = store.table("identity_links")
    found = store.fetch(links.filter(links.value == who).select("customer_key"))
    return int(found["customer_key"].iloc[0])


def test_tea_is_offered_again_with_its_rhythm(store: Store) -> None:
    again = read(store, "offers_again")
    assert set(again["product_id"]) == {"tea"}  # kettles are bought once, the rest is sold out
    assert len(again) == 30  # who had it, but not bob, who gave all of it back
    mine = again.loc[key_of(store, "c4")]
    assert (mine["rank"], mine["times"], mine["usual_days"]) == (1, 4, 20)
    assert mine["last_day"].date() == (START + timedelta(100)).date()
    assert mine["due"] == pytest.approx((AS_OF - mine["last_day"].date()).days / 20, abs=0.01)


def test_tea_is_new_to_who_has_a_pot_and_says_why(store: Store) -> None:
    new = read(store, "offers_new")
    mine = new.loc[[key_of(store, "ann")]]
    assert mine[["product_id", "because_product_id", "because_people"]].to_numpy().tolist() == [
        ["tea", "pot", 15]
    ]
    assert new["product_id"].ne(new["because_product_id"]).all()
    assert "gone" not in set(new["product_id"])
    assert set(new.loc[[key_of(store, "c4")], "product_id"]) == {"pot"}


def test_products_say_to_how_many_they_are_offered_and_what_they_bring(store: Store) -> None:
    found = store.fetch(store.table("offer_products")).set_index("product_id")
    assert found.loc["tea", ["again_people", "buyers"]].tolist() == [30, 31]
    assert found.loc["tea", "margin_rate"] == pytest.approx(0.6, abs=0.01)
    assert found["in_stock"].to_dict() == {"tea": True, "pot": None, "kettle": None}
    new = read(store, "offers_new")["product_id"].value_counts()
    assert found["new_people"].to_dict() == {name: new.get(name, 0) for name in found.index}


def test_nothing_of_a_later_day_is_known(store: Store) -> None:
    shelf = read_shelf(store, AS_OF)
    pieces = list(stream_bought(store, purchases(store, AS_OF, 60.0), shelf))
    places = {int(place) for bought in pieces for place in bought.product}
    assert "honey" not in {shelf.product_id[place] for place in places}
    for day, returned in ((AS_OF, 1), (date(2026, 4, 5), 0)):
        rows = purchases(store, day, 60.0)
        assert store.fetch(rows.agg(back=rows.is_back.sum()))["back"].iloc[0] == returned


def test_other_programs_read_the_next_three_of_both_lists(shop: SmallShop, store: Store) -> None:
    rows = store.fetch(next_three(store)).set_index("customer_key")
    again, new = read(store, "offers_again"), read(store, "offers_new")
    assert rows.index.tolist() == sorted(set(again.index) | set(new.index))
    answer = predict(shop.settings, shop.url, "next_offer", customer=key_of(store, "ann"))
    (mine,) = answer["rows"]
    assert (mine["again_1"], mine["new_1"], mine["because_1"]) == (None, "tea", "pot")
    assert mine["new_2"] is None
    assert rows.loc[key_of(store, "c4"), ["again_1", "new_1"]].tolist() == ["tea", "pot"]


@pytest.mark.slow
def test_too_few_people_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: Rows = {
        "orders": [order("1", "ann", "2026-01-01T10:00:00")],
        "order_lines": [line("1", "tea", "10")],
    }
    few = small_shop(tmp_path, rows)
    monkeypatch.setattr(scores, "STEPS", {"next_offer": next_offer})
    scores.refresh_scores(few.url, settings=few.settings)
    store = few.open()
    said = store.fetch(store.table("model_status"))
    assert said["status"].tolist() == ["not_enough_data"]
    assert not store.has("offers_again")
    store.close()
