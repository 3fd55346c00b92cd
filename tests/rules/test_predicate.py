from __future__ import annotations

from collections.abc import Callable
from datetime import date

import duckdb
import ibis
import pytest
from hypothesis import given, settings

from crm_core.errors import CrmError
from crm_core.rules import All, Any, Condition, Field, Not, Rule, predicate
from tests.examples import examples
from tests.rules.conftest import ALL_KEYS, AS_OF, EXPRESSIONS, FIELDS, TABLE
from tests.rules.strategies import rules

Select = Callable[[Rule], set[int]]


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("orders", "=", 2, {2, 8}),
        ("orders", "!=", 2, {1, 3, 4, 5, 7}),
        ("orders", "<", 2, {1}),
        ("orders", "<=", 2, {1, 2, 8}),
        ("orders", ">", 4, {3, 4}),
        ("orders", ">=", 4, {3, 4, 7}),
        ("orders", "between", (3, 5), {3, 5, 7}),
        ("spend", "=", 25.5, {2, 8}),
        ("spend", ">", 40, {3}),
        ("country", "is", "DE", {1}),
        ("country", "is_not", "DE", {2, 3, 4, 5, 7, 8}),
        ("country", "in", ("DE", "FR"), {1, 2}),
        ("country", "not_in", ("DE", "FR"), {3, 4, 5, 7, 8}),
        ("country", "contains", "国", {8}),
        ("country", "starts_with", "De", {3}),
        ("country", "is_unknown", None, {6}),
        ("country", "is_known", None, ALL_KEYS - {6}),
        ("last_day", "on_or_after", date(2026, 6, 24), {1, 5, 7}),
        ("last_day", "before", date(2026, 6, 1), {3, 4}),
        ("last_day", "between", (date(2026, 6, 1), date(2026, 6, 24)), {2, 7, 8}),
        ("is_member", "is_true", None, {1, 3, 7}),
        ("is_member", "is_false", None, {2, 4, 8}),
        ("is_member", "is_unknown", None, {5, 6}),
    ],
)
def test_each_operator_finds_its_customers(
    select: Select, field: str, operator: str, value: object, expected: set[int]
) -> None:
    assert select(Condition(field, operator, value)) == expected


def test_last_seven_days_count_the_day_itself_and_not_the_future(select: Select) -> None:
    assert select(Condition("last_day", "in_last_days", 7)) == {1, 7}
    assert select(Condition("last_day", "in_last_days", 8)) == {1, 7, 8}
    assert select(Condition("last_day", "in_last_days", 1)) == {1}


def test_an_unknown_value_matches_neither_a_condition_nor_its_opposite(select: Select) -> None:
    german = Condition("country", "is", "DE")
    assert 6 not in select(german) | select(Not(german))
    assert select(german) | select(Not(german)) == ALL_KEYS - {6}


def test_all_any_and_not_read_as_a_shopkeeper_means_them(select: Select) -> None:
    often = Condition("orders", ">=", 3)
    member = Condition("is_member", "is_true")
    assert select(All((often, member))) == {3, 7}
    assert select(Any((often, member))) == {1, 3, 4, 5, 7}
    assert select(All((often, Not(member)))) == {4}
    assert select(All()) == ALL_KEYS


@settings(max_examples=examples(60), deadline=None)
@given(rule=rules())
def test_filtering_twice_is_filtering_once(rule: Rule) -> None:
    with duckdb.connect(config={"threads": 1}) as shop:
        _fill(shop)
        holds = predicate(rule, fields=FIELDS, expressions=EXPRESSIONS, as_of=AS_OF)
        once = TABLE.filter(holds)
        twice = once.filter(holds)
        assert _keys(shop, once) == _keys(shop, twice)


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None)
@given(rule=rules())
def test_not_not_is_the_rule_and_nobody_is_in_both(rule: Rule) -> None:
    with duckdb.connect(config={"threads": 1}) as shop:
        _fill(shop)
        found, twice, opposite = (
            _keys(shop, TABLE.filter(_holds(part))) for part in (rule, Not(Not(rule)), Not(rule))
        )
        assert found == twice
        assert not found & opposite


def test_the_result_is_a_plain_yes_or_no_column(shop: duckdb.DuckDBPyConnection) -> None:
    flagged = TABLE.select("customer_key", holds=_holds(Condition("country", "is", "DE")))
    sql = str(ibis.to_sql(flagged, dialect="duckdb"))
    answers = dict(shop.execute(sql).fetchall())
    assert answers[6] is False
    assert answers[1] is True


@pytest.mark.slow
def test_two_hundred_conditions_and_ten_thousand_values_run(select: Select) -> None:
    many = Any(tuple(Condition("orders", "=", n) for n in range(200)))
    assert select(many) == ALL_KEYS - {6}
    wide = Condition("country", "in", (*(f"c{n}" for n in range(9_999)), "DE"))
    assert select(wide) == {1}


def test_a_column_of_another_type_is_refused() -> None:
    with pytest.raises(CrmError) as failed:
        predicate(
            Condition("orders", "=", 1),
            fields={"orders": Field("orders", "number", "x")},
            expressions={"orders": TABLE.country},
            as_of=AS_OF,
        )
    assert failed.value.code == "rule_field_type"


def _holds(rule: Rule) -> ibis.expr.types.BooleanValue:
    return predicate(rule, fields=FIELDS, expressions=EXPRESSIONS, as_of=AS_OF)


def _fill(shop: duckdb.DuckDBPyConnection) -> None:
    shop.execute(
        "create table customers as select i as customer_key,"
        " case when i % 5 = 0 then null else i % 7 end::bigint as orders,"
        " case when i % 3 = 0 then null else i * 1.5 end::decimal(18, 2) as spend,"
        " case when i % 4 = 0 then null else ['DE', 'FR', 'a_b', 'a%b'][i % 4 + 1] end as country,"
        " case when i % 6 = 0 then null else date '2026-06-30' - i::int end as last_day,"
        " case when i % 5 = 1 then null else i % 2 = 0 end as is_member"
        " from range(60) r(i)"
    )


def _keys(shop: duckdb.DuckDBPyConnection, found: ibis.Table) -> set[int]:
    sql = str(ibis.to_sql(found.select("customer_key"), dialect="duckdb"))
    return {key for (key,) in shop.execute(sql).fetchall()}
