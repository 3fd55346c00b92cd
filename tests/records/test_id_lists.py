"""Lists of customers that people bring along, kept by key alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from crm_core.errors import CrmError
from crm_core.records import MOST_LISTED, Records
from tests.records.conftest import NOW

TOLD = {"rows": 4, "double": 1, "stranger": 1}


def listed(records: Records, number: int) -> list[int]:
    rows = records.mirror().tables["id_list_members"].to_pylist()
    return [row["customer_key"] for row in rows if row["list_id"] == number]


def add(records: Records, name: str, keys: Sequence[int]) -> int:
    return records.add_id_list(name, keys, told=TOLD, owner="mia", now=NOW)


def test_a_list_is_kept_and_removed(records: Records) -> None:
    number = add(records, " Fair  guests ", [9, 2, 9])
    (kept,) = records.id_lists()
    assert (kept.id, kept.name, kept.customers, kept.told, kept.owner) == (
        number,
        "Fair guests",
        2,
        TOLD,
        "mia",
    )
    assert listed(records, number) == [2, 9]
    with pytest.raises(CrmError, match="records_name_taken"):
        add(records, "fair GUESTS", [1])
    records.remove_id_list(number)
    assert records.id_lists() == []
    assert listed(records, number) == []


def test_a_list_of_nobody_or_of_too_many_is_refused(records: Records) -> None:
    with pytest.raises(CrmError, match="records_list_empty"):
        add(records, "A", [])
    with pytest.raises(CrmError, match="records_list_too_long"):
        add(records, "A", range(MOST_LISTED + 1))
    assert records.id_lists() == []


def test_a_list_follows_customers_who_become_one_and_two_again(records: Records) -> None:
    number = add(records, "A", [1, 2, 5])
    assert records.move_customers([(2, 1)]) == 1
    assert listed(records, number) == [1, 5]
    assert records.id_lists()[0].customers == 2
    records.move_customers([(2, 1), (1, 7)])
    assert listed(records, number) == [5, 7]
    assert records.move_customers([(2, 1), (1, 7)]) == 0
    records.separate_customers([(2, 1)])
    assert listed(records, number) == [1, 5]
    records.separate_customers([])
    assert listed(records, number) == [1, 2, 5]
