from __future__ import annotations

from datetime import date

import pytest

from crm_core.rules import OPERATORS, SHAPES, All, Any, Condition, Field, Not, Rule, sentence
from crm_core.text import catalogue, has

FIELDS = {
    "orders": Field("orders", "number", "rules.menu.is"),
    "spend": Field("spend", "number", "rules.menu.is", unit="money"),
    "gap": Field("gap", "number", "rules.menu.is", unit="days"),
    "share": Field("share", "number", "rules.menu.is", unit="rate"),
    "country": Field("country", "text", "rules.menu.is"),
    "last_day": Field("last_day", "date", "rules.menu.is"),
    "is_member": Field("is_member", "bool", "rules.menu.is"),
}


def say(rule: Rule, language: str) -> str:
    return sentence(rule, fields=FIELDS, language=language, currency="EUR")


def test_a_rule_is_said_back_in_both_languages() -> None:
    rule = All(
        (
            Condition("orders", ">=", 3),
            Any((Condition("country", "is", "DE"), Not(Condition("is_member", "is_true")))),
        )
    )
    assert say(rule, "en") == (
        "Customers where is is at least 3 and (is is “DE” or not (is is yes))"
    )
    assert say(rule, "zh") == (
        "满足以下条件的客户：为不低于 3，且（为为“DE”，或不满足（为为“是”））"
    )


def test_everyone_is_named() -> None:
    assert say(All(), "en") == "All customers"
    assert say(All(), "zh") == "全部客户"


def test_values_are_written_in_their_unit() -> None:
    assert "€1,200" in say(Condition("spend", ">", 1200), "en")
    assert "30 days" in say(Condition("gap", "<", 30), "en")
    assert "12.5%" in say(Condition("share", "<", 0.125), "en")
    assert "2026年6月30日" in say(Condition("last_day", "before", date(2026, 6, 30)), "zh")
    assert "from 1 Jan 2026 to 30 Jun 2026" in say(
        Condition("last_day", "between", (date(2026, 1, 1), date(2026, 6, 30))), "en"
    )


def test_a_long_list_shows_its_first_values_and_how_many_more() -> None:
    listed = Condition("country", "in", tuple(f"c{n}" for n in range(1_005)))
    assert say(listed, "en").endswith("“c4” and 1,000 more")


def test_braces_that_people_typed_stay_as_typed() -> None:
    assert "“{field}”" in say(Condition("country", "is", "{field}"), "en")
    assert "“{0.__class__}”" in say(Any((Condition("country", "is", "{0.__class__}"),)), "zh")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_operator_has_words(language: str) -> None:
    values = {"number": 1, "text": "x", "date": date(2026, 1, 1), "bool": None}
    for field in FIELDS.values():
        for operator in OPERATORS[field.type]:
            one = values[field.type]
            value = {"one": one, "pair": (one, one), "list": (one,), "days": 3, "none": None}
            said = say(Condition(field.name, operator, value[SHAPES[operator]]), language)
            assert "{" not in said


def test_both_languages_word_the_same_keys() -> None:
    for area in ("rules.", "error_rule."):
        keys = {key for key in catalogue("en") if key.startswith(area)}
        assert keys == {key for key in catalogue("zh") if key.startswith(area)}
        assert keys


def test_every_operator_stands_in_the_menu() -> None:
    signs = {"=": "equal", "!=": "not_equal", "<": "less", "<=": "at_most", ">": "more"}
    signs[">="] = "at_least"
    for operator in SHAPES:
        assert has(f"rules.menu.{signs.get(operator, operator)}", "en")
