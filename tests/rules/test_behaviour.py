"""Conditions on what people did: who meets them, how they are saved, said and refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import ibis
import pytest
from hypothesis import given, settings

from crm_core.errors import CrmError
from crm_core.rules import (
    EVENTS,
    MAX_DEPTH,
    All,
    Condition,
    Did,
    InAudience,
    InList,
    Not,
    Rule,
    Then,
    checked,
    from_json,
    leaves,
    measured,
    predicate,
    sentence,
    to_json,
)
from crm_core.rules import (
    Any as AnyOf,
)
from crm_core.text import has
from tests.rules.behaviours import AS_OF, PEOPLE, behaviours, fill, rows_of, who
from tests.rules.conftest import FIELDS

TEA = Condition("category", "in", ("Tea",))
NOT_AGAIN = Did("purchase", (TEA,), then=Then("purchase", 14, happened=False))
CUSTOMERS = ibis.table({"customer_key": "int64"}, name="people")


@pytest.fixture(scope="module")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        fill(connection)
        connection.execute("create table people as select unnest(?) as customer_key", [[*PEOPLE]])
        yield connection


def found(shop: duckdb.DuckDBPyConnection, rule: Rule) -> set[int]:
    people, answers = CUSTOMERS, {}
    asked = [leaf for leaf in leaves(rule) if isinstance(leaf, Did)]
    for place, did in enumerate(dict.fromkeys(asked)):
        answer = measured(did, rows_of, AS_OF).rename({f"m{place}": "measured"})
        people = people.left_join(answer, "customer_key").drop("customer_key_right")
    for place, did in enumerate(dict.fromkeys(asked)):
        answers[did] = people[f"m{place}"]
    held = predicate(rule, fields={}, expressions={}, as_of=AS_OF, answers=answers)
    sql = str(ibis.to_sql(people.filter(held).select("customer_key"), dialect="duckdb"))
    rows = [key for (key,) in shop.execute(sql).fetchall()]
    assert len(rows) == len(set(rows))
    return set(rows)


@settings(max_examples=40)
@given(did=behaviours())
def test_who_did_it_is_who_a_pencil_finds(shop: duckdb.DuckDBPyConnection, did: Did) -> None:
    assert found(shop, did) == who(did)
    assert found(shop, Not(did)) == set(PEOPLE) - who(did)


def test_conditions_on_behaviour_join_as_all_others(shop: duckdb.DuckDBPyConnection) -> None:
    often, angry = Did("purchase", value=3), Did("review", (Condition("stars", "<=", 2),))
    assert found(shop, All((often, Not(angry)))) == who(often) - who(angry)
    assert found(shop, AnyOf((often, angry))) == who(often) | who(angry)
    assert found(shop, Did("purchase", operator="<=", value=0)) == {6, 7}


@given(did=behaviours())
def test_it_is_saved_and_read_as_it_was(did: Did) -> None:
    rule = All((did, Not(InList(3)), InAudience("VIP")))
    assert from_json(to_json(rule), FIELDS) == rule


def node(**parts: Any) -> str:
    return json.dumps({"did": "purchase", **parts})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (node(did="buy"), "rule_no_event"),
        (node(did="purchas"), "rule_event"),
        (node(did=7), "rule_shape"),
        (node(sql="1=1"), "rule_shape"),
        (node(where={}), "rule_shape"),
        (node(where=[{"field": "colour", "operator": "is_known"}]), "rule_no_field"),
        (node(where=[{"field": "categry", "operator": "in", "value": ["Tea"]}]), "rule_field"),
        (node(where=[{"did": "order"}]), "rule_shape"),
        (node(where=[{"field": "category", "operator": "in", "value": []}]), "rule_value_list"),
        (
            node(where=[{"field": "category", "operator": "in", "value": ["Tea"]}] * 9),
            "rule_event_where",
        ),
        (node(times={"operator": ">=", "value": 0}), "rule_event_times"),
        (node(times={"operator": ">=", "value": 1.5}), "rule_event_times"),
        (node(times={"operator": "<", "value": 1}), "rule_shape"),
        (node(times=3), "rule_shape"),
        (node(times={"value": 3}), "rule_shape"),
        (node(amount={"operator": ">=", "value": "9"}), "rule_event_amount_value"),
        (node(did="contact", amount={"operator": ">=", "value": 9}), "rule_event_amount"),
        (
            node(times={"operator": ">=", "value": 1}, amount={"operator": ">=", "value": 9}),
            "rule_shape",
        ),
        (node(in_last_days=0), "rule_event_days"),
        (node(in_last_days=None), "rule_shape"),
        (node(in_last_days="7"), "rule_event_days"),
        (node(between=["2026-01-02", "2026-01-01"]), "rule_event_period"),
        (node(between=["2026-01-02"]), "rule_event_period"),
        (node(between=["soon", "later"]), "rule_event_period"),
        (node(in_last_days=3, between=["2026-01-01", "2026-01-02"]), "rule_event_period"),
        (node(then={"did": "order"}), "rule_shape"),
        (node(then={"did": "order", "did_not": "order", "within_days": 3}), "rule_shape"),
        (node(then={"did": "order", "within_days": 0}), "rule_event_days"),
        (node(then={"did": "consent", "within_days": 3}), "rule_event_undated"),
        (node(then={"did": "order", "within_days": 3, "then": {}}), "rule_shape"),
        (node(did="consent", in_last_days=3), "rule_event_undated"),
        ('{"in_list": 0}', "rule_reference"),
        ('{"in_list": ""}', "rule_reference"),
        ('{"in_list": null}', "rule_reference"),
        ('{"in_audience": true}', "rule_reference"),
        ('{"in_audience": [1]}', "rule_reference"),
        ('{"in_audience": 1, "in_list": 1}', "rule_shape"),
        (json.dumps({"all": [{"did": "order"}] * 21}), "rule_too_many_events"),
    ],
)
def test_one_edited_by_hand_is_refused_with_its_reason(text: str, code: str) -> None:
    with pytest.raises(CrmError) as failed:
        from_json(text, FIELDS)
    assert failed.value.code == code


def test_the_closest_event_is_named() -> None:
    with pytest.raises(CrmError) as failed:
        checked(Did("purchas"), FIELDS)
    assert failed.value.facts == {"name": "purchas", "match": "purchase"}


def test_parts_of_behaviour_count_as_conditions() -> None:
    many = Did("purchase", (TEA,) * 8, then=Then("purchase", 3, (TEA,) * 8))
    assert checked(All((many,) * 11), FIELDS)
    with pytest.raises(CrmError, match="rule_too_many"):
        checked(All((many,) * 12), FIELDS)
    deep: Rule = many
    for _ in range(MAX_DEPTH):
        deep = Not(deep)
    with pytest.raises(CrmError, match="rule_too_deep"):
        checked(deep, FIELDS)


def say(rule: Rule, language: str) -> str:
    return sentence(rule, fields={}, language=language, currency="EUR", names={InList(2): "Fair"})


def test_it_is_said_back_in_both_languages() -> None:
    assert say(NOT_AGAIN, "en") == (
        "Customers where they bought a product (Category is “Tea”), then did not buy a product"
        " within 14 days"
    )
    assert say(NOT_AGAIN, "zh") == (
        "满足以下条件的客户：购买过商品（品类为“Tea”），之后 14 天内没有购买商品"
    )
    spent = Did("order", measure="amount", value=100, last_days=90)
    assert "for at least €100.00 in all in the last 90 days" in say(spent, "en")
    never = Did("visit", operator="<=", value=0, between=(date(2026, 1, 1), date(2026, 1, 31)))
    assert say(never, "en").endswith("did not visit the shop online from 1 Jan 2026 to 31 Jan 2026")
    twice = Did("order", value=2, then=Then("review", 7))
    assert say(twice, "en").endswith("then wrote a review within 7 days (at least 2 times)")
    assert say(Not(InList(2)), "en") == "Customers where not (they are in the list “Fair”)"


def test_codes_of_channels_and_states_are_said_in_words() -> None:
    agreed = Did("consent", (Condition("state", "in", ("granted",)),))
    assert "granted" not in say(agreed, "zh")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_event_and_part_is_worded(language: str) -> None:
    for event in EVENTS.values():
        for form in ("label", "did", "did_not"):
            assert has(f"behaviour.event.{event.name}.{form}", language)
        assert [part.label for part in event.fields.values() if not has(part.label, language)] == []


@pytest.mark.parametrize(
    "period",
    [{"last_days": 30}, {"between": (AS_OF - timedelta(days=20), AS_OF)}],
)
def test_an_event_of_several_days_is_asked_about_by_those_in_the_period(
    period: dict[str, Any],
) -> None:
    """A campaign that wrote 100 and 5 days ago did so once within the last 30 days."""
    told = ibis.table(
        {"customer_key": "int64", "day": "date", "at": "timestamp", "occurrence": "string"},
        name="told",
    )
    with duckdb.connect() as connection:
        connection.execute(
            'create table told as select 1 as customer_key, day, day::timestamp as "at",'
            " 'spring' as occurrence from (select unnest(?::date[]) as day)",
            [[AS_OF - timedelta(days=ago) for ago in (100, 5, 3)]],
        )
        for operator in (">=", "=", "<="):
            asked = Did("campaign", operator=operator, value=1, **period)
            answer = ibis.to_sql(measured(asked, lambda *_: told, AS_OF), dialect="duckdb")
            ((_, times),) = connection.execute(answer).fetchall()
            assert times == 1 or operator == ">="
