"""Who is on the phone: a customer found by phone, e-mail or order number, as a person types them.

What was typed is read in every way it can be meant. Only what names one customer wholly opens by
itself; a part of a number or an address leads to a list, however short.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.privacy.gate import keys_like, keys_of_traces
from crm_core.privacy.policy import Access, require
from crm_core.store import Store
from crm_core.store.addresses import spellings
from crm_core.store.phones import is_same_number

By = Literal["email", "phone", "order", "source_id"]

#: So many are listed; who has more must type more.
MOST_LISTED: Final = 12
LEAST_TYPED: Final = 4
_PHONE_END, _PHONE_WHOLE = 5, 7
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_PHONE = re.compile(r"[+(]?[\d\s()+./-]+")
_ORDER_WORDS = re.compile(
    r"^(?:(?:order|bestellung|commande|pedido|number|nummer|no|nr|订单号?|編號|编号|号)\b[\s.:#]*|[#:.\s]+)+",
    re.IGNORECASE,
)
_SEPARATORS = (" ", "-", "_", "/", ".", "#")


@dataclass(frozen=True)
class Asked:
    """What was typed, in each way it can be meant; nothing where it cannot.

    `emails`: addresses that are the same mailbox. `digits`: of a phone number, less what only calls
    from abroad or at home have. `numbers`: spellings of an order's or customer's number; `bare`:
    its letters and digits alone.
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
    if "@" in tidy:
        return Asked(tidy, emails=spellings("".join(tidy.split()).lower()))
    digits = ""
    if _PHONE.fullmatch(tidy):
        digits = "".join(char for char in tidy.replace("(0)", "") if char.isdecimal()).lstrip("0")
    number = _ORDER_WORDS.sub("", tidy) or tidy
    return Asked(tidy, digits=digits, numbers=_spellings(number), bare=_bare(number))


def _spellings(number: str) -> tuple[str, ...]:
    close = "".join(number.split())
    forms = (number, close, _without_separators(close))
    cased = [case(form) for form in forms for case in (str, str.upper, str.lower)]
    return tuple(dict.fromkeys(form for text in cased for form in (text, f"#{text}") if text))


def _bare(number: str) -> str:
    return _without_separators("".join(number.split())).lower()


def _without_separators(text: str) -> str:
    for sign in _SEPARATORS:
        text = text.replace(sign, "")
    return text


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
    there is none, parts of them of at least four letters or digits.

    Raises: CrmError("privacy_denied", action="call").
    """
    require(access, "call")
    asked = read(text)
    tried: list[str] = []
    found = _whole(store, access, asked, tried)
    if not found and len(asked.bare or asked.text) >= LEAST_TYPED:
        found = _parts(store, access, asked, tried)
    once: dict[tuple[str, int | None], Match] = {}
    for match in found:
        once.setdefault(match.who, match)
    matches = tuple(once.values())
    return Lookup(matches[:MOST_LISTED], tuple(dict.fromkeys(tried)), len(matches) > MOST_LISTED)


def _whole(store: Store, access: Access, asked: Asked, tried: list[str]) -> list[Match]:
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
        found += _orders(store, _named(store, asked.numbers), exact=True)
        keys = keys_of_traces(store, "source_id", asked.numbers).items()
        found += _people([(value, key) for value, key in keys], "source_id", exact=True)
    return found


def _is_whole(asked: Asked, known: str) -> bool:
    digits = "".join(char for char in known if char.isdecimal()).lstrip("0")
    return digits == asked.digits or is_same_number(asked.text, known)


def _parts(store: Store, access: Access, asked: Asked, tried: list[str]) -> list[Match]:
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
    tried.append("order_part")
    found += _orders(store, _holding(store, asked.bare), exact=False)
    if not found and not asked.digits:
        tried.append("email_part")
        near = keys_like(store, access, "email", (asked.bare, asked.text.lower()), part=True)
        found += _people(near, "email", exact=False)
    return found


def _people(found: Iterable[tuple[str, int]], by: By, *, exact: bool) -> list[Match]:
    return [Match(key, by, exact) for _, key in found]


def _named(store: Store, numbers: Sequence[str]) -> ir.Table:
    """Orders of one of these numbers, in each of the shops."""
    orders = store.table("orders")
    shops: list[str] = []
    if store.has("day_sums"):
        sums = store.table("day_sums")
        shops = list(
            store.fetch(sums.filter(sums.shop.notnull()).select("shop").distinct())["shop"]
        )
    apart = [f"{number}@{shop}" for number in numbers for shop in shops]
    return orders.filter(orders.order_id.isin([*numbers, *apart]))


def _holding(store: Store, bare: str) -> ir.Table:
    """Orders whose number holds these letters and digits, whatever stands between."""
    orders = store.table("orders")
    number: Any = orders.order_id.lower()
    for sign in _SEPARATORS:
        number = number.replace(sign, "")
    return orders.filter(number.contains(bare))


def _orders(store: Store, orders: ir.Table, *, exact: bool) -> list[Match]:
    newest = orders.order_by(ibis.desc("ordered_at"), "order_id").limit(MOST_LISTED + 1)
    rows = store.fetch(newest.select("order_id", "order_key", "customer_key"))
    return [
        Match(
            key=None if pd.isna(row["customer_key"]) else int(row["customer_key"]),
            by="order",
            exact=exact,
            order_key=int(row["order_key"]),
            order_id=str(row["order_id"]),
        )
        for row in rows.to_dict("records")
    ]
