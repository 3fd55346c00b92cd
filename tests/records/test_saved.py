from __future__ import annotations

import pytest

from crm_core.errors import CrmError
from crm_core.records import Records, View
from tests.records.conftest import NOW

RULE = {"op": "is", "field": "segment", "value": "champions"}


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
    changed = records.change_audience(made.id, version=1, name="Tea lovers", rule=RULE)
    assert (changed.name, changed.version) == ("Tea lovers", 2)
    records.remove_audience(made.id)
    assert records.audiences() == []
    with pytest.raises(CrmError, match="records_audience_unknown"):
        records.audience("Tea lovers")
    assert records.decisions_revision() == 3


def test_two_people_cannot_overwrite_each_other(records: Records) -> None:
    made = records.add_audience("A", RULE, owner="mia", now=NOW)
    records.change_audience(made.id, version=1, name="B", rule=RULE)
    with pytest.raises(CrmError, match="records_audience_changed"):
        records.change_audience(made.id, version=1, name="C", rule=RULE)
    assert records.audience(made.id).name == "B"


def test_a_name_is_given_once_whatever_its_letters(records: Records) -> None:
    records.add_audience("VIP", RULE, owner="mia", now=NOW)
    with pytest.raises(CrmError, match="records_name_taken"):
        records.add_audience("ｖｉｐ", RULE, owner="bo", now=NOW)
    other = records.add_audience("Other", RULE, owner="bo", now=NOW)
    with pytest.raises(CrmError, match="records_name_taken"):
        records.change_audience(other.id, version=1, name="vip", rule=RULE)
    assert records.decisions_revision() == 2


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
