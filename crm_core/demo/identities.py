"""Names, addresses and ids of invented people, and under which of them each order was placed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crm_core.demo.arrow import ids, join, words
from crm_core.demo.parameters import CONTACT_CHANNELS, ODDITIES
from crm_core.demo.people import (
    ACCOUNT,
    BRUSHER,
    GRANTED,
    GUEST,
    GUEST_FIRST,
    INTERNAL,
    NEVER,
    SHARED_EMAIL,
    TWO_ACCOUNTS,
    People,
)
from crm_core.demo.process import ANONYMOUS, Orders

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SHARED_ADDRESS = "counter@juniper-jade.example.com"
SECOND_ACCOUNT = 50_000_000
LOOKALIKES = 3
_DOMAINS = ("example.com", "example.org", "example.net")
_NO_EMAIL = 0.03
_PHONE = 0.62


@dataclass(frozen=True)
class Identities:
    """By person: the texts of who they are. Nobody real; addresses lead nowhere."""

    name: pa.Array
    email: pa.Array
    phone: pa.Array
    address: pa.Array
    postal_code: pa.Array
    city: pa.Array
    country: pa.Array
    hostile: Ints
    lookalikes: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Signed:
    """By order: the number of the account it was placed with (0 without), and its e-mail."""

    account: Ints
    email: pa.Array


@cache
def pools() -> dict[str, Any]:
    """The parts of names and places."""
    return tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))


def make_identities(
    rng: np.random.Generator, people: People, hostile: Ints, *, lookalikes: bool
) -> Identities:
    """Who the people are: some with hostile names, some with look-alike addresses."""
    name, latin = _names(rng, people)
    n = len(people)
    where = words(people.number % 3, _DOMAINS)
    email = join(latin, ids("", people.number, width=7), "@", where)
    email = pc.if_else(pa.array(rng.random(n) < _NO_EMAIL), pa.scalar(None, pa.string()), email)
    guest = (people.kind == GUEST) | (people.kind == GUEST_FIRST) | (people.kind == TWO_ACCOUNTS)
    email = pc.if_else(
        pa.array(guest), join(latin, ids("", people.number, width=7), "@", where), email
    )
    staff = join("qa+", ids("", people.number, width=7), "@juniper-jade.example.com")
    email = pc.if_else(pa.array(people.kind == INTERNAL), staff, email)
    fake = join("user", ids("", people.number * 7919 % 9_999_991, width=7), "@example.net")
    email = pc.if_else(pa.array(people.kind == BRUSHER), fake, email)
    email = pc.if_else(pa.array(people.kind == SHARED_EMAIL), SHARED_ADDRESS, email)
    name = pc.if_else(pa.array(people.kind == INTERNAL), "Test Test", name)
    pairs: tuple[tuple[int, int], ...] = ()
    if lookalikes:
        email, pairs = _lookalikes(people, email)
    return Identities(
        name=_rename(people, name, hostile),
        email=email,
        phone=_phones(rng, people),
        hostile=hostile,
        lookalikes=pairs,
        **_places(rng, people),
    )


def sign_orders(
    rng: np.random.Generator, people: People, orders: Orders, number: Ints, who: Identities
) -> Signed:
    """Guests leave an e-mail, accounts an id; some people do both, some neither."""
    known = orders.person >= 0
    kind = np.where(known, people.kind[orders.person], -1)
    account = np.where(known, people.number[orders.person], 0)
    second = (kind == TWO_ACCOUNTS) & (number >= 2)
    account = np.where(second, account + SECOND_ACCOUNT, account)
    has_email = np.asarray(who.email.is_valid())[orders.person] & known
    careless = (
        (kind == ACCOUNT) & (number > 0) & (rng.random(len(orders)) < ODDITIES.guest_checkout)
    )
    careless &= has_email
    guest = (kind == GUEST) | ((kind == GUEST_FIRST) & (number == 0)) | careless
    account = np.where(guest, 0, account)
    email = who.email.take(pa.array(np.where(guest, orders.person, 0)))
    shout = careless | (guest & (rng.random(len(orders)) < 0.05))
    email = pc.if_else(pa.array(shout), pc.utf8_capitalize(email), email)
    email = pc.if_else(pa.array(guest), email, pa.scalar(None, pa.string()))
    counter = (orders.origin == ANONYMOUS) & (rng.random(len(orders)) < 0.12)
    return Signed(account=account, email=pc.if_else(pa.array(counter), SHARED_ADDRESS, email))


def order_numbers(orders: Orders) -> Ints:
    """How many orders of the same person came before each order."""
    by_person = np.argsort(orders.person, kind="stable")
    person = orders.person[by_person]
    new = np.concatenate(([True], person[1:] != person[:-1]))
    starts = np.flatnonzero(new)
    place = np.arange(len(person)) - np.repeat(starts, np.diff(np.append(starts, len(person))))
    number = np.empty(len(person), dtype=np.int64)
    number[by_person] = place
    return number


def _names(rng: np.random.Generator, people: People) -> tuple[pa.Array, pa.Array]:
    """Names as written, and the same in plain letters for e-mails."""
    n, draw = len(people), rng.random((2, len(people)))
    name, latin = pa.nulls(n, pa.string()), pa.nulls(n, pa.string())
    for code, language in enumerate(("de", "en", "zh")):
        pool = pools()[language]
        first = (draw[0] * len(pool["first"])).astype(np.int64)
        last = (draw[1] * len(pool["last"])).astype(np.int64)
        plain = join(
            words(first, pool.get("first_latin", pool["first"])),
            ".",
            words(last, pool.get("last_latin", pool["last"])),
        )
        if language == "zh":
            full = join(words(last, pool["last"]), words(first, pool["first"]))
        else:
            full = join(words(first, pool["first"]), " ", words(last, pool["last"]))
        mine = pa.array(people.language == code)
        name, latin = pc.if_else(mine, full, name), pc.if_else(mine, plain, latin)
    latin = pc.utf8_lower(latin)
    for letter, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        latin = pc.replace_substring(latin, letter, plain)
    return name, latin


def hostile_people(people: People, days: int) -> Ints:
    """Loyal account holders who get a hostile name, and say yes to e-mail: they reach lists."""
    names = pools()["hostile"]["names"]
    loyal = np.flatnonzero((people.kind == ACCOUNT) & (people.rate > 0.015) & (people.left > days))
    if len(loyal) < 2 * len(names):
        return np.zeros(0, dtype=np.int64)
    chosen = loyal[:: len(loyal) // len(names)][: len(names)]
    mail = CONTACT_CHANNELS.index("email")
    people.consent[chosen, mail] = GRANTED
    people.consent_day[chosen, mail] = people.first_day[chosen]
    people.withdrawn_day[chosen, mail] = NEVER
    return chosen


def _rename(people: People, name: pa.Array, chosen: Ints) -> pa.Array:
    place, is_chosen = np.zeros(len(people), dtype=np.int64), np.zeros(len(people), dtype=bool)
    place[chosen], is_chosen[chosen] = np.arange(len(chosen)), True
    return pc.if_else(pa.array(is_chosen), words(place, pools()["hostile"]["names"]), name)


def _lookalikes(people: People, email: pa.Array) -> tuple[pa.Array, tuple[tuple[int, int], ...]]:
    """Strangers with the e-mail of another person, written with a Cyrillic letter."""
    has = np.asarray(pc.fill_null(pc.match_substring_regex(email, "^[^@]*a"), False))
    accounts = np.flatnonzero((people.kind == ACCOUNT) & has)[3 : 3 + 2 * LOOKALIKES * 50 : 50]
    pairs = tuple((int(a), int(b)) for a, b in zip(accounts[::2], accounts[1::2], strict=False))
    values = email.to_pylist() if pairs else []
    for original, stranger in pairs:
        values[stranger] = values[original].replace("a", "\u0430", 1)
    return (pa.array(values, type=pa.string()) if pairs else email), pairs


def _phones(rng: np.random.Generator, people: People) -> pa.Array:
    """Numbers set aside for films: five German cities first, then British, then American ones."""
    n = people.number - 1
    german = words(
        n // 1000 % 5,
        ("+49 30 23125", "+49 69 90009", "+49 40 66969", "+49 221 4710", "+49 89 99998"),
    )
    british = words((n - 5000) // 1000 % 3, ("+44 7700 900", "+44 1632 960", "+44 808 1570"))
    area = 200 + (n - 8000) // 100 % 800
    us = join("+1 ", ids("", np.maximum(area, 0), width=3), " 555 01", ids("", n % 100, width=2))
    tail = ids("", n % 1000, width=3)
    phone = pc.if_else(pa.array(n < 8000), join(british, tail), us)
    phone = pc.if_else(pa.array(n < 5000), join(german, tail), phone)
    has = (rng.random(len(n)) < _PHONE) & (n < 88_000) & (people.kind != BRUSHER)
    return pc.if_else(pa.array(has), phone, pa.scalar(None, pa.string()))


def _places(rng: np.random.Generator, people: People) -> dict[str, pa.Array]:
    places, n = pools()["places"], len(people)
    # Brushers share a few addresses.
    house = np.where(people.kind == BRUSHER, 7, rng.integers(1, 120, n))
    street = np.where(people.kind == BRUSHER, people.number % 2, rng.integers(0, 16, n))
    cities = [city for region in places["cities"] for city in region]
    starts = np.concatenate(([0], np.cumsum([len(region) for region in places["cities"]])))
    counts = np.diff(starts)[people.region]
    city = starts[people.region] + people.number % counts
    countries = [code for region in places["countries"] for code in region]
    address = join(words(street, places["streets"]), " ", pc.cast(pa.array(house), pa.string()))
    address = pc.if_else(pa.array(rng.random(n) < 0.04), pa.scalar(None, pa.string()), address)
    digits = ids("", (people.number * 37 + house) % 1000, width=3)
    return {
        "address": address,
        "postal_code": join(words(people.region, places["postal"]), digits),
        "city": words(city, cities),
        "country": words(city, countries),
    }
