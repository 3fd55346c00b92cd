"""Who is on the phone: a customer found by phone, e-mail or order number, as a person types them.

What was typed is read in every way it can be meant. Only what names one customer wholly opens by
itself; a part of a number or an address leads to a list, however short.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

from crm_core.privacy.gate import keys_like, keys_of_traces
from crm_core.privacy.policy import Access, require
from crm_core.store import Store
from crm_core.store.addresses import spellings
from crm_core.store.order_numbers import ENDING, NAME, bare, ending_with, order_numbers
from crm_core.store.phones import is_same_number

By = Literal["email", "phone", "order", "source_id"]

#: So many are listed; who has more must type more.
MOST_LISTED: Final = 12
LEAST_TYPED: Final = ENDING
_MOST_ENDINGS = 5_000
_PHONE_END, _PHONE_WHOLE = 5, 7
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_PHONE = re.compile(r"[+(]?[\d\s()+./-]+")
_ORDER_WORDS = re.compile(
    r"^(?:(?:order|bestellung|commande|pedido|number|nummer|no|nr|订单号?|編號|编号|号)\b[\s.:#]*|[#:.\s]+)+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Asked:
    """What was typed, in each way it can be meant; nothing where it cannot, as without a letter or
    digit.

    `emails`: addresses that are the same mailbox. `digits`: of a phone number, less what only calls
    from abroad or at home have. `numbers`: a customer's number in either case; `bare`: the letters
    and digits of an order's.
    """

    text: str
    emails: tuple[str, ...] = ()
    digits: str = ""
    numbers: tuple[str, ...] = ()
    bare: str = ""


def read(text: str) -> Asked:
    """What was typed, read.

    >>> read(" Mary＠Example.COM ").emails, read("+86 138-0013 8000").digits
    (('mary@example.com',), '8613800138000')
    >>> read("0049 (0)30 23125-456").digits, read("order #a-1001").bare
    ('493023125456', 'a1001')
    """
    tidy = _HIDDEN.sub("", unicodedata.normalize("NFKC", text)).strip()
    if not any(char.isalnum() for char in tidy):
        return Asked(tidy)
    if "@" in tidy:
        return Asked(tidy, emails=spellings("".join(tidy.split()).lower()))
    digits = ""
    if _PHONE.fullmatch(tidy):
        digits = "".join(char for char in tidy.replace("(0)", "") if char.isdecimal()).lstrip("0")
    if digits and tidy.startswith(("+", "00", "(")):
        return Asked(tidy, digits=digits)
    number = _ORDER_WORDS.sub("", tidy) or tidy
    return Asked(tidy, digits=digits, numbers=_cased(number), bare=bare("".join(number.split())))


def _cased(number: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((number, number.upper(), number.lower())))


@dataclass(frozen=True)
class Match:
    """Somebody it may be, by what. An order of nobody known has `order_key` and no `key`."""

    key: int | None
    by: By
    exact: bool
    order_key: int | None = None
    order_id: str = ""

    @property
    def who(self) -> tuple[str, int | None]:
        """The same for two ways that lead to one record."""
        return ("order", self.order_key) if self.key is None else ("customer", self.key)


@dataclass(frozen=True)
class Lookup:
    """Whom it may be, the surest first, one a record; `tried`: as what it was looked for (codes);
    `more`: whether there are more than are listed."""

    matches: tuple[Match, ...]
    tried: tuple[str, ...]
    more: bool = False

    @property
    def only(self) -> Match | None:
        """The one record that was wholly named, if it is one."""
        sure = [match for match in self.matches if match.exact]
        return sure[0] if len(sure) == 1 and not self.more else None


def look_up(store: Store, access: Access, text: str) -> Lookup:
    """Who what was typed leads to: whole phone numbers, addresses, order and customer numbers; where
    there is none, endings of numbers and parts of addresses of at least four letters or digits.

    Raises: CrmError("privacy_denied", action="call").
    """
    require(access, "call")
    asked = read(text)
    tried: list[str] = []
    orders = _orders(store, asked.bare) if asked.bare else []
    found = _whole(store, access, asked, tried, orders)
    if not found and len(asked.bare or asked.text) >= LEAST_TYPED:
        found = _parts(store, access, asked, tried, orders)
    once: dict[tuple[str, int | None], Match] = {}
    for match in found:
        once.setdefault(match.who, match)
    matches = tuple(once.values())
    return Lookup(matches[:MOST_LISTED], tuple(dict.fromkeys(tried)), len(matches) > MOST_LISTED)


def _whole(
    store: Store, access: Access, asked: Asked, tried: list[str], orders: list[Match]
) -> list[Match]:
    found: list[Match] = []
    if asked.emails:
        tried.append("email")
        found += _people(keys_like(store, access, "email", asked.emails), "email", exact=True)
    if len(asked.digits) >= _PHONE_WHOLE:
        tried.append("phone")
        ends = keys_like(store, access, "phone", (asked.digits,))
        sure = [each for each in ends if _is_whole(asked, each[0])]
        found += _people(sure, "phone", exact=True)
        if not sure:
            found += _people(ends, "phone", exact=False)
    if asked.bare:
        tried += ["order", "source_id"]
        found += [match for match in orders if match.exact]
        keys = keys_of_traces(store, "source_id", asked.numbers).items()
        found += _people([(value, key) for value, key in keys], "source_id", exact=True)
    return found


def _is_whole(asked: Asked, known: str) -> bool:
    digits = "".join(char for char in known if char.isdecimal()).lstrip("0")
    return digits == asked.digits or is_same_number(asked.text, known)


def _parts(
    store: Store, access: Access, asked: Asked, tried: list[str], orders: list[Match]
) -> list[Match]:
    """Whom a part leads to; nothing of it is sure."""
    if asked.emails:
        tried.append("email_part")
        near = keys_like(store, access, "email", asked.emails[:1], part=True)
        return _people(near, "email", exact=False)
    found: list[Match] = []
    if _PHONE_END <= len(asked.digits) < _PHONE_WHOLE:
        tried.append("phone_end")
        ends = keys_like(store, access, "phone", (asked.digits,))
        found += _people(ends, "phone", exact=False)
    if asked.bare:
        tried.append("order_end")
        found += orders
    if not found and asked.bare and not asked.digits:
        tried.append("email_part")
        near = keys_like(store, access, "email", (asked.bare, asked.text.lower()), part=True)
        found += _people(near, "email", exact=False)
    return found


def _people(found: Iterable[tuple[str, int]], by: By, *, exact: bool) -> list[Match]:
    return [Match(key, by, exact) for _, key in found]


def _orders(store: Store, number: str) -> list[Match]:
    """Orders whose number ends so, those that are called so first, the newest first."""
    orders = store.table("orders")
    known = store.table(NAME) if store.has(NAME) else order_numbers(orders)
    named = ending_with(known, number)
    named = named.mutate(is_whole=named.number == number).limit(_MOST_ENDINGS)
    rows = store.fetch(named.order_by(named.is_whole.desc(), named.order_key.desc()))
    rows = rows[rows["is_whole"]] if bool(rows["is_whole"].any()) else rows.head(MOST_LISTED + 1)
    keys = [int(each) for each in rows["order_key"]]
    told = store.fetch(
        orders.filter(orders.order_key.isin(keys or [-1])).select("order_key", "order_id")
    )
    ids = dict(zip(told["order_key"], told["order_id"], strict=True))
    return [
        Match(
            key=None if pd.isna(row["customer_key"]) else int(row["customer_key"]),
            by="order",
            exact=bool(row["is_whole"]),
            order_key=int(row["order_key"]),
            order_id=str(ids.get(row["order_key"], "")),
        )
        for row in rows.to_dict("records")
    ]
