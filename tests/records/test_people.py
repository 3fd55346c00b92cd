from __future__ import annotations

from datetime import timedelta

import pytest

from crm_core.errors import CrmError
from crm_core.records import Records
from tests.records.conftest import NOW


def test_a_role_is_given_changed_and_taken_at_once(records: Records) -> None:
    records.save_user("Mia@Shop.example ", "viewer", NOW)
    assert records.role_of("mia@shop.EXAMPLE") == "viewer"
    records.save_user("mia@shop.example", "marketer", NOW)
    assert records.users() == {"mia@shop.example": "marketer"}
    records.remove_user("MIA@shop.example", NOW)
    assert records.role_of("mia@shop.example") is None
    assert records.users() == {}
    assert records.role_of("stranger") is None


def test_a_role_must_exist(records: Records) -> None:
    with pytest.raises(CrmError) as refused:
        records.save_user("mia", "marketeer", NOW)
    assert refused.value.facts["match"] == "marketer"
    with pytest.raises(CrmError, match="records_role_unknown"):
        records.save_user("mia", "single_user", NOW)


@pytest.mark.parametrize("user", ["", "  ", "two words", "x" * 321])
def test_a_person_needs_a_sign_in_name(records: Records, user: str) -> None:
    with pytest.raises(CrmError, match="records_user_invalid"):
        records.save_user(user, "viewer", NOW)


def test_who_was_removed_stays_known_and_may_come_back(records: Records) -> None:
    records.save_user("mia@shop.example", "admin", NOW)
    records.remove_user("mia@shop.example", NOW)
    records.remove_user("claimed@shop.example", NOW)
    assert [(each.user, each.role) for each in records.members()] == [
        ("claimed@shop.example", ""),
        ("mia@shop.example", "admin"),
    ]
    standing = records.member_standing("claimed@shop.example")
    assert standing.member is not None
    assert standing.role is None
    assert records.member_standing("stranger@shop.example").member is None
    records.save_user("mia@shop.example", "viewer", NOW)
    assert records.role_of("mia@shop.example") == "viewer"


def test_a_sign_in_that_ended_stays_ended_longer_than_its_cookie_lives(records: Records) -> None:
    records.end_sign_in("a" * 64, NOW)
    records.end_sign_in("a" * 64, NOW)
    assert records.member_standing("mia", "a" * 64).is_ended
    assert not records.member_standing("mia", "b" * 64).is_ended
    records.end_sign_in("c" * 64, NOW + timedelta(days=32))
    assert records.member_standing("mia", "a" * 64).is_ended
    records.end_sign_in("d" * 64, NOW + timedelta(days=61))
    assert not records.member_standing("mia", "a" * 64).is_ended
