from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.privacy import team as acts
from crm_core.privacy.policy import Access, allowed
from crm_core.records import Records, open_records
from crm_core.views.team import rights, team

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
ADMIN = Access("admin", "ada@shop.example")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Records]:
    opened = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    opened.save_user("ada@shop.example", "admin", NOW)
    yield opened
    opened.close()


def test_everybody_is_told_with_what_they_look_after(shop: Records) -> None:
    acts.save_role(shop, ADMIN, "zoe@shop.example", "marketer", now=NOW)
    acts.save_role(shop, ADMIN, "bo@shop.example", "care", now=NOW)
    acts.remove(shop, ADMIN, "bo@shop.example", now=NOW)
    shop.save_view("Mine", "p=30d", owner="zoe@shop.example")
    shop.save_view("Old", "p=30d", owner="gone@shop.example")
    view = team(records=shop, access=ADMIN)
    assert list(zip(view.people["user"], view.people["role"], strict=True)) == [
        ("ada@shop.example", "admin"),
        ("gone@shop.example", ""),
        ("zoe@shop.example", "marketer"),
        ("bo@shop.example", "care"),
    ]
    assert list(view.people["is_removed"]) == [False, False, False, True]
    assert view.owns("zoe@shop.example") == {"views": 1}
    assert view.owns("ada@shop.example") == {}
    assert view.owns("nobody@shop.example") == {}
    assert list(view.acts["act"]) == ["person_removed", "person_invited", "person_invited"]


@pytest.mark.parametrize("role", ["viewer", "care", "marketer"])
def test_the_list_is_not_for_everybody(shop: Records, role: str) -> None:
    with pytest.raises(CrmError, match="privacy_denied"):
        team(records=shop, access=Access(role, "x"))  # type: ignore[arg-type]


def test_what_is_said_of_a_role_is_what_the_program_decides() -> None:
    told = rights().set_index("purpose")
    for role in told.columns:
        for purpose, may in told[role].items():
            assert allowed(Access(role, "x"), str(purpose)) == may  # type: ignore[arg-type]
