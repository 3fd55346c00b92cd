"""One customer's contacts: how often, how long they waited, what is open, and parcels that came late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from crm_core.metrics.care import contacts_of
from crm_core.metrics.care_rules import CareRules
from crm_core.metrics.delivery import deliveries_of
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store

LAST: Final = 5


@dataclass(frozen=True)
class CustomerCare:
    """What is known of a customer's service; hours are None where no reply is known. `rows` are the
    latest contacts: day, contact_channel, topic, reply, waited (hours)."""

    contacts: int
    open: int
    reply_median: float | None
    reply_longest: float | None
    rated: int
    rating_mean: float | None
    promised: int
    late: int
    rows: pd.DataFrame


def customer_care(
    selection: Selection, *, store: Store, access: Access, key: int, rules: CareRules
) -> CustomerCare:
    """Contacts and parcels of one customer up to the last day."""
    del selection, access
    rows = contacts_of(store, rules, Selection())
    mine = rows.filter(rows.customer_key == key)
    told = store.fetch(
        mine.agg(
            contacts=mine.count(),
            open=mine.count(where=mine.is_open),
            median=mine.reply.quantile(0.5),
            longest=mine.reply.max(),
            rated=mine.rating.count(),
            mean=mine.rating.cast("float64").mean(),
        )
    ).iloc[0]
    parcels = deliveries_of(store, Selection())
    parcels = parcels.filter(parcels.customer_key == key)
    came = store.fetch(
        parcels.agg(promised=parcels.count(), late=parcels.count(where=parcels.is_late))
    ).iloc[0]
    latest = mine.order_by(mine["at"].desc(), mine.contact_id)
    shown = store.fetch(
        latest.select("day", "contact_channel", "topic", "reply", "waited").limit(LAST)
    )
    return CustomerCare(
        contacts=int(told["contacts"]),
        open=int(told["open"]),
        reply_median=_known(told["median"]),
        reply_longest=_known(told["longest"]),
        rated=int(told["rated"]),
        rating_mean=_known(told["mean"]),
        promised=int(came["promised"]),
        late=int(came["late"]),
        rows=shown,
    )


def _known(value: float) -> float | None:
    return None if pd.isna(value) else float(value)
