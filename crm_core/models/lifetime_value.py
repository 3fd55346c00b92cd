"""What each customer is likely to bring in the next year: orders, revenue, contribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from crm_core.metrics.catalog import METRICS
from crm_core.metrics.definition import Sum
from crm_core.models import gamma_gamma
from crm_core.models.base import Fitted, TimeUnit, need
from crm_core.models.holdout import Holdout, compared, read_holdout
from crm_core.models.order_models import order_model
from crm_core.models.triples import (
    Triples,
    fingerprint_of,
    read_triples,
    spend_history,
)
from crm_core.models.value_choice import Choice, choose
from crm_core.store import Build, StoreAt, Tables

NAME = "lifetime_value"
HORIZON_DAYS = 365
COLUMNS = (
    "customer_key",
    "frequency",
    "recency_days",
    "age_days",
    "expected_orders",
    "expected_revenue",
    "expected_margin",
    "expected_contribution",
)

_NEEDED = {"buyers": 50, "repeat_buyers": 10, "history_days": 30}
_WANTED = {"buyers": 500, "loyal_buyers": 100, "history_days": 180}
_TOO_FEW = {
    "buyers": "few_buyers",
    "loyal_buyers": "few_loyal_buyers",
    "history_days": "short_history",
}
_KEYS = ("frequency", "recency_days", "age_days")
_PRIOR_ORDER_DAYS = 5.0
_KNOWN_COST_SHARE = 0.99
_SCORES = "lifetime_value_scores"


@dataclass(frozen=True)
class Valued:
    """The two fits that make a lifetime value, and how the first was chosen among its like."""

    choice: Choice
    orders: Fitted
    spend: Fitted

    @property
    def fitted(self) -> Fitted:
        """Both as one document: parameters side by side, warnings together."""
        both = (self.orders, self.spend)
        horizon = {"horizon_days": float(HORIZON_DAYS)}
        prints = np.array([int(one.fingerprint, 16) >> 1 for one in both], dtype=np.int64)
        return Fitted(
            model=NAME,
            as_of=self.orders.as_of,
            time_unit=self.orders.time_unit,
            parameters={**self.orders.parameters, **self.spend.parameters, **horizon},
            standard_errors={**self.orders.standard_errors, **self.spend.standard_errors},
            log_likelihood=self.orders.log_likelihood + self.spend.log_likelihood,
            customers=self.orders.customers,
            distinct=self.orders.distinct,
            fingerprint=fingerprint_of(prints),
            warnings=self.orders.warnings + self.spend.warnings,
        )


def fit(store: Tables, *, as_of: date, time_unit: TimeUnit = "day") -> Fitted:
    """Learns buying rhythm (the order model that suits) and spend (Gamma-Gamma) up to `as_of`."""
    return learn(store, as_of=as_of, time_unit=time_unit).fitted


def learn(
    store: Tables, *, as_of: date, time_unit: TimeUnit = "day", triples: Triples | None = None
) -> Valued:
    """Both fits, that of orders by the model chosen on the shop's own past. `triples`: the
    histories, where they were read already.

    Warns `few_buyers` under 500, `few_loyal_buyers` under 100 with three purchase days,
    `short_history` under 180 days: order of customers is then more trustworthy than amounts.
    Raises: CrmError("not_enough_data") under 50 buyers, 10 who came back, or 30 days.
    """
    histories = read_triples(store, as_of) if triples is None else triples
    have = {
        "buyers": histories.customers,
        "repeat_buyers": histories.having(1),
        "loyal_buyers": histories.having(2),
        "history_days": histories.history_days,
    }
    need(NAME, **{name: (have[name], least) for name, least in _NEEDED.items()})
    thin = tuple(_TOO_FEW[name] for name, least in _WANTED.items() if have[name] < least)
    choice = choose(store, as_of=as_of, triples=histories, time_unit=time_unit)
    return Valued(
        choice=choice,
        orders=replace(choice.fitted, warnings=thin + choice.warnings),
        spend=gamma_gamma.fit(store, as_of=as_of),
    )


def score_table(valued: Valued, triples: Triples) -> pa.Table:
    """Expected orders in the next 365 days for each distinct history, ready to upload.

    Columns: frequency, recency_days, age_days, expected_orders.
    """
    model = order_model(valued.orders)
    return pa.table(
        {
            "frequency": triples.frequency,
            "recency_days": triples.recency_days,
            "age_days": triples.age_days,
            "expected_orders": model.expected_orders(valued.orders, triples, HORIZON_DAYS),
        }
    )


def join_scores(store: Tables, scores: str, valued: Valued) -> ir.Table:
    """One row a customer with the columns of `COLUMNS`, joined and multiplied in the engine.

    `scores` names the uploaded `score_table`. Money is what the next 365 days bring, before
    discounting. `expected_margin` and `expected_contribution` are NULL where goods costs of the
    shop are not known; marketing counts in contribution as the ledger spreads it.
    """
    as_of = valued.orders.as_of
    history = spend_history(store, as_of)
    history = history.mutate(spend=gamma_gamma.expected_spend_expr(valued.spend, history))
    scored = history.join(store.table(scores), list(_KEYS))
    rates = _rates(store, as_of)
    joined = scored.left_join(rates, "customer_key")
    revenue = joined.expected_orders * joined.spend
    rest = _shop_rates(store, as_of)
    prior = rest["order_day_revenue"] * _PRIOR_ORDER_DAYS
    return joined.select(
        "customer_key",
        *_KEYS,
        "expected_orders",
        expected_revenue=revenue,
        expected_margin=revenue * _shrunk(joined, "margin", rest["margin"], prior),
        expected_contribution=revenue
        * _shrunk(joined, "contribution", rest["contribution"], prior),
    )


def _shrunk(joined: ir.Table, name: str, rate: float | None, prior: float) -> ir.Value:
    """A customer's share of revenue that stays, as if the shop's own rate had been seen on five
    more average order days: one odd order does not decide what someone is worth."""
    if rate is None:
        return ibis.null("float64")
    kept, revenue = joined[name].fill_null(0.0), joined.revenue.fill_null(0.0)
    return (kept + rate * prior) / (revenue + prior).nullif(0.0)


def _sums(ledger: ir.Table) -> dict[str, ir.Value]:
    """Revenue, margin and contribution of ledger rows, as the metrics define them."""
    sums: dict[str, ir.Value] = {}
    for name in ("revenue", "margin", "contribution"):
        metric = METRICS[name]
        assert isinstance(metric, Sum)
        parts = [ledger[column].fill_null(0).cast("float64") for column in metric.plus]
        parts += [-ledger[column].fill_null(0).cast("float64") for column in metric.minus]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        sums[name] = total.sum()
    return sums


def _rates(store: Tables, as_of: date) -> ir.Table:
    """Revenue, margin and contribution of each customer so far."""
    ledger = StoreAt(store, as_of).table("ledger")
    keyed = ledger.filter(ledger.customer_key.notnull())
    return keyed.group_by("customer_key").agg(**_sums(keyed))


def _shop_rates(store: Tables, as_of: date) -> Mapping[str, Any]:
    """The shop's margin and contribution per unit of revenue (None where goods costs are not
    known for 99 % of it) and its revenue of an average order day."""
    ledger = StoreAt(store, as_of).table("ledger")
    keyed = ledger.filter(ledger.customer_key.notnull())
    sold = (keyed.gross - keyed.discount).cast("float64")
    totals = keyed.agg(
        **_sums(keyed),
        costed=ibis.ifelse(keyed.goods_cost.notnull(), sold, 0.0).sum(),
        spent=keyed.goods_cost.fill_null(0).cast("float64").sum(),
    )
    row = store.fetch(totals).iloc[0]
    days = store.fetch(StoreAt(store, as_of).table("customer_days").count().name("n").as_table())
    revenue = float(row["revenue"])
    known = revenue > 0 and row["spent"] > 0 and row["costed"] >= _KNOWN_COST_SHARE * revenue
    return {
        "margin": float(row["margin"]) / revenue if known else None,
        "contribution": float(row["contribution"]) / revenue if known else None,
        "order_day_revenue": max(revenue, 0.01) / max(int(days["n"].iloc[0]), 1),
    }


def materialise(build: Build, as_of: date) -> list[tuple[str, str]]:
    """Learns, scores and keeps table `lifetime_value` in the snapshot in the making.

    Returns the fits as (model, document) rows. Raises: CrmError("not_enough_data").
    """
    triples = read_triples(build, as_of)
    valued = learn(build, as_of=as_of, triples=triples)
    build.upload(_SCORES, score_table(valued, triples))
    try:
        scored = join_scores(build, _SCORES, valued)
        build.materialise(NAME, scored.order_by("customer_key"))
    finally:
        build.drop(_SCORES)
    fits = (valued.fitted, valued.orders, valued.spend)
    return [(one.model, one.to_json()) for one in fits]


def validate(
    store: Tables, *, origins: Sequence[date], horizon_days: int
) -> list[dict[str, object]]:
    """How well the value of a period was foreseen, beside simple rules; one row an origin and
    method: refitted on what was known at the origin, compared with what came after.

    Raises: CrmError("not_enough_data") where the log ends before the horizon does.
    """
    rows: list[dict[str, object]] = []
    for origin in origins:
        seen = read_holdout(store, origin, horizon_days)
        rows += compared(seen, _predictions(store, seen), of="spend")
    return rows


def _predictions(store: Tables, seen: Holdout) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Expected purchase days and revenue of the period, by method."""
    orders = choose(store, as_of=seen.origin, triples=seen.triples).fitted
    spend = gamma_gamma.fit(store, as_of=seen.origin)
    each = gamma_gamma.expected_spend(spend, seen.frequency, seen.repeat_cents / 100.0)
    model = order_model(orders)
    coming = seen.spread(model.expected_orders(orders, seen.triples, seen.horizon_days))
    return {NAME: (coming, coming * each), **seen.baselines()}
