"""How long customers stay without an order: after their first, second or later one, and from a
past day on by the stage of life they were in then."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from crm_core.models.lifecycle import STAGES, lifecycle, shop_rhythm
from crm_core.models.survival import Curve, kaplan_meier_by
from crm_core.store import StoreAt, Tables

LONGEST_DAYS = 365
ORDERS = ("first", "second", "third", "fifth")

_POINTS = 60
_LEAST_CUSTOMERS = 20
_LEAST_AT_RISK = 10
_LEAST_DAYS = 60


def survival_rows(store: Tables, as_of: date) -> list[dict[str, Any]]:
    """Kaplan-Meier curves as rows: grouping (`order` or `stage`), code, origin (the day a
    stage was told, empty for orders), days, at_risk, share still without an order, low, high.

    Stages are those of `origin`, a year ago or half the shop's age: who is called lost today
    is so because no order came. Groups under 20 and ends with fewer than 10 at risk are left out.
    """
    rows = _curves(store, _after_orders(store, as_of), "order", None, ORDERS)
    origin = _origin(store, as_of)
    if origin is not None:
        spells = _by_stage(store, origin, as_of)
        rows += _curves(store, spells, "stage", origin, STAGES)
    return rows


def _after_orders(store: Tables, as_of: date) -> ir.Table:
    """Each order day with its number in the customer's life and the days to the next."""
    days = StoreAt(store, as_of).table("customer_days")
    window = ibis.window(group_by="customer_key", order_by="day")
    spells = days.mutate(number=ibis.row_number().over(window), later=days.day.lead().over(window))
    code = ibis.cases(
        (spells.number == 0, ORDERS[0]),
        (spells.number == 1, ORDERS[1]),
        (spells.number < 4, ORDERS[2]),
        else_=ORDERS[3],
    )
    return _watched(spells.mutate(code=code, since=spells.day), as_of)


def _by_stage(store: Tables, origin: date, as_of: date) -> ir.Table:
    """Each customer known at `origin` with the stage of then and the days to the next order."""
    days = StoreAt(store, as_of).table("customer_days")
    after = days.filter(days.day > ibis.literal(origin))
    later = after.group_by("customer_key").agg(later=after.day.min())
    past = StoreAt(store, origin)
    found = lifecycle(past, shop_rhythm(past))
    known = found.filter(found.stage != "prospect").select("customer_key", code="stage")
    joined = known.left_join(later, "customer_key")
    return _watched(joined.mutate(since=ibis.literal(origin)), as_of)


def _watched(spells: ir.Table, as_of: date) -> ir.Table:
    """How many were watched for how long, at most a year, and whether an order ended it."""
    end = spells.later.coalesce(ibis.literal(as_of))
    waited = end.delta(spells.since, unit="day").cast("int64")
    spells = spells.mutate(
        waited=ibis.least(waited, LONGEST_DAYS + 1),
        happened=spells.later.notnull() & (waited <= LONGEST_DAYS),
    )
    return spells.group_by("code", "waited", "happened").agg(count=spells.count())


def _origin(store: Tables, as_of: date) -> date | None:
    days = StoreAt(store, as_of).table("customer_days")
    first = store.fetch(days.agg(day=days.day.min()))["day"].iloc[0]
    if first is None or first != first:
        return None
    age = (as_of - first.date()).days
    back = min(LONGEST_DAYS, age // 2)
    return as_of - timedelta(back) if back >= _LEAST_DAYS else None


def _curves(
    store: Tables, spells: ir.Table, grouping: str, origin: date | None, codes: Any
) -> list[dict[str, Any]]:
    found = store.fetch(spells)
    if found.empty:
        return []
    known = dict(iter(found.groupby("code")))
    curves = kaplan_meier_by(found["code"], found["waited"], found["happened"], found["count"])
    rows: list[dict[str, Any]] = []
    for code in codes:
        if code not in curves or known[code]["count"].sum() < _LEAST_CUSTOMERS:
            continue
        waited = known[code]["waited"].to_numpy(np.int64)
        count = known[code]["count"].to_numpy(np.int64)
        for point in _points(curves[code], waited, count):
            rows.append({"grouping": grouping, "code": code, "origin": origin, **point})
    return rows


def _points(curve: Curve, waited: np.ndarray, count: np.ndarray) -> list[dict[str, Any]]:
    """The curve on an even grid of days from zero on, as far as enough are still watched."""
    last = min(int(waited.max(initial=0)), LONGEST_DAYS)
    points: list[dict[str, Any]] = []
    for day in range(0, last + 1, max(-(-last // _POINTS), 1)):
        at_risk = int(count[waited >= day].sum())
        if at_risk < _LEAST_AT_RISK:
            break
        place = int(np.searchsorted(curve.days, day, side="right")) - 1
        share, low, high = (
            (1.0, 1.0, 1.0)
            if place < 0
            else (float(part[place]) for part in (curve.share, curve.low, curve.high))
        )
        points.append({"days": day, "at_risk": at_risk, "share": share, "low": low, "high": high})
    return points
