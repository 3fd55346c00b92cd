"""How customers are served, and who is held against whom, asked of whatever store is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import ibis.expr.types as ir

from crm_core.metrics.care import (
    contacted_orders,
    contacts_of,
    dated,
    held_by,
    parts_of_care,
    with_value,
)
from crm_core.metrics.care_rules import CareRules
from crm_core.metrics.contact_topics import topic_sources
from crm_core.metrics.delivery import deliveries_of, parts_of_delivery
from crm_core.models.care_pairs import COMPLAINT, EXPOSURES, cases, pairs
from crm_core.selection import Period, Selection
from crm_core.store import Store

Question = Callable[[Store], ir.Table]
YEAR = Period(date(2025, 11, 1), date(2026, 8, 31))
OFFICE = CareRules(opens=540, closes=1080, weekdays=(1, 2, 3, 4, 5))
EVERYTHING = Selection()
_COUNTED = ("case", "case_known", "other_known")


def served() -> Iterator[tuple[str, Question]]:
    """The numbers of contacts and parcels, split and whole; the pairs of each exposure, summed up."""

    def contacts(store: Store, by: str) -> ir.Table:
        rows = contacts_of(store, OFFICE, EVERYTHING, YEAR)
        rows = held_by(store, dated(rows, by), by)
        return rows.group_by(by).agg(**parts_of_care(rows))

    def parcels(store: Store, by: str) -> ir.Table:
        rows = held_by(store, dated(deliveries_of(store, EVERYTHING, YEAR), by), by)
        return rows.group_by(by).agg(**parts_of_delivery(rows))

    for by in ("contact_channel", "region", "category", "month"):
        yield f"contacts by {by}", lambda store, by=by: contacts(store, by)
    for by in ("sales_channel", "product", "week"):
        yield f"parcels by {by}", lambda store, by=by: parcels(store, by)
    for exposure in (each for each in EXPOSURES if each != COMPLAINT):
        yield f"beside {exposure}", lambda store, exposure=exposure: _beside(store, exposure)
    yield "cases", lambda store: cases(store, "contact", shop=store.meta, rules=OFFICE)
    yield "contacted orders", lambda store: contacted_orders(store, EVERYTHING, YEAR)
    yield (
        "contacts of a category",
        lambda store: with_value(
            store, contacts_of(store, CareRules(), EVERYTHING, YEAR), "category", "Tea"
        ).agg(n=lambda t: t.count()),
    )
    yield (
        "who waits",
        lambda store: (
            contacts_of(store, OFFICE, EVERYTHING)
            .filter(lambda t: t.wait_state.notnull())
            .select("contact_id", "waited", "wait_state")
        ),
    )


def _beside(store: Store, exposure: str) -> ir.Table:
    rows = pairs(store, exposure, shop=store.meta, rules=OFFICE)
    numbers = [n for n in rows.columns if not n.endswith(("_key", "_day", "_anchor"))]
    sums = {name: rows[name].sum() for name in numbers if name not in _COUNTED}
    keys = {"keys": rows.other_key.sum(), "cases": rows.case.nunique()}
    return rows.agg(n=rows.count(), **keys, **sums)


#: Topics by words, and so who complained, need the words, which files for other programs leave out.
OF_WORDS: dict[str, Question] = {
    "topics": lambda store: topic_sources(store, CareRules().topics),
    "contacts by topic": lambda store: (
        contacts_of(store, CareRules(), EVERYTHING, YEAR)
        .group_by("topic")
        .agg(n=lambda t: t.count())
    ),
    f"beside {COMPLAINT}": lambda store: _beside(store, COMPLAINT),
}
