"""The rule book goes out to a file and comes in the same; files with faults say which."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from crm_core.errors import CrmError
from crm_core.pipeline.rule_book_files import portable, read_book, save_read, write_book
from crm_core.records import OfferBook, OfferRule, Records
from crm_core.rules import All, Condition, Did, InList, Not, Rule, to_document
from crm_core.store import Store
from tests.conftest import NOW

TEA = Did("purchase", (Condition("category", "in", ("Tea",)),), last_days=30)


def offer(name: str, rule: Rule, action: str = "try_new", what: str = "", **more: Any) -> OfferRule:
    return OfferRule(name, to_document(rule), action, "email", what, **more)


BOOK = OfferBook(
    (
        offer(
            'Back "again"',
            All((Condition("recency_days", ">", 180), Not(TEA))),
            "message",
            "Hi\n你好",
        ),
        offer(
            "新品",
            Condition("first_order_day", "before", date(2026, 1, 31)),
            most_people=9,
            is_on=False,
        ),
        replace(offer("Peace", All(), "nothing"), contact_channel="all"),
    ),
    most_offers=3,
    offer_days=14,
)


@pytest.mark.parametrize("form", ["toml", "json"])
def test_a_book_comes_in_as_it_went_out(form: str) -> None:
    text = write_book(BOOK, form)
    assert "新品" in text
    again = read_book(text.encode(), form, OfferBook(version=4))
    assert again == replace(BOOK, version=4)
    held = OfferBook((replace(BOOK.rules[1], id=7),))
    assert [each.id for each in read_book(text.encode(), form, held).rules] == [0, 7, 0]


def test_a_file_written_by_hand_may_have_plain_days_and_few_words() -> None:
    told = b"""
    [[rule]]
    name = "New"
    if = {field = "first_order_day", operator = "on_or_after", value = 2026-01-31}
    then = "try_new"
    channel = "sms"
    """
    (rule,) = read_book(told, "toml", OfferBook()).rules
    assert rule.rule == to_document(Condition("first_order_day", "on_or_after", date(2026, 1, 31)))
    assert (rule.is_on, rule.most_people, rule.again_days) == (True, None, 30)


GOOD = '[[rule]]\nname = "A"\nif = {all = []}\nthen = "try_new"\nchannel = "email"\n'


@pytest.mark.parametrize(
    ("text", "form", "code"),
    [
        ("rule = 1", "toml", "rule_book_shape"),
        ("= 3", "toml", "rule_book_unreadable"),
        ("[]", "json", "rule_book_unreadable"),
        ("{}", "yaml", "rule_book_form"),
        ('{"rule": ' + "[" * 900 + "]" * 900 + "}", "json", "rule_book_unreadable"),
        ("caps = 3\n" + GOOD, "toml", "rule_book_shape"),
        (GOOD.replace("then", "do"), "toml", "rule_book_shape"),
        (GOOD + "colour = 3\n", "toml", "rule_book_shape"),
        (GOOD.replace('"A"', "3"), "toml", "rule_book_shape"),
        (GOOD.replace('"email"', '"owl"'), "toml", "records_channel_unknown"),
        (GOOD.replace("try_new", "sing"), "toml", "offer_rule_invalid"),
        (
            GOOD.replace("{all = []}", '{field = "ordrs", operator = ">", value = 1}'),
            "toml",
            "rule_field",
        ),
        (GOOD + GOOD, "toml", "records_name_taken"),
        ("most_offers = 0\n" + GOOD, "toml", "offer_book_invalid"),
        (GOOD + 'again_days = "x"\n', "toml", "offer_rule_invalid"),
    ],
)
def test_a_file_with_a_fault_says_which(text: str, form: str, code: str) -> None:
    with pytest.raises(CrmError) as refused:
        read_book(text.encode(), form, OfferBook())
    assert refused.value.code == code


def test_a_book_is_taken_only_if_its_rules_can_be_asked_here(
    store: Store, records: Records
) -> None:
    by: dict[str, Any] = {"file": "book.toml", "user": "mia", "now": NOW}
    with pytest.raises(CrmError, match="rule_no_list"):
        save_read(store, records, OfferBook((offer("L", InList("Nowhere")),)), **by)
    twins = OfferBook((offer("One", TEA), offer("Two", TEA, "message", "Tea!")))
    with pytest.raises(CrmError) as refused:
        save_read(store, records, OfferBook(twins.rules), **by)
    assert refused.value.code in ("offer_book_conflict", "rule_no_value")
    assert records.offer_book().rules == ()
    assert portable(store, BOOK) == BOOK
