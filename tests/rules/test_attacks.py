"""What a stranger may type into a rule: it stays a value, or it is refused."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import ibis
import pytest

from crm_core.errors import CrmError
from crm_core.rules import OPERATORS, Condition, Rule, from_json, predicate
from tests.rules.conftest import ALL_KEYS, AS_OF, FIELDS

Select = Callable[[Rule], set[int]]

PAYLOADS = [
    "' OR 1=1--",
    "'; drop table customers; --",
    '" or ""="',
    "DE' union select customer_key from customers --",
    "read_csv('/etc/passwd')",
    "(select 1)",
    "ATTACH 'x.db'",
    "COPY customers TO 'out.csv'",
    "INSTALL httpfs",
    "$1",
    "?",
    "{country}",
    "\\' OR 1=1 --",
    "E'\\x27'",
    "--",
    "/*",
    "(a+)+$",
    "\u2019 OR 1=1",
    "\uff07 OR 1=1",
]


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("operator", ["is", "in", "contains", "starts_with"])
def test_text_is_only_ever_a_value(
    select: Select, shop: duckdb.DuckDBPyConnection, payload: str, operator: str
) -> None:
    value = [payload] if operator == "in" else payload
    node = {"field": "country", "operator": operator, "value": value}
    assert select(from_json(json.dumps(node), FIELDS)) == set()
    assert shop.execute("select count(*) from customers").fetchone() == (len(ALL_KEYS),)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_attacking_text_finds_the_customer_who_has_it(payload: str) -> None:
    with duckdb.connect(config={"threads": 1}) as shop:
        shop.execute("create table customers (customer_key bigint, country varchar)")
        shop.execute("insert into customers values (1, ?), (2, 'DE')", [payload])
        found = shop.execute(_sql(Condition("country", "is", payload))).fetchall()
        assert [row[0] for row in found] == [1]
        found = shop.execute(_sql(Condition("country", "contains", payload))).fetchall()
        assert [row[0] for row in found] == [1]


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("contains", "%", {3}),
        ("contains", "_", {4}),
        ("starts_with", "%", set()),
        ("starts_with", "a_", {4}),
        ("contains", "h%l", {3}),
        ("contains", "x.", set()),
        ("contains", "'", {5}),
        ("contains", "\\", set()),
    ],
)
def test_percent_and_underscore_are_ordinary_letters(
    select: Select, operator: str, value: str, expected: set[int]
) -> None:
    assert select(Condition("country", operator, value)) == expected


@pytest.mark.parametrize(
    "name",
    ["amount; drop table", "orders; drop table customers", "customer_key", "*", "1=1 or orders"],
)
def test_a_field_that_is_not_on_the_list_is_refused(name: str) -> None:
    with pytest.raises(CrmError) as failed:
        from_json(json.dumps({"field": name, "operator": "=", "value": 1}), FIELDS)
    assert failed.value.code in {"rule_field", "rule_no_field"}


@pytest.mark.parametrize("operator", ["like", "regexp_matches", "= 1 or 1 =", "IN", "__class__"])
def test_an_operator_that_is_not_on_the_list_is_refused(operator: str) -> None:
    with pytest.raises(CrmError) as failed:
        from_json(json.dumps({"field": "orders", "operator": operator, "value": 1}), FIELDS)
    assert failed.value.code == "rule_operator"


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_an_operator_of_another_type_is_refused(field: str) -> None:
    own = FIELDS[field]
    others = {name for names in OPERATORS.values() for name in names} - set(own.operators)
    for operator in sorted(others):
        with pytest.raises(CrmError) as failed:
            from_json(json.dumps({"field": field, "operator": operator, "value": 1}), FIELDS)
        assert failed.value.code in {"rule_operator", "rule_value_none"}


def test_no_pattern_language_can_stall_the_engine(select: Select) -> None:
    started = time.perf_counter()
    assert select(Condition("country", "contains", "(a+)+$" * 30)) == set()
    assert time.perf_counter() - started < 5


def test_a_file_named_in_a_rule_is_not_read(tmp_path: Path, select: Select) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("customer_key\n1\n")
    assert select(Condition("country", "is", f"read_csv('{secret}')")) == set()
    assert select(Condition("country", "starts_with", f"(select * from '{secret}')")) == set()


def _sql(rule: Rule) -> str:
    table = ibis.table({"customer_key": "int64", "country": "string"}, name="customers")
    holds = predicate(rule, fields=FIELDS, expressions={"country": table.country}, as_of=AS_OF)
    return str(ibis.to_sql(table.filter(holds).select("customer_key"), dialect="duckdb"))
