from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given, settings

from crm_core.errors import CrmError
from crm_core.rules import (
    Condition,
    Rule,
    checked,
    from_document,
    from_json,
    to_json,
)
from tests.rules.conftest import FIELDS
from tests.rules.strategies import rules


@settings(deadline=None)
@given(rule=rules())
def test_a_saved_rule_comes_back_as_it_was(rule: Rule) -> None:
    tidy = checked(rule, FIELDS)
    assert from_json(to_json(tidy), FIELDS) == tidy


def test_dates_are_saved_in_iso_form() -> None:
    rule = Condition("last_day", "between", (date(2026, 1, 1), date(2026, 6, 30)))
    assert '"2026-01-01"' in to_json(rule)
    assert from_json(to_json(rule), FIELDS) == rule


def _code(text: str) -> str:
    with pytest.raises(CrmError) as failed:
        from_json(text, FIELDS)
    return failed.value.code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "rule_unreadable"),
        ("{", "rule_unreadable"),
        ('{"field": "orders", "operator": "=", "value": NaN}', "rule_unreadable"),
        ('{"field": "orders", "operator": "=", "value": Infinity}', "rule_unreadable"),
        ('{"field": "orders", "operator": "=", "operator": ">", "value": 1}', "rule_unreadable"),
        ('{"field": "orders", "operator": "=", "value": 1e999}', "rule_value_number"),
        (f'{{"field": "orders", "operator": "=", "value": {"9" * 5000}}}', "rule_unreadable"),
        (
            '{"field": "orders", "operator": "=", "value": 99999999999999999999}',
            "rule_value_number",
        ),
        ('{"field": "orders", "operator": "=", "value": "1"}', "rule_value_number"),
        ('{"field": "orders", "operator": "=", "value": true}', "rule_value_number"),
        ('{"field": "orders", "operator": "=", "value": null}', "rule_value_number"),
        ('{"field": "orders", "operator": "=", "value": {}}', "rule_value_number"),
        ('{"field": "orders", "operator": "="}', "rule_value_missing"),
        ('{"field": "orders", "operator": "is_known", "value": 1}', "rule_value_none"),
        ('{"field": "orders", "operator": "between", "value": [5, 1]}', "rule_value_pair"),
        ('{"field": "orders", "operator": "between", "value": [1, 2, 3]}', "rule_value_pair"),
        ('{"field": "country", "operator": "in", "value": []}', "rule_value_list"),
        ('{"field": "country", "operator": "in", "value": "DE"}', "rule_value_list"),
        ('{"field": "country", "operator": "in", "value": [["DE"]]}', "rule_value_text"),
        ('{"field": "country", "operator": "is", "value": ""}', "rule_value_text"),
        ('{"field": "country", "operator": "is", "value": "a\\u0000b"}', "rule_value_text"),
        ('{"field": "country", "operator": "is", "value": "\\ud800"}', "rule_value_text"),
        ('{"field": "last_day", "operator": "before", "value": "2026-02-30"}', "rule_value_date"),
        ('{"field": "last_day", "operator": "before", "value": "2026-W10-1"}', "rule_value_date"),
        ('{"field": "last_day", "operator": "before", "value": 5}', "rule_value_date"),
        ('{"field": "last_day", "operator": "in_last_days", "value": 7.5}', "rule_value_days"),
        ('{"field": "last_day", "operator": "in_last_days", "value": 0}', "rule_value_days"),
        ('{"field": "orders", "operator": "=", "value": 1, "sql": "1=1"}', "rule_shape"),
        ('{"all": [], "any": []}', "rule_shape"),
        ('{"all": {}}', "rule_shape"),
        ('{"everything": []}', "rule_shape"),
        ('{"field": ["orders"], "operator": "=", "value": 1}', "rule_shape"),
        ("{}", "rule_shape"),
        ("[]", "rule_shape"),
        ('"all"', "rule_shape"),
        ('{"any": []}', "rule_empty"),
    ],
)
def test_a_rule_edited_by_hand_is_refused_with_its_reason(text: str, code: str) -> None:
    assert _code(text) == code


def test_an_unknown_field_is_refused_with_the_closest_known_one() -> None:
    with pytest.raises(CrmError) as failed:
        from_json('{"field": "ordrs", "operator": "=", "value": 1}', FIELDS)
    assert failed.value.code == "rule_field"
    assert failed.value.facts["match"] == "orders"


def test_depth_is_limited_however_deep_the_text() -> None:
    inner: object = {"field": "orders", "operator": "=", "value": 1}
    for _ in range(7):
        inner = {"not": inner}
    assert from_document(inner, FIELDS)
    assert _code(json.dumps({"not": inner})) == "rule_too_deep"
    assert _code('{"not": ' * 50 + "1" + "}" * 50) == "rule_too_deep"
    assert _code("[" * 200_000) == "rule_unreadable"


def test_conditions_are_limited_across_groups() -> None:
    one = {"field": "orders", "operator": "=", "value": 1}
    assert from_document({"all": [one] * 200}, FIELDS)
    assert _code(json.dumps({"all": [one] * 10_000})) == "rule_too_many"
    assert _code(json.dumps({"all": [{"any": [one] * 100}, {"any": [one] * 101}]})) == (
        "rule_too_many"
    )


def test_lists_are_limited() -> None:
    listed = {"field": "country", "operator": "in", "value": ["DE"] * 1_000_000}
    with pytest.raises(CrmError) as failed:
        from_document(listed, FIELDS)
    assert (failed.value.code, failed.value.facts["limit"]) == ("rule_list_too_long", 10_000)
    with pytest.raises(CrmError) as failed:
        checked(Condition("country", "in", ("DE",) * 10_001), FIELDS)
    assert failed.value.code == "rule_list_too_long"


def test_a_text_of_any_length_is_refused_before_it_is_read() -> None:
    assert _code(" " * 4_000_001) == "rule_too_long"


def test_the_values_people_typed_are_not_repeated_in_the_error() -> None:
    typed = '{"field": "country", "operator": "between", "value": ["a@shop.example"]}'
    with pytest.raises(CrmError) as failed:
        from_json(typed, FIELDS)
    assert "a@shop.example" not in str(failed.value)


def test_a_list_keeps_each_value_once() -> None:
    rule = checked(Condition("country", "in", ("DE", "FR", "DE")), FIELDS)
    assert rule == Condition("country", "in", ("DE", "FR"))
