"""How every model did on this shop's own past, what chose it, and how far to trust it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pandas as pd

from crm_core.errors import CrmError
from crm_core.metrics import between, measure
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views import verdicts
from crm_core.views.model_state import fitted_document, need_forecast, need_model
from crm_core.views.value_trial import value_trial

_VALUE = ("spend_error", "purchases_error", "mae", "spearman", "gini", "top_decile")
_FORECAST = ("mase", "wape", "coverage_80")
_TRIAL_DAYS = 28


@dataclass(frozen=True)
class Trusted:
    """One model. `problem`: why it has no scores, if it has none (an error's code and facts).

    `said_of`: whose sentences of a verdict hold: those of `model`, or of the blend.
    `tested`: on the period that chose nothing, one row a method: method, is_used and the columns
    `measures`. `choosing`: periods that chose, with `by` the measure they were judged by (method,
    origin, value). `tested_from` is that period's first day, `chosen` the method in use.
    `beginnings`: whether facts of a customer's first order rank better (fact, origin, is_used, gain,
    low, high); `begun`: the one in use, if any.
    """

    model: str
    verdict: str = "untested"
    said_of: str = ""
    problem: str = ""
    problem_facts: dict[str, Any] = field(default_factory=dict)
    chosen: str = ""
    tested_from: date | None = None
    tested_days: int = 0
    measures: tuple[str, ...] = ()
    tested: pd.DataFrame = field(default_factory=pd.DataFrame)
    by: str = ""
    choosing: pd.DataFrame = field(default_factory=pd.DataFrame)
    warnings: tuple[str, ...] = ()
    begun: str = ""
    beginnings: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class Drift:
    """The days since the scores were made: net revenue that came beside what was foreseen, and on
    which share of the days the 80 % interval held. No days: nothing has come since."""

    days: int
    came: float = 0.0
    foreseen: float = 0.0
    held: float | None = None


@dataclass(frozen=True)
class Trust:
    """`scores_as_of` is the day scores were made for, None before the first refresh."""

    scores_as_of: date | None
    drift: Drift
    models: tuple[Trusted, ...]


def trust(selection: Selection, *, store: Store, access: Access) -> Trust:
    """Reads what the last refresh learned of every model; nothing is fitted here."""
    del selection, access
    return Trust(
        scores_as_of=store.scores_as_of,
        drift=_drift(store),
        models=tuple(_read(store, model, read) for model, read in _READ.items()),
    )


def verdict_of(selection: Selection, *, store: Store, access: Access, model: str) -> str:
    """The verdict on one model, for a badge beside its scores; empty where it has none."""
    del selection, access
    found = _read(store, model, _READ[model])
    return "" if found.problem else found.verdict


def _read(store: Store, model: str, read: Callable[[Store], Trusted]) -> Trusted:
    try:
        need_model(store, model)
        return read(store)
    except CrmError as error:
        return Trusted(model, problem=error.code, problem_facts=dict(error.facts))


def _of_value(store: Store) -> Trusted:
    document = fitted_document(store, "lifetime_value")
    chosen = fitted_document(store, "value_choice")
    tried = value_trial(store, chosen)
    choice = store.fetch(store.table("value_choice"))
    orders = choice[(choice["question"] == "orders") & choice["decides"].astype(bool)]
    score = orders[orders["measure"] == "score"]
    used = choice[(choice["question"] == "orders") & choice["chosen"].astype(bool)]["method"]
    begun = choice[choice["question"] == "beginnings"]
    return Trusted(
        "lifetime_value",
        tried.verdict,
        said_of=verdicts.BLEND if tried.used == verdicts.BLEND else "",
        chosen=str(used.iloc[0]) if len(used) else "",
        tested_from=tried.origin,
        tested_days=tried.days,
        measures=tuple(name for name in _VALUE if name in tried.rows.columns),
        tested=tried.rows.assign(is_used=tried.rows["method"] == tried.used),
        by="score",
        choosing=score[["method", "origin", "value"]],
        warnings=tuple(document["warnings"]),
        begun=str(chosen.get("begun", "")),
        beginnings=begun.rename(columns={"method": "fact", "value": "gain", "chosen": "is_used"})[
            ["fact", "origin", "is_used", "gain", "low", "high"]
        ],
    )


def _of_churn(store: Store) -> Trusted:
    trials = store.fetch(store.table("churn_trials"))
    reliability = store.fetch(store.table("churn_reliability"))
    method = str(fitted_document(store, "churn_choice")["method"])
    decides = trials["decides"].astype(bool)
    last = trials[~decides]
    chosen_first = last.assign(is_used=last["method"] == method)
    return Trusted(
        "churn",
        verdicts.of_churn(verdicts.last_of_churn(trials, method), reliability),
        chosen=method,
        tested_from=None if last.empty else last["origin"].iloc[0].date(),
        tested_days=0 if last.empty else int(last["horizon_days"].iloc[0]),
        measures=("brier",),
        tested=chosen_first.sort_values("brier", ignore_index=True),
        by="brier",
        choosing=trials[decides].rename(columns={"brier": "value"})[["method", "origin", "value"]],
    )


def _of_forecast(store: Store) -> Trusted:
    need_forecast(store)
    document = fitted_document(store, "forecast")
    backtest = store.fetch(_of_the_shop(store, "forecast_backtest"))
    method = str(document["method"])
    origins = sorted(backtest["origin"].unique())
    last = backtest[backtest["origin"] == origins[-1]] if len(origins) > 1 else backtest.head(0)
    before = backtest[backtest["origin"] != origins[-1]] if origins else backtest
    return Trusted(
        "forecast",
        verdicts.of_forecast(last, method),
        chosen=method,
        tested_from=None if last.empty else last["origin"].iloc[0].date(),
        tested_days=_TRIAL_DAYS,
        measures=_FORECAST,
        tested=last.assign(is_used=last["method"] == method).sort_values("mase"),
        by="mase",
        choosing=before.rename(columns={"mase": "value"})[["method", "origin", "value"]],
        warnings=tuple(document["warnings"]),
    )


def _of_the_shop(store: Store, name: str) -> Any:
    """The rows of a forecast table about the shop's net revenue."""
    rows = store.table(name)
    return rows.filter((rows.measure == "net_revenue") & (rows.dimension == "total"))


def _of_clusters(store: Store) -> Trusted:
    trials = store.fetch(store.table("cluster_trials"))
    used = trials[trials["is_chosen"].astype(bool)]["k"]
    return Trusted(
        "clusters",
        verdicts.of_clusters(trials),
        chosen=str(int(used.iloc[0])) if len(used) else "",
        measures=("ari_mean", "ari_min", "separation", "smallest_share"),
        tested=trials.assign(method=trials["k"].astype(str), is_used=trials["is_chosen"]),
    )


def _of_replenishment(store: Store) -> Trusted:
    told = fitted_document(store, "replenishment_trial").get("7")
    if told is None:
        return Trusted("replenishment")
    trial = told["all"]
    rows = [
        {
            "method": method,
            "is_used": method == "replenishment",
            "brier": trial[f"{prefix}brier"],
            "calibration_error": trial[f"{prefix}error"],
        }
        for method, prefix in (("replenishment", ""), ("naive_category", "naive_"))
    ]
    return Trusted(
        "replenishment",
        verdicts.of_replenishment(trial),
        tested_from=date.fromisoformat(told["origin"]),
        tested_days=_TRIAL_DAYS,
        measures=("brier", "calibration_error"),
        tested=pd.DataFrame(rows),
    )


_REVIEWS = ("balanced_accuracy", "accuracy", "balanced_accuracy_en", "balanced_accuracy_zh")


def _of_reviews(store: Store) -> Trusted:
    trials = store.fetch(store.table("review_trials"))
    warnings = tuple(fitted_document(store, "reviews")["warnings"])
    method = "naive_lexicon" if warnings else "reviews"
    shown = tuple(name for name in _REVIEWS if trials[name].notna().any())
    return Trusted(
        "reviews",
        verdicts.of_reviews(trials, method),
        chosen=method,
        tested_from=None if trials.empty else trials["origin"].iloc[0].date(),
        tested_days=0 if trials.empty else int(trials["horizon_days"].iloc[0]),
        measures=shown,
        tested=trials.assign(is_used=trials["method"] == method),
        warnings=warnings,
    )


_READ: dict[str, Callable[[Store], Trusted]] = {
    "lifetime_value": _of_value,
    "churn": _of_churn,
    "forecast": _of_forecast,
    "clusters": _of_clusters,
    "replenishment": _of_replenishment,
    "reviews": _of_reviews,
}


def _drift(store: Store) -> Drift:
    """What came since the scores' day, beside the forecast made then."""
    since = store.scores_as_of
    if since is None or not store.has("forecast_series") or store.meta.as_of <= since:
        return Drift(0)
    ahead = store.fetch(_of_the_shop(store, "forecast").order_by("day"))
    ahead = ahead[ahead["day"] <= pd.Timestamp(store.meta.as_of)]
    if ahead.empty:
        return Drift(0)
    period = Period(since + timedelta(1), ahead["day"].max().date())
    rows = between(store.table("ledger"), period)
    came = measure(store, ("net_revenue",), rows=rows, by=("day",)).rows
    series = came.set_index("day")["net_revenue"].reindex(ahead["day"], fill_value=0.0)
    inside = (series.to_numpy() >= ahead["low_80"]) & (series.to_numpy() <= ahead["high_80"])
    return Drift(len(ahead), float(series.sum()), float(ahead["value"].sum()), float(inside.mean()))
