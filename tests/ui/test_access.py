from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crm_core.errors import CrmError
from crm_core.records import Member, Standing
from crm_core.ui.access import Visit, decide, is_forwarded
from crm_core.ui.claims import Claims

NOW = 1_000_000.0
WHEN = datetime(2026, 7, 1, tzinfo=UTC)
STRANGER = Visit(
    single_user=False, forwarded=False, login_configured=False, real_store=False, visitor="ab" * 16
)
SIGNED_IN = Claims("ann@example.com", True, NOW - 60, "one", None)
VISIT = replace(STRANGER, login_configured=True, real_store=True, claims=SIGNED_IN)
KNOWN = {
    "ann@example.com": Member("ann@example.com", "viewer", WHEN),
    "bo@example.com": Member("bo@example.com", "marketer", WHEN),
    "lea@example.com": Member("lea@example.com", "admin", WHEN, removed_at=WHEN),
}
HOUR = 3600


def standing(user: str, sign_in: str) -> Standing:
    return Standing(KNOWN.get(user), is_ended=sign_in == "ended")


def role(visit: Visit) -> str:
    return decide(visit, standing, now=NOW).role


def refused(visit: Visit) -> str:
    with pytest.raises(CrmError) as error:
        decide(visit, standing, now=NOW)
    return error.value.code


def signed_in(**claims: object) -> Visit:
    return replace(VISIT, claims=replace(SIGNED_IN, **claims))  # type: ignore[arg-type]


def test_the_demo_opens_for_anyone() -> None:
    access = decide(STRANGER, standing, now=NOW)
    assert access.role == "single_user"
    assert access.user == "visitor-abababab"


def test_a_real_store_does_not_open_without_sign_in() -> None:
    assert refused(replace(STRANGER, real_store=True)) == "store_needs_login"


def test_behind_a_proxy_nothing_real_opens_without_sign_in() -> None:
    behind = replace(STRANGER, real_store=True, forwarded=True)
    assert refused(behind) == "store_needs_login"
    assert refused(replace(behind, single_user=True)) == "access_forwarded"
    assert refused(replace(behind, login_configured=True)) == "access_needs_sign_in"
    assert role(replace(VISIT, forwarded=True)) == "viewer"


def test_single_user_mode_is_a_choice_not_a_guess() -> None:
    alone = replace(STRANGER, single_user=True, real_store=True)
    assert role(alone) == "single_user"
    assert refused(replace(alone, forwarded=True)) == "access_forwarded"


def test_a_role_comes_from_the_list_of_people_at_every_run() -> None:
    assert role(VISIT) == "viewer"
    assert refused(signed_in(email="eve@example.com")) == "access_no_role"
    with pytest.raises(CrmError, match="access_no_role"):
        decide(VISIT, lambda user, sign_in: Standing(), now=NOW)


def test_a_claimed_role_counts_only_for_who_is_not_on_the_list() -> None:
    assert role(signed_in(email="eve@example.com", role="care")) == "care"
    assert role(signed_in(role="admin")) == "viewer"
    assert refused(signed_in(email="lea@example.com", role="admin")) == "access_no_role"


def test_a_role_that_nobody_defined_lets_nobody_in() -> None:
    assert refused(signed_in(email="eve@example.com", role="owner")) == "privacy_role_unknown"


def test_an_address_nobody_checked_is_nobodys() -> None:
    assert refused(signed_in(is_verified=False)) == "access_unverified"


def test_with_sign_in_configured_even_the_demo_asks_for_it() -> None:
    assert refused(replace(STRANGER, login_configured=True)) == "access_needs_sign_in"


def test_a_sign_in_lasts_as_long_as_the_shop_says() -> None:
    assert role(signed_in(signed_in_at=NOW - 10 * HOUR)) == "viewer"
    assert refused(signed_in(signed_in_at=NOW - 10 * HOUR - 1)) == "access_expired"
    assert refused(replace(signed_in(signed_in_at=NOW - 2 * HOUR), hours=1)) == "access_expired"
    assert refused(signed_in(signed_in_at=None)) == "access_expired"


def test_a_clock_set_back_two_days_lengthens_no_sign_in() -> None:
    assert role(signed_in(signed_in_at=NOW + 200)) == "viewer"
    assert refused(signed_in(signed_in_at=NOW + 48 * HOUR)) == "access_clock"


def test_a_sign_in_that_was_ended_stays_ended() -> None:
    assert refused(signed_in(sign_in="ended")) == "access_ended"


def test_presenting_is_carried_whatever_the_role() -> None:
    assert decide(STRANGER, standing, now=NOW, present=True).present


@pytest.mark.parametrize("name", ["X-Forwarded-For", "x-forwarded-host", "Forwarded", "Via"])
def test_a_proxy_shows_itself(name: str) -> None:
    assert is_forwarded({"Host": "localhost", name: "x"})
    assert not is_forwarded({"Host": "localhost:8501", "User-Agent": "x", "Cookie": "x"})


@pytest.mark.parametrize("host", ["shop.example", "10.0.0.4:8501", "evil.example:8501", "[::2]"])
def test_a_request_to_another_name_is_not_from_this_machine(host: str) -> None:
    assert is_forwarded({"Host": host})


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost", "[::1]:8501", "tea.localhost:80"])
def test_this_machine_has_its_own_names(host: str) -> None:
    assert not is_forwarded({"Host": host})
