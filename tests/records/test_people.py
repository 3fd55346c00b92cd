from __future__ import annotations

import pytest

from crm_core.errors import CrmError
from crm_core.records import Records
from tests.records.conftest import NOW


def test_a_role_is_given_changed_and_taken_at_once(records: Records) -> None:
    records.save_user("Mia@Shop.example ", "viewer", NOW)
    assert records.role_of("mia@shop.EXAMPLE") == "viewer"
    records.save_user("mia@shop.example", "marketer", NOW)
    assert records.users() == {"mia@shop.example": "marketer"}
    records.remove_user("MIA@shop.example")
    assert records.role_of("mia@shop.example") is None
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
