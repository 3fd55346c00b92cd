"""What uplift is learned from: the people of a past campaign by what was known before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from crm_core.audiences.measurement import CONTROLS, TREATMENT, Assignment, outcomes
from crm_core.features import build_features
from crm_core.models.triples import Floats, Ints
from crm_core.models.uplift import Lesson
from crm_core.store import Store, StoreAt

#: Facts that are read as they are, and those read as logarithms, whose differences between small
#: values tell more than those between large ones.
PLAIN: Final = ("discount_rate", "refund_rate", "categories")
LOGARITHMS: Final = (
    "recency_days",
    "tenure_days",
    "average_gap_days",
    "orders",
    "orders_90d",
    "orders_365d",
    "revenue",
    "revenue_365d",
    "average_order_value",
    "units",
    "coupon_orders",
    "contacts",
)
WORDS: Final = ("favourite_category", "acquisition_source", "first_sales_channel")
FACTS: Final = (*PLAIN, *LOGARITHMS, *WORDS)
MOST_PEOPLE: Final = 50_000
MOST_WORDS: Final = 12


Words = dict[str, tuple[str, ...]]
"""The frequent words of each of WORDS, which have a column of their own."""


@dataclass(frozen=True)
class Read:
    """The people of a campaign, the words their facts were told in, and whether the costs of all
    goods sold to them are known: where they are not, their money is spend, not margin."""

    lesson: Lesson
    words: Words
    costs_known: bool


def read_lesson(store: Store, assignment: Assignment) -> Read:
    """Treated and held-out people with their facts of the day before, and what they did in the
    window; of a large campaign a sample by customer key. Who had not bought before is not in it."""
    rows = outcomes(store, assignment)
    rows = rows.filter(rows.arm.isin([TREATMENT, CONTROLS[0]]))
    told = rows.inner_join(facts_at(store, assignment.known_until), "customer_key")
    size = int(store.fetch(rows.agg(n=rows.count()))["n"].iloc[0])
    every = -(-size // MOST_PEOPLE) or 1
    if every > 1:
        told = told.filter(told.customer_key % every == 0)
    batches = list(store.stream(told.order_by("customer_key"), purpose="fit"))
    if not sum(batch.num_rows for batch in batches):
        nothing, nobody = np.zeros(0), np.zeros(0, dtype=bool)
        none = Lesson(np.zeros(0, np.int64), np.zeros((0, 0)), nobody, nothing, nothing)
        return Read(none, {}, costs_known=True)
    table = pa.Table.from_batches(batches)
    words = {name: _frequent(table, name) for name in WORDS}
    costs_known = not _numbers(table, "uncosted").any()
    lesson = Lesson(
        customer_key=table["customer_key"].to_numpy(),
        design=design_of(table, words),
        treated=np.asarray([arm == TREATMENT for arm in table["arm"].to_pylist()]),
        bought=_numbers(table, "buyers"),
        margin=_numbers(table, "margin" if costs_known else "spend"),
    )
    return Read(lesson, words, costs_known)


def stream_designs(store: Store, day: date, words: Words) -> Iterator[tuple[Ints, Floats]]:
    """Everybody who had bought by the end of a day, a piece at a time: keys and what a learner
    of these words reads."""
    for batch in store.stream(facts_at(store, day), purpose="score"):
        table = pa.Table.from_batches([batch])
        yield table["customer_key"].to_numpy(), design_of(table, words)


def facts_at(store: Store, day: date) -> ir.Table:
    """One row a customer with FACTS as of the end of a day."""
    people = build_features(StoreAt(store, day), FACTS)
    numbers = {name: people[name].cast("float64").fill_null(0.0) for name in (*PLAIN, *LOGARITHMS)}
    # A name of its own: outcomes have a column of orders, too.
    told = {f"fact_{name}": value for name, value in numbers.items()}
    words = {f"fact_{name}": people[name].fill_null("").cast("string") for name in WORDS}
    return people.select("customer_key", **told, **words)


def design_of(table: pa.Table, words: Words) -> Floats:
    """A column a fact, and one for each word."""
    columns = [_numbers(table, f"fact_{name}") for name in PLAIN]
    columns += [np.log1p(np.maximum(_numbers(table, f"fact_{name}"), 0.0)) for name in LOGARITHMS]
    for name in WORDS:
        said = np.asarray(table[f"fact_{name}"].to_pylist(), dtype=object)
        columns += [(said == word).astype(np.float64) for word in words[name]]
    found: Floats = np.column_stack(columns)
    return found


def _frequent(table: pa.Table, name: str) -> tuple[str, ...]:
    """The frequent words of a fact, less one of them: who has it has none of the others."""
    said = np.asarray(table[f"fact_{name}"].to_pylist(), dtype=str)
    known, counts = np.unique(said, return_counts=True)
    frequent = known[np.argsort(-counts, kind="stable")][:MOST_WORDS]
    return tuple(str(word) for word in sorted(frequent)[1:])


def _numbers(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].to_numpy(zero_copy_only=False), dtype=np.float64)
