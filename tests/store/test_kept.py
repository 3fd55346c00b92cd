"""What is kept from one build to the next never answers for other columns or other rules."""

from __future__ import annotations

from pathlib import Path

import duckdb
import ibis.expr.types as ir

from crm_core.settings import Settings
from crm_core.store.connection import DuckReader, limits
from crm_core.store.kept import kept
from crm_core.store.marts import MoneyRules
from crm_core.store.tables import Named, Tables

MADE: list[str] = []


@kept
def dear(tables: Named, least: float) -> ir.Table:
    MADE.append("dear")
    tea = tables.table("tea")
    return tea.filter(tea.price >= least)


def shop(columns: str) -> Tables:
    root = duckdb.connect(config={"threads": 1})
    root.execute("ATTACH ':memory:' AS facts")
    root.execute(f"CREATE TABLE facts.main.tea AS SELECT {columns}")
    return Tables(DuckReader(root))


def test_the_same_columns_and_rules_are_put_together_once() -> None:
    one, two = shop("'green' AS name, 5.5 AS price"), shop("'black' AS name, 7.5 AS price")
    MADE.clear()
    found = [store.fetch(dear(store, 5.25))["name"].tolist() for store in (one, two)]
    assert found == [["green"], ["black"]]
    assert MADE == ["dear"]


def test_other_columns_and_other_rules_are_not_mixed_up() -> None:
    one, two = shop("'green' AS name, 5.5 AS price"), shop("7.5 AS price, 3 AS cups")
    assert list(one.fetch(dear(one, 5.0))) == ["name", "price"]
    assert list(two.fetch(dear(two, 5.0))) == ["price", "cups"]
    assert len(one.fetch(dear(one, 6.0))) == 0
    assert len(two.fetch(dear(two, 6.0))) == 1


def test_equal_money_rules_are_one_key_and_others_are_not() -> None:
    rates = {"tea": 0.3, "*": 0.4}
    one = MoneyRules(margin_by_category=rates)
    two = MoneyRules(margin_by_category=dict(reversed(rates.items())))
    assert (one, hash(one)) == (two, hash(two))
    assert one != MoneyRules(margin_by_category={"tea": 0.31, "*": 0.4})


def test_a_small_store_takes_one_thread_and_a_large_one_those_it_may(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, threads=2)
    used: list[int] = []
    for size in (1_000, 1_000_000_000):
        with duckdb.connect() as root:
            limits(root, settings, size)
            row = root.execute("SELECT current_setting('threads')").fetchone()
            used.append(int(row[0]) if row else 0)
    assert used == [1, 2]
