"""What is said of a list: its manifest, its name, how ready it is, and when it is refused."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from typing import Any

import openpyxl
import pytest

from crm_core.errors import CrmError
from crm_core.privacy.export import readiness
from crm_core.privacy.manifest import manifest_of
from crm_core.records import ShopSettings
from tests.privacy.conftest import MARKETER, NOW, VIEWER, MakeShop
from tests.privacy.test_platforms import files_of, person, send


def test_the_manifest_tells_the_rule_and_comes_again_from_the_log(make_shop: MakeShop) -> None:
    shop = make_shop([person(key, "Ann Lee") for key in (1, 2, 3)])
    rule = {"field": "favourite_category", "operator": "is", "value": "tea of ann@example.com"}
    words = "Customers whose favourite category is tea of ann@example.com"
    result, data = send(shop, "google", rule=rule, rule_in_words=words)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        told = json.loads(archive.read("manifest.json"))
    (line,) = shop.records.audit_lines(action="export")
    assert told == result.manifest == json.loads(json.dumps(manifest_of(line)))
    assert told["rule"]["field"] == "favourite_category"
    assert "ann@example.com" not in json.dumps(told)
    assert told["snapshot"] == shop.store.snapshot
    assert (told["export_id"], told["rows"]) == (result.export_id, 3)
    assert line.sha256 == result.sha256 == hashlib.sha256(data).hexdigest()


def test_names_of_lists_leave_without_words_that_tell_of_health_or_money(
    make_shop: MakeShop,
) -> None:
    shop = make_shop([person(1, "Ann Lee")])
    result, data = send(shop, "google", name="High income, 糖尿病 tea")
    assert result.name_without == ("income", "糖尿")
    names = [result.file_name, *files_of(result, data)]
    assert not any(word in name for name in names for word in ("income", "糖尿"))
    assert result.file_name.startswith("High-病-tea-")


def test_a_list_too_small_for_its_tool_says_so(make_shop: MakeShop) -> None:
    shop = make_shop([person(1, "Ann Lee")])
    assert send(shop, "meta")[0].too_few == 100
    assert send(shop, "tiktok")[0].too_few == 1_000
    assert send(shop, "google")[0].too_few is None


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"contact_channel": "email"}, "privacy_format_not_for_channel"),
        ({"columns": ["orders"]}, "privacy_column_not_for_channel"),
        ({"access": VIEWER}, "privacy_denied"),
    ],
)
def test_a_wrong_order_writes_nothing(
    make_shop: MakeShop, wishes: dict[str, Any], code: str
) -> None:
    stream = io.BytesIO()
    with pytest.raises(CrmError, match=code):
        send(make_shop([person(1, "Ann Lee")]), "meta", out=stream, **wishes)
    assert stream.getvalue() == b""


def test_readiness_tells_how_many_can_be_matched(make_shop: MakeShop) -> None:
    shop = make_shop(
        [
            person(1, "Ann Lee"),
            person(2, "Bo Li", phone=None),
            person(3, "Cy", email="nobody"),
            person(4, "Di", email="no", phone="7"),
            person(5, "Ed", agreed=()),
        ]
    )
    asked: dict[str, Any] = {
        "store": shop.store, "records": shop.records, "members": shop.members(),
        "contact_channel": "ads", "file_format": "meta",
    }  # fmt: skip
    ready = readiness(access=MARKETER, **asked)
    assert (ready.asked, ready.usable) == (4, {"email": 2, "phone": 2, "all": 1})
    result, _ = send(shop, "meta")
    assert (ready.rows, ready.excluded) == (result.rows, result.excluded) == (3, result.excluded)
    with pytest.raises(CrmError, match="privacy_denied"):
        readiness(access=VIEWER, **asked)


@pytest.mark.parametrize("file_format", ["google", "snap", "call_list", "xlsx", "csv", "json_feed"])
def test_no_name_that_leaves_tells_a_category_that_the_shop_calls_sensitive(
    make_shop: MakeShop, file_format: str
) -> None:
    shop = make_shop([person(1, "Ann Lee")])
    told = replace(ShopSettings(), sensitive_categories=("Hair care", "母婴用品"))
    shop.records.save_shop_settings(told, "owner", NOW)
    result, data = send(shop, file_format, name="Lapsed hair-care, 买母婴用品的人, Chairs")
    assert result.name_without == ("hair-care", "母婴用品")
    (line,) = shop.records.audit_lines(action="export")
    left = json.dumps([result.manifest, line.subject], ensure_ascii=False) + result.file_name
    for part in opened(data):
        left += part
    assert "Chairs" in left
    assert not any(word in left.lower() for word in ("hair care", "hair-care", "母婴"))


def opened(data: bytes) -> list[str]:
    """All that a file says, with the names and texts of what is packed in it."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return [data.decode()]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [name + archive.read(name).decode() for name in archive.namelist()]


def test_a_list_named_by_nothing_else_is_called_a_list(make_shop: MakeShop) -> None:
    result, data = send(make_shop([person(1, "Ann Lee")]), "call_list", name="Diabetes")
    assert result.file_name.startswith("list-")
    assert openpyxl.load_workbook(io.BytesIO(data)).sheetnames == ["list"]
