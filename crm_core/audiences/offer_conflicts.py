"""What is wrong, or worth a second look, about a rule before it is saved into the book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import ibis.expr.types as ir

from crm_core.audiences.members import RULE_SECONDS, fetched
from crm_core.audiences.offer_book import Askable, Asked, askable, decided, matches
from crm_core.errors import CrmError
from crm_core.records import EVERY_CHANNEL, OfferBook
from crm_core.rules import contradiction, to_json
from crm_core.store import Store

_SECONDS: Final = 3 * RULE_SECONDS


@dataclass(frozen=True)
class Conflict:
    """One finding. With `stops` the rule cannot be saved switched on; the others ask for a yes.

    Codes: impossible (its conditions never hold together), twin (another rule has the same people
    on the channel for something else), everyone, nobody, unreachable (it fits people, none of whom
    may be written to there), same_people (`customers` of `other` are offered two things on one
    channel: the order decides), never_its_turn (all its people are `other`'s first), takes_all (all
    of `other`'s people are its first), against_peace (`customers` are offered something though
    `other`, further down, leaves them in peace).
    """

    code: str
    stops: bool = False
    other: str = ""
    customers: int = 0


@dataclass(frozen=True)
class Reach:
    """A rule in numbers: whom it fits now, and what becomes of them by state."""

    fits: int
    everyone: int
    states: Mapping[str, int]

    @property
    def gets(self) -> int:
        """Those who get it, or are left in peace by it."""
        return self.states.get("gets", 0) + self.states.get("peace", 0)

    @property
    def barred(self) -> int:
        """Those who must not be contacted on its channel, or cannot be."""
        reasons = ("suppressed", "opted_out", "no_consent", "no_contact")
        return sum(self.states.get(reason, 0) for reason in reasons)

    @property
    def reachable(self) -> int:
        """Those who may be contacted on its channel, whatever else stands before it."""
        return self.fits - self.barred


def reaches(store: Store, found: Askable) -> dict[int, Reach]:
    """Each rule's numbers by its place, as of the current scores; one query for the book.

    Raises: CrmError("rule_too_slow"), and as `matches`.
    """
    everyone = _everyone(store)
    if not found.rules:
        return {}
    told = decided(store, found, _day(store))
    rows = fetched(store, told.group_by("place", "state").agg(people=told.count()), _SECONDS)
    states: dict[int, dict[str, int]] = {each.place: {} for each in found.rules}
    for place, state, people in zip(rows["place"], rows["state"], rows["people"], strict=True):
        states[int(place)][str(state)] = int(people)
    return {at: Reach(sum(each.values()), everyone, each) for at, each in states.items()}


def conflicts(
    store: Store, book: OfferBook, place: int, reach: Reach, found: Askable | None = None
) -> tuple[Conflict, ...]:
    """What is odd about the rule at a place of the book, those that stop it first.

    Raises: the CrmError for which the rule itself cannot be asked.
    """
    found = found or askable(store, book)
    if place in found.broken:
        raise found.broken[place]
    mine = next(each for each in found.rules if each.place == place)
    rivals = [each for each in found.rules if each is not mine and _meet(mine, each)]
    told = _stops(mine, rivals)
    if reach.fits == 0:
        told += [] if told else [Conflict("nobody")]
        return tuple(told)
    if reach.fits >= reach.everyone:
        told.append(Conflict("everyone", customers=reach.fits))
    if mine.offer.action != "nothing" and reach.reachable == 0:
        told.append(Conflict("unreachable", customers=reach.fits))
    twins = {each.other for each in told if each.code == "twin"}
    told += _overlaps(store, found, mine, [r for r in rivals if r.offer.name not in twins])
    return tuple(told)


def stopping(found: Askable) -> list[tuple[str, Conflict]]:
    """What stops rules that are switched on, by the rule's name, without counting anybody."""
    on = [each for each in found.rules if each.offer.is_on]
    return [
        (mine.offer.name, conflict)
        for mine in on
        for conflict in _stops(
            mine, [each for each in on if each is not mine and _meet(mine, each)]
        )
    ]


def _stops(mine: Asked, rivals: list[Asked]) -> list[Conflict]:
    impossible = [Conflict("impossible", stops=True)] if contradiction(mine.rule) else []
    same = [each for each in rivals if to_json(each.rule) == to_json(mine.rule)]
    return impossible + [Conflict("twin", stops=True, other=each.offer.name) for each in same]


def _meet(one: Asked, other: Asked) -> bool:
    """Whether two rules that are on speak on one channel, and not both of leaving in peace."""
    channels = (one.offer.contact_channel, other.offer.contact_channel)
    shared = channels[0] == channels[1] or EVERY_CHANNEL in channels
    quiet = one.offer.action == other.offer.action == "nothing"
    return other.offer.is_on and shared and not quiet


def _overlaps(store: Store, found: Askable, mine: Asked, rivals: list[Asked]) -> list[Conflict]:
    if not rivals:
        return []
    asked = (mine, *rivals)
    rows = fetched(store, _shared(store, found, asked, mine.place), _SECONDS)
    both = dict(zip(rows["place"], rows["shared"], strict=True))
    people = dict(zip(rows["place"], rows["people"], strict=True))
    told: list[Conflict] = []
    for each in rivals:
        shared = int(both.get(each.place, 0))
        if not shared:
            continue
        code = _overlap(mine, each, shared, int(people[mine.place]), int(people[each.place]))
        if code:
            told.append(Conflict(code, other=each.offer.name, customers=shared))
    return told


def _overlap(mine: Asked, other: Asked, shared: int, own: int, theirs: int) -> str:
    first, second = (mine, other) if mine.place < other.place else (other, mine)
    if first.offer.action == "nothing":
        return ""  # to keep others away is what such a rule is for
    if second.offer.action == "nothing":
        return "against_peace"
    if second is mine and shared == own:
        return "never_its_turn"
    if first is mine and shared == theirs:
        return "takes_all"
    return "same_people"


def _shared(store: Store, found: Askable, asked: tuple[Asked, ...], place: int) -> ir.Table:
    """By rule: its people, and how many of them are people of the rule at a place, too."""
    rows = matches(store, Askable(found.book, asked, {}), _day(store))
    mine = rows.filter(rows.place == place).select("customer_key", is_mine=rows.place)
    joined = rows.left_join(mine, "customer_key").drop("customer_key_right")
    return joined.group_by("place").agg(people=joined.count(), shared=joined.is_mine.count())


def _everyone(store: Store) -> int:
    if not store.has("features"):
        raise CrmError("no_scores")
    features = store.table("features")
    return int(store.fetch(features.agg(n=features.count()))["n"].iloc[0])


def _day(store: Store) -> date:
    if store.scores_as_of is None:
        raise CrmError("no_scores")
    return store.scores_as_of
