"""How many customers are learned from: a large shop learns from a sample and scores everybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np

from crm_core.models.base import Fitted
from crm_core.models.optimise import covariance_at, step_near
from crm_core.models.order_models import order_model
from crm_core.models.threads import one_thread
from crm_core.models.triples import Triples
from crm_core.store import Sampled, StoreAt, Tables

#: Trials, trees and refits of more customers take longer and say nothing else.
MOST_CUSTOMERS: Final = 25_000


def sampled(store: Tables, customers: int, most: int = MOST_CUSTOMERS) -> Tables:
    """The store, of about `most` of its `customers` where there are more: always the same ones."""
    return store if customers <= most else Sampled(store, most / customers)


def sample_of(store: Tables, as_of: date, most: int = MOST_CUSTOMERS) -> Tables:
    """The same of who had bought by a day, counted here."""
    return sampled(store, buyers_by(store, as_of), most)


def buyers_by(store: Tables, as_of: date) -> int:
    """How many had bought by the end of a day."""
    days = StoreAt(store, as_of).table("customer_days")
    found = store.fetch(days.agg(customers=days.customer_key.nunique()))
    return int(found["customers"].iloc[0])


def settled(fitted: Fitted, drawn: Triples, everybody: Triples) -> Fitted:
    """The fit of a sample, brought to that of `everybody` by a few of Newton's steps.

    Where the sample does not tell how customers leave, it is left as it is: all of them would
    hardly tell either.
    """
    model, unit = order_model(fitted), fitted.days_in_unit
    start = np.log([fitted.parameters[name] for name in model.parameters])
    with one_thread():
        covariance = covariance_at(model.likelihood(drawn, unit), start)
        if "dropout_not_identified" in fitted.warnings or not np.all(np.isfinite(covariance)):
            return fitted
        likelihood = model.likelihood(everybody, unit)
        share = drawn.customers / everybody.customers
        point = step_near(likelihood, start, covariance * share, model.log_bounds(unit))
        value = likelihood(point)[0]
    values = np.exp(point)
    errors = values * np.sqrt(np.diag(covariance) * share)
    return replace(
        fitted,
        parameters=dict(zip(model.parameters, map(float, values), strict=True)),
        standard_errors=dict(zip(model.parameters, map(float, errors), strict=True)),
        log_likelihood=float(value),
        customers=everybody.customers,
        distinct=len(everybody),
        fingerprint=everybody.fingerprint,
    )
