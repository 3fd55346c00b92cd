"""Which rows tell a model's scores, in which order, and why there are none."""

from __future__ import annotations

import json
from datetime import date

import ibis.expr.types as ir

from crm_core.audiences import clocks, has_offers, next_three
from crm_core.errors import CrmError, close_match
from crm_core.models import MODELS, ModelSpec
from crm_core.models.forecast_document import NAME as FORECAST
from crm_core.models.lifecycle import NAME as LIFECYCLE
from crm_core.models.lifecycle import lifecycle, shop_rhythm
from crm_core.models.rfm import NAME as RFM
from crm_core.models.rfm import rfm
from crm_core.models.standing import rfm_rule
from crm_core.store import Store


def model_spec(name: str) -> ModelSpec:
    """The model of that name.

    Raises: CrmError("unknown_model") with the closest name.
    """
    if name not in MODELS:
        raise CrmError("unknown_model", name=name, match=close_match(name, MODELS))
    return MODELS[name]


#: By a column that only tables of one kind have: what orders them.
_ORDERS = {
    "customer_key": ("customer_key",),
    "review_id": ("review_id",),
    "q_given": ("level", "kind", "explained", "q_given", "a", "b"),
}


def scores_of(
    store: Store, name: str, as_of: date | None = None, *, grain: str = "day"
) -> ir.Table:
    """A model's scores, by customer, by day or by pair, in that order; current, or as of another
    day. Of days those of the whole shop come first, and of these its net revenue; of pairs the
    surest; of orders that need a look those of most points. The forecast by another `grain` than
    the day: whole weeks or months and, of the running ones, what lies ahead; buyers of them
    (weekly_buyers, monthly_buyers) are counted once each, and of whole periods always.

    Raises: CrmError("unknown_model"), ("no_scores"), ("model_not_scored"), ("grain_of_forecast") for
    the grain of another model, ("scores_other_day") for a model that has to be learned anew as of
    that day, or why the last refresh left this model out.
    """
    source = model_spec(name).table or name
    if as_of is not None and as_of != store.scores_as_of:
        past = store.at(as_of)
        if name == RFM:
            return rfm(past, rfm_rule(store).cuts(past)).order_by("customer_key")
        if name == LIFECYCLE:
            return lifecycle(past, shop_rhythm(past)).order_by("customer_key")
        raise CrmError("scores_other_day", asked=as_of, have=store.scores_as_of)
    if name == "next_offer" and has_offers(store):
        return next_three(store)
    if not store.has(source):
        raise _why_unscored(store, name)
    if grain != "day":
        if name != FORECAST:
            raise CrmError("grain_of_forecast", name=name)
        periods = store.table("forecast_periods")
        is_part, is_other = periods.dimension != "total", periods.measure != "net_revenue"
        order = (is_part, is_other, "measure", "dimension", "member", "starts_on")
        return periods.filter(periods.grain == grain).order_by(*order)
    running = clocks(store) if name == "replenishment" else None
    table = store.table(source) if running is None else running
    if "needs_a_look" in table.columns:
        return table.order_by(table.points.desc(), "order_key")
    for column, order in _ORDERS.items():
        if column in table.columns:
            return table.order_by(*order)
    if "dimension" not in table.columns:  # made by an earlier version, of the shop alone
        raise CrmError("no_scores")
    is_part, is_other = table.dimension != "total", table.measure != "net_revenue"
    return table.order_by(is_part, is_other, "measure", "dimension", "member", "day")


def _why_unscored(store: Store, name: str) -> CrmError:
    """Why there are no scores of a model: never made, left out by the refresh, or never at all."""
    if not store.has("model_status"):
        return CrmError("no_scores")
    status = store.table("model_status")
    said = store.fetch(status.filter(status.model == name))
    if said.empty:
        return CrmError("model_not_scored", name=name)
    return CrmError(str(said["status"].iloc[0]), **json.loads(said["facts"].iloc[0]))
