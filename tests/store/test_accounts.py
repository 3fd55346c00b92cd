"""Households and companies: by file, or by a rule the shop has switched on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from crm_core.metrics import measure, scope
from crm_core.pipeline.scores import refresh_marts
from crm_core.records import ShopSettings
from crm_core.selection import Selection
from tests.small_shop import Rows, SmallShop, line, order, small_shop

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def person(name: str, **more: Any) -> dict[str, Any]:
    return {"customer_id": name.split()[0].lower(), "name": name, **more}


def rows() -> Rows:
    home = {"address": "Gartenstraße 5", "postal_code": "53111", "city": "Bonn"}
    people = [
        person("Ann Lee", **home, email="ann@gmail.com"),
        person("Bo Lee", **{**home, "address": "Gartenstr. 5"}),
        person("Cy Nagel", **home),  # the neighbour
        person("Di Ahn", email="di@acme.example.com.de"),
        person("Ed Berg", email="ed@ACME.example.com.de"),
        person("Flo Lee", email="flo@gmail.com", address="Gartenstraße 5"),  # in which town?
        person("Gus Ott"),
        person("Hal Ott"),
    ]
    ids = [each["customer_id"] for each in people]
    return {
        "identities": people,
        "accounts": [{"account_id": "A1", "account_name": "Ott & Sons", "account_kind": "Partner"}],
        "customers": [
            {"customer_id": "gus", "account_id": "A1"},
            {"customer_id": "hal", "account_id": "A1"},
        ],
        "orders": [order(each, each, "2026-01-05T10:00:00") for each in ids],
        "order_lines": [line(each, "tea", "10") for each in ids],
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    return small_shop(tmp_path_factory.mktemp("accounts"), rows())


def switched(shop: SmallShop, **rules: bool) -> set[tuple[str, str, int, float]]:
    said = replace(ShopSettings(), **rules)
    shop.records.save_shop_settings(said, "ann", NOW)
    refresh_marts(
        shop.url,
        settings=shop.settings,
        records=shop.records,
        progress=lambda step, share: None,
    )
    store = shop.open()
    frame = store.fetch(store.table("account_facts"))
    store.close()
    kept = frame[frame["account_rule"] != "alone"]
    named = kept[["account_kind", "account_rule", "members", "revenue"]]
    return set(named.itertuples(index=False, name=None))


BY_FILE = ("partner", "file", 2, 20.0)
HOUSEHOLD = ("household", "household", 2, 20.0)
COMPANY = ("company", "company", 2, 20.0)


@pytest.mark.slow
def test_accounts_come_from_files_and_from_switched_on_rules(shop: SmallShop) -> None:
    assert switched(shop) == {BY_FILE}
    assert switched(shop, household_accounts=True) == {BY_FILE, HOUSEHOLD}
    both = switched(shop, household_accounts=True, company_accounts=True)
    assert both == {BY_FILE, HOUSEHOLD, COMPANY}


def test_numbers_are_measured_anew_by_account(shop: SmallShop) -> None:
    switched(shop, household_accounts=True)
    store = shop.open()
    found = measure(
        store, ["revenue", "buyers", "orders"], rows=scope(store, Selection()), by=["account"]
    )
    accounts = store.fetch(store.table("account_facts"))
    store.close()
    assert found.totals["revenue"] == found.rows["revenue"].sum() == 80.0
    assert len(found.rows) == len(accounts) == 6
    by_key = accounts.set_index("account_key")["revenue"].to_dict()
    assert found.rows.set_index("account")["revenue"].to_dict() == by_key
    assert sorted(found.rows["buyers"]) == [1, 1, 1, 1, 2, 2]
