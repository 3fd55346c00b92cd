"""Who may order nothing for as long as this shop calls churned, what that puts at stake, and how
far to trust it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from crm_core.audiences import AT_RISK, BANDS, band_rule, banded
from crm_core.models.tiers import VALUE_TIERS
from crm_core.privacy.policy import Access
from crm_core.selection import Selection, by_segmentation, segment_code
from crm_core.store import Store
from crm_core.views import verdicts
from crm_core.views.churn_risk import FACTS, REASONS, WINDOW, Risk, risk_from
from crm_core.views.model_state import fitted_document, need_model
from crm_core.views.people import is_scored, number, people_in

TOP = 50
_LATE = 1.5
_SCORE = "brier_"


@dataclass(frozen=True)
class Churn:
    """Totals over the customers shown. `worth` names the money at stake: contribution,
    revenue where costs are unknown, unknown where nothing is expected yet.

    Frames: `bands` (code, value: customers, at_stake), `segments` (code, value: mean chance,
    customers, at_stake), `tiers` (value tier, band, value: customers),
    `reliability` (predicted, actual, size), `trials` (method, brier, last: of the period that
    chose nothing). `missing` is what there was too little of to try anything.
    """

    as_of: date
    horizon_days: int
    usual_days: int
    is_own: bool
    method: str
    missing: dict[str, tuple[int, int]]
    customers: int
    at_risk: int
    staying_away: float
    at_stake: float | None
    worth: str
    bands: pd.DataFrame
    segments: pd.DataFrame
    tiers: pd.DataFrame
    reliability: pd.DataFrame
    trials: pd.DataFrame
    tried_from: date | None
    tried_days: int
    verdict: str


@dataclass(frozen=True)
class WinBack:
    """The customers of a band with the most at stake: how many fit, and `rows` of the first
    `TOP` (customer_key, stage, value_tier, last_order_day, value_at_stake, p_no_order) with their `risks`."""

    customers: int
    rows: pd.DataFrame
    risks: tuple[Risk, ...]


def churn(selection: Selection, *, store: Store, access: Access) -> Churn:
    """Reads what the last refresh says, for the segments and places chosen.

    Raises: CrmError of the model when the shop has too little data, ("no_scores").
    """
    del access
    need_model(store, "churn")
    choice = fitted_document(store, "churn_choice")
    shown = _shown(store, selection)
    totals = store.fetch(
        shown.agg(
            customers=shown.count(),
            at_risk=shown.count(where=shown.band.isin(AT_RISK)),
            away=shown.p_no_order.sum(),
            at_stake=shown.value_at_stake.sum(),
            contribution=shown.expected_contribution.sum(),
        )
    ).iloc[0]
    trials = store.fetch(store.table("churn_trials"))
    reliability = store.fetch(store.table("churn_reliability"))
    method = str(choice["method"])
    last = verdicts.last_of_churn(trials, method)
    fitted = fitted_document(store, "churn")
    at_stake = number(totals["at_stake"])
    costed = number(totals["contribution"]) is not None
    return Churn(
        as_of=date.fromisoformat(fitted["as_of"]),
        horizon_days=int(choice["horizon_days"]),
        usual_days=int(choice["usual_days"]),
        is_own=bool(choice["is_own"]),
        method=method,
        missing={name: (have, takes) for name, (have, takes) in choice["missing"].items()},
        customers=int(totals["customers"]),
        at_risk=int(totals["at_risk"]),
        staying_away=number(totals["away"]) or 0.0,
        at_stake=at_stake,
        worth="unknown" if at_stake is None else "contribution" if costed else "revenue",
        bands=_bands(store, shown),
        segments=_segments(store, shown),
        tiers=_tiers(store, shown),
        reliability=reliability.rename(
            columns={"said": "predicted", "came_true": "actual", "customers": "size"}
        ),
        trials=_by_method(trials, fitted["parameters"]),
        tried_from=None if last.empty else last["origin"].iloc[0].date(),
        tried_days=0 if trials.empty else int(trials["horizon_days"].iloc[0]),
        verdict=verdicts.of_churn(last, reliability),
    )


def win_back(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    band: str = "at_risk",
    least: float | None = None,
) -> WinBack:
    """The customers of a band, those with the most at stake first; the very rule of an audience.

    Raises: CrmError as `churn`.
    """
    del access
    need_model(store, "churn")
    people = people_in(store, selection, band_rule(band, least))
    told = store.table("churn").drop("p_no_order")
    joined = people.inner_join(told, "customer_key")
    rows = joined.select(
        "customer_key",
        "stage",
        "value_tier",
        "last_order_day",
        "value_at_stake",
        "p_no_order",
        *REASONS,
        *FACTS,
        *WINDOW,
    )
    order = rows.value_at_stake.desc(nulls_first=False), rows.p_no_order.desc(), rows.customer_key
    found = store.fetch(rows.order_by(*order).limit(TOP))
    choice = fitted_document(store, "churn_choice")
    as_of = date.fromisoformat(fitted_document(store, "churn")["as_of"])
    count = store.fetch(people.agg(customers=people.count()))["customers"].iloc[0]
    return WinBack(
        customers=int(count),
        rows=found,
        risks=tuple(risk_from(row, choice, as_of) for row in found.to_dict("records")),
    )


def survival(selection: Selection, *, store: Store, access: Access, grouping: str) -> pd.DataFrame:
    """Share still without an order so many days on, one curve a code: after an order by its number
    (`order`), or from a past day by the stage of life of then (`stage`). Columns of `churn_survival`.
    """
    del access
    if not store.has("churn_survival"):
        return pd.DataFrame(columns=["code", "origin", "days", "share", "low", "high", "at_risk"])
    table = store.table("churn_survival")
    table = table.filter(table.grouping == grouping)
    stages = by_segmentation(selection.segment).get("stage")
    if grouping == "stage" and stages:
        table = table.filter(table.code.isin(stages))
    return store.fetch(table)


def silent(selection: Selection, *, store: Store, access: Access) -> pd.DataFrame:
    """For a shop too young for chances: who came twice or more and has been silent for longer than
    one and a half of their own gaps. Columns: customer_key, orders, last_order_day,
    recency_days, average_gap_days, revenue; the best buyers first."""
    del access
    if not is_scored(store):
        return pd.DataFrame(columns=["customer_key"])
    people = people_in(store, selection)
    late = people.filter(
        (people.average_gap_days > 0)
        & (people.recency_days > people.average_gap_days.cast("float64") * _LATE)
    )
    rows = late.select(
        "customer_key", "orders", "last_order_day", "recency_days", "average_gap_days", "revenue"
    )
    return store.fetch(rows.order_by(rows.revenue.desc(), "customer_key").limit(TOP))


def _shown(store: Store, selection: Selection) -> Any:
    return banded(people_in(store, selection))


def _bands(store: Store, shown: Any) -> pd.DataFrame:
    found = store.fetch(
        shown.group_by(code="band").agg(value=shown.count(), at_stake=shown.value_at_stake.sum())
    ).set_index("code")
    rows = found.reindex(list(BANDS)).fillna(0.0)
    return rows.rename_axis("code").reset_index()


def _segments(store: Store, shown: Any) -> pd.DataFrame:
    grouped = shown.group_by(code="stage").agg(
        value=shown.p_no_order.mean(),
        customers=shown.count(),
        at_stake=shown.value_at_stake.sum(),
    )
    rows = store.fetch(grouped.order_by(grouped.value.desc(), "code")).dropna(subset=["code"])
    return rows.assign(code=[segment_code("stage", stage) for stage in rows["code"]])


def _tiers(store: Store, shown: Any) -> pd.DataFrame:
    """Customers by value tier and band."""
    known = shown.filter(shown.value_tier.notnull())
    counted = store.fetch(known.group_by(tier="value_tier", band="band").agg(value=known.count()))
    found = counted.set_index(["tier", "band"])["value"]
    every = pd.MultiIndex.from_product([VALUE_TIERS, BANDS], names=["tier", "band"])
    return found.reindex(every, fill_value=0).reset_index()


def _by_method(trials: pd.DataFrame, parameters: Mapping[str, float]) -> pd.DataFrame:
    """One row a method, best first: the Brier score it was chosen by, and that of the last period.

    Scores that chose are read from the fit: of periods on which only some methods could speak,
    none counts. Everyone at the usual share chose nothing, and is told of the same periods.
    """
    decides = trials["decides"].astype(bool)
    mean = {
        name.removeprefix(_SCORE): score
        for name, score in parameters.items()
        if name.startswith(_SCORE)
    }
    usual = trials[decides & (trials["method"] == verdicts.SHARE)]
    spoken = trials[decides & trials["method"].isin(mean)].groupby("origin")["method"].nunique()
    usual = usual[usual["origin"].isin(spoken.index[spoken == len(mean)])]
    if len(usual):
        mean[verdicts.SHARE] = float(usual["brier"].mean())
    last = trials[~decides].groupby("method")["brier"].mean()
    columns = {"brier": pd.Series(mean, dtype="float64"), "last": last}
    rows = pd.DataFrame(columns).rename_axis("method").reset_index()
    return rows.sort_values(["brier", "method"], ignore_index=True)
