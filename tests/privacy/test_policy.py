from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import CrmError
from crm_core.privacy.policy import (
    CHANNEL_COLUMNS,
    POLICY,
    TAGS,
    Access,
    Purpose,
    allowed,
    mask,
    require,
    treatment,
)
from crm_core.records import ROLES

VIEWER, MARKETER, OWNER = Access("viewer", "v"), Access("marketer", "m"), Access("single_user", "o")
CARE, ADMIN = Access("care", "c"), Access("admin", "a")
EVERYTHING = set(get_args(Purpose))
WORK = {"view", "analyse", "search", "call", "note", "plan", "export", "consent", "set_aside"}


@pytest.mark.parametrize(
    ("access", "may"),
    [
        (VIEWER, {"view", "analyse"}),
        (CARE, {"view", "search", "call", "note", "consent"}),
        (MARKETER, WORK),
        (ADMIN, EVERYTHING),
        (OWNER, EVERYTHING),
    ],
)
def test_each_role_may_do_what_the_shop_was_told(access: Access, may: set[str]) -> None:
    assert {action for action in EVERYTHING if allowed(access, action)} == may
    for action in EVERYTHING - may:
        with pytest.raises(CrmError, match="privacy_denied"):
            require(access, action)  # type: ignore[arg-type]


def test_a_role_nobody_defined_is_no_role() -> None:
    with pytest.raises(CrmError, match="privacy_role_unknown"):
        Access("owner", "eve")  # type: ignore[arg-type]


def test_every_role_that_can_be_given_has_rules() -> None:
    assert set(ROLES) | {"single_user"} == set(POLICY)


def test_rules_name_a_treatment_for_every_tag() -> None:
    for purposes in POLICY.values():
        for purpose, rules in purposes.items():
            assert purpose in NAMES_NOBODY or set(rules) == set(TAGS.values())


NAMES_NOBODY = ("analyse", "plan", "consent", "set_aside", "import", "settings", "people")


def test_care_sees_a_customer_clearly_only_once_opened() -> None:
    assert "clear" not in {treatment(CARE, "view", column) for column in TAGS}
    found = {column for column in TAGS if treatment(CARE, "search", column) == "clear"}
    assert found == {"name", "city", "source_id"}
    assert treatment(CARE, "call", "phone") == "clear"
    assert treatment(CARE, "call", "birth_date") == "drop"


def test_a_viewer_sees_no_identity_clearly() -> None:
    assert "clear" not in {treatment(VIEWER, "view", column) for column in TAGS}


def test_presenting_masks_identities_for_everyone_and_stops_exports() -> None:
    for role in POLICY:
        access = Access(role, "x", present=True)
        assert "clear" not in {treatment(access, "view", column) for column in TAGS}
        assert not any(allowed(access, action) for action in ("export", "quarantine", "erase"))
    with pytest.raises(CrmError, match="privacy_denied_present"):
        require(Access("single_user", "x", present=True), "export")


def test_a_list_for_no_channel_names_nobody() -> None:
    assert CHANNEL_COLUMNS[None] == ()
    assert "phone" not in CHANNEL_COLUMNS["email"]
    assert "email" not in CHANNEL_COLUMNS["sms"]


@pytest.mark.parametrize(
    ("tag", "value", "shown"),
    [
        ("email", "mary@example.com", "m•••@example.com"),
        ("email", "m@example.com", "•••@•••"),
        ("email", "mj@example.com", "•••@•••"),
        ("email", "info@zhang-san.example.cn", "i•••@•••"),
        ("email", "not an address", "•••@•••"),
        ("phone", "+86 138 0000 1234", "•••34"),
        ("phone", "12345", "•••"),
        ("name", "Mary Ann Jones", "M. J."),
        ("name", "王芳", "王•••"),
        ("name", "X", "•••"),
        ("name", "X Y", "•••"),
        ("name", "mary@example.com", "•••"),
        ("name", "+49 170 1234567", "•••"),
        ("address", "1 High Street", "•••"),
        ("postal_code", "10115", "•••"),
        ("city", "Berlin", "•••"),
        ("name", None, None),
        ("name", float("nan"), None),
        ("name", "  ", None),
    ],
)
def test_a_mask_shows_only_what_tells_nobody_who_it_is(
    tag: str, value: object, shown: str | None
) -> None:
    assert mask(tag, value) == shown


@given(st.sampled_from(sorted(set(TAGS.values()))), st.text(min_size=1))
def test_a_mask_never_shows_the_value_itself(tag: str, value: str) -> None:
    assert mask(tag, value) != value or not value.strip("• @.")
