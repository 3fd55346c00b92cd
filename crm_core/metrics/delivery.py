"""Whether parcels came when they were promised: numbers about orders, by the promised day.

An order counts once its promised day is over. One that has not come is late, for OPEN_DAYS: of an older
one it is taken that nobody wrote down when it came. Days are the shop's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.metrics.care import (
    OPEN_DAYS,
    PEOPLE,
    CareMeasured,
    CareMetric,
    dated,
    filled,
    held_by,
    of_members,
)
from crm_core.metrics.shop_clock import day_of
from crm_core.selection import Period, Selection
from crm_core.store import Store, StoreMeta
from crm_core.store.marts import as_number, without

_ALL: Final = (
    CareMetric("promised_orders", "count", "neutral", "promised", of="promised"),
    CareMetric("late_rate", "rate", "down", "late", "promised", of="promised"),
    CareMetric("days_late_median", "days", "down", "days_late_median", of="came_late", middle=True),
    CareMetric("days_late_p90", "days", "down", "days_late_p90", of="came_late", middle=True),
    CareMetric("overdue_orders", "count", "down", "overdue", of="promised"),
)
DELIVERY_METRICS: Final[Mapping[str, CareMetric]] = {each.name: each for each in _ALL}
DELIVERY_DIMENSIONS: Final = (
    "region", "sales_channel", "category", "product", "day", "week", "month",
)  # fmt: skip


def judged(table: ir.Table, as_of: date) -> ir.Table:
    """Rows with the days `promised` and `came`, less those that say nothing by `as_of`: day (the
    promised one), days_late, is_late, is_overdue as of `deliveries_of`."""
    table = table.filter(table.promised < ibis.literal(as_of))
    is_open = table.came.isnull() & (table.promised >= ibis.literal(as_of - timedelta(OPEN_DAYS)))
    table = table.mutate(is_overdue=is_open).filter(table.came.notnull() | is_open)
    late = table.came.delta(table.promised, unit="day").cast("int64")
    return table.mutate(
        day=table.promised,
        days_late=ibis.ifelse(late > 0, late, ibis.null("int64")),
        is_late=(late > 0).fill_null(True),
    ).drop("promised", "came")


def promise_days(shop: StoreMeta, orders: ir.Table) -> dict[str, ir.Value]:
    """The shop's days on which orders were `promised` and `came`."""
    moments = {"promised": orders.promised_at, "came": orders.delivered_at}
    return {name: day_of(shop, moment) for name, moment in moments.items()}


def deliveries_of(store: Store, selection: Selection, period: Period | None = None) -> ir.Table:
    """Orders that count and were promised for a day that is over: order_key, order_id, customer_key, day
    (the promised one), shop, sales_channel, region, days_late (of those that came late), is_late,
    is_overdue (has not come yet)."""
    orders = store.table("orders")
    told = orders.filter(orders.promised_at.notnull())
    told = told.select("order_key", **promise_days(store.meta, told))
    facts = store.table("order_facts").select(
        "order_key", "order_id", "customer_key", "shop", "sales_channel", "region"
    )
    table = without(facts.join(told, "order_key"), "order_key_right")
    table = judged(table, store.meta.as_of)
    if period is not None:
        table = table.filter(
            table.day.between(ibis.literal(period.start), ibis.literal(period.end))
        )
    for column in ("shop", "sales_channel", "region"):
        if chosen := getattr(selection, column):
            table = table.filter(table[column].isin(chosen))
    return of_members(store, selection, table)


def parts_of_delivery(rows: ir.Table) -> dict[str, ir.Value]:
    """What delivery metrics are worked out from, over rows of `deliveries_of`."""
    counts = {
        "promised": rows.count(),
        PEOPLE: rows.customer_key.nunique(),
        "late": as_number(rows.is_late).sum(),
        "came_late": rows.days_late.count(),
        "overdue": as_number(rows.is_overdue).sum(),
    }
    return {
        **{name: value.fill_null(0).cast("int64") for name, value in counts.items()},
        "days_late_median": rows.days_late.cast("float64").quantile(0.5),
        "days_late_p90": rows.days_late.cast("float64").quantile(0.9),
    }


def measure_delivery(
    store: Store, selection: Selection, period: Period, by: str = "", *, totals: bool = True
) -> CareMeasured:
    """The parts of all delivery metrics over a period, by a dimension if one is named, and in total.

    Of products and categories an order counts for each that it held.
    Raises: CrmError("unknown_dimension").
    """
    if by and by not in DELIVERY_DIMENSIONS:
        raise CrmError("unknown_dimension", name=by, match=close_match(by, DELIVERY_DIMENSIONS))
    rows = deliveries_of(store, selection, period)
    whole: dict[str, float] = {}
    if totals or not by:
        found = store.fetch(rows.agg(**parts_of_delivery(rows))).iloc[0]
        whole = {str(name): float(value) for name, value in found.items()}
    if not by:
        return CareMeasured(pd.DataFrame([whole]), whole)
    keyed = held_by(store, dated(rows, by), by)
    split = store.fetch(keyed.group_by(by).agg(**parts_of_delivery(keyed)).order_by(by))
    return CareMeasured(filled(split), whole)
