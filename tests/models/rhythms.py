"""Customers who buy and leave exactly as an order model says, to test it on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crm_core.models import bg_nbd, mbg_nbd, pareto_nbd
from crm_core.models.base import Fitted
from crm_core.models.order_model import OrderModel
from crm_core.models.triples import Triples
from tests.models.histories import AS_OF

ORDER_MODELS: dict[str, OrderModel] = {
    module.NAME: module.MODEL for module in (bg_nbd, mbg_nbd, pareto_nbd)
}
# A slow shop, in days: two orders of one day, which count as one purchase, are rare.
TRUE = {
    "bg_nbd": {"r": 0.6, "alpha": 60.0, "a": 0.8, "b": 2.4},
    "mbg_nbd": {"r": 0.8, "alpha": 60.0, "a": 0.8, "b": 2.4},
    "pareto_nbd": {"r": 0.8, "alpha": 60.0, "s": 0.7, "beta": 90.0},
}


def told(model: str, parameters: dict[str, float], *warnings: str) -> Fitted:
    """A fit with these very parameters, time in days."""
    nothing = dict.fromkeys(parameters)
    return Fitted(model, AS_OF, "day", parameters, nothing, 0.0, 1, 1, "", warnings)


@dataclass(frozen=True)
class Seen:
    """A history of each customer up to a day, and how many orders the time after it brought."""

    frequency: npt.NDArray[np.int64]
    recency_days: npt.NDArray[np.int64]
    age_days: npt.NDArray[np.int64]
    later: npt.NDArray[np.int64]

    @property
    def triples(self) -> Triples:
        return Triples.of(self.frequency, self.recency_days, self.age_days)

    @property
    def rows(self) -> Triples:
        """One row a customer, in their order."""
        columns = (self.frequency, self.recency_days, self.age_days)
        return Triples(*columns, np.ones_like(self.frequency))


def customers_of(
    model: str, count: int, *, seed: int, days: int = 700, later: int = 180, ticks: int = 1
) -> Seen:
    """Customers who came evenly over `days`; `ticks` in a day, in which the history is told."""
    true, random = TRUE[model], np.random.default_rng(seed)
    rate = np.maximum(random.gamma(true["r"], 1 / true["alpha"], count), 1e-12)
    age = random.integers(1, days * ticks, count)
    end = np.full(count, np.inf)
    leaving = np.zeros(count)
    if model == "pareto_nbd":
        end = random.exponential(1.0, count) / np.maximum(
            random.gamma(true["s"], 1 / true["beta"], count), 1e-12
        )
    else:
        leaving = random.beta(true["a"], true["b"], count)
    here = random.random(count) >= leaving if model == "mbg_nbd" else np.ones(count, bool)
    now, last = np.zeros(count), np.zeros(count, dtype=np.int64)
    orders, after = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    while here.any():
        now = np.where(here, now + random.exponential(1.0, count) / rate, now)
        here &= (now < end) & (now < age / ticks + later)
        tick = np.floor(now * ticks).astype(np.int64)
        past = here & (now * ticks <= age)
        fresh = past & (tick > last)
        orders[fresh] += 1
        last[fresh] = tick[fresh]
        after += here & ~past
        here &= random.random(count) >= leaving
    return Seen(orders, np.minimum(last, age), age, after)
