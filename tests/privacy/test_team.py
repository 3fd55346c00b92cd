from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import CrmError
from crm_core.privacy import audit, team
from crm_core.privacy.policy import Access
from crm_core.records import Records, open_records

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
ADMIN = Access("admin", "ada@shop.example")


@pytest.fixture
def records(tmp_path: Path) -> Any:
    opened = open_records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    opened.save_user("ada@shop.example", "admin", NOW)
    yield opened
    opened.close()


def acts(records: Records) -> list[tuple[str, Any, Any]]:
    lines = reversed(records.audit_lines())
    return [(line.action, line.subject.get("person"), line.subject.get("role")) for line in lines]


def test_every_act_leaves_a_line_and_none_is_written_for_nothing(records: Records) -> None:
    team.save_role(records, ADMIN, "Bo@shop.example", "viewer", now=NOW)
    team.save_role(records, ADMIN, "bo@shop.example", "viewer", now=NOW)
    team.save_role(records, ADMIN, "bo@shop.example", "marketer", now=NOW)
    records.save_view("Mine", "p=30d", owner="bo@shop.example")
    assert team.hand_over(records, ADMIN, "bo@shop.example", "ada@shop.example", now=NOW)
    assert not team.hand_over(records, ADMIN, "bo@shop.example", "ada@shop.example", now=NOW)
    team.remove(records, ADMIN, "bo@shop.example", now=NOW)
    assert acts(records) == [
        ("person_invited", "bo@shop.example", "viewer"),
        ("person_role", "bo@shop.example", "marketer"),
        ("person_handed_over", "bo@shop.example", None),
        ("person_removed", "bo@shop.example", None),
    ]
    assert {line.user for line in records.audit_lines()} == {"ada@shop.example"}
    assert audit.verify(records).whole
    assert records.users() == {"ada@shop.example": "admin"}


@pytest.mark.parametrize("role", ["viewer", "care", "marketer"])
def test_only_who_may_let_people_in_does(records: Records, role: str) -> None:
    access = Access(role, "eve@shop.example")  # type: ignore[arg-type]
    for act in (
        lambda: team.save_role(records, access, "eve@shop.example", "admin", now=NOW),
        lambda: team.remove(records, access, "ada@shop.example", now=NOW),
        lambda: team.hand_over(records, access, "ada@shop.example", "eve@x.example", now=NOW),
    ):
        with pytest.raises(CrmError, match="privacy_denied"):
            act()
    assert records.users() == {"ada@shop.example": "admin"}
    assert acts(records) == []


def test_the_last_administrator_stays(records: Records) -> None:
    with pytest.raises(CrmError, match="team_last_admin"):
        team.remove(records, ADMIN, "ADA@shop.example", now=NOW)
    with pytest.raises(CrmError, match="team_last_admin"):
        team.save_role(records, ADMIN, "ada@shop.example", "viewer", now=NOW)
    team.save_role(records, ADMIN, "cy@shop.example", "admin", now=NOW)
    team.remove(records, ADMIN, "ada@shop.example", now=NOW)
    assert records.users() == {"cy@shop.example": "admin"}


@pytest.mark.parametrize("to", ["vic@shop.example", "ada@shop.example", "nobody@shop.example"])
def test_things_go_only_to_who_can_work_with_them(records: Records, to: str) -> None:
    records.save_user("vic@shop.example", "viewer", NOW)
    records.save_view("Mine", "p=30d", owner="ada@shop.example")
    with pytest.raises(CrmError, match="team_cannot_take"):
        team.hand_over(records, ADMIN, "ada@shop.example", to, now=NOW)
    assert team.takers(records, "ada@shop.example") == []
