"""The staging tables: made from the schema, filled by formats, emptied of repeats."""

from __future__ import annotations

import duckdb

from crm_core.schema import PERSON, TABLES, Table
from crm_core.schema.definition import SQL_TYPES
from crm_core.store.imports.contract import Job, RowIssue

SOURCE_COLUMNS = ("source_row", "source_file")


def quote(value: str) -> str:
    """A text as an SQL literal.

    >>> quote("O'Brien")
    "'O''Brien'"
    """
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    """A name as an SQL identifier."""
    return '"' + value.replace('"', '""') + '"'


def create_staging(con: duckdb.DuckDBPyConnection) -> None:
    """Make schema `staging` with an empty table for each canonical table, and quarantine."""
    con.execute("drop schema if exists staging cascade; create schema staging")
    for table in TABLES.values():
        columns = ", ".join(f"{name(c.name)} {SQL_TYPES[c.type]}" for c in table.staging())
        if columns:
            con.execute(
                f"create table staging.{table.name} "
                f"({columns}, source_row bigint, source_file integer)"
            )
    con.execute(
        "create table staging.quarantine (source_file varchar, source_row bigint, "
        "table_name varchar, column_name varchar, reason varchar, raw varchar, "
        "amount decimal(18,2))"
    )


def add(job: Job, table: str, select: str) -> None:
    """Append the rows of a SELECT, columns by name, to a staging table."""
    job.con.execute(f"insert into staging.{table} by name {select}")


def set_aside(job: Job, select: str) -> None:
    """Append the rows of a SELECT to quarantine."""
    job.con.execute(f"insert into staging.quarantine by name {select}")


def counted(con: duckdb.DuckDBPyConnection, query: str) -> int:
    """The one integer a query tells."""
    row = con.execute(query).fetchone()
    return int(row[0] or 0) if row else 0


def staged(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows by staging table, empty ones left out."""
    there = _tables(con)
    if not there:
        return {}
    each = (f"select '{table}', count(*) from staging.{table}" for table in there)
    counts = dict(con.execute(" union all ".join(each)).fetchall())
    return {table: counts[table] for table in there if counts[table]}


def drop_empty(con: duckdb.DuckDBPyConnection) -> None:
    """Remove staging tables that received nothing."""
    for table in set(_tables(con)) - set(staged(con)):
        con.execute(f"drop table staging.{table}")


def drop_repeats(con: duckdb.DuckDBPyConnection) -> int:
    """Keep one row a key in every staging table; the number of lines (or other rows) removed.

    Which one stays depends on what the rows say, never on their order in a file: the last
    file given wins, then the greatest content. What several files tell of one thing (a product
    in a list and on order lines) comes together column by column: nothing told is lost.
    """
    removed: dict[str, int] = {}
    for table, count in staged(con).items():
        keys = _keys(TABLES[table])
        if count == counted(
            con, f"select count(*) from (select distinct hash({keys}) from staging.{table})"
        ):
            continue
        if table in _TOLD_IN_PARTS:
            _fold(con, table, keys)
            continue
        content = ", ".join(f"{name(c.name)} desc nulls last" for c in TABLES[table].staging())
        con.execute(
            f"""
            create or replace table staging.{table} as select * from staging.{table}
            qualify row_number() over (partition by {keys} order by source_file desc, {content}) = 1
            """
        )
        removed[table] = count - counted(con, f"select count(*) from staging.{table}")
    if "order_lines" in staged(con):
        # An order whose lines lie in two files is named in both: no row of them is a repeat.
        removed.pop("orders", None)
    return removed.get("order_lines", max(removed.values(), default=0))


_TOLD_IN_PARTS = ("products", "customers", "identities")


def _fold(con: duckdb.DuckDBPyConnection, table: str, keys: str) -> None:
    """One row a key with the last value that any file told of each column."""
    columns = ", ".join(
        f"arg_max({name(c.name)}, {{'f': source_file, 'v': {name(c.name)}}}) "
        f"filter ({name(c.name)} is not null) as {name(c.name)}"
        for c in TABLES[table].staging()
    )
    con.execute(
        f"create or replace table staging.{table} as select {columns}, "
        "min(source_row) as source_row, max(source_file) as source_file "
        f"from staging.{table} group by {keys}"
    )


def reasons(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows in quarantine by reason, most frequent first."""
    found = con.execute(
        "select reason, count(*) from staging.quarantine group by all order by 2 desc, 1"
    ).fetchall()
    return {code: int(count) for code, count in found}


def examples(con: duckdb.DuckDBPyConnection, each: int = 3) -> tuple[RowIssue, ...]:
    """Where the first rows of every reason are."""
    found = con.execute(
        f"""
        select reason, source_file, source_row, coalesce(column_name, '') from staging.quarantine
        qualify row_number() over (partition by reason order by source_file, source_row) <= {each}
        order by all
        """
    ).fetchall()
    return tuple(RowIssue(*row) for row in found)


def _tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    found = con.execute("select table_name from duckdb_tables() where schema_name = 'staging'")
    there = {name for (name,) in found.fetchall()}
    return [table for table in TABLES if table in there]


def _keys(table: Table) -> str:
    return ", ".join(_person(table) if key == "customer_key" else name(key) for key in table.key)


def _person(table: Table) -> str:
    """SQL that tells staged persons apart: by the source's id, else by e-mail or phone."""
    columns = [column.name for column in table.staging()]
    return f"coalesce({', '.join(each for each in PERSON if each in columns)})"


def unkeyed_orders(con: duckdb.DuckDBPyConnection) -> int:
    """Orders that tell no customer: revenue, but nobody's."""
    return counted(
        con, "select count(*) from staging.orders where coalesce(customer_id, email, phone) is null"
    )
