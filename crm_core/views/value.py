"""What customers are expected to bring, what that is worth today, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from crm_core.audiences import in_segments, people, tenths
from crm_core.errors import CrmError
from crm_core.models.value_columns import AHEAD, HORIZONS, YEAR_DAYS, money_ahead
from crm_core.privacy.policy import Access
from crm_core.selection import Selection, segment_code
from crm_core.store import Store
from crm_core.views.model_state import fitted_document, need_model
from crm_core.views.people import number, quiet_days
from crm_core.views.value_trial import ValueTrial, value_trial
from crm_core.views.within import money_within

TOP = 50
MONTHS = {"3": 91, "6": 182, "12": YEAR_DAYS, "24": 730}


@dataclass(frozen=True)
class Value:
    """Totals of the next `days` over the customers shown, by name of `AHEAD` (None: costs are
    unknown); value is the contribution as it is worth today at `rate` a year.

    `ranges` has the low and high of each in 8 of 10 cases, of all customers together: empty while
    some are chosen. `worth` names the money that `deciles` (decile 1 best, value: its share, code: of who is within its bounds),
    `segments` (code, value, customers) and `top` rank by: value, or revenue where costs are
    unknown. `choice` is the document of what chose the models, `trial` how they did on a past day.
    """

    as_of: date
    days: int
    customers: int
    everyone: int
    worth: str
    totals: dict[str, float | None]
    ranges: dict[str, tuple[float, float]]
    rate: float
    quiet_days: int | None
    warnings: tuple[str, ...]
    choice: dict[str, Any]
    deciles: pd.DataFrame
    segments: pd.DataFrame
    top: pd.DataFrame
    trial: ValueTrial


def value(selection: Selection, *, store: Store, access: Access, days: int = YEAR_DAYS) -> Value:
    """Reads the values of the last refresh, for the segments and regions chosen.

    Raises: CrmError of the model when the shop has too little data, ("no_scores"),
    ("unknown_choice") for another horizon than those of `HORIZONS`.
    """
    del access
    if days not in HORIZONS:
        raise CrmError("unknown_choice", name="days", value=days, match="")
    need_model(store, "lifetime_value")
    document = fitted_document(store, "lifetime_value")
    shown = _shown(store, selection, days)
    sums = {name: shown[name].sum() for name in AHEAD}
    row = store.fetch(shown.agg(customers=shown.count(), **sums)).iloc[0]
    totals = {name: number(row[name]) for name in AHEAD}
    empty = not row["customers"]
    if empty:
        totals |= {"orders": 0.0, "revenue": 0.0}
    whole = _whole(store, days)
    worth = "value" if whole["value"] is not None else "revenue"
    choice = fitted_document(store, "value_choice")
    chosen = bool(selection.segment or selection.region)
    return Value(
        as_of=date.fromisoformat(document["as_of"]),
        days=days,
        customers=int(row["customers"]),
        everyone=int(document["customers"]),
        worth=worth,
        totals=totals,
        ranges={} if chosen else _ranges(whole),
        rate=float(whole["discount_rate"] or 0.0),
        quiet_days=quiet_days(store),
        warnings=tuple(document["warnings"]),
        choice=choice,
        deciles=_deciles(store, shown, worth, days),
        segments=_segments(store, shown, worth),
        top=_top(store, shown, worth),
        trial=value_trial(store, choice),
    )


def _whole(store: Store, days: int) -> dict[str, float | None]:
    """The totals of all customers with their ranges, as the refresh kept them."""
    table = store.table("value_totals")
    row = store.fetch(table.filter(table.horizon_days == days)).iloc[0]
    return {str(name): number(cell) for name, cell in row.items()}


def _ranges(whole: dict[str, float | None]) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for name in AHEAD:
        low, high = whole[f"{name}_low"], whole[f"{name}_high"]
        if low is not None and high is not None:
            found[name] = (low, high)
    return found


def _shown(store: Store, selection: Selection, days: int) -> Any:
    """One row a valued customer of the selection: `AHEAD`, and what tables and charts name."""
    table = people(store)
    table = in_segments(table, selection.segment)
    known = table.select(
        "customer_key",
        "stage",
        "value_tier",
        "region",
        "last_order_day",
        "p_no_order",
        so_far=table.contribution,
    )
    if selection.region:
        known = known.filter(known.region.isin(selection.region))
    scores = store.table("lifetime_value")
    kept = scores.contribution_rate
    year = kept * scores[f"discount_{YEAR_DAYS}d"]
    scores = scores.select(
        "customer_key",
        "revenue_low",
        "revenue_high",
        **money_ahead(scores, days),
        one=scores.revenue_low * year,
        other=scores.revenue_high * year,
    )
    joined = known.join(scores, "customer_key")
    loss = joined.other < joined.one
    return joined.mutate(
        value_low=loss.ifelse(joined.other, joined.one),
        value_high=loss.ifelse(joined.one, joined.other),
    )


def _deciles(store: Store, shown: Any, worth: str, days: int) -> pd.DataFrame:
    """The share of all worth that each tenth of customers holds, the most valuable tenth first."""
    summed = store.fetch(tenths(shown, worth))
    bounds = zip(summed["low"].astype(float), summed["high"].astype(float), strict=True)
    summed["code"] = [money_within(worth, days, low, high) for low, high in bounds]
    whole = summed["value"].sum()
    summed["value"] = summed["value"] / whole if whole > 0 else float("nan")
    return summed.sort_values("decile", ignore_index=True)


def _segments(store: Store, shown: Any, worth: str) -> pd.DataFrame:
    grouped = shown.group_by(stage="stage").agg(value=shown[worth].sum(), customers=shown.count())
    frame = store.fetch(grouped.order_by(grouped.value.desc(), "stage"))
    named = frame[frame["stage"].notna()].reset_index(drop=True)
    codes = [segment_code("stage", stage) for stage in named["stage"]]
    return named.assign(code=codes).drop(columns="stage")


def _top(store: Store, shown: Any, worth: str) -> pd.DataFrame:
    """The most valuable customers ahead: keys and figures, no names; low and high are of a year."""
    low, high = ("value_low", "value_high") if worth == "value" else ("revenue_low", "revenue_high")
    columns = shown.select(
        "customer_key",
        "stage",
        "value_tier",
        "last_order_day",
        "so_far",
        "orders",
        "p_no_order",
        worth=shown[worth],
        low=shown[low],
        high=shown[high],
    )
    return store.fetch(columns.order_by(columns.worth.desc(), "customer_key").limit(TOP))
