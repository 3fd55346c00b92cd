from __future__ import annotations

from dataclasses import replace

import pytest

from crm_core.errors import CrmError
from crm_core.ui.access import SIGN_IN_SECONDS, Visit, decide, is_forwarded

NOW = 1_000_000.0
STRANGER = Visit(
    single_user=False, forwarded=False, login_configured=False, real_store=False, visitor="ab" * 16
)
ROLES = {"ann@example.com": "viewer", "bo@example.com": "marketer"}


def refused(visit: Visit) -> str:
    with pytest.raises(CrmError) as error:
        decide(visit, ROLES.get, now=NOW)
    return error.value.code


def test_the_demo_opens_for_anyone() -> None:
    access = decide(STRANGER, ROLES.get, now=NOW)
    assert access.role == "single_user"
    assert access.user == "visitor-abababab"


def test_a_real_store_does_not_open_without_sign_in() -> None:
    assert refused(replace(STRANGER, real_store=True)) == "store_needs_login"


def test_single_user_mode_is_a_choice_not_a_guess() -> None:
    alone = replace(STRANGER, single_user=True, real_store=True)
    assert decide(alone, ROLES.get, now=NOW).role == "single_user"
    assert refused(replace(alone, forwarded=True)) == "access_forwarded"


def test_a_role_comes_from_the_list_of_people_at_every_run() -> None:
    visit = replace(STRANGER, login_configured=True, real_store=True, email="ann@example.com")
    assert decide(visit, ROLES.get, now=NOW).role == "viewer"
    assert refused(replace(visit, email="eve@example.com")) == "access_no_role"
    with pytest.raises(CrmError):
        decide(visit, {}.get, now=NOW)


def test_with_sign_in_configured_even_the_demo_asks_for_it() -> None:
    assert refused(replace(STRANGER, login_configured=True)) == "access_needs_sign_in"


def test_a_sign_in_lasts_half_a_day() -> None:
    visit = replace(STRANGER, login_configured=True, email="bo@example.com")
    fresh = replace(visit, signed_in_at=NOW - SIGN_IN_SECONDS)
    assert decide(fresh, ROLES.get, now=NOW).role == "marketer"
    assert refused(replace(visit, signed_in_at=NOW - SIGN_IN_SECONDS - 1)) == "access_expired"


def test_presenting_is_carried_whatever_the_role() -> None:
    assert decide(STRANGER, ROLES.get, now=NOW, present=True).present


@pytest.mark.parametrize("name", ["X-Forwarded-For", "x-forwarded-host", "Forwarded", "Via"])
def test_a_proxy_shows_itself(name: str) -> None:
    assert is_forwarded(["Host", name])
    assert not is_forwarded(["Host", "User-Agent", "Cookie"])
