"""What a rule asks besides fields, as columns beside the people: behaviour and imported lists."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from crm_core.audiences.events import rows_of
from crm_core.rules import Answers, Did, InList, Leaf, Rule, leaves, measured
from crm_core.store import Store

_PREFIX = "answer_"


def answered(people: ir.Table, store: Store, rule: Rule, day: date) -> tuple[ir.Table, Answers]:
    """The people with a column for each question of a resolved rule that their fields cannot
    answer, as of `day`, and which column answers which question.

    One join a question, to one row a customer: neither doubles nor loses anybody.
    """
    asked = [leaf for leaf in dict.fromkeys(leaves(rule)) if isinstance(leaf, Did | InList)]
    if not asked:
        return people, {}
    rows = rows_of(store, store.at(day))
    table = people
    for place, leaf in enumerate(asked):
        name = f"{_PREFIX}{place}"
        if isinstance(leaf, Did):
            found = measured(leaf, rows, day).rename({name: "measured"})
        else:
            found = _listed(store, leaf).mutate(**{name: ibis.literal(True)})
        table = table.left_join(found, "customer_key").drop("customer_key_right")
    answers: dict[Leaf, ir.Value] = {
        leaf: table[f"{_PREFIX}{place}"] for place, leaf in enumerate(asked)
    }
    return table, answers


def _listed(store: Store, leaf: InList) -> ir.Table:
    members = store.table("id_list_members")
    return members.filter(members.list_id == leaf.name).select("customer_key")
