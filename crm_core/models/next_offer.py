"""What to offer each customer next: what to buy again, and what is new to them; two lists, never mixed.

*Again*: what they bought lately and often (how fast a purchase fades is chosen by the
shop's own past), by how likely its buyers come back for it.
*New*: what people with the same purchases bought that they never had.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from crm_core.models.base import Fitted, need
from crm_core.models.offer_choice import Choice
from crm_core.models.offer_history import purchases
from crm_core.models.offer_learned import NAME, NEEDED, learn
from crm_core.models.offer_shelf import read_shelf
from crm_core.models.offer_trials import NEW, trials
from crm_core.models.sampling import buyers_by
from crm_core.store import Tables

MEASURES: Final = ("recall_10", "ndcg_10", "hit_10")


def fit(store: Tables, *, as_of: date) -> Fitted:
    """Learns what is bought again and what goes together as of the end of a day.

    Raises: CrmError("not_enough_data") under 20 buyers or 2 products sold.
    """
    need(NAME, buyers=(buyers_by(store, as_of), NEEDED["buyers"]))
    manner = Choice(store).manner(as_of)
    rows = purchases(store, as_of, manner.half_life_days)
    return learn(store, read_shelf(store, as_of), as_of=as_of, rows=rows, manner=manner).fitted


def validate(
    store: Tables, *, origins: Sequence[date], horizon_days: int
) -> list[dict[str, object]]:
    """Of what customers bought next within the horizon, the share among ten offers, beside the
    shop's most bought products and each customer's own most bought ones; one row an origin, list
    and method. Methods of the list of what is new end in `_new`.

    Raises: CrmError("not_enough_data").
    """
    choice = Choice(store)
    return [
        {
            "method": f"{trial.method}_new" if trial.list == NEW else trial.method,
            "origin": origin.isoformat(),
            "horizon_days": horizon_days,
            "list": trial.list,
            "customers": trial.found.customers,
            **{name: getattr(trial.found, name) for name in MEASURES},
        }
        for origin in origins
        for trial in trials(store, origin, horizon_days, choice)
    ]
