"""Two segments side by side: every metric of the period, every fact about their customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from crm_core.audiences import FIELDS, field_of, in_segments
from crm_core.metrics import METRICS, measure, scope
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.people import PROSPECTS, is_scored, keys_in, number, people_in

MOST_VALUES = 3
SIDES: tuple[str, str] = ("left", "right")


@dataclass(frozen=True)
class Compare:
    """Two segments. `metrics` (code of METRICS, unit, left, right), `facts` (code of FIELDS, unit,
    left, right: the median; for yes and no the share of yes; first and last day are among them as
    days since), `words` (code of FIELDS, value, left, right: the share of customers with each of
    the most frequent values). `customers` by side; `both` is how many are in both."""

    as_of: date
    period: Period
    customers: Mapping[str, int]
    both: int
    metrics: pd.DataFrame
    facts: pd.DataFrame
    words: pd.DataFrame


def compare(
    selection: Selection, *, store: Store, access: Access, left: str, right: str
) -> Compare | None:
    """Measures both segments, named by their codes of the filter, where the filters say.

    None before the first scores.
    """
    del access
    if not is_scored(store) or store.scores_as_of is None:
        return None
    period = selection.resolve(store.meta.first_day, store.meta.as_of)
    codes = dict(zip(SIDES, (left, right), strict=True))
    everyone = people_in(
        store, replace(selection, segment=()), prospects=PROSPECTS in codes.values()
    )
    sides = {side: in_segments(everyone, (code,)) for side, code in codes.items()}
    keys = {side: keys_in(store, selection, code) for side, code in codes.items()}
    counts = {side: _count(store, people) for side, people in keys.items()}
    both = keys["left"].semi_join(keys["right"], "customer_key")
    return Compare(
        as_of=store.scores_as_of,
        period=period,
        customers=counts,
        both=_count(store, both),
        metrics=_metrics(store, selection, period, codes),
        facts=_facts(store, sides, counts),
        words=_words(store, keys, counts),
    )


def _count(store: Store, people: Any) -> int:
    return int(store.fetch(people.agg(n=people.count()))["n"].iloc[0])


def _metrics(
    store: Store, selection: Selection, period: Period, codes: Mapping[str, str]
) -> pd.DataFrame:
    names = list(METRICS)
    found = {
        side: measure(
            store, names, rows=scope(store, replace(selection, segment=(code,)), period)
        ).totals
        for side, code in codes.items()
    }
    rows = [
        {"code": name, "unit": METRICS[name].unit, **{s: found[s][name] for s in SIDES}}
        for name in names
    ]
    return pd.DataFrame(rows)


def _facts(store: Store, sides: Mapping[str, Any], customers: Mapping[str, int]) -> pd.DataFrame:
    """The middle of each number, the share of each yes."""
    names = [name for name, field in FIELDS.items() if field.type in ("number", "bool")]
    found = {
        side: store.fetch(people.agg(**{name: _told(people, name) for name in names})).iloc[0]
        for side, people in sides.items()
    }
    rows: list[dict[str, Any]] = []
    for name in names:
        told = {side: number(found[side][name]) for side in SIDES}
        is_share = FIELDS[name].type == "bool"
        if is_share:
            told = {side: (told[side] or 0.0) / max(customers[side], 1) for side in SIDES}
        rows.append({"code": name, "unit": "rate" if is_share else FIELDS[name].unit, **told})
    return pd.DataFrame(rows)


def _told(people: Any, name: str) -> Any:
    if FIELDS[name].type == "bool":
        return people.count(where=people[name])
    return people[name].cast("float64").median()


def _words(store: Store, sides: Mapping[str, Any], customers: Mapping[str, int]) -> pd.DataFrame:
    """Shares of the most frequent values of each word, most frequent over both sides first."""
    rows: list[dict[str, Any]] = []
    for name in (name for name, field in FIELDS.items() if field.type == "text"):
        told = field_of(store, name)
        if told is None:
            continue
        shares = {
            side: _shares(store, told.semi_join(people, "customer_key"), name, customers[side])
            for side, people in sides.items()
        }
        total: dict[str, float] = {}
        for found in shares.values():
            for value, share in found.items():
                total[value] = total.get(value, 0.0) + share
        for value in sorted(total, key=lambda value: (-total[value], value))[:MOST_VALUES]:
            row = {side: shares[side].get(value, 0.0) for side in SIDES}
            rows.append({"code": name, "value": value, **row})
    return pd.DataFrame(rows, columns=["code", "value", *SIDES])


def _shares(store: Store, people: Any, name: str, customers: int) -> dict[str, float]:
    known = people.filter(people[name].notnull())
    counted = known.group_by(value=known[name]).agg(n=known.count())
    frame = store.fetch(counted.order_by(counted.n.desc(), "value").limit(200))
    pairs = zip(frame["value"], frame["n"], strict=True)
    return {str(value): float(n) / max(customers, 1) for value, n in pairs}
