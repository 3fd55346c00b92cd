from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import duckdb
import ibis
import pytest

from crm_core.rules import Field, Rule, predicate

AS_OF = date(2026, 6, 30)
TABLE = ibis.table(
    {
        "customer_key": "int64",
        "orders": "int64",
        "spend": "decimal(18, 2)",
        "country": "string",
        "last_day": "date",
        "is_member": "boolean",
    },
    name="customers",
)
FIELDS = {
    "orders": Field("orders", "number", "rules.test_orders"),
    "spend": Field("spend", "number", "rules.test_spend", unit="money"),
    "country": Field("country", "text", "rules.test_country"),
    "last_day": Field("last_day", "date", "rules.test_last_day"),
    "is_member": Field("is_member", "bool", "rules.test_member"),
}
EXPRESSIONS = {name: TABLE[name] for name in FIELDS}
ROWS = [
    (1, 1, 10.00, "DE", date(2026, 6, 30), True),
    (2, 2, 25.50, "FR", date(2026, 6, 1), False),
    (3, 5, 99.99, "Deutsch%land", date(2026, 5, 31), True),
    (4, 9, 0.00, "a_b", date(2025, 1, 15), False),
    (5, 3, 40.00, "O'Brien", date(2026, 7, 1), None),
    (6, None, None, None, None, None),
    (7, 4, 12.00, "axb", date(2026, 6, 24), True),
    (8, 2, 25.50, "中国", date(2026, 6, 23), False),
]
ALL_KEYS = {row[0] for row in ROWS}

Select = Callable[[Rule], set[int]]


@pytest.fixture(scope="session")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(
        "create table customers (customer_key bigint, orders bigint, spend decimal(18, 2),"
        " country varchar, last_day date, is_member boolean)"
    )
    connection.executemany("insert into customers values (?, ?, ?, ?, ?, ?)", ROWS)
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def select(shop: duckdb.DuckDBPyConnection) -> Select:
    """The customers a rule finds, asked of a real engine."""

    def run(rule: Rule) -> set[int]:
        holds = predicate(rule, fields=FIELDS, expressions=EXPRESSIONS, as_of=AS_OF)
        sql = ibis.to_sql(TABLE.filter(holds).select("customer_key"), dialect="duckdb")
        return {key for (key,) in shop.execute(str(sql)).fetchall()}

    return run
