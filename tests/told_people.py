"""Who is who over several files, without the rest of a store: fast enough for properties."""

from __future__ import annotations

from typing import Any

import duckdb

from crm_core.store.people import PeopleRules, resolve_people
from crm_core.store.people_kept import PEOPLE_KEPT, keep_people, people_before

COLUMNS = ("customer_id", "email", "phone", "country", "name")


class People:
    """The links of a store over several files."""

    def __init__(self, rules: PeopleRules | None = None) -> None:
        self.rules = rules
        self.con = duckdb.connect(config={"threads": 1})
        self.con.execute("""
            CREATE SCHEMA staging; ATTACH ':memory:' AS old; ATTACH ':memory:' AS facts;
            CREATE TABLE old.identities
                (customer_id VARCHAR, email VARCHAR, name VARCHAR, customer_key BIGINT);
            CREATE TABLE old.identity_links (kind VARCHAR, value VARCHAR, customer_key BIGINT,
                first_key BIGINT, rule VARCHAR, batch_id BIGINT)
        """)
        self.batch = 0

    def load(self, *rows: dict[str, Any], rebuild: bool = False) -> People:
        """One file (or, to rebuild, all rows there are): who was seen with what."""
        self.batch += 1
        cells = ", ".join(f"{name} VARCHAR" for name in COLUMNS)
        self.con.execute(f"CREATE OR REPLACE TABLE staging.identities ({cells})")
        self.con.executemany(
            "INSERT INTO staging.identities VALUES (?, ?, ?, ?, ?)",
            [[row.get(name) for name in COLUMNS] for row in rows],
        )
        people_before(self.con, rebuild=rebuild)
        resolve_people(
            self.con, {"identities"}, batch=self.batch, rebuild=rebuild, rules=self.rules
        )
        keep_people(self.con, batch=self.batch)
        self.con.execute("CREATE TABLE facts.identity_links AS SELECT * FROM people.links")
        for table in ("identity_links", *PEOPLE_KEPT):
            self.con.execute(f"CREATE OR REPLACE TABLE old.{table} AS FROM facts.{table}")
            self.con.execute(f"DROP TABLE facts.{table}")
        self._keep_identities()
        return self

    def _keep_identities(self) -> None:
        """As the merge does: the last address and name of every id."""
        self.con.execute("""
            CREATE OR REPLACE TABLE old.identities AS
            SELECT customer_id, coalesce(max(email) FILTER (WHERE fresh), max(email)) AS email,
                   coalesce(max(name) FILTER (WHERE fresh), max(name)) AS name,
                   min(l.customer_key) AS customer_key
            FROM (SELECT customer_id, email, name, true AS fresh FROM staging.identities
                  UNION ALL SELECT customer_id, email, name, false FROM old.identities) t
            JOIN old.identity_links l ON l.kind = 'source_id' AND l.value = t.customer_id
            GROUP BY customer_id
        """)

    def links(self) -> dict[tuple[str, str], int]:
        """The customer of every trace."""
        rows = self._links("customer_key")
        assert len({row[:2] for row in rows}) == len(rows)
        return {(kind, value): key for kind, value, key in rows}

    def rules_of(self, kind: str) -> dict[str, str]:
        """By which rule each trace of a kind leads to its customer."""
        return {value: rule for found, value, rule in self._links("rule") if found == kind}

    def first_keys(self) -> dict[tuple[str, str], int]:
        """The key each trace first had."""
        return {(kind, value): key for kind, value, key in self._links("first_key")}

    def _links(self, column: str) -> list[tuple[Any, ...]]:
        return self.con.execute(f"SELECT kind, value, {column} FROM old.identity_links").fetchall()

    def who(self, *ids: str) -> list[int]:
        """The customers of these source ids."""
        links = self.links()
        return [links["source_id", each] for each in ids]

    def are_one(self, *ids: str) -> bool:
        """Whether these source ids are one customer."""
        return len(set(self.who(*ids))) == 1

    def shared(self) -> dict[str, str]:
        """Addresses and numbers that lead to nobody, each with the reason."""
        rows = self.con.execute("SELECT value, reason FROM old.shared_addresses").fetchall()
        return dict(rows)

    def gone(self) -> set[int]:
        """Keys given up."""
        rows = self.con.execute("SELECT old_key FROM old.key_moves").fetchall()
        return {row[0] for row in rows}
