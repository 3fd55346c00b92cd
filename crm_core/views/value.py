"""What customers are expected to bring in the next year, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from crm_core.audiences import in_segments, people, tenths
from crm_core.privacy.policy import Access
from crm_core.selection import Selection, segment_code
from crm_core.store import Store
from crm_core.views.model_state import fitted_document, need_model

TOP = 50
_CLEARLY_BETTER = 0.01  # about one standard error of the Gini on the published logs
_FAIR_TOTAL_ERROR = 0.2


@dataclass(frozen=True)
class Value:
    """Totals of the next 365 days over the customers shown; `worth` names the money that
    `deciles` (decile 1 best, value: its share), `segments` (code, value, customers) and `top`
    rank by: expected_contribution, or expected_revenue where costs are unknown."""

    as_of: date
    customers: int
    everyone: int
    worth: str
    expected_orders: float
    expected_revenue: float
    expected_contribution: float | None
    quiet_days: int
    warnings: tuple[str, ...]
    deciles: pd.DataFrame
    segments: pd.DataFrame
    top: pd.DataFrame
    backtest: pd.DataFrame
    trial_from: date | None
    verdict: str


def value(selection: Selection, *, store: Store, access: Access) -> Value:
    """Reads the values of the last refresh, for the segments and regions chosen.

    Raises: CrmError of the model when the shop has too little data, ("no_scores").
    """
    del access
    need_model(store, "lifetime_value")
    document = fitted_document(store, "lifetime_value")
    shown = _shown(store, selection)
    totals = store.fetch(
        shown.agg(
            customers=shown.count(),
            orders=shown.expected_orders.sum(),
            revenue=shown.expected_revenue.sum(),
            contribution=shown.expected_contribution.sum(),
        )
    ).iloc[0]
    known = totals["contribution"] == totals["contribution"]
    worth = "expected_contribution" if known else "expected_revenue"
    backtest = store.fetch(store.table("value_backtest"))
    return Value(
        as_of=date.fromisoformat(document["as_of"]),
        customers=int(totals["customers"]),
        everyone=_everyone(store),
        worth=worth,
        expected_orders=_number(totals["orders"]),
        expected_revenue=_number(totals["revenue"]),
        expected_contribution=_number(totals["contribution"]) if known else None,
        quiet_days=int(document["parameters"]["quiet_days"]),
        warnings=tuple(document["warnings"]),
        deciles=_deciles(store, shown, worth),
        segments=_segments(store, shown, worth),
        top=_top(store, shown, worth),
        backtest=backtest,
        trial_from=None if backtest.empty else backtest["origin"].iloc[0].date(),
        verdict=_verdict(backtest),
    )


def _verdict(backtest: pd.DataFrame) -> str:
    """`rely` when customers were ranked better than by every simple rule and the total was met
    within a fifth; `care` when only one of the two holds; else `do_not`."""
    if backtest.empty:
        return "care"
    gini = dict(zip(backtest["method"], backtest["gini"].fillna(0.0), strict=True))
    error = dict(zip(backtest["method"], backtest["spend_error"].fillna(1.0), strict=True))
    ours = float(gini.pop("lifetime_value"))
    ranked = ours >= max(0.0, *map(float, gini.values())) + _CLEARLY_BETTER
    met = abs(float(error["lifetime_value"])) <= _FAIR_TOTAL_ERROR
    return "rely" if ranked and met else "care" if ranked or met else "do_not"


def _number(found: float) -> float:
    return 0.0 if found != found else float(found)


def _everyone(store: Store) -> int:
    table = store.table("lifetime_value")
    return int(store.fetch(table.agg(n=table.count()))["n"].iloc[0])


def _shown(store: Store, selection: Selection) -> Any:
    table = people(store)
    table = table.filter(table.expected_orders.notnull())
    table = in_segments(table, selection.segment)
    if selection.region:
        table = table.filter(table.region.isin(selection.region))
    return table


def _deciles(store: Store, shown: Any, worth: str) -> pd.DataFrame:
    """The share of all worth that each tenth of customers holds, the most valuable tenth first."""
    summed = store.fetch(tenths(shown, worth))
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
    """The most valuable customers ahead: keys and figures, no names."""
    columns = shown.select(
        "customer_key",
        "stage",
        "value_tier",
        "last_order_day",
        "orders",
        "revenue_365d",
        "expected_orders",
        "expected_revenue",
        "expected_contribution",
        "p_no_order",
    )
    return store.fetch(columns.order_by(columns[worth].desc(), "customer_key").limit(TOP))
