"""Lists that people bring along: what they are found to be, and that nothing is guessed."""

from __future__ import annotations

import pytest

from crm_core.errors import CrmError
from crm_core.privacy.gate import customer_code
from crm_core.privacy.id_lists import Matched, match_list, text_of, values_of
from crm_core.privacy.policy import Access
from crm_core.store import Store

OWNER = Access("single_user", "ann")
SECRET = bytes(range(32))


def matched(store: Store, values: list[str], country: str | None = None) -> Matched:
    return match_list(store, OWNER, values, secret=SECRET, country=country)


@pytest.fixture(scope="module")
def links(store: Store) -> dict[str, dict[str, int]]:
    table = store.table("identity_links")
    rows = store.fetch(table.order_by("customer_key", "value").limit(3_000))
    found: dict[str, dict[str, int]] = {}
    for kind, value, key in zip(rows["kind"], rows["value"], rows["customer_key"], strict=True):
        found.setdefault(kind, {})[value] = int(key)
    return found


def test_codes_mails_phones_and_own_numbers_find_their_customers(
    store: Store, links: dict[str, dict[str, int]]
) -> None:
    mail, of_mail = next(iter(links["email"].items()))
    phone, of_phone = next(iter(links["phone"].items()))
    own, of_own = next(iter(links["source_id"].items()))
    known = list(links["source_id"].values())[5]
    values = [f" {mail.upper()} ".strip(), phone, own, customer_code(SECRET, known)]
    found = matched(store, values)
    assert found.keys == tuple(dict.fromkeys([of_mail, of_phone, of_own, known]))
    assert found.told["rows"] == 4


def test_what_is_double_strange_or_unreadable_is_counted_never_guessed(
    store: Store, links: dict[str, dict[str, int]]
) -> None:
    mail = next(iter(links["email"]))
    foreign = customer_code(bytes(32), 7)
    values = [mail, mail, mail.upper(), "nobody@example.com", "ann@", foreign, "0151 23456789",
              "+1 555", "X-404"]  # fmt: skip
    found = matched(store, values)
    assert len(found.keys) == 1
    assert found.told == {
        "rows": 9,
        "double": 2,
        "stranger": 3,
        "invalid": 2,
        "no_country": 1,
    }
    assert sum(found.told.values()) - found.told["rows"] + len(found.keys) == found.told["rows"]


def test_a_national_phone_is_read_only_in_the_country_the_shop_has_said(
    store: Store, links: dict[str, dict[str, int]]
) -> None:
    phone = next(value for value in links["phone"] if value.startswith("+49"))
    national = "0" + phone.removeprefix("+49")
    assert matched(store, [national]).keys == ()
    assert matched(store, [national], "DE").keys == (links["phone"][phone],)


def test_who_may_not_search_may_not_match_either(store: Store) -> None:
    with pytest.raises(CrmError, match="privacy_denied"):
        match_list(store, Access("viewer", "v"), ["a@b.example"], secret=SECRET, country=None)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("a@b.example\n\n  c@d.example \n", ["a@b.example", "c@d.example"]),
        ("E-mail\na@b.example\n", ["a@b.example"]),
        ("name;Customer code\nAnn;abc\nBo;\n", ["abc"]),
        ("姓名,电子邮箱,电话\n李,a@b.example,1\n", ["a@b.example"]),
        ("phone\temail\n1\ta@b.example", ["a@b.example"]),
        ('email,name\n"a@b.example","Lee, Ann"', ["a@b.example"]),
    ],
)
def test_a_list_is_a_line_each_or_the_column_that_says_so(text: str, values: list[str]) -> None:
    assert values_of(text) == values


def test_a_table_that_does_not_say_which_column_is_refused() -> None:
    with pytest.raises(CrmError, match="privacy_list_columns"):
        values_of("Ann,a@b.example\nBo,c@d.example")


def test_files_of_other_programs_are_read() -> None:
    assert values_of(text_of("邮箱\na@b.example".encode("utf-8-sig"))) == ["a@b.example"]
    assert values_of(text_of("手机号\n1380".encode("gb18030"))) == ["1380"]
