"""The rule book in numbers: whom rules fit and reach, what is odd about one, what a past day says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from crm_core.audiences import FIELDS, people_at
from crm_core.audiences.look_back import LookBack, look_back, look_back_days
from crm_core.audiences.offer_book import Askable, Asked, askable, decided, kept_book
from crm_core.audiences.offer_conflicts import Conflict, Reach, conflicts, reaches
from crm_core.audiences.offers import offerable
from crm_core.privacy.policy import Access, require
from crm_core.records import OfferBook, OfferRule
from crm_core.rules import Rule, conditions, from_document
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.audiences import MOST_LISTED
from crm_core.views.customer import plain_fact
from crm_core.views.people import is_scored


@dataclass(frozen=True)
class BookView:
    """Each rule's numbers by its place, and why those that are missing cannot be asked: code and
    facts of the failure."""

    as_of: date
    reaches: Mapping[int, Reach]
    broken: Mapping[int, tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Proposal:
    """A rule as it would be in the book: its numbers and what is odd about it."""

    reach: Reach
    conflicts: tuple[Conflict, ...]

    @property
    def stops(self) -> bool:
        """Whether it cannot be saved switched on."""
        return any(each.stops for each in self.conflicts)


@dataclass(frozen=True)
class OfferedRule:
    """A rule that fits one customer: what becomes of it, the name of the rule that stands before
    it, and the customer's own values of what it asks."""

    offer: OfferRule
    rule: Rule
    state: str
    by: str
    facts: Mapping[str, Any]


def can_rule(selection: Selection, *, store: Store, access: Access) -> bool:
    """Whether there are scored customers to write rules for."""
    del selection, access
    return is_scored(store)


def rules(selection: Selection, *, store: Store, access: Access, book: OfferBook) -> BookView:
    """The book in numbers, as of the current scores; rules that are off are counted, too.

    Raises: CrmError("privacy_denied"), ("no_scores"), ("rule_too_slow").
    """
    del selection
    require(access, "plan")
    found = askable(store, book)
    as_of = store.scores_as_of or store.meta.as_of
    broken = {place: (error.code, dict(error.facts)) for place, error in found.broken.items()}
    return BookView(as_of, reaches(store, found), broken)


def proposal(
    selection: Selection, *, store: Store, access: Access, book: OfferBook, place: int
) -> Proposal:
    """The rule at a place of a book that is not saved yet, counted and checked as if it were on.

    Raises: the CrmError for which the rule cannot be asked, and as `rules`.
    """
    del selection
    require(access, "plan")
    found = askable(store, book)
    if place in found.broken:
        raise found.broken[place]
    reach = reaches(store, found)[place]
    return Proposal(reach, conflicts(store, book, place, reach, found))


def tried(
    selection: Selection, *, store: Store, access: Access, rule: Mapping[str, Any], day: date,
    days: int,
) -> LookBack:  # fmt: skip
    """A rule (its document) tried on a past day; see `look_back`, whose errors it raises."""
    del selection
    require(access, "plan")
    return look_back(store, from_document(dict(rule), FIELDS), day, days)


def products(
    selection: Selection, *, store: Store, access: Access, asked: str = ""
) -> dict[str, str]:
    """The products that a rule may offer, by id with what they are called, by name; at most 1,000.
    With `asked` that one alone, nothing where it may not be offered."""
    del selection, access
    table: Any = offerable(store)
    if asked:
        table = table.filter(table.product_id == asked)
    listed = table.select("product_id", "product").order_by("product", "product_id")
    rows = store.fetch(listed.limit(MOST_LISTED))
    return dict(zip(rows["product_id"].astype(str), rows["product"].astype(str), strict=True))


def days_to_try(
    selection: Selection, *, store: Store, access: Access, days: int
) -> tuple[date, date]:
    """The first and last day that a rule can be tried on."""
    del selection, access
    return look_back_days(store, days)


def rules_for(
    selection: Selection, *, store: Store, access: Access, key: int
) -> tuple[OfferedRule, ...]:
    """The rules of the kept book that fit one customer now, in their order.

    Whether a rule's cap leaves room is asked of all its people, so only where the customer would
    get it. Raises: as `rules`.
    """
    del selection
    require(access, "plan")
    found = askable(store, kept_book(store))
    if not found.rules or store.scores_as_of is None:
        return ()
    day = store.scores_as_of
    states = _states(store, found, day, key)
    capped = {each.place for each in found.rules if each.offer.most_people is not None}
    if any(state == "gets" and place in capped for place, (state, _) in states.items()):
        states = _states(store, found, day, key, of_all=True)
    mine = [each for each in found.rules if each.place in states]
    facts = _facts(store, mine, day, key)
    return tuple(_offered(each, states, found.book, facts) for each in mine)


def _states(
    store: Store, found: Askable, day: date, key: int, *, of_all: bool = False
) -> dict[int, tuple[str, int | None]]:
    told = decided(store, found, day, keys=None if of_all else [key])
    rows = store.fetch(told.filter(told.customer_key == key))
    columns = zip(rows["place"], rows["state"], rows["by"], strict=True)
    return {int(at): (str(state), None if pd.isna(by) else int(by)) for at, state, by in columns}


def _facts(store: Store, mine: list[Asked], day: date, key: int) -> dict[str, Any]:
    asked = {part.field for each in mine for part in conditions(each.rule)}
    if not asked:
        return {}
    table = people_at(store, day, asked, prospects="stage" in asked)
    rows = store.fetch(table.filter(table.customer_key == key))
    if rows.empty:
        return {}
    row = rows.iloc[0]
    facts = {name: plain_fact(FIELDS[name].type, row[name]) for name in asked}
    return {name: value for name, value in facts.items() if value is not None}


def _offered(
    each: Asked,
    states: Mapping[int, tuple[str, int | None]],
    book: OfferBook,
    facts: Mapping[str, Any],
) -> OfferedRule:
    state, by = states[each.place]
    asked = dict.fromkeys(part.field for part in conditions(each.rule))
    return OfferedRule(
        offer=each.offer,
        rule=each.rule,
        state=state,
        by="" if by is None else book.rules[by].name,
        facts={name: facts[name] for name in asked if name in facts},
    )
