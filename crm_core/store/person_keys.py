"""Which traces belong to one person, and the number that person keeps.

A trace is a source id, an e-mail address or a phone number; an edge says that two traces are one
person's. Everything is done on whole numbers in the engine, in rounds that halve what is left.
"""

from __future__ import annotations

import duckdb


def join_traces(con: duckdb.DuckDBPyConnection, *, rebuild: bool) -> None:
    """Makes `labels` (kind, value, old_key, label, root): traces with one root are one person.

    Reads `nodes` (kind, value), `edges` (kind, value, other_kind, other) and `people.old_links`.
    Links of earlier batches that have one key belong together from the start; not so in a
    `rebuild`, where every trace comes apart and only what the rows tell joins them again.
    """
    con.execute("""
        CREATE OR REPLACE TEMP TABLE labels AS
        SELECT n.kind, n.value, o.customer_key AS old_key,
               row_number() OVER (ORDER BY o.customer_key NULLS LAST, n.kind DESC, n.value) AS label
        FROM nodes n LEFT JOIN people.old_links o USING (kind, value)
    """)
    together = (
        ""
        if rebuild
        else """
        UNION ALL SELECT label, min(label) OVER (PARTITION BY old_key) AS other
        FROM labels WHERE old_key IS NOT NULL"""
    )
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE ties AS
        SELECT greatest(label, other) AS label, least(label, other) AS other FROM (
            SELECT a.label, b.label AS other FROM edges e
            JOIN labels a ON a.kind = e.kind AND a.value = e.value
            JOIN labels b ON b.kind = e.other_kind AND b.value = e.other{together}
        ) WHERE label <> other
    """)
    con.execute("CREATE OR REPLACE TEMP TABLE roots AS SELECT label, label AS root FROM labels")
    while _rows(con, "ties"):
        _hook(con)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE labels AS
        SELECT kind, value, old_key, label, root FROM labels JOIN roots USING (label)
    """)


def _hook(con: duckdb.DuckDBPyConnection) -> None:
    """One round: every root is hung under the smallest it is tied to, and ties are drawn anew
    between the roots that are left."""
    con.execute("""
        CREATE OR REPLACE TEMP TABLE hooks AS
        SELECT label, min(other) AS root FROM ties GROUP BY label
    """)
    # A long row of ties is climbed to its top in steps that double.
    climbing = 1
    while climbing:
        con.execute("""
            CREATE OR REPLACE TEMP TABLE climbed AS
            SELECT h.label, coalesce(up.root, h.root) AS root, up.root IS NOT NULL AS moved
            FROM hooks h LEFT JOIN hooks up ON up.label = h.root
        """)
        climbing = _rows(con, "climbed WHERE moved")
        con.execute("CREATE OR REPLACE TEMP TABLE hooks AS SELECT label, root FROM climbed")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE roots AS
        SELECT r.label, coalesce(h.root, r.root) AS root
        FROM roots r LEFT JOIN hooks h ON h.label = r.root
    """)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE ties AS
        SELECT DISTINCT greatest(one, other) AS label, least(one, other) AS other FROM (
            SELECT coalesce(a.root, t.label) AS one, coalesce(b.root, t.other) AS other
            FROM ties t LEFT JOIN hooks a ON a.label = t.label
            LEFT JOIN hooks b ON b.label = t.other)
        WHERE one <> other
    """)


def give_keys(con: duckdb.DuckDBPyConnection, *, rebuild: bool) -> None:
    """Makes `people.keyed` (root, key, is_new), `people.moved` (old_key, new_key), `people.given`.

    Every person has the smallest key that one of their traces had before. Two who come apart
    cannot both have it: the one with the smaller root takes it. Who is left without gets the
    next number that was never anybody's. `people.moved` maps each key that nobody has any more to
    the person who has its traces now; `people.given` is the highest number ever given.
    """
    con.execute("""
        CREATE OR REPLACE TEMP TABLE wishes AS
        SELECT DISTINCT root, old_key AS key FROM labels WHERE old_key IS NOT NULL
    """)
    con.execute("CREATE OR REPLACE TEMP TABLE taken (root BIGINT, key BIGINT)")
    while _rows(con, "wishes"):
        con.execute("""
            INSERT INTO taken SELECT min(root), key
            FROM (SELECT root, min(key) AS key FROM wishes GROUP BY root) GROUP BY key
        """)
        con.execute("""
            CREATE OR REPLACE TEMP TABLE wishes AS SELECT w.* FROM wishes w
            ANTI JOIN taken USING (root) ANTI JOIN taken other ON other.key = w.key
        """)
    last = last_given(con)
    con.execute(f"""
        CREATE OR REPLACE TABLE people.keyed AS
        SELECT root, coalesce(t.key, {last}
               + row_number() OVER (PARTITION BY t.key IS NULL ORDER BY root)) AS key,
               t.key IS NULL AS is_new
        FROM (SELECT DISTINCT root FROM labels) LEFT JOIN taken t USING (root)
    """)
    con.execute(f"""
        CREATE OR REPLACE TABLE people.given AS
        SELECT greatest({last}, max(key))::BIGINT AS last_key FROM people.keyed
    """)
    nobodys = "ANTI JOIN people.keyed alive ON alive.key = l.old_key" if rebuild else ""
    con.execute(f"""
        CREATE OR REPLACE TABLE people.moved AS
        SELECT l.old_key, min(k.key) AS new_key
        FROM (SELECT old_key, root FROM labels WHERE old_key IS NOT NULL) l
        JOIN people.keyed k USING (root) {nobodys}
        WHERE l.old_key <> k.key GROUP BY l.old_key
    """)


def last_given(con: duckdb.DuckDBPyConnection) -> int:
    """The highest number that was ever a customer's, also of those long gone."""
    row = con.execute("""
        SELECT coalesce(max(key), 0) FROM (
            SELECT greatest(customer_key, first_key) AS key FROM people.old_links
            UNION ALL SELECT greatest(old_key, new_key) FROM people.old_moves
            UNION ALL SELECT last_key FROM people.old_given)
    """).fetchone()
    return int(row[0]) if row else 0


def _rows(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0
