"""The people are invented, untidy in known ways, and lead nowhere."""

from __future__ import annotations

import re
from typing import Any

from crm_core.demo.identities import pools
from tests.demo.conftest import Ask

Truths = dict[str, Any]
FILM_NUMBERS = re.compile(
    r"\+49 (30 23125|69 90009|40 66969|221 4710|89 99998)\d{3}"
    r"|\+44 (7700 900|1632 960|808 1570)\d{3}|\+1 \d{3} 555 01\d\d"
)


def test_addresses_lead_nowhere(ask: Ask) -> None:
    emails = ask("select email from identities union all select email from orders")
    places = {email.rsplit("@", 1)[1].lower() for (email,) in emails if email}
    allowed = {"example.com", "example.org", "example.net", "juniper-jade.example.com"}
    assert places <= allowed
    phones = [phone for (phone,) in ask("select phone from identities where phone is not null")]
    assert all(FILM_NUMBERS.fullmatch(phone) for phone in phones)
    assert len(set(phones)) == len(phones) > 2000


def test_hostile_names_are_kept_and_reach_lists(ask: Ask, truths: Truths) -> None:
    planted = truths["people"]["hostile_names"]
    assert [p["name"] for p in planted] == pools()["hostile"]["names"]
    for person in planted:
        name, orders, yes = ask(
            """
            select name, (select count(*) from counted c where c.customer_id = i.customer_id),
                   (select max_by(state, c."at") from consents c where c.customer_id = i.customer_id
                    and contact_channel = 'email')
            from identities i where customer_id = ?
            """,
            person["customer_id"],
        )[0]
        assert name == person["name"]
        assert orders >= 1
        assert yes == "granted"


def test_two_accounts_share_an_email_in_other_letters(ask: Ask, truths: Truths) -> None:
    for first, second in truths["people"]["two_accounts"]:
        one, two = (
            ask("select email from identities where customer_id = ?", c)[0][0]
            for c in (first, second)
        )
        assert one != two
        assert one == two.lower()


def test_guests_are_found_by_email_or_not_at_all(ask: Ask, truths: Truths) -> None:
    guests, nobody, orders = ask("""
        select count(*) filter (customer_id is null and email is not null),
               count(*) filter (customer_id is null and email is null), count(*) from orders
    """)[0]
    assert 0.05 < guests / orders < 0.15
    assert 0.01 < nobody / orders < 0.03
    later = ask("""
        select count(distinct i.customer_id) from identities i
        join orders o on lower(o.email) = lower(i.email) where o.customer_id is null
    """)[0][0]
    assert later > len(truths["people"]["guest_then_account"])


def test_one_address_of_the_shop_serves_many_people(ask: Ask, truths: Truths) -> None:
    people = truths["people"]
    found = ask(
        "select customer_id from identities where email = ?", people["shared_email_address"]
    )
    assert sorted(c for (c,) in found) == sorted(people["shared_email"])
    assert len(found) > 3


def test_lookalike_addresses_belong_to_strangers(ask: Ask, truths: Truths) -> None:
    for original, stranger in truths["people"]["lookalike_emails"]:
        one, two = (
            ask("select email from identities where customer_id = ?", c)[0][0]
            for c in (original, stranger)
        )
        assert one != two
        assert one == two.replace("\u0430", "a")


def test_staff_is_marked(ask: Ask, truths: Truths) -> None:
    staff = ask("select customer_id from customers where is_internal")
    assert sorted(c for (c,) in staff) == sorted(truths["people"]["internal"])
    by_others = "select count(*) from orders where status = 'test' and customer_id not in (select customer_id from customers where is_internal)"
    assert ask(by_others)[0][0] == 0
    real = "select count(*) from counted join customers using (customer_id) where is_internal"
    assert ask(real)[0][0] > 0


def test_consents_are_given_withheld_and_taken_back(ask: Ask) -> None:
    states = dict(ask("select state, count(*) from consents group by 1"))
    assert min(states["granted"], states["denied"]) > 1000
    unknown, taken_back = ask("""
        with mail as (select customer_id, max_by(state, c."at") as latest, count(distinct state) as given
                      from consents c where contact_channel = 'email' group by 1)
        select (select count(*) from customers) - count(*), count(*) filter (given = 2 and latest = 'denied')
        from mail
    """)[0]
    assert unknown > 500
    assert taken_back > 100
