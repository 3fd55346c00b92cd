"""Who is one person, who is nobody, and who may never stand in a list."""

from __future__ import annotations

import csv
import io
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.metrics import measure, scope
from crm_core.privacy.export import ExportResult, export_list
from crm_core.privacy.policy import CHANNEL_COLUMNS, Access
from crm_core.records import CONTACT_CHANNELS
from crm_core.selection import Selection
from tests.examples import fast
from tests.small_shop import NOW, Rows, SmallShop, line, order, small_shop

OWNER = Access("single_user", "owner")


def sent(
    shop: SmallShop, channel: str | None, access: Access = OWNER
) -> tuple[ExportResult, list[list[str]]]:
    """A list of everybody for a channel, and its rows without the heading."""
    store, out = shop.open(), io.BytesIO()
    try:
        result = export_list(
            access=access,
            store=store,
            records=shop.records,
            members=store.table("customer_facts").select("customer_key"),
            name="everybody",
            contact_channel=channel,
            columns=("customer", *CHANNEL_COLUMNS[channel]),
            file_format="csv",
            now=NOW,
            language="en",
            out=out,
            confirmed_everyone=True,
        )
    finally:
        store.close()
    rows = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"))))
    return result, rows[1:]


def with_guests() -> Rows:
    """A customer, a guest with an e-mail, and one who left nothing."""
    return {
        "identities": [{"customer_id": "c", "name": "Cy", "email": "cy@example.com"}],
        "orders": [
            order("1", "c", "2026-01-05T10:00:00"),
            order("2", None, "2026-01-06T10:00:00", email="guest@example.com"),
            order("3", None, "2026-01-07T10:00:00"),
            order("4", None, "2026-01-08T10:00:00", email="no address"),
        ],
        "order_lines": [line(str(number), "tea", "10") for number in (1, 2, 3, 4)],
    }


@pytest.mark.slow
def test_a_guests_revenue_counts_but_nobody_writes_to_a_guest(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, with_guests())
    store = shop.open()
    names = ("revenue", "orders", "buyers", "known_buyer_share")
    totals = measure(store, names, rows=scope(store, Selection())).totals
    assert totals == {"revenue": 40.0, "orders": 4, "buyers": 2, "known_buyer_share": 0.5}
    keys = store.fetch(store.table("customer_facts"))["customer_key"].tolist()
    store.close()
    assert len(keys) == 2
    for key in keys:
        for channel in CONTACT_CHANNELS:
            shop.records.record_consent(
                key, channel, "granted", at=datetime(2026, 1, 1, tzinfo=UTC), source="form"
            )
    for channel in CONTACT_CHANNELS:
        result, rows = sent(shop, channel)
        reached = {"email": ["cy@example.com"], "ads": ["cy@example.com"]}.get(channel, [])
        assert [cell for row in rows for cell in row if "@" in cell] == reached
        assert result.rows == len(reached)
        assert result.excluded == {"no_contact": 2 - len(reached)}


def test_a_guest_who_opens_an_account_is_the_same_customer(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, with_guests())
    shop.load(
        {"identities": [{"customer_id": "g", "name": "Gi", "email": "GUEST@example.com"}]},
        name="account",
    )
    store = shop.open()
    days = store.fetch(store.table("customer_days"))
    links = store.fetch(store.table("identity_links"))
    store.close()
    assert len(days) == 2
    key = links.set_index("value")["customer_key"]["g"]
    assert key in days["customer_key"].tolist()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ann@example.com", "ANN@Example.COM", True),
        pytest.param("ann@example.com", "  ann@example.com ", True, marks=pytest.mark.slow),
        ("zoë@example.com", unicodedata.normalize("NFD", "zoë@example.com"), True),
        ("ann@example.com", "\u0430nn@example.com", False),  # a Cyrillic a
        pytest.param("ann@example.com", "ann+shop@example.com", False, marks=pytest.mark.slow),
        pytest.param("ann.lee@example.com", "annlee@example.com", False, marks=pytest.mark.slow),
        pytest.param("ann@example.com", "ann@example.com.", False, marks=pytest.mark.slow),
        pytest.param("ann@example.com", "ann@example.org", False, marks=pytest.mark.slow),
        pytest.param("zoë@example.com", "zoe@example.com", False, marks=pytest.mark.slow),
        pytest.param("ann@example.com", "ａｎｎ@example.com", False, marks=pytest.mark.slow),
        ("ann@example.com", "ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ", True),
        ("ann@gmail.com", "a.nn+shop@googlemail.com", True),
    ],
)
def test_an_email_is_one_person_only_by_the_stated_rule(
    tmp_path: Path, one: str, other: str, same: bool
) -> None:
    rows: Rows = {
        "identities": [
            {"customer_id": "a", "email": one},
            {"customer_id": "b", "email": other},
        ],
        "orders": [order("1", "a", "2026-01-05T10:00:00")],
        "order_lines": [line("1", "tea", "10")],
    }
    shop = small_shop(tmp_path)
    report = shop.load(rows)
    store = shop.open()
    links = store.fetch(store.table("identity_links"))
    store.close()
    keys = links.set_index("value")["customer_key"]
    assert bool(keys["a"] == keys["b"]) is same
    assert report["lookalike_emails"] == (1 if other[0] in "\u0430ａ" and not same else 0)


@pytest.mark.parametrize("role", fast(("viewer", "marketer", "single_user"), "viewer", "marketer"))
def test_who_may_take_a_list_along(tmp_path: Path, role: str) -> None:
    shop = small_shop(tmp_path, with_guests())
    access = Access(role, f"{role}@shop.example")  # type: ignore[arg-type]
    if role == "viewer":
        for channel in (*CONTACT_CHANNELS, None):
            with pytest.raises(CrmError, match="privacy_denied"):
                sent(shop, channel, access)
        lines = shop.records.audit_lines()
        assert {(entry.action, entry.user) for entry in lines} == {
            ("export_denied", "viewer@shop.example")
        }
        assert len(lines) == len(CONTACT_CHANNELS) + 1
    else:
        assert sent(shop, None, access)[0].rows == 2
        assert shop.records.audit_lines()[0].action == "export"
