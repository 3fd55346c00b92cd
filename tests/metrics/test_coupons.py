"""What discounts give away and who lives on them, on a shop small enough to add up by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crm_core.metrics.coupons import given_share
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.coupon_people import habits, held_out
from crm_core.views.coupons import code_orders, coupons
from tests.small_shop import Rows, line, order, small_shop

OWNER, VIEWER = Access("single_user", "owner"), Access("viewer", "viewer")
ALL = Selection(period="all")


def rows() -> Rows:
    """Tea costs 6 and sells at 10. Six people use SAVE once at 4.50 off, which is below cost; three
    use WIN at 1 off, two of them held out of the campaign it is of; ann bought at a lower price
    without a code, and at full price; an unknown buyer at full price."""
    orders: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []

    def buys(
        number: str, who: str | None, day: str, off: str = "0", code: str | None = None
    ) -> None:
        orders.append(order(number, who, f"{day}T12:00:00", coupon_code=code))
        lines.append(line(number, "tea", "10", discount=Decimal(off)))

    for place in range(6):
        buys(f"s{place}", f"saver{place}", "2026-05-01", "4.50", "SAVE")
    buys("full", "saver0", "2026-05-20")
    for place in range(3):
        buys(f"w{place}", f"member{place}", "2026-06-05", "1.00", "WIN")
    buys("a1", "ann", "2026-06-10", "2.00")
    buys("a2", "ann", "2026-06-20")
    buys("nobody", None, "2026-06-30")
    touches = [
        {
            "touch_id": str(place),
            "customer_id": f"member{place}",
            "campaign": "june",
            "arm": "treated" if place == 0 or place > 2 else "control",
            "sent_at": datetime(2026, 6, 1, 9),
        }
        for place in range(5)
    ]
    known = ["ann", *(f"saver{n}" for n in range(6)), *(f"member{n}" for n in range(5))]
    return {
        "customers": [{"customer_id": who} for who in known],
        "products": [{"product_id": "tea", "unit_cost": Decimal("6")}],
        "orders": orders,
        "order_lines": lines,
        "touches": touches,
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = small_shop(tmp_path_factory.mktemp("coupons"), rows()).open()
    yield store
    store.close()


def test_codes_other_discounts_and_full_price_are_told_apart_and_are_the_whole(
    shop: Store,
) -> None:
    view = coupons(ALL, store=shop, access=OWNER)
    found = view.rows.set_index(["kind", "code"])
    assert list(found.index) == [
        ("code", "SAVE"),
        ("code", "WIN"),
        ("discount", ""),
        ("full", ""),
    ]
    assert found["orders"].tolist() == [6, 3, 1, 3]
    assert found["discounts"].tolist() == [27, 3, 2, 0]
    assert found["margin"].tolist() == [33 - 36, 27 - 18, 8 - 6, 30 - 18]
    assert found["new_buyers"].tolist() == [6, 3, 1, 0]
    assert view.orders == found["orders"].sum()
    assert {card.label_key.split(".")[-1]: card.value for card in view.cards} == pytest.approx(
        {
            "given": 32.0,
            "discount_rate": 32 / 130,
            "given_share": 32 / 40,
            "discounted_share": 10 / 13,
            "below_rate": 6 / 10,
            "new_share": 1.0,
        }
    )


def test_an_order_is_pushed_below_cost_by_its_discount(shop: Store) -> None:
    found = coupons(ALL, store=shop, access=OWNER).rows.set_index("code")
    assert found.loc["SAVE", ["below_rate", "pushed_rate"]].tolist() == [1, 1]
    assert found.loc["WIN", ["below_rate", "pushed_rate"]].tolist() == [0, 0]
    assert given_share(3.0, 9.0) == found.loc["WIN", "given_share"]


def test_codes_beyond_the_first_are_one_row_with_the_same_sums(shop: Store) -> None:
    view = coupons(ALL, store=shop, access=OWNER, top=1)
    other = view.of_kind("other_codes").iloc[0]
    assert (other["orders"], other["discounts"], other["codes"]) == (3, 3, 1)
    assert view.rows["orders"].sum() == view.orders


def test_the_orders_behind_a_code_are_those_and_who_placed_them_is_a_rule(shop: Store) -> None:
    view = code_orders(ALL, store=shop, access=OWNER, kind="code", code="SAVE", size=4)
    assert view.total == 6
    assert len(view.rows) == 4
    assert (view.rows["paid"] == 5.5).all()
    assert (view.rows["left"] == -0.5).all()
    assert view.rows["off_rate"].tolist() == pytest.approx([0.45] * 4)
    assert view.rule is not None
    plain = code_orders(ALL, store=shop, access=OWNER, kind="discount", code="")
    assert plain.rows["order_id"].tolist() == ["a1"]
    assert plain.rule is None


def test_who_never_paid_the_full_price_is_counted_apart(shop: Store) -> None:
    view = habits(ALL, store=shop, access=OWNER)
    assert (view.people, view.only, view.only_more) == (10, 8, 0)
    found = view.rows.set_index(["habit", "once"])
    assert found.loc[("always", True), "people"] == 8
    assert found.loc[("sometimes", False), "people"] == 2
    each = (5 * 5.5 + 3 * 9) / 8
    assert found.loc[("always", True), "revenue"] == pytest.approx(each)
    assert found.loc[("always", True), "margin"] == pytest.approx(each - 6)


def test_a_campaigns_code_in_the_hands_of_people_held_out_is_a_leak(shop: Store) -> None:
    view = held_out(ALL, store=shop, access=OWNER, own=(("june", "win"),))
    assert view.campaigns == 1
    row = view.rows.set_index("code").loc["WIN"]
    assert (row["state"], row["held_orders"], row["held_people"]) == ("leak", 2, 2)
    assert row["held_rate"] == 1
    assert row["written_rate"] == pytest.approx(1 / 3)
    assert view.says == "leak"
    untold = held_out(ALL, store=shop, access=OWNER)
    assert untold.rows.set_index("code").loc["WIN", "state"] == "few"
    assert untold.says == "nothing"


def test_of_a_code_a_person_those_of_people_held_out_and_of_offers_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = rows()
    for place in (3, 4):  # both were written to
        told["orders"].append(
            order(f"o{place}", f"member{place}", "2026-06-06T12:00:00", coupon_code=f"OWN{place}")
        )
        told["order_lines"].append(line(f"o{place}", "tea", "10"))
    monkeypatch.setattr("crm_core.views.coupon_people.MOST_CODES", 1)
    with closing(small_shop(tmp_path, told).open()) as shop:
        view = held_out(ALL, store=shop, access=OWNER)
        own = held_out(ALL, store=shop, access=OWNER, own=(("june", "own4"),))
    assert (view.rows["code"].tolist(), view.is_cut) == (["WIN"], True)
    assert (own.rows["code"].tolist(), own.says, own.is_cut) == (["OWN4"], "clean", True)


def test_three_who_use_two_codes_each_are_three(tmp_path: Path) -> None:
    told: Rows = {"orders": [], "order_lines": []}
    for place in range(6):
        code = "SAVE" if place < 3 else "WIN"
        number = f"o{place}"
        told["orders"].append(
            order(number, f"c{place % 3}", "2026-05-01T12:00:00", coupon_code=code)
        )
        told["order_lines"].append(line(number, "tea", "10", discount=Decimal(1)))
    with closing(small_shop(tmp_path, told).open()) as shop:
        seen, hidden = (coupons(ALL, store=shop, access=who).cards for who in (OWNER, VIEWER))
    assert next(card.value for card in seen) == 6.0
    assert [card.value for card in hidden] == [None] * len(hidden)


def test_groups_of_few_people_are_not_told_to_everybody(shop: Store) -> None:
    view = coupons(ALL, store=shop, access=VIEWER)
    assert view.rows["code"].tolist() == ["SAVE", "", "", ""]  # WIN is of three people
    hidden = view.rows[view.rows["kind"] != "code"]
    assert hidden["orders"].isna().all()
    behind = code_orders(ALL, store=shop, access=VIEWER, kind="code", code="WIN")
    assert (behind.is_hidden, behind.total) == (True, 0)
    assert habits(ALL, store=shop, access=VIEWER).rows["people"].dropna().ge(5).all()
    view = held_out(ALL, store=shop, access=VIEWER, own=(("june", "WIN"),))
    assert view.says == "hidden"  # not: no code leaked
    row = view.rows.set_index("code").loc["WIN"]
    assert row["state"] == "hidden"
    assert row[["held_orders", "written_orders"]].isna().all()
