"""What each customer is likely to bring in the next year: orders, revenue, contribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from crm_core.metrics.catalog import METRICS
from crm_core.metrics.definition import Sum
from crm_core.models import gamma_gamma
from crm_core.models.base import Fitted, TimeUnit, need
from crm_core.models.beginnings import Beginnings, with_multiplier
from crm_core.models.holdout import Holdout, compared, read_holdout
from crm_core.models.order_models import order_model
from crm_core.models.rhythm import Rhythm
from crm_core.models.sampling import MOST_CUSTOMERS, sampled, settled
from crm_core.models.triples import (
    Triples,
    fingerprint_of,
    read_triples,
    spend_history,
)
from crm_core.models.value_ahead import score_table
from crm_core.models.value_choice import Choice, choose
from crm_core.models.value_columns import (
    COLUMNS,
    DISCOUNT_RATE,
    HORIZONS,
    OTHER_HORIZONS,
    YEAR_DAYS,
    totals_of,
)
from crm_core.models.value_evidence import NAME as evidence_name
from crm_core.models.value_evidence import gather
from crm_core.models.value_pieces import Refits, totals_table, upload_pieces, upload_ranks
from crm_core.models.value_ranges import LEAST, MOST, with_ranges
from crm_core.store import Build, StoreAt, Tables

NAME = "lifetime_value"
HORIZON_DAYS = YEAR_DAYS

__all__ = ["COLUMNS", "HORIZON_DAYS", "NAME", "Valued", "fit", "learn", "materialise", "validate"]

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
_RATES = ("margin", "contribution", "contribution_before_marketing")


@dataclass(frozen=True)
class Valued:
    """The two fits that make a lifetime value, and how the first was chosen among its like, from
    the histories `drawn`: those of all customers, or of a sample of many."""

    choice: Choice
    orders: Fitted
    spend: Fitted
    drawn: Triples

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


def _rhythm_of(valued: Valued, triples: Triples) -> Rhythm:
    orders = float(np.dot(triples.frequency, triples.count))
    return Rhythm(
        orders=valued.orders,
        spend=valued.spend,
        mean_spend=0.0,
        days_an_order=float(np.dot(triples.age_days, triples.count)) / max(orders, 1.0),
    )


def fit(store: Tables, *, as_of: date, time_unit: TimeUnit = "day") -> Fitted:
    """Learns buying rhythm (the order model that suits) and spend (Gamma-Gamma) up to `as_of`."""
    return learn(store, as_of=as_of, time_unit=time_unit).fitted


def learn(
    store: Tables,
    *,
    as_of: date,
    time_unit: TimeUnit = "day",
    triples: Triples | None = None,
    most: int = MOST_CUSTOMERS,
) -> Valued:
    """Both fits, that of orders by the model chosen on the shop's own past. `triples`: the
    histories, where they were read already. Of more than `most` customers a sample chooses.

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
    few = sampled(store, histories.customers, most)
    drawn = histories if few is store else read_triples(few, as_of)
    choice = choose(few, as_of=as_of, triples=drawn, time_unit=time_unit)
    fitted = choice.fitted if few is store else settled(choice.fitted, drawn, histories)
    return Valued(
        choice=choice,
        orders=replace(fitted, warnings=thin + choice.warnings),
        spend=gamma_gamma.fit(store, as_of=as_of),
        drawn=drawn,
    )


def join_scores(
    store: Tables,
    scores: str,
    valued: Valued,
    *,
    pieces: Sequence[str],
    begun: Beginnings | None = None,
) -> ir.Table:
    """One row a customer with the columns of `COLUMNS`, joined and multiplied in the engine.

    `scores` names the uploaded `score_table`, `pieces` the tables of `upload_pieces`. Money is
    what the days ahead bring, before discounting; times `discount_` it is what that is worth
    today. Rates are shares of revenue; they and what is made of them are NULL where goods costs
    of the shop are not known. Marketing counts in contribution as the ledger spreads it. Where
    trees rank better, revenue is half their share of the order model's total, half that model's;
    else, where a fact of the first order ranks better (`begun`), it is that model's times what
    that fact multiplies by, at the same total.
    """
    rest = _shop_rates(store, valued.orders.as_of)
    prior = rest["order_day_revenue"] * _PRIOR_ORDER_DAYS
    joined = _joined(store, scores, valued, pieces)
    joined = joined.mutate(told=1.0) if begun is None else with_multiplier(joined, store, begun)
    rates = {name: _shrunk(joined, name, rest[name], prior) for name in _RATES}
    joined = joined.mutate(**{f"{name}_rate": rate for name, rate in rates.items()})
    alone = {f"alone_{days}": joined[f"coming_{days}"] * joined.spend for days in HORIZONS}
    joined = joined.mutate(**alone)
    sums = {name: joined[name].sum() for name in alone}
    sums |= {f"told_{days}": (joined[f"alone_{days}"] * joined.told).sum() for days in HORIZONS}
    totals = store.fetch(joined.agg(ranked=joined.ranked.sum(), **sums)).iloc[0]
    known = {str(name): float(total or 0.0) for name, total in totals.items()}
    revenue = {days: _blended(joined, days, known) for days in HORIZONS}
    ahead: dict[str, ir.Value] = {}
    for days in OTHER_HORIZONS:
        ahead[f"expected_orders_{days}d"] = joined[f"coming_{days}"]
        ahead[f"expected_revenue_{days}d"] = revenue[days]
    year = revenue[YEAR_DAYS]
    more = year / joined[f"alone_{YEAR_DAYS}"].nullif(0.0)
    return joined.select(
        "customer_key",
        *_KEYS,
        expected_orders=joined[f"coming_{YEAR_DAYS}"],
        expected_revenue=year,
        expected_margin=year * joined.margin_rate,
        expected_contribution=year * joined.contribution_rate,
        p_alive=joined.p_alive,
        **ahead,
        **{f"discount_{days}d": joined[f"discount_{days}"] for days in HORIZONS},
        margin_rate=joined.margin_rate,
        contribution_rate=joined.contribution_rate,
        before_marketing_rate=joined.contribution_before_marketing_rate,
        orders_low=joined.orders_low,
        orders_high=joined.orders_high,
        revenue_low=joined.revenue_low * more.fill_null(1.0),
        revenue_high=joined.revenue_high * more.fill_null(1.0),
    )


def _joined(store: Tables, scores: str, valued: Valued, pieces: Sequence[str]) -> ir.Table:
    """Histories with what is expected of them, spend, what was left so far, and the pieces."""
    as_of = valued.orders.as_of
    history = spend_history(store, as_of)
    history = history.mutate(spend=gamma_gamma.expected_spend_expr(valued.spend, history))
    scored = history.join(store.table(scores), list(_KEYS))
    joined = scored.left_join(_rates(store, as_of), "customer_key")
    joined = joined.drop("customer_key_right")
    if pieces:
        whole = reduce(lambda one, other: one.union(other), map(store.table, pieces))
        joined = joined.join(whole, "customer_key")
    if LEAST in joined.columns:
        money = gamma_gamma.money_seen(valued.spend, joined)
        bounds = {"revenue_low": joined[LEAST], "revenue_high": joined[MOST]}
        joined = joined.mutate(**{name: share * money for name, share in bounds.items()})
    if "ranked" not in joined.columns:
        joined = joined.mutate(ranked=ibis.null("float64"))
    return joined


def _blended(joined: ir.Table, days: int, totals: Mapping[str, float]) -> ir.Value:
    """Half the trees' share of the total and half the order model's, where there are trees; else
    the order model's, by what customers began with."""
    alone, ranked, total = joined[f"alone_{days}"], totals["ranked"], totals[f"alone_{days}"]
    if not total > 0:
        return alone
    if not ranked > 0:
        return alone * joined.told * (total / totals[f"told_{days}"])
    return (alone + joined.ranked * (total / ranked)) / 2.0


def _shrunk(joined: ir.Table, name: str, rate: float | None, prior: float) -> ir.Value:
    """A customer's share of revenue that stays, as if the shop's own rate had been seen on five
    more average order days: one odd order does not decide what someone is worth."""
    if rate is None:
        return ibis.null("float64")
    kept, revenue = joined[name].fill_null(0.0), joined.revenue.fill_null(0.0)
    return (kept + rate * prior) / (revenue + prior).nullif(0.0)


def _sums(ledger: ir.Table) -> dict[str, ir.Value]:
    """Revenue and what is left of it over ledger rows, as the metrics define them."""
    sums: dict[str, ir.Value] = {}
    for name in ("revenue", *_RATES):
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
    """What the shop keeps of a unit of revenue, by metric (None where goods costs are not
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
        **{name: float(row[name]) / revenue if known else None for name in _RATES},
        "order_day_revenue": max(revenue, 0.01) / max(int(days["n"].iloc[0]), 1),
    }


def materialise(
    build: Build, as_of: date, *, rate: float = DISCOUNT_RATE, most: int = MOST_CUSTOMERS
) -> list[tuple[str, str]]:
    """Learns, scores and keeps what is ahead in the snapshot in the making.

    Of more than `most` customers a sample is learned from, and ranges are drawn for histories
    that stand for all like them instead of for every customer.

    Tables: `lifetime_value`, `value_totals` (of all customers, by horizon, with ranges) and
    `value_choice` (what spoke for the models). `rate` discounts a year. Returns the fits and the
    choice as (model, document) rows. Raises: CrmError("not_enough_data").
    """
    triples = read_triples(build, as_of)
    valued = learn(build, as_of=as_of, triples=triples, most=most)
    few = sampled(build, triples.customers, most)
    evidence = gather(few, valued.choice, valued.drawn, as_of)
    refits = Refits.of(valued.orders, valued.drawn, everybody=triples.customers)
    helpers = [_SCORES]
    scores = score_table(valued, triples, rate=rate)
    if few is not build:
        scores = with_ranges(scores, triples, valued.spend, refits)
    build.upload(_SCORES, scores)
    try:
        rhythm = _rhythm_of(valued, triples)
        pieces = (
            upload_pieces(build, rhythm, valued.spend, refits, evidence.blend)
            if few is build
            else upload_ranks(build, rhythm, triples, as_of, evidence.blend)
        )
        helpers += pieces
        begun = evidence.used_beginnings
        scored = join_scores(build, _SCORES, valued, pieces=pieces, begun=begun)
        build.materialise(NAME, scored.order_by("customer_key"))
    finally:
        for helper in helpers:
            build.drop(helper)
    build.upload(
        "value_totals",
        totals_table(
            refits,
            totals_of(build, build.table(NAME)),
            order_errors=evidence.order_errors,
            spend_errors=evidence.spend_errors,
            rate=rate,
        ),
    )
    build.upload(evidence_name, evidence.table())
    fits = (valued.fitted, valued.orders, valued.spend)
    return [*((one.model, one.to_json()) for one in fits), (evidence_name, evidence.document())]


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
