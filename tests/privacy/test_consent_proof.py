"""Consent has a source, a proof and an age; a marketplace's yes is none."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import CrmError
from crm_core.pipeline.imports import run_import
from crm_core.pipeline.workspace import open_workspace, workspace
from crm_core.privacy.consent import reach, standing_now
from crm_core.privacy.consent_age import consent_age
from crm_core.privacy.consent_proof import change_consent, proof
from crm_core.privacy.export import ExportResult, export_list
from crm_core.privacy.policy import Access
from crm_core.store.imports import recognise
from tests.privacy.conftest import NOW, MakeShop, Person
from tests.small_shop import SmallShop, line, order, small_shop

OWNER = Access("single_user", "owner")
CARE = Access("care", "cora")
VIEWER = Access("viewer", "victor")


def test_a_yes_said_to_a_marketplace_is_no_yes_to_the_shop(make_shop: MakeShop) -> None:
    shop = make_shop([Person(key, email=f"{key}@example.com", agreed=()) for key in (1, 2, 3)])
    for key, source in ((1, "Amazon_orders"), (2, "shop form"), (3, "taobao")):
        shop.records.record_consent(key, "email", "granted", at=NOW, source=source)
    assert standing_now(shop.records, [1, 2, 3], "email").barred == {
        1: "service_only",
        3: "service_only",
    }
    later = NOW + timedelta(days=1)
    shop.records.record_consent(1, "email", "granted", at=later, source="newsletter")
    shop.records.record_consent(3, "email", "denied", at=later, source="amazon_orders")
    assert standing_now(shop.records, [1, 2, 3], "email").barred == {3: "opted_out"}
    mirrored = shop.records.mirror().tables["consents"].to_pylist()
    assert {row["customer_key"]: row["state"] for row in mirrored} == {
        1: "granted",
        2: "granted",
        3: "denied",
    }


def test_the_shop_says_which_sources_may_only_be_served(make_shop: MakeShop) -> None:
    shop = make_shop([Person(1, agreed=()), Person(2, agreed=())])
    shop.records.record_consent(1, "email", "granted", at=NOW, source="amazon_orders")
    shop.records.record_consent(2, "email", "granted", at=NOW, source="Partner fair")
    said = replace(shop.records.shop_settings(), service_only_sources=("partner fair",))
    shop.records.save_shop_settings(said, "owner", NOW)
    assert standing_now(shop.records, [1, 2], "email").barred == {2: "service_only"}


def shop_with_consents(folder: Path, told_at: datetime) -> SmallShop:
    """Two buyers; what they agreed to came in as a file of preferences at a time."""
    shop = small_shop(
        folder,
        {
            "identities": [
                {"customer_id": name, "email": f"{name}@example.com"} for name in ("ann", "bo")
            ],
            "orders": [order(n, n, "2026-05-01T10:00:00") for n in ("ann", "bo")],
            "order_lines": [line(n, "tea", "10") for n in ("ann", "bo")],
        },
    )
    preferences = folder / "preferences.csv"
    preferences.write_text(
        "Email,Channel,Consent,Date,Source\n"
        "ann@example.com,email,yes,2026-05-02,checkout\n"
        "ann@example.com,sms,no,2026-05-03,preference page\n"
        "bo@example.com,email,no,2026-05-04,checkout\n",
        encoding="utf-8",
    )
    run_import(
        recognise([preferences]), url=shop.url, settings=shop.settings, records=shop.records,
        now=told_at,
    )  # fmt: skip
    return shop


def leave(shop: SmallShop, now: datetime) -> ExportResult:
    store, records = open_workspace(shop.settings, workspace(shop.settings, shop.url))
    with closing(store), closing(records):
        return export_list(
            access=OWNER, store=store, records=records,
            members=store.table("customer_facts").select("customer_key"), name="all",
            contact_channel="email", columns=("email",), file_format="csv", now=now,
            language="en", out=io.BytesIO(), confirmed_everyone=True,
        )  # fmt: skip


def test_lists_warn_of_old_consents_and_then_do_not_leave(tmp_path: Path) -> None:
    told = datetime(2026, 6, 1, tzinfo=UTC)
    shop = shop_with_consents(tmp_path, told)
    fresh = leave(shop, told + timedelta(days=30))
    assert (fresh.rows, fresh.consents_days) == (1, None)
    assert leave(shop, told + timedelta(days=31)).consents_days == 31
    with pytest.raises(CrmError, match="privacy_consents_old"):
        leave(shop, told + timedelta(days=91))
    assert shop.records.audit_lines(action="export_denied")
    # The same file again brings no news, but it was looked at.
    preferences = recognise([tmp_path / "preferences.csv"])
    report = run_import(
        preferences, url=shop.url, settings=shop.settings, records=shop.records,
        now=told + timedelta(days=91),
    )  # fmt: skip
    assert report["batch"] is None
    assert leave(shop, told + timedelta(days=92)).consents_days is None
    never = replace(shop.records.shop_settings(), consents_warn_days=0, consents_block_days=0)
    shop.records.save_shop_settings(never, "owner", told)
    assert leave(shop, told + timedelta(days=900)).consents_days is None


def test_every_consent_tells_where_it_is_from(tmp_path: Path) -> None:
    told = datetime(2026, 6, 1, tzinfo=UTC)
    shop = shop_with_consents(tmp_path, told)
    ann = keys_by_mail(shop)["ann@example.com"]
    change_consent(
        shop.records, CARE, ann, contact_channel="email", purpose="marketing", state="denied",
        reason="asked on the phone", wording="May we write to you?", now=told + timedelta(days=2),
    )  # fmt: skip
    with closing(shop.open()) as store:
        frame = proof(store, shop.records, OWNER, ann)
        with pytest.raises(CrmError, match="privacy_denied"):
            proof(store, shop.records, VIEWER, ann)
    rows: list[dict[str, Any]] = frame.to_dict("records")
    assert [(row["contact_channel"], row["state"]) for row in rows] == [
        ("email", "denied"),
        ("sms", "denied"),
        ("email", "granted"),
    ]
    typed, imported = rows[0], rows[2]
    assert (typed["recorded_by"], typed["reason"]) == ("cora", "asked on the phone")
    assert typed["wording"] == "May we write to you?"
    assert (imported["source"], imported["batch"]) == ("checkout", 2)
    assert imported["files"] == "preferences.csv"
    assert standing_now(shop.records, [ann], "email").barred == {ann: "opted_out"}
    assert shop.records.audit_lines(action="consent_changed")[0].user == "cora"


def keys_by_mail(shop: SmallShop) -> dict[str, int]:
    with closing(shop.open()) as store:
        people = store.fetch(store.table("identities"))
    return dict(zip(people["email"], map(int, people["customer_key"]), strict=True))


def test_a_change_needs_a_reason_and_the_right(make_shop: MakeShop) -> None:
    shop = make_shop([Person(1)])
    change: dict[str, Any] = {"contact_channel": "email", "purpose": "marketing", "now": NOW}
    with pytest.raises(CrmError, match="consent_no_reason"):
        change_consent(shop.records, OWNER, 1, state="denied", reason="  ", **change)
    with pytest.raises(CrmError, match="privacy_denied"):
        change_consent(shop.records, VIEWER, 1, state="denied", reason="x", **change)
    assert standing_now(shop.records, [1], "email").barred == {}


def test_what_the_latest_word_is_goes_by_when_it_was_said(make_shop: MakeShop) -> None:
    shop = make_shop([Person(1, agreed=())])
    shop.records.record_consent(1, "email", "denied", at=NOW, source="phone")
    # Told later, said earlier: a list that comes in late takes no no back.
    earlier = NOW - timedelta(days=9)
    shop.records.record_consent(1, "email", "granted", at=earlier, source="form")
    assert standing_now(shop.records, [1], "email").barred == {1: "opted_out"}


def test_a_shop_whose_consents_were_all_typed_is_never_too_old(make_shop: MakeShop) -> None:
    shop = make_shop([Person(1)])
    age = consent_age(shop.store, shop.records, now=NOW + timedelta(days=999))
    assert (age.days, age.warns, age.blocks) == (None, False, False)


def test_reach_counts_nobody_who_agreed_with_a_marketplace_alone(make_shop: MakeShop) -> None:
    shop = make_shop([Person(1, email="a@example.com", agreed=())])
    shop.records.record_consent(1, "email", "granted", at=NOW, source="etsy_orders")
    assert reach(shop.store, shop.members())["email"] == 0
