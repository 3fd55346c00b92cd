"""The rule book asked of the shop: who fits which rule, who gets it, and why others do not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.audiences.fields import FIELDS
from crm_core.audiences.leaf_answers import answered
from crm_core.audiences.offer_turns import turns
from crm_core.audiences.offers import offerable
from crm_core.audiences.people_at import PAST_FIELDS, people_at
from crm_core.audiences.references import resolved
from crm_core.errors import CrmError
from crm_core.records import OfferBook, OfferRule
from crm_core.rules import All, InOffer, Rule, conditions, from_document, predicate
from crm_core.store import Store

#: What the rule book holds of a rule: one row of `offer_rules` in the mirror of decisions.
_KEPT: Final = (
    "name",
    "action",
    "what",
    "contact_channel",
    "is_on",
    "most_people",
    "again_days",
)
#: Who of a rule's people come first where its cap does not allow for all.
_WORTH: Final = ("expected_contribution", "revenue_365d")


@dataclass(frozen=True)
class Asked:
    """A rule of the book at its place, ready to be asked."""

    place: int
    offer: OfferRule
    rule: Rule


@dataclass(frozen=True)
class Askable:
    """The rules that can be asked, and why the others (by place) cannot any more."""

    book: OfferBook
    rules: tuple[Asked, ...]
    broken: Mapping[int, CrmError]

    def up_to(self, place: int) -> Askable:
        """The rules as far as a place: later ones take nothing from it."""
        return Askable(self.book, tuple(r for r in self.rules if r.place <= place), self.broken)


def kept_book(store: Store) -> OfferBook:
    """The book as the store's mirror of decisions has it."""
    if not store.has("offer_rules"):
        return OfferBook()
    rows = store.fetch(store.table("offer_rules").order_by("place")).to_dict("records")
    if not rows:
        return OfferBook()
    rules = tuple(_kept(row) for row in rows)
    return OfferBook(rules, int(rows[0]["most_offers"]), int(rows[0]["offer_days"]))


def _kept(row: Mapping[Any, Any]) -> OfferRule:
    told = {name: row[name] for name in _KEPT}
    most = told["most_people"]
    told["most_people"] = None if pd.isna(most) else int(most)
    told["again_days"], told["is_on"] = int(told["again_days"]), bool(told["is_on"])
    return OfferRule(**told, rule=json.loads(row["rule"]), id=int(row["number"]))


def askable(store: Store, book: OfferBook) -> Askable:
    """The book's rules with what they name looked up; one that names what is gone is broken, and
    stands in nobody's way."""
    rules: list[Asked] = []
    broken: dict[int, CrmError] = {}
    for place, offer in enumerate(book.rules):
        try:
            rules.append(Asked(place, offer, meant(store, offer)))
        except CrmError as error:
            broken[place] = error
    gone = _gone(store, rules)
    broken |= {
        each.place: gone[each.offer.what]
        for each in rules
        if each.offer.action == "product" and each.offer.what in gone
    }
    rules = [each for each in rules if each.place not in broken]
    return Askable(book, tuple(rules), broken)


def _gone(store: Store, rules: list[Asked]) -> dict[str, CrmError]:
    """Products that rules offer and the shop has not, or never names to anybody."""
    offered = {each.offer.what for each in rules if each.offer.action == "product"}
    if not offered:
        return {}
    known, told = (
        set(store.fetch(rows.filter(rows.product_id.isin(sorted(offered))))["product_id"])
        for rows in (
            store.table("product_facts").select("product_id"),
            offerable(store).select("product_id"),
        )
    )
    return {
        name: CrmError("offer_rule_sensitive", product=name[:60])
        if name in known
        else CrmError("rule_no_value", field="product_id", name=name[:60], match="")
        for name in offered - told
    }


def meant(store: Store, offer: OfferRule) -> Rule:
    """Whom a rule of the book asks for, with what it names looked up.

    Raises: CrmError of the rules, and of `resolved`.
    """
    return resolved(store, from_document(dict(offer.rule), FIELDS), in_book=True)


def matches(
    store: Store, askable: Askable, day: date, *, keys: Sequence[int] | None = None
) -> ir.Table:
    """One row for each customer and rule that fits: customer_key, place and `worth`, by which a
    rule with a cap takes some before others. All rules are asked in one pass over the people.

    Raises: CrmError("no_scores"), ("scores_other_day"), CrmError of the rules.
    """
    whole = All(tuple(each.rule for each in askable.rules))
    asked = {part.field for part in conditions(whole)}
    is_now = day == store.scores_as_of
    worth = [name for name in _WORTH if is_now or name in PAST_FIELDS]
    people = people_at(store, day, {"orders", *asked, *worth}, prospects="stage" in asked)
    if keys is not None:
        people = people.filter(people.customer_key.isin(list(keys)))
    table, answers = answered(people, store, whole, day)
    columns: dict[str, ir.Value] = {name: table[name] for name in asked}
    value = ibis.coalesce(*[table[name].cast("float64") for name in worth], ibis.literal(0.0))
    flags: dict[str, ir.Value] = {}
    for each in askable.rules:
        holds = predicate(each.rule, fields=FIELDS, expressions=columns, as_of=day, answers=answers)
        of_all = any(part.field == "stage" for part in conditions(each.rule))
        # Who has not bought yet is asked by no rule but those about the stage.
        flags[_flag(each)] = holds if of_all else holds & table.orders.notnull()
    flagged = table.select("customer_key", worth=value, **flags)
    parts = [
        flagged.filter(flagged[_flag(each)]).select(
            "customer_key", "worth", place=ibis.literal(each.place, "int64")
        )
        for each in askable.rules
    ]
    if not parts:
        nobody = flagged.filter(ibis.literal(False))
        return nobody.select("customer_key", "worth", place=ibis.null("int64"))
    return ibis.union(*parts)


def _flag(each: Asked) -> str:
    return f"fits_{each.place}"


def decided(
    store: Store, askable: Askable, day: date, *, keys: Sequence[int] | None = None
) -> ir.Table:
    """What becomes of each customer and rule that fits: customer_key, place, `state` (see STATES
    of `offer_turns`) and `by`, the place of the rule that stood before it.

    With `keys` only these customers are asked, and caps on a rule's people cannot be told.
    Raises: as `matches`.
    """
    return turns(store, askable.book, matches(store, askable, day, keys=keys), day)


def given_by(store: Store, leaf: InOffer, day: date) -> ir.Table:
    """Who gets what a rule of the kept book says, or is left in peace by it: customer_key.

    Raises: CrmError("rule_no_offer"), ("offer_rule_broken", name), and as `matches`.
    """
    found = askable(store, kept_book(store))
    place = next((p for p, each in enumerate(found.book.rules) if each.id == leaf.name), None)
    if place is None:
        raise CrmError("rule_no_offer", name=leaf.name, match="")
    if place in found.broken:
        raise CrmError("offer_rule_broken", name=found.book.rules[place].name)
    told = decided(store, found.up_to(place), day)
    mine = told.filter((told.place == place) & told.state.isin(["gets", "peace"]))
    return mine.select("customer_key")
