from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm_core.errors import CrmError
from crm_core.records import Records, View
from tests.records.conftest import NOW

RULE = {"op": "is", "field": "segment", "value": "champions"}
OTHER = {"op": "is", "field": "segment", "value": "loyal"}
LATER = NOW + timedelta(days=1)
BY_BO: dict[str, Any] = {"user": "bo", "now": LATER}


def test_an_audience_is_kept_changed_and_removed(records: Records) -> None:
    made = records.add_audience("  Tea   friends ", RULE, owner="mia", now=NOW)
    assert (made.name, made.rule, made.owner, made.created_at, made.version) == (
        "Tea friends",
        RULE,
        "mia",
        NOW,
        1,
    )
    assert records.audience("tea FRIENDS") == records.audience(made.id) == made
    changed = records.change_audience(made.id, version=1, name="Tea lovers", rule=RULE, **BY_BO)
    assert (changed.name, changed.version) == ("Tea lovers", 2)
    records.remove_audience(made.id)
    assert records.audiences() == []
    with pytest.raises(CrmError, match="records_audience_unknown"):
        records.audience("Tea lovers")
    assert records.decisions_revision() == 3


def test_two_people_cannot_overwrite_each_other(records: Records) -> None:
    made = records.add_audience("A", RULE, owner="mia", now=NOW)
    records.change_audience(made.id, version=1, name="B", rule=RULE, **BY_BO)
    with pytest.raises(CrmError, match="records_audience_changed"):
        records.change_audience(made.id, version=1, name="C", rule=RULE, **BY_BO)
    assert records.audience(made.id).name == "B"


def test_a_name_is_given_once_whatever_its_letters(records: Records) -> None:
    records.add_audience("VIP", RULE, owner="mia", now=NOW)
    with pytest.raises(CrmError, match="records_name_taken"):
        records.add_audience("ｖｉｐ", RULE, owner="bo", now=NOW)
    other = records.add_audience("Other", RULE, owner="bo", now=NOW)
    with pytest.raises(CrmError, match="records_name_taken"):
        records.change_audience(other.id, version=1, name="vip", rule=RULE, **BY_BO)
    assert records.decisions_revision() == 2


def test_what_an_audience_was_can_be_had_again(records: Records) -> None:
    made = records.add_audience("A", RULE, owner="mia", now=NOW)
    records.change_audience(made.id, version=1, name="A", rule=OTHER, **BY_BO)
    versions = records.audience_versions(made.id)
    assert [(v.version, v.rule, v.saved_by, v.saved_at) for v in versions] == [
        (2, OTHER, "bo", LATER),
        (1, RULE, "mia", NOW),
    ]
    back = records.change_audience(made.id, version=2, name="A", rule=versions[1].rule, **BY_BO)
    assert (back.rule, back.version, back.owner) == (RULE, 3, "mia")


def test_a_removed_audience_comes_back_as_itself(records: Records) -> None:
    made = records.add_audience("A", RULE, owner="mia", now=NOW)
    changed = records.change_audience(made.id, version=1, name="B", rule=OTHER, **BY_BO)
    records.remove_audience(made.id)
    other = records.add_audience("C", RULE, owner="mia", now=NOW)
    assert other.id != made.id  # rules that name the one must not mean the other
    assert records.bring_back_audience(made.id) == changed
    records.remove_audience(made.id)
    records.add_audience("b", RULE, owner="mia", now=NOW)
    with pytest.raises(CrmError, match="records_name_taken"):
        records.bring_back_audience(made.id)
    with pytest.raises(CrmError, match="records_audience_unknown"):
        records.bring_back_audience(99)


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a\u202eb", "a\x00b"])
def test_a_name_must_be_readable(records: Records, name: str) -> None:
    with pytest.raises(CrmError, match="records_name_invalid"):
        records.add_audience(name, RULE, owner="mia", now=NOW)


@pytest.mark.parametrize("rule", [{"v": float("nan")}, {"v": {1, 2}}, {"v": "x" * 200_001}])
def test_a_rule_must_be_plain_and_short(records: Records, rule: dict[str, object]) -> None:
    with pytest.raises(CrmError, match="records_rule_invalid"):
        records.add_audience("A", rule, owner="mia", now=NOW)


def test_views_belong_to_one_person(records: Records) -> None:
    records.save_view("Last month", "period=30d", owner="mia")
    records.save_view("Last month", "period=90d", owner="bo")
    records.save_view("Last month", "period=12m", owner="mia")
    assert records.views("mia") == [View("Last month", "period=12m", "mia")]
    records.remove_view("Last month", owner="mia")
    assert records.views("mia") == []
    assert len(records.views("bo")) == 1
    with pytest.raises(CrmError, match="records_view_too_long"):
        records.save_view("A", "q" * 2_001, owner="mia")
