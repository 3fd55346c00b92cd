"""A store's tables made anew from what every import told: as if one had been merged after another.

Rows with one key, told by several imports, are folded: of every column the last value that was
told counts, and the row belongs to the import that last changed it. Only numbers (customer, order
and product keys) are taken from the snapshot before, so that addresses and decisions go on
meaning the same.
"""

from __future__ import annotations

import duckdb

from crm_core.schema import TABLES, Table
from crm_core.store.columns import has_old
from crm_core.store.identity_changes import changes_between_batches
from crm_core.store.merge import BY_PERSON, in_order, listed, no_rows, resolved, row_count
from crm_core.store.people import PeopleRules, columns_of, resolve_people
from crm_core.store.people_kept import keep_people, people_before
from crm_core.store.told_again import take_back


def rebuild(
    con: duckdb.DuckDBPyConnection,
    told: set[str],
    *,
    batch: int,
    timezone: str,
    rules: PeopleRules | None = None,
) -> None:
    """Fills catalogue `facts` with the rows of `staging`, which say which `batch_id` told them.

    `batch` is the last import that there was: what is only found out now counts as its doing.
    """
    people_before(con, rebuild=True)
    resolve_people(con, told, batch=batch, rebuild=True, rules=rules)
    _date_links(con, told)
    keep_people(con, batch=batch)
    _add_products_of_lines(con, told)
    take_back(con, told)
    for table in TABLES.values():
        if table.name == "identity_links":
            rows = "people.links"
        elif table.name == "identity_changes":
            rows = _changes(con)
        elif table.name in told:
            rows = _folded(con, table, timezone)
        else:
            rows = f"({no_rows(table)})"
        names = listed(column.name for column in table.stored())
        con.execute(
            f"CREATE TABLE facts.main.{table.name} AS SELECT {names} FROM {rows} "
            f"ORDER BY {in_order(table)}"
        )
    for table in ("told_rows", "told_again", "identities_told"):
        con.execute(f"DROP TABLE IF EXISTS {table}")


def _date_links(con: duckdb.DuckDBPyConnection, told: set[str]) -> None:
    """A link belongs to the first import that told its id, address or number."""
    first: list[str] = []
    for table in sorted(told):
        present = columns_of(con, table)
        if "customer_id" in present:
            first.append(
                f"SELECT 'source_id' AS kind, customer_id AS value, batch_id FROM staging.{table}"
            )
        for kind in {"email", "phone"} & present:
            first.append(
                f"SELECT '{kind}', n.{kind}, s.batch_id FROM staging.{table} s "
                f"JOIN people.{kind}s n ON n.raw = s.{kind}"
            )
    if first:
        con.execute(
            "UPDATE people.links SET batch_id = first.batch_id FROM (SELECT kind, value, "
            f"min(batch_id) AS batch_id FROM ({' UNION ALL '.join(first)}) GROUP BY kind, value) "
            "first WHERE links.kind = first.kind AND links.value = first.value"
        )


def _changes(con: duckdb.DuckDBPyConnection) -> str:
    """SQL for what identities were before, from import to import."""
    if not row_count(con, "duckdb_tables() WHERE table_name = 'identities_told'"):
        return f"({no_rows(TABLES['identity_changes'])})"
    times = "(SELECT batch_id, imported_at FROM old.main.import_batches)"
    return f"(SELECT DISTINCT * FROM ({changes_between_batches('identities_told', times)}))"


def _add_products_of_lines(con: duckdb.DuckDBPyConnection, told: set[str]) -> None:
    """A product that lines name exists from the first such line on, whatever lists tell of it."""
    if "order_lines" not in told:
        return
    con.execute("ALTER VIEW staging.order_lines RENAME TO lines_told")
    con.execute("CREATE VIEW staging.order_lines AS SELECT * FROM staging.lines_told")
    lists = ""
    if "products" in told:
        con.execute("ALTER VIEW staging.products RENAME TO product_lists")
        lists = "SELECT * FROM staging.product_lists UNION ALL BY NAME "
    con.execute(
        f"CREATE VIEW staging.products AS {lists}SELECT product_id, min(batch_id) AS batch_id, "
        "0::BIGINT AS source_row FROM staging.lines_told GROUP BY product_id"
    )
    told.add("products")


def _folded(con: duckdb.DuckDBPyConnection, table: Table, timezone: str) -> str:
    """SQL for the table's rows, one a key; makes the temporary tables that it reads."""
    rows = resolved(con, table, "s.batch_id", timezone)
    con.execute(f"CREATE OR REPLACE TEMP TABLE told_rows AS {rows}")
    if table.name in BY_PERSON:
        _fold_each_batch(con, table)
    if table.name == "identities":
        con.execute("CREATE OR REPLACE TEMP TABLE identities_told AS SELECT * FROM told_rows")
    keys = listed(table.key)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE told_again AS SELECT {keys} FROM told_rows "
        f"GROUP BY {keys} HAVING count(*) > 1"
    )
    names = listed(column.name for column in table.stored())
    body = f"SELECT {names} FROM told_rows"
    if row_count(con, "told_again"):
        body = f"{body} ANTI JOIN told_again USING ({keys}) UNION ALL BY NAME {_last_told(table)}"
    return f"({_numbered(con, table, body) if table.number else body})"


def _data(table: Table) -> list[str]:
    """The columns that a row tells beside its key."""
    not_told = {*table.key, table.number, "batch_id"}
    return [column.name for column in table.stored() if column.name not in not_told]


def _fold_each_batch(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """One row a person and import: of every column the last value in the file."""
    data = _data(table)
    latest = ", ".join(
        f'arg_max("{name}", place) FILTER (WHERE "{name}" IS NOT NULL) AS "{name}"' for name in data
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE told_rows AS SELECT customer_key, batch_id, {latest} FROM "
        f"(SELECT *, row_number() OVER (ORDER BY source_row, {listed(data)}) AS place "
        "FROM told_rows WHERE customer_key IS NOT NULL) GROUP BY customer_key, batch_id"
    )


def _last_told(table: Table) -> str:
    """SQL for the rows of `told_again`: last values, and the import that last changed one."""
    keys, data = listed(table.key), _data(table)
    changed = " OR ".join(
        f'("{name}" IS NOT NULL AND "{name}" IS DISTINCT FROM last_value("{name}" IGNORE NULLS) '
        "OVER before)"
        for name in data
    )
    latest = "".join(
        f', arg_max("{name}", batch_id) FILTER (WHERE "{name}" IS NOT NULL) AS "{name}"'
        for name in data
    )
    return (
        f"SELECT {keys}{latest}, max(batch_id) FILTER (WHERE is_news) AS batch_id FROM ("
        f"SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY batch_id) = 1"
        f"{f' OR {changed}' if changed else ''} AS is_news "
        f"FROM told_rows SEMI JOIN told_again USING ({keys}) WINDOW before AS (PARTITION BY {keys} "
        "ORDER BY batch_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) "
        f"GROUP BY {keys}"
    )


def _numbered(con: duckdb.DuckDBPyConnection, table: Table, rows: str) -> str:
    """The rows with the numbers they had; who is new gets the next ones."""
    number, key = str(table.number), table.key[0]
    before = f"(SELECT {key}, {number} FROM old.main.{table.name})"
    if not has_old(con, table.name, number):
        before = f"(SELECT NULL::VARCHAR AS {key}, NULL::BIGINT AS {number} WHERE false)"
    next_number = (
        f"(SELECT coalesce(max({number}), 0) FROM {before}) "
        f"+ row_number() OVER (PARTITION BY p.{number} IS NULL ORDER BY r.{key})"
    )
    plain = listed(column.name for column in table.stored() if column.name != number)
    return (
        f"SELECT r.*, coalesce(p.{number}, {next_number}) AS {number} "
        f"FROM (SELECT {plain} FROM ({rows})) r LEFT JOIN {before} p USING ({key})"
    )
