"""Which scored customers a selection means: shared by the pages about customers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crm_core.audiences import in_segments, members
from crm_core.metrics import scope
from crm_core.rules import All, Condition, Rule
from crm_core.selection import SEGMENTATIONS, Selection, segment_code, segment_of_code
from crm_core.store import Store
from crm_core.views.model_state import fitted_document

PROSPECTS = segment_code("stage", "prospect")
WHERE = ("shop", "sales_channel", "category", "region")


def is_scored(store: Store) -> bool:
    """Whether customers have features and segments yet."""
    made = all(map(store.has, ("features", "rfm", "lifecycle")))
    return made and store.scores_as_of is not None


def quiet_days(store: Store) -> int | None:
    """The days that the chance of no order speaks of; None where nothing can be expected yet."""
    if not store.has("churn"):
        return None
    return int(fitted_document(store, "churn_choice")["horizon_days"])


def is_somewhere(selection: Selection) -> bool:
    """Whether only who bought at some place or thing is meant."""
    return any(getattr(selection, part) for part in WHERE)


def people_in(
    store: Store, selection: Selection, rule: Rule | None = None, *, prospects: bool = False
) -> Any:
    """One row a scored customer in the chosen segments, with every field a rule may ask about.

    Prospects are among them only where they are asked for. With a shop, sales channel, category
    or region chosen: who ever bought there, by the same rows that the money of the page is
    measured over. An expression; the store runs it.
    """
    rule = All() if rule is None else rule
    if prospects or PROSPECTS in selection.segment:
        rule = All((rule, Condition("stage", "is_known")))
    people = in_segments(members(store, rule), selection.segment)
    if is_somewhere(selection):
        people = people.semi_join(_buyers(store, selection), "customer_key")
    return people


def keys_in(store: Store, selection: Selection, code: str) -> Any:
    """The keys of one segment's customers, where the selection says: as `people_in` has them, but
    without their fields."""
    name, value = segment_of_code(code)
    kind = SEGMENTATIONS[name]
    people = store.table(kind.table)
    keys = people.filter(people[kind.column] == value).select("customer_key")
    if is_somewhere(selection):
        keys = keys.semi_join(_buyers(store, selection), "customer_key")
    return keys


def _buyers(store: Store, selection: Selection) -> Any:
    """Who ever bought where the selection says."""
    rows = scope(store, replace(selection, segment=()))
    bought = rows.filter((rows.entry == "sale") & rows.customer_key.notnull())
    return bought.select("customer_key")


def number(value: Any) -> float | None:
    """A cell as a plain number; missing is None.

    >>> number(2), number(float("nan")), number(None)
    (2.0, None, None)
    """
    return None if value is None or value != value else float(value)
