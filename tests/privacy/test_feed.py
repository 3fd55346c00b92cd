"""A list as JSON for templates: what it holds, who may be in it, and that nothing in it can run."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import pytest

from crm_core.errors import CrmError
from crm_core.privacy.export import ExportResult, export_list
from crm_core.privacy.feed import JsonFeed
from crm_core.records import ShopSettings
from tests.privacy.conftest import MARKETER, NOW, VIEWER, MakeShop, Person, Shop

PRODUCTS = {
    "again_1_id": "P7",
    "again_1_name": "Sencha </script><b>",
    "again_1_why": "bought 6 times",
    "new_1_id": None,
    "new_1_name": None,
    "new_1_why": None,
    "prefers_category": "tea",
}
COLUMNS = ("customer", "email", "orders", *PRODUCTS)


def fed(shop: Shop, **wishes: Any) -> tuple[ExportResult, bytes]:
    stream = io.BytesIO()
    told = {name: ibis.literal(value, "string") for name, value in PRODUCTS.items()}
    order: dict[str, Any] = {
        "members": shop.members().mutate(**told),
        "name": "Tea friends",
        "contact_channel": "email",
        "columns": COLUMNS,
        "language": "zh",
        "confirmed_everyone": True,
    } | wishes
    access = order.pop("access", MARKETER)
    result = export_list(
        access=access, store=shop.store, records=shop.records, file_format="json_feed", now=NOW,
        out=stream, **order,
    )  # fmt: skip
    return result, stream.getvalue()


def people() -> list[Person]:
    return [
        Person(1, "Ann Lee", email="ann@example.com"),
        Person(2, "Bo Li", email="bo@example.com", agreed=("sms",)),
        Person(3, "Cy Wu", email="cy@example.com"),
    ]


def test_each_customer_who_agreed_is_one_object(make_shop: MakeShop) -> None:
    shop = make_shop(people())
    result, data = fed(shop)
    document = json.loads(data)
    about = {name: document[name] for name in ("format", "version", "list", "made_at")}
    assert about == {
        "format": "clientele_feed",
        "version": 1,
        "list": "Tea friends",
        "made_at": "2026-07-01T09:30:00+00:00",
    }
    ann, cy = document["customers"]
    code = ann.pop("customer")
    assert code != cy["customer"]
    assert ann == {
        "email": "ann@example.com",
        "orders": 3,
        "buy_again": [
            {"product_id": "P7", "product": "Sencha </script><b>", "why": "bought 6 times"}
        ],
        "try_new": [],
        "prefers": {"category": "tea"},
    }
    assert (result.rows, result.excluded) == (2, {"no_consent": 1})
    assert result.file_name.endswith(".json")


def test_no_text_in_it_ends_a_script_or_begins_a_tag(make_shop: MakeShop) -> None:
    _, data = fed(make_shop(people()))
    assert not set(b"<>&") & set(data)


def test_it_leaves_by_the_guarded_door(make_shop: MakeShop) -> None:
    shop = make_shop(people())
    with pytest.raises(CrmError, match="privacy_denied"):
        fed(shop, access=VIEWER)
    with pytest.raises(CrmError, match="privacy_confirm_everyone"):
        fed(shop, confirmed_everyone=False)
    with pytest.raises(CrmError, match="privacy_column_not_for_channel"):
        fed(shop, columns=("customer", "phone"))
    result, data = fed(shop)
    line = shop.records.audit_lines()[0]
    assert (line.action, line.rows, line.sha256) == ("export", 2, result.sha256)
    assert line.subject["format"] == "json_feed"
    assert b"ann@example.com" in data
    assert "ann@example.com" not in json.dumps(line.subject)


def test_a_feed_for_no_channel_names_nobody(make_shop: MakeShop) -> None:
    result, data = fed(
        make_shop(people()), contact_channel=None, columns=("customer", "prefers_category")
    )
    assert result.rows == 3
    for person in json.loads(data)["customers"]:
        assert set(person) == {"customer", "prefers"}
    assert b"@" not in data


def test_a_sensitive_category_is_told_in_no_cell_and_no_manifest(make_shop: MakeShop) -> None:
    shop = make_shop([*people(), Person(4, "Di Xu", email="di@example.com", category="books")])
    told = replace(ShopSettings(), sensitive_categories=("Tea",))
    shop.records.save_shop_settings(told, "owner", NOW)
    asked: dict[str, Any] = {
        "columns": ("customer", "favourite_category", "prefers_category"),
        "rule": {"did": "purchase", "where": [{"field": "category", "value": "tea"}]},
        "rule_in_words": "Customers who bought tea",
        "name": "Autumn",
    }
    result, data = fed(shop, **asked)
    rows = json.loads(data)["customers"]
    assert [row["favourite_category"] for row in rows] == [None, None, "books"]
    assert {row["prefers"]["category"] for row in rows} == {None}
    assert b"tea" not in data
    assert "tea" not in json.dumps(result.manifest)


def test_cells_are_what_json_knows() -> None:
    stream = io.BytesIO()
    feed = JsonFeed(stream, ("a", "b", "c", "d", "e"), title="x", now=NOW)
    feed.write([[Decimal("1.50")], [float("nan")], [date(2026, 1, 2)], [True], ["one\nline"]])
    feed.close()
    (row,) = json.loads(stream.getvalue())["customers"]
    assert row == {"a": 1.5, "b": None, "c": "2026-01-02", "d": True, "e": "one line"}
    empty = io.BytesIO()
    JsonFeed(empty, ("a",), title="x", now=NOW).close()
    assert json.loads(empty.getvalue())["customers"] == []
