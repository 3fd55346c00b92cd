"""Customers in segments, by one of several ways to divide them, and what each segment brings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pandas as pd

from crm_core.metrics import measure, scope
from crm_core.models.lifecycle import STAGES
from crm_core.models.rfm import SEGMENTS
from crm_core.models.tiers import LOYALTY_TIERS, VALUE_TIERS
from crm_core.privacy.policy import Access
from crm_core.selection import (
    SEGMENTATIONS,
    Period,
    Selection,
    by_segmentation,
    segment_code,
)
from crm_core.store import Store
from crm_core.views.model_state import need_model
from crm_core.views.people import PROSPECTS, is_scored, is_somewhere, number, people_in, quiet_days
from crm_core.views.within import Within

#: The default first. Value tiers are in the default's grid.
WAYS = ("stage", "rfm", "loyalty", "cluster")
MONEY = ("revenue", "net_revenue", "average_order_value")
SCORES = (
    "customers",
    "recency_days",
    "orders",
    "spent",
    "expected_contribution",
    "p_no_order",
)

_ACROSS = {"stage": "value", "loyalty": "stage", "cluster": "stage"}
_ORDERS = {
    "stage": STAGES,
    "value": tuple(VALUE_TIERS),
    "rfm": tuple(segment.code for segment in SEGMENTS),
    "loyalty": tuple(reversed(LOYALTY_TIERS)),
}
_MODELS = {"stage": "lifecycle", "rfm": "rfm", "loyalty": "loyalty", "cluster": "clusters"}


@dataclass(frozen=True)
class Segments:
    """Frames: `rows` (one a segment, best first: segment, the code of the filter; customers, share
    of customers, revenue, net_revenue, average_order_value of the period, median recency_days,
    orders and spent so far, expected_contribution of the next 365 days, mean p_no_order), `grid`
    (row, column, customers: codes of the filter, for RFM its scores r and f; code: both for a click,
    empty where no filter says it). `totals` has the
    same columns, measured anew over all segments; `known_buyer_share` is of the period's revenue;
    `is_somewhere` when a sales channel, category or region was chosen; `quiet_days` is the horizon
    of p_no_order, None when there was too little to learn from. `rhythm` (second_days, gap_days)
    is what stages rest on, `rules` (loyalty_tier, least, is_own) what tiers ask for, `trials` how
    well each number of groups held.
    """

    as_of: date | None
    period: Period
    is_somewhere: bool
    quiet_days: int | None
    known_buyer_share: float | None
    totals: dict[str, float | None]
    rows: pd.DataFrame
    grid: pd.DataFrame
    rhythm: dict[str, float] = field(default_factory=dict)
    rules: pd.DataFrame = field(default_factory=pd.DataFrame)
    trials: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def customers(self) -> int:
        """How many customers the segments hold together."""
        return int(self.totals.get("customers") or 0)

    def with_total(self) -> pd.DataFrame:
        """The rows, and one more of all segments; its `segment` is empty."""
        total = pd.DataFrame([{"segment": "", "share": 1.0, **self.totals}])
        return pd.concat([self.rows, total.astype(self.rows.dtypes.to_dict())], ignore_index=True)


def segments(selection: Selection, *, store: Store, access: Access, by: str = WAYS[0]) -> Segments:
    """Counts customers as of the scores' day and measures their money in the period.

    `by` is one of WAYS. A sales channel, category or region keeps those who ever bought there,
    and their money there; without one, prospects are a stage too. Without scores `as_of` is None
    and the frames are empty. Raises: the CrmError that left these segments without scores.
    """
    del access
    period = selection.resolve(store.meta.first_day, store.meta.as_of)
    if not is_scored(store):
        return Segments(None, period, False, None, None, {}, pd.DataFrame(), pd.DataFrame())
    need_model(store, _MODELS[by])
    everyone = replace(selection, segment=())
    share = measure(store, ["known_buyer_share"], rows=scope(store, everyone, period)).totals
    wanted = codes(selection, store, by)
    people = _people(store, selection, by)
    counted = _counted(store, people, by, wanted)
    rows = [
        {"segment": code, **counted[code], **_money(store, selection, code, period)}
        for code in wanted
    ]
    frame = pd.DataFrame(rows, columns=["segment", *SCORES, *MONEY])
    frame = frame.astype(dict.fromkeys((*SCORES, *MONEY), "float64"))
    total = counted["total"]
    frame["share"] = frame["customers"] / max(total["customers"] or 0.0, 1.0)
    frame.loc[frame["segment"] == PROSPECTS, "share"] = float("nan")
    return Segments(
        as_of=store.scores_as_of,
        period=period,
        is_somewhere=is_somewhere(selection),
        quiet_days=quiet_days(store),
        known_buyer_share=share["known_buyer_share"],
        totals={**total, **measure(store, MONEY, rows=scope(store, selection, period)).totals}
        if selection.segment
        else {**total, **_everybodys(store, selection, period)},
        rows=frame,
        grid=_grid(store, people, by),
        rhythm=_first_row(store, "shop_rhythm"),
        rules=store.fetch(store.table("loyalty_rules")) if by == "loyalty" else pd.DataFrame(),
        trials=_trials(store) if by == "cluster" else pd.DataFrame(),
    )


def codes(selection: Selection, store: Store, by: str) -> tuple[str, ...]:
    """The segments of a way to divide customers that are chosen, or all, best first."""
    every = values_of(store, by)
    chosen = by_segmentation(selection.segment).get(by, ())
    return tuple(segment_code(by, v) for v in every if v in chosen or not chosen)


def values_of(store: Store, by: str) -> tuple[str, ...]:
    """The values of a segmentation in this shop, best first."""
    if by != "cluster":
        return _ORDERS[by]
    if not store.has("cluster_middles"):
        return ()
    middles = store.table("cluster_middles")
    return tuple(store.fetch(middles.order_by("place"))["cluster"])


def segment_choices(store: Store) -> list[str]:
    """The codes that a filter of segments offers: the default's first, only what anybody is in."""
    found: list[str] = []
    for name, kind in SEGMENTATIONS.items():
        if store.has(kind.table):
            table = store.table(kind.table)
            there = set(store.fetch(table.select(kind.column).distinct())[kind.column].dropna())
            found += [segment_code(name, v) for v in values_of(store, name) if v in there]
    return found


def _people(store: Store, selection: Selection, by: str) -> Any:
    with_prospects = by == "stage" and not is_somewhere(selection)
    return people_in(store, selection, prospects=with_prospects)


def _counted(
    store: Store, people: Any, by: str, wanted: tuple[str, ...]
) -> dict[str, dict[str, float | None]]:
    """What the scores say of each segment, and of all together under `total`."""
    column = SEGMENTATIONS[by].column
    named = store.fetch(people.group_by(value=people[column]).agg(**_facts(people)))
    known = named[named["value"].notna()]
    by_code = known.set_index(known["value"].map(lambda value: segment_code(by, str(value))))
    found = {
        code: _cells(by_code.loc[code]) if code in by_code.index else _cells({"customers": 0})
        for code in wanted
    }
    buyers = people.filter(people.orders.notnull())  # a prospect is no customer yet
    return {**found, "total": _cells(store.fetch(buyers.agg(**_facts(buyers))).iloc[0])}


def _facts(people: Any) -> dict[str, Any]:
    """What the scores say of a group of people."""
    return {
        "customers": people.count(),
        "recency_days": people.recency_days.cast("float64").median(),
        "orders": people.orders.cast("float64").median(),
        "spent": people.revenue.cast("float64").median(),
        "expected_contribution": people.expected_contribution.cast("float64").sum(),
        "p_no_order": people.p_no_order.cast("float64").mean(),
    }


def _cells(row: Any) -> dict[str, float | None]:
    return {name: number(row.get(name)) for name in SCORES}


def _money(
    store: Store, selection: Selection, code: str, period: Period
) -> dict[str, float | None]:
    """What one segment's customers brought, among those of the other segments chosen."""
    by = by_segmentation([code])
    others = [each for each in selection.segment if not by_segmentation([each]).keys() & by.keys()]
    chosen = replace(selection, segment=(*others, code))
    return measure(store, MONEY, rows=scope(store, chosen, period)).totals


def _everybodys(store: Store, selection: Selection, period: Period) -> dict[str, float | None]:
    """What all customers brought whom the scores know."""
    rows = scope(store, selection, period)
    scored = rows.semi_join(store.table("features"), "customer_key")
    return measure(store, MONEY, rows=scored).totals


def _grid(store: Store, people: Any, by: str) -> pd.DataFrame:
    """Customers by the segments and what is shown across them, best first in both."""
    if by == "rfm":
        rfm = store.table("rfm").semi_join(people, "customer_key")
        counted = rfm.group_by(row="r", column="f").agg(customers=rfm.count())
        scores = store.fetch(counted.order_by(counted.row.desc(), counted.column.desc()))
        pairs = zip(scores["row"], scores["column"], strict=True)
        return scores.assign(code=[_scored(recency, frequency) for recency, frequency in pairs])
    across = _ACROSS[by]
    keys = {"row": people[SEGMENTATIONS[by].column], "column": people[SEGMENTATIONS[across].column]}
    counted = store.fetch(people.group_by(**keys).agg(customers=people.count()))
    found = {
        (row["row"], row["column"] if isinstance(row["column"], str) else ""): row["customers"]
        for row in counted.to_dict("records")
    }
    shown = [value for value in values_of(store, by) if value != "prospect"]
    places = [value for value in values_of(store, across) if value != "prospect"]
    if any(column == "" and row != "prospect" for row, column in found):
        places.append("")
    cells = [
        {
            "row": segment_code(by, value),
            "column": segment_code(across, place) if place else "",
            "customers": int(found.get((value, place), 0)),
            "code": f"{segment_code(by, value)},{segment_code(across, place)}" if place else "",
        }
        for value in shown
        for place in places
    ]
    return pd.DataFrame(cells, columns=["row", "column", "customers", "code"])


def _scored(recency: float, frequency: float) -> str:
    scores = {"recency_score": recency, "frequency_score": frequency}
    return ",".join(Within(name, score, score).code for name, score in scores.items())


def _trials(store: Store) -> pd.DataFrame:
    if not store.has("cluster_trials"):
        return pd.DataFrame()
    return store.fetch(store.table("cluster_trials").order_by("k"))


def _first_row(store: Store, name: str) -> dict[str, float]:
    if not store.has(name):
        return {}
    row = store.fetch(store.table(name)).iloc[0]
    return {str(column): float(value) for column, value in row.items()}
