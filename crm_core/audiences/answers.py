"""Whom a resolved rule holds for: by their fields, by what they did, by lists and offer rules."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import ibis
import ibis.expr.types as ir

from crm_core.audiences.events import rows_of
from crm_core.audiences.fields import FIELDS
from crm_core.audiences.leaf_answers import answered, listed
from crm_core.audiences.offer_book import given_by
from crm_core.rules import (
    All,
    Did,
    InList,
    InOffer,
    Not,
    Rule,
    conditions,
    conjuncts,
    filters,
    leaves,
    measured,
)
from crm_core.store import Store


def held(people: ir.Table, store: Store, rule: Rule, day: date, names: Collection[str]) -> ir.Table:
    """The people for whom a resolved rule holds as of `day`: customer_key and fields of `names`.

    What must hold whatever else does is asked first and apart: each behaviour and list by keeping
    (or leaving out) its customers, which costs an engine less than a column of answers. Behaviour
    inside "at least one" becomes a column. Neither doubles anybody.
    """
    rest: list[Rule] = []
    for part in conjuncts(rule):
        kept = _narrowed(people, store, part, day)
        if kept is None:
            rest.append(part)
        else:
            people = kept
    others = All(tuple(rest))
    asked = {part.field for part in conditions(others)}
    named = {
        leaf: given_by(store, leaf, day) for leaf in leaves(others) if isinstance(leaf, InOffer)
    }
    table, answers = answered(people, store, others, day, named)
    found = filters(
        others,
        fields={name: FIELDS[name] for name in asked},
        expressions={name: table[name] for name in asked},
        as_of=day,
        answers=answers,
    )
    table = table.filter(found) if found else table
    return table.select("customer_key", *[name for name in FIELDS if name in names])


def _narrowed(people: ir.Table, store: Store, part: Rule, day: date) -> ir.Table | None:
    """The people less those for whom a behaviour or a list decides; None for any other part."""
    leaf, wanted = (part.part, False) if isinstance(part, Not) else (part, True)
    if isinstance(leaf, InList):
        found = listed(store, leaf)
    elif isinstance(leaf, InOffer):
        found = given_by(store, leaf, day)
    elif isinstance(leaf, Did):
        found, is_whole = _who(leaf, store, day)
        wanted = wanted == is_whole
    else:
        return None
    join = people.semi_join if wanted else people.anti_join
    return join(found, "customer_key")


def _who(did: Did, store: Store, day: date) -> tuple[ir.Table, bool]:
    """Customers with such events for whom a behaviour holds; or, where it holds for those without
    any, too, those with such events for whom it does not (and False)."""
    counted = measured(did, rows_of(store, store.at(day)), day)
    value = ibis.literal(did.value)
    if did.operator == ">=" and did.value > 0:
        return counted.filter(counted.measured >= value), True
    if did.operator == "=" and did.value != 0:
        return counted.filter(counted.measured == value), True
    other = {
        "<=": counted.measured > value,
        "=": counted.measured != value,
        ">=": counted.measured < value,
    }
    if did.operator == "<=" and did.value < 0:
        return counted.filter(counted.measured <= value), True
    return counted.filter(other[did.operator]), False
