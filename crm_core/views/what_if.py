"""What another price, more promotion days or other marketing would change, where the past can tell."""

from __future__ import annotations

import pandas as pd

from crm_core.models.what_if import factor
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.model_state import need_forecast

_MONTH = 30


def levers(selection: Selection, *, store: Store, access: Access) -> pd.DataFrame:
    """A row a lever (`models.what_if.COLUMNS`), with `base`: the net revenue expected of the next 30
    days.

    Raises: CrmError of the model when the shop has too little data, ("no_scores").
    """
    del selection, access
    need_forecast(store)
    found = store.fetch(store.table("forecast_effects"))
    days = store.table("forecast")
    of = (days.measure == "net_revenue") & (days.dimension == "total")
    ahead = store.fetch(days.filter(of).select("day", "value").order_by("day"))
    return found.assign(base=float(ahead["value"].head(_MONTH).sum()))


def outcome(lever: pd.Series, change: float) -> dict[str, float]:
    """Net revenue of the next 30 days after a change by a lever that is shown, with its range: of price or spend a factor, of
    promotions so many days of 30 more than the forecast goes by.

    >>> row = pd.Series({"lever": "marketing", "verdict": "shown", "base": 1000.0,
    ...                  "effect": 0.1, "low": 0.05, "high": 0.15})
    >>> round(outcome(row, 1.2)["value"])
    1018
    """
    moved = change / _MONTH if lever["lever"] == "promotion" else change
    told = {
        name: float(lever["base"]) * factor(str(lever["lever"]), float(lever[column]), moved)
        for name, column in (("value", "effect"), ("low", "low"), ("high", "high"))
    }
    return {
        "value": told["value"],
        "low": min(told["low"], told["high"]),
        "high": max(told["low"], told["high"]),
    }
