"""Orders and reviews that need a look, as a model among the others: fitted by looking, tried by
planting.

Careful attackers are found by nobody here, and the trial says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from crm_core.models.base import Fitted
from crm_core.models.look_trial import trial
from crm_core.models.looking import look
from crm_core.store import Tables


def fit(store: Tables, *, as_of: date) -> Fitted:
    """Looks at all orders and reviews as of a day; see `looking.look`."""
    return look(store, as_of=as_of).fitted


def validate(
    store: Tables, *, origins: Sequence[date], horizon_days: int
) -> list[dict[str, object]]:
    """How many made-up orders and reviews, put into a copy of the shop's rows as of each origin, need
    a look, beside an isolation forest over the same numbers, and chance; see `look_trial.trial`."""
    return [
        {"origin": origin.isoformat(), "horizon_days": horizon_days, **row}
        for origin in origins
        for row in trial(store, as_of=origin)
    ]
