"""Staged rows become canonical tables: new rows in, changed rows replaced, repeats counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from crm_core.schema import TABLES, Column, Table
from crm_core.schema.definition import SQL_TYPES
from crm_core.store.columns import columns_at, has_old
from crm_core.store.connection import quoted
from crm_core.store.identity_changes import write_changes
from crm_core.store.people import PeopleRules, columns_of, person_sql, resolve_people
from crm_core.store.people_found import Found, found_people
from crm_core.store.people_kept import keep_people, people_before
from crm_core.store.undated_consents import forget_known_denials
from crm_core.store.whole_orders import drop_replaced, still_there

BY_PERSON = {"customers", "identities"}


@dataclass
class Merged:
    """How many staged rows were new or changed (`loaded`) and how many already there, and what
    came of the rules by which people are recognised (`identity`, values as they stand).

    `replaced` counts stored rows that went because their order was told anew without them.
    """

    loaded: dict[str, int] = field(default_factory=dict)
    duplicate: dict[str, int] = field(default_factory=dict)
    identity: dict[str, Found] = field(default_factory=dict)
    replaced: int = 0


def merge(
    con: duckdb.DuckDBPyConnection,
    staged: set[str],
    *,
    batch: int,
    timezone: str,
    now: datetime,
    rebuild: bool = False,
    rules: PeopleRules | None = None,
) -> Merged:
    """Fills catalogue `facts` with the tables of `old` and what `staging` adds to them.

    Within a file the last of rows with one key wins. Rows equal to what is stored are counted
    as duplicates and keep their first batch. In a `rebuild` the staged rows are all the store's
    rows told anew, and people come apart whom only rows of an undone batch had joined
    (`resolve_people`).
    """
    result = Merged()
    people_before(con, rebuild=rebuild)
    resolve_people(con, staged, batch=batch, rebuild=rebuild, rules=rules)
    result.identity = found_people(con)
    keep_people(con, batch=batch)
    known = {name for name in ("order_lines", "refunds", "consents") if has_old(con, name)}
    result.replaced = drop_replaced(con, staged, known)
    if "consents" in staged:
        forget_known_denials(con, "consents" in known)
    _stub_products(con, staged)
    for table in TABLES.values():
        if table.name == "identity_changes":
            write_changes(con, batch=batch, now=now)
            continue
        _merge_table(con, table, staged, batch, timezone, result)
    return result


def _stub_products(con: duckdb.DuckDBPyConnection, staged: set[str]) -> None:
    """Lines may name products that no product list has: they get a row with only their id."""
    if "order_lines" not in staged:
        return
    columns = TABLES["products"].staging()
    if "products" not in staged:
        empty = ", ".join(f"NULL::{SQL_TYPES[c.type]} AS {c.name}" for c in columns)
        con.execute(
            f"CREATE TABLE staging.products AS SELECT {empty}, 0::BIGINT AS source_row WHERE false"
        )
        staged.add("products")
    known = "SELECT product_id FROM staging.products"
    if has_old(con, "products"):
        known += " UNION ALL SELECT product_id FROM old.main.products"
    con.execute(
        "INSERT INTO staging.products BY NAME SELECT DISTINCT product_id, 0 AS source_row "
        f"FROM staging.order_lines WHERE product_id NOT IN ({known})"
    )


def _merge_table(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    staged: set[str],
    batch: int,
    timezone: str,
    result: Merged,
) -> None:
    known = has_old(con, table.name)
    columns = table.stored()
    if table.name == "identity_links":
        con.execute(
            f"CREATE TABLE facts.main.identity_links AS SELECT {listed(c.name for c in columns)} "
            "FROM people.links ORDER BY customer_key, kind, value"
        )
        # Who is one person may be all the news of a file whose other rows are known.
        result.loaded[table.name] = row_count(
            con,
            "(SELECT kind, value, customer_key FROM people.links EXCEPT"
            " SELECT kind, value, customer_key FROM people.old_links)",
        )
        return
    if table.name not in staged:
        body = still_there(table.name, _moved(table)) if known else no_rows(table)
        con.execute(f"CREATE TABLE facts.main.{table.name} AS {body}")
        return
    rows = resolved(con, table, str(batch), timezone)
    if not known and table.name not in BY_PERSON:
        _first_rows(con, table, rows, result)
        return
    con.execute(f"CREATE OR REPLACE TEMP TABLE fresh AS {rows}")
    past = still_there(table.name, _moved(table)) if known else no_rows(table)
    con.execute(f"CREATE OR REPLACE TEMP TABLE past AS {past}")
    if table.name in BY_PERSON:
        _fold_people(con, table, batch)
    if table.number:
        _give_numbers(con, table)
    if known and table.name not in BY_PERSON:
        _keep_known(con, table)
    _count(con, table, result)
    names, keys = listed(column.name for column in columns), listed(table.key)
    con.execute(
        f"CREATE TABLE facts.main.{table.name} AS SELECT {names} FROM ("
        f"SELECT {names} FROM changed UNION ALL "
        f"SELECT {names} FROM past ANTI JOIN changed USING ({keys})"
        f") ORDER BY {in_order(table)}"
    )


def listed(names: Iterable[str]) -> str:
    """Column names for SQL."""
    return ", ".join(f'"{name}"' for name in names)


def in_order(table: Table) -> str:
    """By person and time where a row has both: one customer's history is in few blocks."""
    by_person = table.event and _has(table, "customer_key")
    return listed(("customer_key", str(table.event), *table.key) if by_person else table.key)


def _first_rows(con: duckdb.DuckDBPyConnection, table: Table, rows: str, result: Merged) -> None:
    """A table's first import has nothing to compare with: rows go straight in."""
    number = (
        f' REPLACE (row_number() OVER (ORDER BY "{table.key[0]}") AS {table.number})'
        if table.number
        else ""
    )
    names = listed(column.name for column in table.stored())
    con.execute(
        f"CREATE TABLE facts.main.{table.name} AS SELECT {names} FROM "
        f"(SELECT *{number} FROM ({rows})) ORDER BY {in_order(table)}"
    )
    result.loaded[table.name] = row_count(con, f"facts.main.{table.name}")
    staged = row_count(con, f"staging.{table.name}")
    result.duplicate[table.name] = staged - result.loaded[table.name]


def row_count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """How many rows a table or subquery has."""
    row = con.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


def no_rows(table: Table) -> str:
    """SQL for the table's columns without a row."""
    cells = ", ".join(f'NULL::{SQL_TYPES[c.type]} AS "{c.name}"' for c in table.stored())
    return f"SELECT {cells} WHERE false"


def _moved(table: Table) -> str:
    """The stored rows, their customer keys brought up to date with merges."""
    names = [f'"{column.name}"' for column in table.stored()]
    if '"customer_key"' not in names:
        return f"SELECT {', '.join(names)} FROM old.main.{table.name}"
    if table.name in BY_PERSON:
        rest = ", ".join(
            f"arg_max(o.{n}, o.customer_key) FILTER (WHERE o.{n} IS NOT NULL) AS {n}"
            for n in names
            if n != '"customer_key"'
        )
        return (
            f"SELECT coalesce(m.new_key, o.customer_key) AS customer_key, {rest} FROM "
            f"old.main.{table.name} o LEFT JOIN people.moved m ON m.old_key = o.customer_key "
            "GROUP BY 1"
        )
    cells = ", ".join(
        "coalesce(m.new_key, o.customer_key) AS customer_key" if n == '"customer_key"' else f"o.{n}"
        for n in names
    )
    return (
        f"SELECT {cells} FROM old.main.{table.name} o "
        "LEFT JOIN people.moved m ON m.old_key = o.customer_key"
    )


def resolved(con: duckdb.DuckDBPyConnection, table: Table, batch: str, timezone: str) -> str:
    """SQL for staged rows with customer key, shop's day and `batch`, a number or the column that
    tells it; within a batch the last row of a key wins."""
    present = columns_of(con, table.name)
    person, joins = person_sql("s", present) if _has(table, "customer_key") else ("", "")
    cells = [
        f"{_cell(table, column, present, batch, timezone, person)} AS {column.name}"
        for column in table.stored()
    ]
    query = f"SELECT {', '.join(cells)}, s.source_row FROM staging.{table.name} s{joins}"
    keys = listed((*table.key, "batch_id") if "batch_id" in present else table.key)
    if table.name in BY_PERSON or _tells_rows_apart(con, table, keys):
        return query
    return (
        f"SELECT * FROM ({query}) QUALIFY row_number() OVER "
        f"(PARTITION BY {keys} ORDER BY source_row DESC) = 1"
    )


def _tells_rows_apart(con: duckdb.DuckDBPyConnection, table: Table, keys: str) -> bool:
    """Whether no staged row repeats another's key: to ask costs far less than to sort them out."""
    if "customer_key" in table.key:  # two source ids may turn out to be one person
        return False
    distinct = f"(SELECT DISTINCT hash({keys}) FROM staging.{table.name})"
    return row_count(con, distinct) == row_count(con, f"staging.{table.name}")


def _has(table: Table, name: str) -> bool:
    return any(column.name == name for column in table.columns)


def _cell(
    table: Table, column: Column, present: set[str], batch: str, timezone: str, person: str
) -> str:
    if column.name == "customer_key":
        return person
    if column.name == "batch_id":
        return f"{batch}::BIGINT"
    if column.name == table.number:
        return "NULL::BIGINT"
    if column.name == "day" and table.event:
        zone = quoted(timezone)
        return f'(make_timestamptz(epoch_us(s."{table.event}")) AT TIME ZONE {zone})::DATE'
    if column.name not in present:
        return f"NULL::{SQL_TYPES[column.type]}"
    return f's."{column.name}"::{SQL_TYPES[column.type]}'


def _fold_people(con: duckdb.DuckDBPyConnection, table: Table, batch: int) -> None:
    """One row a person: the latest known value of every column, over all that was ever told."""
    data = [c for c in table.stored() if c.name not in ("customer_key", "batch_id")]
    latest = ", ".join(
        f"arg_max({c.name}, seq) FILTER (WHERE {c.name} IS NOT NULL) AS {c.name}" for c in data
    )
    names = ", ".join(c.name for c in data)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE folded AS
        SELECT customer_key, {latest}, max(batch_id) AS batch_id FROM (
            SELECT customer_key, {names}, batch_id, 0 AS seq FROM past
            UNION ALL
            SELECT customer_key, {names}, {batch},
                   1 + row_number() OVER (ORDER BY source_row, {names})
            FROM fresh WHERE customer_key IS NOT NULL)
        GROUP BY customer_key
    """)
    con.execute("CREATE OR REPLACE TEMP TABLE fresh AS SELECT *, 0 AS source_row FROM folded")


def _keep_known(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Fills what fresh rows leave empty from the rows stored before: a file that does not have a
    column, or leaves a cell empty, never erases what an earlier one told."""
    keys = ", ".join(f'"{name}"' for name in table.key)
    told = {c.name for c in table.stored()} - {*table.key, table.number, "batch_id"}
    kept = ", ".join(f'coalesce(f."{name}", p."{name}") AS "{name}"' for name in sorted(told))
    if not kept:
        return
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT f.* REPLACE ({kept}) "
        f"FROM fresh f LEFT JOIN past p USING ({keys})"
    )


def _give_numbers(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Keeps the integer keys of known rows and gives the next free ones to the rest."""
    number, key = table.number, table.key[0]
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE fresh AS
        SELECT f.* REPLACE (coalesce(p.{number}, (SELECT coalesce(max({number}), 0) FROM past)
          + row_number() OVER (PARTITION BY p.{number} IS NULL ORDER BY f.{key})) AS {number})
        FROM fresh f LEFT JOIN (SELECT {key}, {number} FROM past) p USING ({key})
    """)


def _count(con: duckdb.DuckDBPyConnection, table: Table, result: Merged) -> None:
    """Makes `changed`, the rows that differ from what is stored, and counts both kinds."""
    data = [c.name for c in table.stored() if c.name != "batch_id"]
    same = " AND ".join(f'f."{name}" IS NOT DISTINCT FROM p."{name}"' for name in data)
    keys = " AND ".join(f'f."{name}" = p."{name}"' for name in table.key)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE changed AS SELECT f.* FROM fresh f "
        f"ANTI JOIN past p ON {keys} AND {same}"
    )
    result.loaded[table.name] = row_count(con, "changed")
    staged = row_count(con, f"staging.{table.name}")
    result.duplicate[table.name] = max(0, staged - result.loaded[table.name])


def carry_over(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Copies a table of the snapshot before; columns it did not have yet are unknown.

    A table that it did not have at all comes empty, or not at all when the schema has none.
    """
    if body := carried(con, name):
        con.execute(f"CREATE TABLE facts.main.{name} AS {body}")


def carried(con: duckdb.DuckDBPyConnection, name: str) -> str:
    """SQL for the rows of a table of the snapshot before, in today's columns; nothing for a table
    that neither it nor the schema has."""
    old = set(columns_at(con, f"old.main.{name}"))
    if name not in TABLES:
        return f"SELECT * FROM old.main.{name}" if old else ""
    if not old:
        return no_rows(TABLES[name])
    cells = ", ".join(
        f'"{c.name}"' if c.name in old else f'NULL::{SQL_TYPES[c.type]} AS "{c.name}"'
        for c in TABLES[name].stored()
    )
    return f"SELECT {cells} FROM old.main.{name}"
