"""How likely one customer is to stay away, in bands, with the reasons and the next order's window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from crm_core.audiences import band_of
from crm_core.models.churn_reasons import RAISING
from crm_core.store import Store
from crm_core.views.model_state import fitted_document

REASONS = ("reason_1", "reason_2", "reason_3")
FACTS = ("silent_days", "own_gap_days", "purchase_days", "orders_recent", "orders_before")
WINDOW = ("next_from", "next_median", "next_until")

_LIKELY = 0.5


@dataclass(frozen=True)
class Risk:
    """The chance of no order up to `until`, its band, the codes of its reasons with the facts that
    word them, and the days between which eight in ten of those come who do come by then (None
    where hardly anybody does)."""

    p_no_order: float
    band: str
    until: date
    window: tuple[date, date] | None
    reasons: tuple[str, ...]
    facts: Mapping[str, int]


def _ordered(codes: list[str], chance: float) -> tuple[str, ...]:
    """First the reasons for what is the likelier, then those against it.

    >>> _ordered(["loyal", "silent_beyond_own_gap"], 0.7)
    ('silent_beyond_own_gap', 'loyal')
    """
    return tuple(sorted(codes, key=lambda code: (code in RAISING) != (chance >= _LIKELY)))


def risk_of(store: Store, key: int) -> Risk | None:
    """What the last refresh says of one customer; None where it says nothing."""
    if not store.has("churn"):
        return None
    table = store.table("churn")
    found = store.fetch(table.filter(table.customer_key == key))
    if found.empty:
        return None
    document = fitted_document(store, "churn_choice")
    as_of = date.fromisoformat(fitted_document(store, "churn")["as_of"])
    return risk_from(found.iloc[0], document, as_of)


def risk_from(row: Any, choice: Mapping[str, Any], as_of: date) -> Risk:
    """The risk that a row of table `churn` tells."""
    chance = float(row["p_no_order"])
    band = band_of(chance)
    first, last = (pd.Timestamp(row[name]).date() for name in (WINDOW[0], WINDOW[2]))
    return Risk(
        p_no_order=chance,
        band=band,
        until=as_of + timedelta(int(choice["horizon_days"])),
        window=None if band == "almost_sure" else (first, last),
        reasons=_ordered([str(row[name]) for name in REASONS if row[name]], chance),
        facts={
            "usual_days": int(choice["usual_days"]),
            "horizon_days": int(choice["horizon_days"]),
            **{name: int(row[name]) for name in FACTS},
        },
    )
