"""Customers by how recently, often and for how much they buy, and what each segment brings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from crm_core.metrics import measure, scope
from crm_core.models.rfm import SEGMENTS
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.people import is_scored, is_somewhere, number, people_in, quiet_days

MONEY = ("revenue", "net_revenue", "average_order_value")
SCORES = ("customers", "recency_days", "expected_contribution", "p_no_order")


@dataclass(frozen=True)
class Segments:
    """Frames: `rows` (one a segment, best first: segment, customers, share of customers, revenue,
    net_revenue, average_order_value of the period, median recency_days, expected_contribution
    of the next 365 days, mean p_no_order), `grid` (r, f, customers). `totals` has the same
    columns, measured anew over all segments; `known_buyer_share` is of the period's revenue;
    `is_somewhere` when a sales channel, category or region was
    chosen; `quiet_days` is the horizon of p_no_order, None when there was too little to learn from.
    """

    as_of: date | None
    period: Period
    is_somewhere: bool
    quiet_days: int | None
    known_buyer_share: float | None
    totals: dict[str, float | None]
    rows: pd.DataFrame
    grid: pd.DataFrame

    @property
    def customers(self) -> int:
        """How many customers the segments hold together."""
        return int(self.totals.get("customers") or 0)

    def with_total(self) -> pd.DataFrame:
        """The rows, and one more of all segments; its `segment` is empty."""
        total = pd.DataFrame([{"segment": "", "share": 1.0, **self.totals}])
        return pd.concat([self.rows, total.astype(self.rows.dtypes.to_dict())], ignore_index=True)


def segments(selection: Selection, *, store: Store, access: Access) -> Segments:
    """Counts customers as of the scores' day and measures their money in the period.

    A sales channel, category or region keeps those who ever bought there, and their money there.
    Without scores `as_of` is None and the frames are empty.
    """
    del access
    period = selection.resolve(store.meta.first_day, store.meta.as_of)
    if not is_scored(store):
        return Segments(None, period, False, None, None, {}, pd.DataFrame(), pd.DataFrame())
    everyone = replace(selection, segment=())
    share = measure(store, ["known_buyer_share"], rows=scope(store, everyone, period)).totals
    counted = _counted(store, selection)
    total = counted["total"]
    rows = [
        {"segment": code, **counted[code], **_money(store, selection, (code,), period)}
        for code in codes(selection)
    ]
    frame = pd.DataFrame(rows).astype(dict.fromkeys((*SCORES, *MONEY), "float64"))
    frame["share"] = frame["customers"] / max(total["customers"] or 0.0, 1.0)
    return Segments(
        as_of=store.scores_as_of,
        period=period,
        is_somewhere=is_somewhere(selection),
        quiet_days=quiet_days(store),
        known_buyer_share=share["known_buyer_share"],
        totals={**total, **_money(store, selection, codes(selection), period)},
        rows=frame,
        grid=_grid(store, selection),
    )


def codes(selection: Selection) -> tuple[str, ...]:
    """The segments chosen, or all, best first."""
    every = tuple(segment.code for segment in SEGMENTS)
    return tuple(code for code in every if code in selection.segment) or every


def _counted(store: Store, selection: Selection) -> dict[str, dict[str, float | None]]:
    """What the scores say of each segment, and of all together under `total`."""
    people = people_in(store, selection)
    facts = {
        "customers": people.count(),
        "recency_days": people.recency_days.cast("float64").median(),
        "expected_contribution": people.expected_contribution.cast("float64").sum(),
        "p_no_order": people.p_no_order.cast("float64").mean(),
    }
    by_code = store.fetch(people.group_by("segment").agg(**facts)).set_index("segment")
    found = {
        code: _cells(by_code.loc[code]) if code in by_code.index else _cells({"customers": 0})
        for code in codes(selection)
    }
    return {**found, "total": _cells(store.fetch(people.agg(**facts)).iloc[0])}


def _cells(row: Any) -> dict[str, float | None]:
    return {name: number(row.get(name)) for name in SCORES}


def _money(
    store: Store, selection: Selection, wanted: tuple[str, ...], period: Period
) -> dict[str, float | None]:
    chosen = replace(selection, segment=wanted)
    return measure(store, MONEY, rows=scope(store, chosen, period)).totals


def _grid(store: Store, selection: Selection) -> pd.DataFrame:
    """Customers by recency and frequency score, best first in both."""
    rfm = store.table("rfm").semi_join(people_in(store, selection), "customer_key")
    counted = rfm.group_by("r", "f").agg(customers=rfm.count())
    return store.fetch(counted.order_by(counted.r.desc(), counted.f.desc()))
