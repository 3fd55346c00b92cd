from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import CrmError
from crm_core.privacy import Access
from crm_core.privacy.gate import contactable, customer_code, customer_key, identities, search
from tests.privacy.conftest import MARKETER, OWNER, VIEWER, Person, Shop, shops_in

SECRET = bytes(range(32))
PEOPLE = [
    Person(11, name="Mary Jones", email="mary@example.com", phone="+44 7911 123456"),
    Person(12, name="王芳", email="wang@example.com", phone="+8613800001234"),
    Person(13, name="100% Ännä_Öst", email=None, phone=None),
    Person(14, name="' OR 1=1--", email="x'y@example.com", phone="n/a"),
    Person(15, name="ＭＡＲＹ ＳＴＡＲ", email="star@example.com", phone="555"),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with shops_in(tmp_path_factory.mktemp("gate")) as make:
        yield make(PEOPLE)


def test_the_owner_sees_names_and_the_viewer_a_hint(shop: Shop) -> None:
    clear = identities(shop.store, OWNER, [12, 11])
    assert list(clear["name"]) == ["王芳", "Mary Jones"]
    masked = identities(shop.store, VIEWER, [12, 11])
    assert list(masked["name"]) == ["王•••", "M. J."]
    assert list(masked["email"]) == ["w•••@example.com", "m•••@example.com"]
    assert "address" not in masked
    everything = masked.to_csv()
    assert "Mary" not in everything
    assert "7911" not in everything


def test_presenting_hides_names_from_the_owner_too(shop: Shop) -> None:
    shown = identities(shop.store, Access("single_user", "owner", present=True), [11])
    assert list(shown["name"]) == ["M. J."]


def test_one_row_a_customer_asked_for_also_for_strangers(shop: Shop) -> None:
    frame = identities(shop.store, OWNER, [99, 11, 11])
    assert list(frame["customer_key"]) == [99, 11]
    assert list(identities(shop.store, VIEWER, [99])["name"]) == [None]
    assert identities(shop.store, OWNER, []).empty


def test_names_come_for_the_rows_shown_not_for_tables(shop: Shop) -> None:
    with pytest.raises(CrmError, match="privacy_too_many"):
        identities(shop.store, OWNER, range(1_001))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mary", [11, 15]),
        ("ＭＡＲＹ", [11, 15]),
        ("王", [12]),
        ("%", [13]),
        ("_", [13]),
        ("ÄNNÄ", [13]),
        ("A\u0308nna\u0308", [13]),
        ("' OR 1=1--", [14]),
        ("x'y@", [14]),
        ("07911 123456", [11]),
        ("+86 138-0000", [12]),
        ("c-00013", [13]),
        ("C-0001", []),
        (".*", []),
        ("", []),
        ("nobody", []),
    ],
)
def test_text_is_looked_for_as_it_stands(shop: Shop, text: str, found: list[int]) -> None:
    assert sorted(search(shop.store, MARKETER, text, secret=SECRET)) == found


def test_a_search_ends_at_its_limit(shop: Shop) -> None:
    assert len(search(shop.store, OWNER, "example", 2, secret=SECRET)) == 2


def test_a_viewer_searches_by_code_only(shop: Shop) -> None:
    with pytest.raises(CrmError, match="privacy_denied"):
        search(shop.store, VIEWER, "mary", secret=SECRET)
    code = customer_code(SECRET, 11)
    assert search(shop.store, VIEWER, f" {code.upper()} ", secret=SECRET) == [11]


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_code_leads_back_to_its_customer(key: int) -> None:
    code = customer_code(SECRET, key)
    assert len(code) == 26
    assert customer_key(SECRET, code) == key


@given(st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"), max_size=40))
def test_a_guessed_code_leads_nowhere(code: str) -> None:
    with pytest.raises(CrmError, match="privacy_unknown_customer"):
        customer_key(SECRET, code)


def test_another_shops_code_leads_nowhere() -> None:
    with pytest.raises(CrmError, match="privacy_unknown_customer"):
        customer_key(bytes(32), customer_code(SECRET, 7))
    with pytest.raises(CrmError, match="privacy_unknown_customer"):
        customer_key(SECRET, "?? ~~")


def test_a_contact_is_usable_or_it_is_none(shop: Shop) -> None:

    def keys(channel: str) -> set[int]:
        return set(shop.store.fetch(contactable(shop.store, channel))["customer_key"])

    assert keys("email") == {11, 12, 14, 15}
    assert keys("sms") == {11, 12}
    assert keys("post") == set()
    assert keys("ads") == {11, 12, 14, 15}


def test_a_call_opens_one_customer_and_a_search_few(shop: Shop) -> None:
    care = Access("care", "carla@shop.example")
    assert list(identities(shop.store, care, [11])["email"]) == ["m•••@example.com"]
    assert list(identities(shop.store, care, [11], "call")["email"]) == ["mary@example.com"]
    found = identities(shop.store, care, [11, 12], "search")
    assert list(found["name"]) == ["Mary Jones", "王芳"]
    assert "mary@example.com" not in found.to_csv()
    for keys, purpose in ((2, "call"), (51, "search")):
        with pytest.raises(CrmError, match="privacy_too_many"):
            identities(shop.store, care, range(keys), purpose)  # type: ignore[arg-type]
    with pytest.raises(CrmError, match="privacy_denied"):
        identities(shop.store, VIEWER, [11], "call")
