from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import CrmError
from crm_core.settings import Settings
from crm_core.ui.claims import Claims, read

ANN = {"iss": "https://id.example", "sub": "7", "email": "Ann@Example.com ", "iat": 1_000}


def claims(user: dict[str, Any], **settings: Any) -> Claims:
    return read(user, Settings(var=Path("var"), **settings))


def test_a_person_is_known_by_the_address_in_small_letters() -> None:
    assert claims(ANN).email == "ann@example.com"
    assert claims({**ANN, "email": None}).email is None
    assert claims(ANN).is_verified
    assert not claims({**ANN, "email_verified": False}).is_verified


def test_a_sign_in_begins_with_its_token_not_with_the_providers_session() -> None:
    assert claims({**ANN, "auth_time": 10}).signed_in_at == 1_000
    assert claims({"email": "a@example.com", "auth_time": 10}).signed_in_at == 10
    assert claims({"email": "a@example.com", "iat": "soon"}).signed_in_at is None


def test_each_sign_in_is_another_one() -> None:
    assert claims(ANN).sign_in == claims({**ANN, "picture": "x"}).sign_in
    assert claims(ANN).sign_in != claims({**ANN, "iat": 1_001}).sign_in
    assert claims(ANN).sign_in != claims({**ANN, "sub": "8"}).sign_in


@pytest.mark.parametrize(
    ("told", "role"),
    [
        ("care", "care"),
        (["viewer", "admin", "guest"], "admin"),
        ({"admin": True}, None),
        (7, None),
        ("owner", None),
        (None, None),
    ],
)
def test_a_claim_may_be_one_word_or_several(told: object, role: str | None) -> None:
    assert claims({**ANN, "role": told}, role_claim="role").role == role


def test_without_the_setting_no_claim_gives_a_role() -> None:
    assert claims({**ANN, "role": "admin"}).role is None


def test_the_shop_says_which_words_lead_to_which_role() -> None:
    told = {
        "role_claim": "realm_access.roles",
        "claimed_roles": ("shop-leads=admin", "cn=care=care"),
    }
    keycloak = {**ANN, "realm_access": {"roles": ["offline", "cn=care"]}}
    assert claims(keycloak, **told).role == "care"
    assert claims({**ANN, "realm_access": {"roles": ["admin"]}}, **told).role is None


@pytest.mark.parametrize("told", ["leads=owner", "admin", "=admin", "leads=single_user"])
def test_a_role_that_does_not_exist_is_refused(told: str) -> None:
    with pytest.raises(CrmError, match="setting_role_unknown"):
        claims(ANN, role_claim="role", claimed_roles=(told,))
