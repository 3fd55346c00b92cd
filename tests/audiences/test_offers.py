"""What customers are recommended, as rules and lists of customers ask of it; nothing sensitive in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from crm_core.audiences import (
    EXTRAS,
    FIELDS,
    LISTS,
    count,
    members,
    members_at,
    next_three,
    offers,
    running_out,
    running_out_rule,
    with_extras,
    with_reason,
)
from crm_core.audiences.offer_book import askable
from crm_core.audiences.offers import NEXT_COLUMNS, next_products
from crm_core.errors import CrmError
from crm_core.pipeline.jobs import scores_of
from crm_core.pipeline.workspace import Workspace, demo_url, open_workspace, workspace
from crm_core.privacy.policy import Access
from crm_core.records import OfferBook, OfferRule, ShopSettings
from crm_core.rules import All, Condition, Did, from_json, sentence, to_document
from crm_core.selection import Selection
from crm_core.settings import Settings
from crm_core.store import Store
from crm_core.views.offer_cards import goes_with_own
from crm_core.views.replenish import replenish
from crm_core.views.rules import products
from tests.offered_shop import with_lists

NOW = datetime(2026, 11, 1, tzinfo=UTC)
OWNER = Access("single_user", "owner")
ALL = Selection()
PICKED = json.dumps(
    {
        "did": "recommended",
        "where": [
            {"field": "list", "operator": "in", "value": ["again"]},
            {"field": "product_id", "operator": "in", "value": ["P1025"]},
        ],
    }
)


@pytest.fixture(scope="module")
def place(
    copy_demo: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Settings, Workspace]:
    own = Settings(var=with_lists(copy_demo(tmp_path_factory.mktemp("offered"))))
    return own, workspace(own, demo_url(own))


@pytest.fixture(scope="module")
def offered(place: tuple[Settings, Workspace]) -> Iterator[Store]:
    store, records = open_workspace(*place)
    yield store
    store.close()
    records.close()


@pytest.fixture(scope="module")
def hushed(place: tuple[Settings, Workspace], offered: Store) -> Iterator[Store]:
    """The same lists in a shop that has since called tea sensitive."""
    first, records = open_workspace(*place)
    first.close()
    told = replace(ShopSettings(), sensitive_categories=("TEA ", "Sold no more"))
    records.save_shop_settings(told, "owner", NOW)
    records.close()
    store, records = open_workspace(*place)
    yield store
    store.close()
    records.close()


def listed(store: Store, name: str) -> pd.DataFrame:
    return store.fetch(with_reason(offers(store, name), name, "en"))


def test_no_card_names_what_the_shop_calls_sensitive(offered: Store, hushed: Store) -> None:
    teas = hushed.table("product_facts")
    tea = set(hushed.fetch(teas.filter(teas.category == "Tea"))["product_name"])
    told: dict[str, set[str]] = {}
    for name, store in (("before", offered), ("after", hushed)):
        cards = [goes_with_own(ALL, store=store, access=OWNER, key=key) for key in range(1, 9)]
        told[name] = {word for card in cards for word in (*card["has"], *card["lacks"])}
    assert told["before"] & tea
    assert told["after"]
    assert not told["after"] & (tea | {"Tea"})


def test_a_list_says_its_reasons_by_what_happened(offered: Store) -> None:
    table: Any = offers(offered, "again")
    rows = offered.fetch(with_reason(table.filter(table.customer_key == 1), "again", "en"))
    best = rows.sort_values("place").iloc[0]
    assert (best["product"], best["times"]) == ("Seat Pad Felt", 6)
    ago = (offered.scores_as_of - best["last_day"].date()).days  # type: ignore[operator]
    usual = int(best["usual_days"] + 0.5)
    assert best["why"] == f"bought 6 times, usually every {usual} days, last {ago} days ago"
    once = listed(offered, "again").query("times == 1")["why"]
    assert once.str.startswith("bought once, ").all()


def test_a_new_product_speaks_by_one_that_was_bought(offered: Store) -> None:
    rows = listed(offered, "new")
    told = "people who bought " + rows["because"] + " also bought this"
    assert rows["why"].equals(told)
    chinese = offered.fetch(with_reason(offers(offered, "new"), "new", "zh").limit(1)).iloc[0]
    assert chinese["why"] == f"买过“{chinese['because']}”的客户也买了它"


def test_a_rule_picks_who_has_a_product_on_a_list(offered: Store) -> None:
    rule = from_json(PICKED, FIELDS)
    rows = listed(offered, "again")
    wanted = set(rows[rows["product_id"] == "P1025"]["customer_key"])
    found = set(offered.fetch(members(offered, rule, ()))["customer_key"])
    assert found == wanted != set()
    new = Did("recommended", (Condition("list", "in", ("new",)),))
    both = count(offered, All((rule, new)))
    assert both == len(wanted & set(listed(offered, "new")["customer_key"]))
    said = sentence(rule, fields=FIELDS, language="en")
    assert said == (
        "Customers where they are recommended a product (List is “buy again”, "
        "Product number is “P1025”)"
    )


def test_lists_of_a_day_before_the_scores_are_not_made_up(offered: Store) -> None:
    with pytest.raises(CrmError, match="scores_other_day"):
        members_at(offered, from_json(PICKED, FIELDS), date(2026, 1, 31))


def test_a_customer_list_tells_the_first_three_of_each(offered: Store) -> None:
    rows = offered.fetch(next_products(offered, "en")).set_index("customer_key")
    assert list(rows.columns) == list(NEXT_COLUMNS)
    for name in LISTS:
        mine = listed(offered, name)
        assert rows[f"{name}_1_id"].notna().sum() == mine["customer_key"].nunique()
        for place in (1, 2, 3):
            wanted = mine[mine["place"] == place].set_index("customer_key")
            told = rows[f"{name}_{place}_why"].dropna()
            assert told.sort_index().equals(wanted["why"].sort_index().rename(told.name))


def told_of(store: Store) -> pd.DataFrame:
    """A list of customers with all that may be added to it."""
    regulars = members(store, Condition("orders", ">=", 12), ("orders",))
    people = with_extras(store, regulars, tuple(EXTRAS), "en")
    return store.fetch(people)


def test_what_is_sensitive_is_told_nowhere(offered: Store, hushed: Store) -> None:
    """In no list, not as a reason for one, in no extra column, in no rule; places close up."""
    teas = set(
        offered.fetch(offered.table("product_facts")).query("category == 'Tea'")["product_name"]
    )
    for name in LISTS:
        before, rows = listed(offered, name), listed(hushed, name)
        assert teas & set(before["product"])
        assert not teas & set(rows["product"])
        assert set(rows["category"]) == set(before["category"]) - {"Tea"}
        assert not [why for why in rows["why"].unique() if any(tea in why for tea in teas)]
        first = rows.groupby("customer_key")["place"].agg(["min", "max", "count"])
        assert (first["min"] == 1).all()
        assert (first["max"] == first["count"]).all()
    assert "people who buy alike also bought this" in set(listed(hushed, "new")["why"])
    rows = told_of(hushed)
    cells = {str(cell) for column in rows.columns for cell in rows[column].unique()}
    assert not [cell for cell in cells if cell == "Tea" or any(tea in cell for tea in teas)]
    assert "Tea" in set(told_of(offered)["prefers_category"])
    assert count(hushed, from_json(PICKED, FIELDS)) == 0


def ids_of(store: Store, category: str) -> set[str]:
    products = store.fetch(store.table("product_facts"))
    return set(products[products["category"] == category]["product_id"])


def test_what_runs_out_is_not_told_of_either(offered: Store, hushed: Store) -> None:
    """Neither on the page, in a rule, nor by the command line."""
    teas = ids_of(offered, "Tea")
    before: Any = running_out(offered)
    after: Any = running_out(hushed)
    told, left = offered.fetch(before), hushed.fetch(after)
    assert teas & set(told["product_id"])
    assert set(left["category"]) == set(told["category"]) - {"Tea"} != set()
    assert not teas & {*left["product_id"], *left["item"]}
    rule = running_out_rule("overdue", categories=("Tea",))
    assert count(offered, rule) > 0 == count(hushed, rule)
    rows = hushed.fetch(scores_of(hushed, "replenishment"))
    assert len(rows) == len(left)
    view = replenish(Selection(), store=hushed, access=OWNER)
    assert "Tea" not in set(view.rhythm["category"])
    assert view.states["clocks"].sum() == len(left)


def test_other_programs_are_told_of_nothing_sensitive(offered: Store, hushed: Store) -> None:
    teas = ids_of(offered, "Tea")
    before, after = (shop.fetch(next_three(shop)) for shop in (offered, hushed))
    assert list(before.columns) == list(after.columns)
    assert teas & {cell for name in before.columns[1:] for cell in before[name]}
    assert not teas & {cell for name in after.columns[1:] for cell in after[name]}
    assert len(scores_of(hushed, "next_offer").columns) == len(after.columns)


def test_a_rule_offers_nothing_sensitive(offered: Store, hushed: Store) -> None:
    tea = min(ids_of(offered, "Tea"))
    everybody = to_document(All())
    book = OfferBook(
        (
            OfferRule("Tea", everybody, "product", "email", tea, id=1),
            OfferRule("Its number", everybody, "message", "email", tea, id=2),
        )
    )
    assert not askable(offered, book).broken
    broken = askable(hushed, book).broken
    assert {place: error.code for place, error in broken.items()} == {0: "offer_rule_sensitive"}
    asked: dict[str, Any] = {"store": hushed, "access": OWNER}
    listed = products(Selection(), **asked)
    assert len(listed) > 100
    assert not set(listed) & ids_of(offered, "Tea")
    assert products(Selection(), **asked, asked=tea) == {}
    assert list(products(Selection(), store=offered, access=OWNER, asked=tea)) == [tea]
