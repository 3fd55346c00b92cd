"""Every feature of every customer as of a date, as one expression."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import ibis
import ibis.expr.types as ir

from crm_core.features.catalog import FEATURES, feature
from crm_core.features.definition import Feature
from crm_core.features.left_behind import left_behind
from crm_core.store import StoreAt

_SOURCES: Mapping[str, Callable[[StoreAt], ir.Table]] = {
    "orders": lambda at: at.table("order_facts"),
    "ledger": lambda at: at.table("ledger"),
    "contacts": lambda at: at.table("contacts"),
    "left_behind": left_behind,
}


def build_features(at: StoreAt, names: Iterable[str] = tuple(FEATURES)) -> ir.Table:
    """One row a customer who had bought by `at.as_of`: `customer_key` and a column a feature.

    Reads only `at`, whose tables end at the date: no feature can look ahead.
    Raises: CrmError("unknown_feature").
    """
    chosen = [feature(name) for name in names]
    person = _person(at)
    columns: dict[str, ir.Value] = {"customer_key": person.customer_key}
    joined = person
    for source, rows in _SOURCES.items():
        wanted = [item for item in chosen if item.source == source]
        if wanted:
            joined = _left(joined, _grouped(at, rows(at), wanted))
    for item in chosen:
        value = item.value(joined, at.as_of) if item.source == "person" else joined[item.name + "_"]
        columns[item.name] = value if item.empty is None else value.fill_null(item.empty)
    return joined.select(**{**columns, "customer_key": joined.customer_key})


def _grouped(at: StoreAt, rows: ir.Table, features: list[Feature]) -> ir.Table:
    rows = rows.filter(rows.customer_key.notnull())
    # The underscore keeps a feature from hiding a column of the person with its name.
    return rows.group_by("customer_key").agg(
        **{item.name + "_": item.value(rows, at.as_of) for item in features}
    )


def _person(at: StoreAt) -> ir.Table:
    facts = at.table("customer_facts")
    facts = facts.filter(facts.first_day.notnull())
    facts = _left(facts, _favourite(at, "category"))
    return _left(facts, _favourite(at, "sales_channel"))


def _favourite(at: StoreAt, column: str) -> ir.Table:
    """Where most of the customer's units went; ties go to the first in the alphabet."""
    ledger = at.table("ledger")
    sold = ledger.filter(
        (ledger.entry == "sale") & ledger.customer_key.notnull() & ledger[column].notnull()
    )
    counted = sold.group_by("customer_key", column).agg(bought=sold.units.sum())
    window = ibis.window(
        group_by="customer_key", order_by=[ibis.desc(counted.bought), ibis.asc(counted[column])]
    )
    ranked = counted.mutate(place=ibis.row_number().over(window))
    first = ranked.filter(ranked.place == 0)
    return first.select("customer_key", **{f"favourite_{column}": first[column]})


def _left(left: ir.Table, right: ir.Table) -> ir.Table:
    joined = left.left_join(right, "customer_key")
    return joined.drop("customer_key_right") if "customer_key_right" in joined.columns else joined
