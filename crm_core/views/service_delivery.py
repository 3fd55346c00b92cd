"""Whether parcels came when they were promised, by when, where and what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.metrics import hidden, is_guarded, is_small
from crm_core.metrics.care import PEOPLE, values_of
from crm_core.metrics.delivery import DELIVERY_METRICS, measure_delivery
from crm_core.models.student import share_range
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.card import Card
from crm_core.views.service import LEAST_TOLD, MOST_ROWS, care_card, code_of_value, named, step_of

#: Few parcels are late: a point of the trend rests on so many.
_LEAST_OF_POINT = 200
SPLITS: Final = ("region", "sales_channel", "category", "product", "month")


@dataclass(frozen=True)
class Delivery:
    """Promised orders of a period. `has_any`: whether the shop tells of promises and deliveries at all.
    `trend`: day (its first), value (share late), promised."""

    period: Period
    has_any: bool
    cards: tuple[Card, ...]
    trend: pd.DataFrame


def service_delivery(selection: Selection, *, store: Store, access: Access) -> Delivery:
    """Measures promises against fact, by the promised day."""
    meta = store.meta
    period = selection.resolve(meta.first_day, meta.as_of)
    orders = store.table("orders")
    told = orders.promised_at.notnull() & orders.delivered_at.notnull()
    if store.fetch(orders.filter(told).select("order_id").limit(1)).empty:
        return Delivery(period, False, (), pd.DataFrame())
    compared = selection.compared(meta.first_day, meta.as_of)
    now = measure_delivery(store, selection, period).totals
    before = measure_delivery(store, selection, compared).totals if compared else {}
    guarded = is_guarded(access)
    few = guarded and any(is_small(each.get(PEOPLE)) for each in (now, before))
    cards = tuple(care_card(kind, now, before, few=few) for kind in DELIVERY_METRICS.values())
    step = step_of(period, now["promised"], _LEAST_OF_POINT)
    return Delivery(period, True, cards, _trend(store, selection, period, step, guarded=guarded))


def _trend(
    store: Store, selection: Selection, period: Period, step: str, *, guarded: bool
) -> pd.DataFrame:
    rows = measure_delivery(store, selection, period, step, totals=False).rows
    if guarded:
        rows = rows[[not is_small(people) for people in rows[PEOPLE]]]
    values = values_of([DELIVERY_METRICS["late_rate"]], rows)["late_rate"].astype("float64")
    return pd.DataFrame(
        {"day": pd.to_datetime(rows[step]), "value": values, "promised": rows["promised"]}
    ).dropna(subset=["value"])


def delivery_split(selection: Selection, *, store: Store, access: Access, by: str) -> pd.DataFrame:
    """Promises by a dimension: code, name (of a product), the metrics with `<name>_n`, late_low and
    late_high (95 of 100 cases); most orders first, those of too few to compare last.

    Raises: CrmError("unknown_choice").
    """
    if by not in SPLITS:
        raise CrmError("unknown_choice", name="by", value=by, match=close_match(by, SPLITS))
    period = selection.resolve(store.meta.first_day, store.meta.as_of)
    found = measure_delivery(store, selection, period, by, totals=False).rows
    rows = values_of(list(DELIVERY_METRICS.values()), found)
    ends = [
        share_range(int(late), int(promised)) if promised >= LEAST_TOLD else (float("nan"),) * 2
        for late, promised in zip(found["late"], found["promised"], strict=True)
    ]
    rows["late_low"], rows["late_high"] = zip(*ends, strict=True) if ends else ([], [])
    for name in ("late_rate", "days_late_median", "days_late_p90"):
        rows[name] = rows[name].where(rows[f"{name}_n"] >= LEAST_TOLD)
    rows.insert(0, "code", [code_of_value(value) for value in found[by]])
    if is_guarded(access) and len(rows):
        away = hidden(found[[PEOPLE]].to_numpy("float64"))[:, 0]
        rows.loc[away, [name for name in rows.columns if name != "code"]] = float("nan")
    order = ["code"] if by == "month" else ["is_few", "promised_orders", "code"]
    rows = rows.assign(is_few=(rows["promised_orders"].fillna(0) < LEAST_TOLD).to_numpy())
    rows = rows.sort_values(order, ascending=[name != "promised_orders" for name in order])
    rows = rows.head(MOST_ROWS).reset_index(drop=True)
    return named(store, rows) if by == "product" else rows
