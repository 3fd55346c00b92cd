"""Who is one person, over any number of files in any order."""

from __future__ import annotations

from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.store.people import resolve_people
from tests.small_shop import Rows, SmallShop, line, order, small_shop

Seen = tuple[str, str | None]

sightings = st.lists(
    st.tuples(
        st.sampled_from([f"c{number}" for number in range(8)]),
        st.sampled_from([None, *(f"m{number}@example.com" for number in range(5))]),
    ),
    min_size=1,
    max_size=14,
)


class People:
    """The links of a store over several files, without the rest of the store."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        self.con.execute("CREATE SCHEMA staging; CREATE SCHEMA people")
        self.con.execute("""
            CREATE TABLE people.old_links (kind VARCHAR, value VARCHAR, customer_key BIGINT,
                                           rule VARCHAR, batch_id BIGINT);
            CREATE TABLE people.old_moves (old_key BIGINT, new_key BIGINT, batch_id BIGINT);
            CREATE TABLE people.old_shared (email VARCHAR, batch_id BIGINT);
            CREATE TABLE people.latest (id VARCHAR, email VARCHAR);
            CREATE VIEW people.old_emails AS
                SELECT value AS email, customer_key FROM people.old_links WHERE kind = 'email'
                UNION SELECT t.email, l.customer_key FROM people.latest t
                JOIN people.old_links l ON l.kind = 'source_id' AND l.value = t.id
        """)
        self.batch = 0

    def load(self, rows: list[Seen]) -> None:
        """One file: who was seen with which address."""
        self.batch += 1
        self.con.execute(
            "CREATE OR REPLACE TABLE staging.identities (customer_id VARCHAR, email VARCHAR)"
        )
        self.con.executemany("INSERT INTO staging.identities VALUES (?, ?)", rows)
        resolve_people(self.con, {"identities"}, batch=self.batch)
        self.con.execute(f"""
            CREATE OR REPLACE TABLE people.old_links AS SELECT * FROM people.links;
            INSERT INTO people.old_moves SELECT *, {self.batch} FROM people.moved;
            CREATE OR REPLACE TABLE people.old_shared AS
                SELECT email, {self.batch}::BIGINT AS batch_id FROM people.shared
        """)
        for customer, email in rows:
            if email is not None:
                self.con.execute("DELETE FROM people.latest WHERE id = ?", [customer])
                self.con.execute("INSERT INTO people.latest VALUES (?, ?)", [customer, email])

    def links(self) -> dict[tuple[str, str], int]:
        rows = self.con.execute("SELECT kind, value, customer_key FROM people.old_links").fetchall()
        assert len({row[:2] for row in rows}) == len(rows)
        return {(kind, value): key for kind, value, key in rows}

    def gone(self) -> set[int]:
        return {
            row[0] for row in self.con.execute("SELECT old_key FROM people.old_moves").fetchall()
        }


@settings(max_examples=60, deadline=None)
@given(st.lists(sightings, min_size=1, max_size=4))
def test_the_last_file_again_changes_nothing(files: list[list[Seen]]) -> None:
    people = People()
    for rows in files:
        people.load(rows)
    before, gone = people.links(), people.gone()
    people.load(files[-1])
    people.load(list(reversed(files[-1])))
    assert people.links() == before
    assert people.gone() == gone


@settings(max_examples=60, deadline=None)
@given(st.lists(sightings, min_size=2, max_size=4))
def test_people_once_joined_stay_joined_and_keep_the_oldest_key(files: list[list[Seen]]) -> None:
    people = People()
    given_up: set[int] = set()
    for rows in files:
        before = people.links()
        people.load(rows)
        after = people.links()
        for kind, value in before:
            if kind == "source_id":
                assert after[kind, value] <= before[kind, value]
        together: dict[int, set[int]] = {}
        for place, key in before.items():
            if place in after:
                together.setdefault(key, set()).add(after[place])
        assert all(len(keys) == 1 for keys in together.values())
        given_up |= people.gone()
        # A key that was given up is nobody's ever after.
        assert not given_up & set(after.values())


@settings(max_examples=40, deadline=None)
@given(sightings)
def test_one_file_joins_exactly_those_whom_addresses_of_few_connect(rows: list[Seen]) -> None:
    people = People()
    people.load(rows)
    links = people.links()
    owners: dict[str, set[str]] = {}
    for customer, email in rows:
        if email is not None:
            owners.setdefault(email, set()).add(customer)
    group = {customer: {customer} for customer, _ in rows}
    for own in owners.values():
        if len(own) <= 3:
            whole = set().union(*(group[customer] for customer in own))
            for customer in whole:
                group[customer] = whole
    for one in group:
        for other in group:
            joined = links["source_id", one] == links["source_id", other]
            assert joined is (other in group[one])
    shared = {email for email, own in owners.items() if len(own) > 3}
    assert not shared & {value for kind, value in links if kind == "email"}


def many_ids() -> Rows:
    """Four ids that other addresses prove to be one person share an address, too."""
    pairs = [("a", "ab"), ("b", "ab"), ("b", "bc"), ("c", "bc"), ("c", "cd"), ("d", "cd")]
    return {
        "identities": [
            {"customer_id": customer, "email": f"{name}@example.com"}
            for customer, name in (*pairs, *((customer, "all") for customer in "abcd"))
        ],
        "orders": [order(customer, customer, "2026-01-05T10:00:00") for customer in "abcd"],
        "order_lines": [line(customer, "tea", "10") for customer in "abcd"],
    }


def test_a_whole_import_again_changes_nothing_however_people_are_tangled(tmp_path: Path) -> None:
    shop: SmallShop = small_shop(tmp_path, many_ids())
    assert shop.load(many_ids(), name="again")["batch"] is None
