"""Who is one person, over any number of files in any order."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.small_shop import Rows, SmallShop, line, order, small_shop
from tests.told_people import People

Seen = tuple[str, str | None]

sightings = st.lists(
    st.tuples(
        st.sampled_from([f"c{number}" for number in range(8)]),
        st.sampled_from([None, *(f"m{number}@example.com" for number in range(5))]),
    ),
    min_size=1,
    max_size=14,
)


def told(rows: list[Seen]) -> list[dict[str, str | None]]:
    return [{"customer_id": customer, "email": email} for customer, email in rows]


@pytest.mark.slow
@settings(max_examples=examples(12), deadline=None)
@given(st.lists(sightings, min_size=1, max_size=4))
def test_the_last_file_again_changes_nothing(files: list[list[Seen]]) -> None:
    people = People()
    for rows in files:
        people.load(*told(rows))
    before, gone = people.links(), people.gone()
    people.load(*told(files[-1]))
    people.load(*told(list(reversed(files[-1]))))
    assert people.links() == before
    assert people.gone() == gone


@pytest.mark.slow
@settings(max_examples=examples(12), deadline=None)
@given(st.lists(sightings, min_size=2, max_size=4))
def test_people_once_joined_stay_joined_and_keep_the_oldest_key(files: list[list[Seen]]) -> None:
    people = People()
    given_up: set[int] = set()
    for rows in files:
        before = people.links()
        people.load(*told(rows))
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


@settings(max_examples=examples(12), deadline=None)
@given(sightings)
def test_one_file_joins_exactly_those_whom_addresses_of_few_connect(rows: list[Seen]) -> None:
    people = People()
    people.load(*told(rows))
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


def two_days() -> tuple[list[Seen], list[Seen]]:
    """Two customers, and a day later an address that both of them gave."""
    return [("ann", None), ("bob", None)], [("ann", "x@example.com"), ("bob", "x@example.com")]


def test_a_rebuild_without_a_file_takes_apart_whom_it_had_joined() -> None:
    first, second = two_days()
    people = People()
    people.load(*told(first))
    apart = people.links()
    people.load(*told(second))
    assert len(set(people.links().values())) == 1
    assert people.gone() == {2}
    people.load(*told(first), rebuild=True)
    assert people.links() == apart
    assert people.gone() == set()


def test_who_comes_apart_shares_no_key_and_a_key_not_told_again_is_nobody_s() -> None:
    people = People()
    people.load(*told([("ann", "x@example.com"), ("bob", "x@example.com"), ("cyr", None)]))
    assert set(people.links().values()) == {1, 2}
    people.load(*told([("ann", "x@example.com"), ("bob", None)]), rebuild=True)
    links = people.links()
    assert links["source_id", "ann"] == links["email", "x@example.com"] == 1
    assert links["source_id", "bob"] == 3
    assert ("source_id", "cyr") not in links
    people.load(*told([("dan", None)]))
    assert people.links()["source_id", "dan"] == 4
    links = people.links()
    for _ in range(2):  # once apart, a rebuild changes nothing
        people.load(*told([("ann", "x@example.com"), ("bob", None), ("dan", None)]), rebuild=True)
        assert people.links() == links
    people.load(*told([("eve", None)]))
    assert people.links()["source_id", "eve"] == 5


def test_a_rebuild_that_joins_keeps_the_smaller_key_and_moves_the_other() -> None:
    first, second = two_days()
    people = People()
    people.load(*told(first))
    people.load(*told([*first, *second]), rebuild=True)
    assert set(people.links().values()) == {1}
    assert people.gone() == {2}


@pytest.mark.slow
@settings(max_examples=examples(12), deadline=None)
@given(st.lists(sightings, min_size=2, max_size=3))
def test_a_rebuild_keeps_numbers_and_a_second_one_changes_nothing(files: list[list[Seen]]) -> None:
    people = People()
    for rows in files:
        people.load(*told(rows))
    known = people.first_keys()
    everything = [row for rows in files for row in rows]
    people.load(*told(everything), rebuild=True)
    after, gone = people.links(), people.gone()
    assert not gone & set(after.values())
    for trace, key in after.items():
        own = {known[other] for other in after if other in known and after[other] == key}
        assert key in own or key > max(known.values()), trace
    people.load(*told(list(reversed(everything))), rebuild=True)
    assert people.links() == after
    assert people.gone() == gone


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
