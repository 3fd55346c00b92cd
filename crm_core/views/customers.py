"""The list of customers: filtered, searched, sorted and paged in the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from crm_core.audiences import FIELDS, people
from crm_core.errors import CrmError, close_match
from crm_core.metrics import begin_of
from crm_core.privacy.policy import Access
from crm_core.rules import All, Condition, Rule
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.people import is_scored, people_in, quiet_days
from crm_core.views.within import Within, those_within

COLUMNS = (
    "stage",
    "value_tier",
    "last_order_day",
    "orders",
    "revenue",
    "revenue_365d",
    "expected_contribution",
    "p_no_order",
)
SORTS = ("revenue", *(name for name in COLUMNS if name not in ("revenue", "value_tier")))
MONTHS = 12
MOST_ROWS = 200

_BOUGHT: Mapping[str, tuple[Condition, ...]] = {
    "any": (),
    "30": (Condition("recency_days", "<", 30),),
    "90": (Condition("recency_days", "<", 90),),
    "365": (Condition("recency_days", "<", 365),),
    "before_90": (Condition("recency_days", ">=", 90),),
    "before_365": (Condition("recency_days", ">=", 365),),
}
_ORDERS: Mapping[str, tuple[Condition, ...]] = {
    "any": (),
    "one": (Condition("orders", "=", 1),),
    "repeat": (Condition("orders", ">=", 2),),
    "five": (Condition("orders", ">=", 5),),
}
BOUGHT = tuple(_BOUGHT)
ORDERS = tuple(_ORDERS)


@dataclass(frozen=True)
class Customers:
    """One page of the list: `rows` has customer_key, the columns of `COLUMNS` and `months` (a
    list of the last twelve months' revenue, oldest first). `quiet_days` is the horizon of
    p_no_order, None when there was too little to learn from."""

    as_of: date | None
    quiet_days: int | None
    rows: pd.DataFrame


def customers_total(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    bought: str = "any",
    orders: str = "any",
    least: float | None = None,
    within: tuple[Within, ...] = (),
    found: tuple[int, ...] | None = None,
) -> int:
    """How many customers the filters leave; 0 before the first scores."""
    del access
    if not is_scored(store):
        return 0
    chosen = _chosen(store, selection, quick_rule(bought, orders, least), within, found)
    return int(store.fetch(chosen.agg(customers=chosen.count()))["customers"].iloc[0])


def customers(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    bought: str = "any",
    orders: str = "any",
    least: float | None = None,
    within: tuple[Within, ...] = (),
    found: tuple[int, ...] | None = None,
    sort: str = "revenue",
    ascending: bool = False,
    page: int = 1,
    size: int = 50,
) -> Customers:
    """One page of the customers that the filter bar and the quick filters leave.

    `bought` and `orders` are codes of `BOUGHT` and `ORDERS`, `least` the smallest revenue so
    far, `within` the bounds of scores that a chart opened the list with. `found` are the keys a
    search gave: then the filters do not count, and people without an order are listed too. Equal
    rows come by customer_key; unknown values come last.
    Raises: CrmError("unknown_choice") for another code, or a page beyond bounds.
    """
    del access
    if not is_scored(store):
        return Customers(None, None, pd.DataFrame())
    rule = quick_rule(bought, orders, least)
    chosen = _chosen(store, selection, rule, within, found)
    _check("sort", sort, SORTS)
    if page < 1 or not 1 <= size <= MOST_ROWS:
        raise CrmError("unknown_choice", name="page", value=page, match="")
    column = chosen[sort]
    ordered = chosen.order_by(
        column.asc(nulls_first=False) if ascending else column.desc(nulls_first=False),
        chosen.customer_key.asc(),
    )
    wanted = ordered.select("customer_key", *COLUMNS).limit(size, offset=(page - 1) * size)
    rows = store.fetch(wanted)
    return Customers(
        as_of=store.scores_as_of,
        quiet_days=quiet_days(store),
        rows=rows.assign(months=pd.Series(_months(store, rows), dtype="object")),
    )


def quick_rule(bought: str = "any", orders: str = "any", least: float | None = None) -> Rule:
    """The quick filters as a rule, so that an audience can be made of them.

    >>> quick_rule("any", "one", 50.0)
    All(parts=(Condition(field='orders', operator='=', value=1), Condition(field='revenue', \
operator='>=', value=50.0)))
    """
    _check("orders", orders, ORDERS)
    spent = (Condition("revenue", ">=", least),) if least else ()
    return All((*bought_rule(bought), *_ORDERS[orders], *spent))


def bought_rule(bought: str) -> tuple[Condition, ...]:
    """Conditions on how long ago somebody last ordered, by a code of BOUGHT.

    Raises: CrmError("unknown_choice").
    """
    _check("bought", bought, BOUGHT)
    return _BOUGHT[bought]


def _check(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        match = close_match(value, known)
        raise CrmError("unknown_choice", name=name, value=value, match=match)


def _chosen(
    store: Store,
    selection: Selection,
    rule: Rule,
    within: tuple[Within, ...],
    found: tuple[int, ...] | None,
) -> Any:
    if found is None:
        return those_within(people_in(store, selection, rule), store, within)
    known = store.table("customer_facts")
    keys = known.filter(known.customer_key.isin(found or (-1,)))
    joined = keys.select("customer_key").left_join(
        people(store, prospects=True, with_restricted=True), "customer_key"
    )
    return joined.select("customer_key", *FIELDS)


def _months(store: Store, rows: pd.DataFrame) -> list[list[float]]:
    """Revenue of the twelve calendar months up to the data's last day, for the rows shown."""
    last = pd.Timestamp(store.meta.as_of).to_period("M")
    months = pd.period_range(end=last, periods=MONTHS, freq="M")
    if rows.empty:
        return []
    days = store.table("customer_days")
    keys = [int(key) for key in rows["customer_key"]]
    recent = days.filter(days.customer_key.isin(keys) & (days.day >= months[0].start_time.date()))
    recent = recent.filter(recent.day <= store.meta.as_of)
    monthly = recent.group_by("customer_key", month=begin_of(recent.day, "M"))
    frame = store.fetch(monthly.agg(revenue=recent.revenue.sum().cast("float64")))
    frame["month"] = pd.to_datetime(frame["month"]).dt.to_period("M")
    wide = frame.pivot(index="customer_key", columns="month", values="revenue")
    wide = wide.reindex(index=keys, columns=months).fillna(0.0)
    return wide.to_numpy().tolist()
