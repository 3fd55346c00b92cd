"""How a customer was served."""

from __future__ import annotations

import ibis

from crm_core.features.definition import Feature

FEATURES = (
    Feature("contacts", "number", "count", "contacts", lambda contacts, _: contacts.count(), 0),
    Feature(
        "service_cost",
        "number",
        "money",
        "ledger",
        lambda ledger, _: ledger.service_cost.sum().cast("decimal(18,2)"),
        0,
    ),
    Feature(
        "days_since_contact",
        "number",
        "days",
        "contacts",
        lambda contacts, as_of: ibis.literal(as_of).delta(contacts.day.max(), unit="day"),
    ),
    Feature(
        "contact_rating",
        "number",
        "stars",
        "contacts",
        lambda contacts, _: contacts.rating.cast("float64").mean(),
    ),
)
