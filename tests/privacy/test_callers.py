"""Who is on the phone, found by what a person types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.privacy import Access
from crm_core.privacy.callers import MOST_LISTED, Lookup, look_up
from crm_core.store import Store
from tests.small_shop import Rows, line, order, small_shop

CARE = Access("care", "carla@shop.example")


def rows() -> Rows:
    people = [
        {
            "customer_id": "C-17",
            "name": "Mary Jones",
            "email": "Mary.Jones@gmail.com",
            "phone": "+49 30 23125-456",
        },
        {
            "customer_id": "C-18",
            "name": "王芳",
            "email": "wang@example.com",
            "phone": "+86 138 0013 8123",
        },
        {
            "customer_id": "C-19",
            "name": "No Country",
            "email": "nc@example.com",
            "phone": "040 123 45 67",
        },
        {
            "customer_id": "C-20",
            "name": "Other Mary",
            "email": "mary.smith@example.com",
            "phone": "n/a",
        },
    ]
    orders = [
        order("DE-2026-1001", "C-17", "2026-01-05T10:00:00"),
        order("DE-2026-1002", "C-18", "2026-01-06T10:00:00"),
        order("DE-2026-1003", "C-18", "2026-01-07T10:00:00"),
        order("DE-2026-1004", "C-17", "2026-01-07T10:00:00"),
        order("FR-2026-1004", "C-18", "2026-01-07T10:00:00"),
        order("9001", None, "2026-01-08T10:00:00"),  # type: ignore[arg-type]
        *(order(f"XX-77{number:02}", "C-19", "2026-02-01T10:00:00") for number in range(2)),
        *(order(f"Y{number}-5500", f"B-{number}", "2026-02-01T10:00:00") for number in range(14)),
    ]
    return {
        "identities": people,
        "customers": [{"customer_id": each["customer_id"]} for each in people],
        "orders": orders,
        "order_lines": [line(each["order_id"], "tea", "10") for each in orders],
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    shop = small_shop(tmp_path_factory.mktemp("callers"), rows())
    opened = shop.open()
    yield opened
    opened.close()
    shop.records.close()


@pytest.fixture(scope="module")
def keys(store: Store) -> dict[str, int]:
    links = store.fetch(store.table("identity_links"))
    ids = links[links["kind"] == "source_id"]
    return {str(v): int(k) for v, k in zip(ids["value"], ids["customer_key"], strict=True)}


def asked(store: Store, text: str) -> Lookup:
    return look_up(store, CARE, text)


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("+49 30 23125-456", "C-17"),
        ("0049 (0)30 23125 456", "C-17"),
        ("030/23125456", "C-17"),
        ("49 30 23125456", "C-17"),
        ("+86 138-0013-8123", "C-18"),
        ("138 0013 8123", "C-18"),
        ("0086 13800138123", "C-18"),
        ("＋８６ １３８００１３８１２３", "C-18"),
        ("040-1234567", "C-19"),
        (" MARY.JONES@GMAIL.COM ", "C-17"),
        ("mary.jones+shop@googlemail.com", "C-17"),
        ("wang ＠example.com", "C-18"),
        ("de-2026-1001", "C-17"),
        ("DE 2026 1001", "C-17"),
        ("2026 1001", None),
        ("Order no. DE-2026-1001", "C-17"),
        ("#DE-2026-1003", "C-18"),
        ("订单号：DE-2026-1002", "C-18"),
        ("c-18", "C-18"),
    ],
)
def test_as_a_person_types_it(
    store: Store, keys: dict[str, int], text: str, who: str | None
) -> None:
    found = asked(store, text)
    if who is None:  # an ending opens nothing by itself, however few have it
        assert found.only is None
        assert [match.key for match in found.matches] == [keys["C-17"]]
    else:
        assert found.only is not None
        assert found.only.key == keys[who]


def test_a_part_of_a_number_leads_to_a_list_and_opens_nothing(
    store: Store, keys: dict[str, int]
) -> None:
    one = asked(store, "2026-1001")
    assert one.only is None
    assert [match.key for match in one.matches] == [keys["C-17"]]
    both = asked(store, "6-1004")
    assert {match.key for match in both.matches} == {keys["C-17"], keys["C-18"]}
    assert len(both.matches) == 2
    assert asked(store, "125456").only is None
    assert [match.by for match in asked(store, "125456").matches] == ["phone"]


def test_part_of_an_address_lists_who_has_it(store: Store, keys: dict[str, int]) -> None:
    found = asked(store, "mary.")
    assert {match.key for match in found.matches} == {keys["C-17"], keys["C-20"]}
    assert found.only is None


def test_no_more_than_a_short_list(store: Store) -> None:
    found = asked(store, "5500")
    assert len(found.matches) == MOST_LISTED
    assert found.more


def test_an_order_of_nobody_known_is_found_as_such(store: Store) -> None:
    found = asked(store, "9001")
    assert found.only is not None
    assert (found.only.key, found.only.order_id) == (None, "9001")


@pytest.mark.parametrize(
    "text", ["", "  ", "%", "***", "----", "🙂", "ab", "' OR 1=1--", "nobody@nowhere.example"]
)
def test_who_is_not_there_is_not_found(store: Store, text: str) -> None:
    assert asked(store, text).matches == ()


def test_what_was_tried_is_told(store: Store) -> None:
    assert asked(store, "nobody@nowhere.example").tried == ("email", "email_part")
    assert asked(store, "5550001").tried == ("phone", "order", "source_id", "order_end")
    assert asked(store, "ab").tried == ("order", "source_id")
    assert asked(store, "----").tried == ()


def test_only_who_answers_calls_may_look(store: Store) -> None:
    with pytest.raises(CrmError, match="privacy_denied"):
        look_up(store, Access("viewer", "vic"), "9001")


def test_one_number_of_two_shops_opens_neither(tmp_path: Path) -> None:
    """Each shop counts its orders from one: the second has its name behind the number."""
    shop = small_shop(tmp_path)
    for place, name in enumerate(("North", "South")):
        told = order("1001", f"C-{name}", f"2026-01-0{place + 1}T10:00:00")
        shop.load(
            {"orders": [told], "order_lines": [line("1001", "tea", "10")]}, name=name, shop=name
        )
    found = asked(shop.open(), "1001")
    assert len(found.matches) == 2
    assert found.only is None
