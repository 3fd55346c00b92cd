"""What fields cannot tell of people: a column for each behaviour and list that rules ask about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import ibis
import ibis.expr.types as ir

from crm_core.audiences.events import rows_of
from crm_core.rules import Answers, Condition, Did, InList, InOffer, Leaf, Rule, leaves, measured
from crm_core.store import Store

_PREFIX = "answer_"


def answered(
    people: ir.Table,
    store: Store,
    rule: Rule,
    day: date,
    offered: Mapping[InOffer, ir.Table] | None = None,
) -> tuple[ir.Table, Answers]:
    """The people with a column for each question that their fields cannot answer: one join a
    question, to one row a customer. `offered` has the people of each offer rule that is named."""
    asked = [leaf for leaf in dict.fromkeys(leaves(rule)) if not isinstance(leaf, Condition)]
    rows = rows_of(store, store.at(day))
    table = people
    for place, leaf in enumerate(asked):
        name = f"{_PREFIX}{place}"
        if isinstance(leaf, Did):
            found = measured(leaf, rows, day).rename({name: "measured"})
        elif isinstance(leaf, InList):
            found = listed(store, leaf).mutate(**{name: ibis.literal(True)})
        elif offered and leaf in offered:
            found = offered[leaf].mutate(**{name: ibis.literal(True)})  # pyright: ignore
        else:
            continue
        table = table.left_join(found, "customer_key").drop("customer_key_right")
    answers: dict[Leaf, ir.Value] = {
        leaf: table[f"{_PREFIX}{place}"]
        for place, leaf in enumerate(asked)
        if f"{_PREFIX}{place}" in table.columns
    }
    return table, answers


def listed(store: Store, leaf: InList) -> ir.Table:
    """The customers of an imported list: customer_key."""
    members = store.table("id_list_members")
    return members.filter(members.list_id == leaf.name).select("customer_key")
