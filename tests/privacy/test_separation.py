"""Taking apart who is not one person: who may, what is written down, what it changes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.privacy import Access
from crm_core.privacy.gate import account_names, identity_changes, search, traces
from crm_core.privacy.separation import separate, set_apart_here, take_back, unite
from crm_core.store import Store
from tests.privacy.conftest import MARKETER, OWNER, VIEWER
from tests.small_shop import Rows, SmallShop, line, order, small_shop

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def rows(name: str) -> Rows:
    return {
        "identities": [
            {"customer_id": "a", "email": "mary@gmail.com", "name": name},
            {"customer_id": "b", "email": "ma.ry@gmail.com", "name": name},
        ],
        "accounts": [{"account_id": "A1", "account_name": "Mary Jones Ltd"}],
        "customers": [{"customer_id": "a", "account_id": "A1"}],
        "orders": [
            order("1", "a", "2026-01-05T10:00:00"),
            order("2", None, "2026-01-05T10:00:00", phone="+44 7911 123456"),
        ],
        "order_lines": [line("1", "tea", "10"), line("2", "tea", "10")],
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    made = small_shop(tmp_path_factory.mktemp("apart"), rows("Mary Jones"))
    made.load(rows("Mary Brown"), name="renamed")
    return made


@pytest.fixture
def store(shop: SmallShop) -> Store:
    return shop.open()


def test_a_record_tells_what_made_it_as_far_as_the_role_may_see(store: Store) -> None:
    clear = traces(store, OWNER, 1)
    told = list(zip(clear["kind"], clear["value"], clear["rule"], strict=True))
    assert told == [
        ("source_id", "a", "source_id"),
        ("source_id", "b", "source_id"),
        ("email", "ma.ry@gmail.com", "email_alias"),
        ("email", "mary@gmail.com", "email_exact"),
    ]
    masked = traces(store, VIEWER, 1)
    assert list(masked["value"]) == ["•••", "•••", "m•••@gmail.com", "m•••@gmail.com"]
    assert list(traces(store, Access("single_user", "o", present=True), 1)["value"]) == list(
        masked["value"]
    )


def test_what_was_before_is_masked_too(store: Store) -> None:
    clear = identity_changes(store, MARKETER, 1)
    assert clear[["field", "old_value", "new_value"]].values.tolist() == [
        ["name", "Mary Jones", "Mary Brown"]
    ]
    masked = identity_changes(store, VIEWER, 1)
    assert masked[["old_value", "new_value"]].values.tolist() == [["M. J.", "M. B."]]


@pytest.mark.slow
def test_an_account_is_named_like_a_person(store: Store) -> None:
    assert account_names(store, OWNER, [1]) == {1: "Mary Jones Ltd"}
    assert account_names(store, VIEWER, [1]) == {1: "M. L."}
    assert account_names(store, OWNER, [-2]) == {}


def test_a_guest_is_found_by_the_phone_alone(store: Store) -> None:
    assert search(store, OWNER, "07911 123456", secret=bytes(32)) == [2]


@pytest.mark.slow
def test_only_who_may_change_settings_takes_apart(shop: SmallShop, store: Store) -> None:
    for access in (VIEWER, MARKETER):
        with pytest.raises(CrmError, match="privacy_denied"):
            separate(store, shop.records, access, key=1, place=1, now=NOW)
    with pytest.raises(CrmError, match="privacy_unknown_customer"):
        separate(store, shop.records, OWNER, key=1, place=9, now=NOW)
    assert shop.records.identity_overrides() == []


@pytest.mark.slow
def test_a_decision_takes_apart_when_the_store_is_told_anew(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, rows("Mary Jones"))
    separate(shop.open(), shop.records, OWNER, key=1, place=1, now=NOW)
    anew = small_shop(tmp_path / "anew")
    anew.records = shop.records
    anew.load(rows("Mary Jones"))
    told = anew.open()
    assert {*traces(told, OWNER, 1)["value"]} & {"a", "b"} == {"a"}


@pytest.mark.slow
def test_two_numbers_are_one_customer_once_somebody_said_so(tmp_path: Path) -> None:
    two = rows("Mary Jones")
    two["identities"][1] = {"customer_id": "b", "name": "M. Jones"}
    shop = small_shop(tmp_path, two)
    store = shop.open()
    for other in ("a", "nobody"):
        with pytest.raises(CrmError, match="privacy_unknown_customer"):
            unite(store, shop.records, OWNER, key=1, other_id=other, now=NOW)
    with pytest.raises(CrmError, match="privacy_denied"):
        unite(store, shop.records, MARKETER, key=1, other_id="b", now=NOW)
    assert unite(store, shop.records, OWNER, key=1, other_id="b", now=NOW)
    shop.load(two, name="again")
    found = traces(shop.open(), OWNER, 1)
    assert {"a", "b"} <= {*found["value"]}
    assert {*found["rule"]} >= {"by_hand"}


def test_a_decision_is_written_down_without_personal_data(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, rows("Mary Jones"))
    store, records = shop.open(), shop.records
    assert separate(store, records, OWNER, key=1, place=2, now=NOW)
    assert not separate(store, records, OWNER, key=1, place=2, now=NOW)
    assert set_apart_here(store, records, OWNER, 1) == {2}
    assert take_back(store, records, OWNER, key=1, place=2, now=NOW)
    assert set_apart_here(store, records, OWNER, 1) == set()
    lines = records.audit_lines()
    assert [line.action for line in lines] == ["identity_apart_undone", "identity_apart"]
    assert {str(line.subject) for line in lines} == {"{'trace': 'email'}"}
