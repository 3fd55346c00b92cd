"""The card of a customer's page that tells how they were served."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crm_core.text import formats
from crm_core.ui.service_words import cell_words, current_rules, hours_words
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.words import caption, pairs
from crm_core.views.customer_care import CustomerCare, customer_care


def draw_care(key: int) -> None:
    """Contacts, waits and late parcels of a customer, and the latest contacts."""
    session = current()
    view = show(customer_care, session.selection, key=key, rules=current_rules())
    if not view.contacts and not view.promised:
        caption("service.card.none")
        return
    pairs(_facts(view))
    if view.rows.empty:
        return
    caption("service.card.last")
    for _, row in view.rows.iterrows():
        caption("service.card.last_line", **_line(row))


def _facts(view: CustomerCare) -> list[tuple[str, str]]:
    session = current()
    facts: list[tuple[str, str]] = []
    if view.contacts:
        facts.append(("service.card.contacts", session.write(view.contacts, "count")))
    if view.open:
        facts.append(("service.card.open", session.write(view.open, "count")))
    if view.reply_median is not None:
        facts.append(("service.card.reply", hours_words(view.reply_median)))
        facts.append(("service.card.longest", hours_words(view.reply_longest)))
    if view.promised:
        late, promised = (session.write(n, "count") for n in (view.late, view.promised))
        words = session.t("service.card.late_of", late=late, promised=promised)
        facts.append(("service.card.late", words))
    if view.rating_mean is not None:
        mean = formats.number(view.rating_mean, session.language, 1)
        count = session.write(view.rated, "count")
        facts.append(
            ("service.card.rating", session.t("service.card.rating_of", mean=mean, count=count))
        )
    return facts


def _line(row: Any) -> dict[str, str]:
    session = current()
    if not pd.isna(row["reply"]):
        wait = session.t("service.card.replied", time=hours_words(row["reply"]))
    elif not pd.isna(row["waited"]):
        wait = session.t("service.card.waits", time=hours_words(row["waited"]))
    else:
        wait = session.t("service.card.unknown_wait")
    channel = cell_words("behaviour.value.contact_channel", row["contact_channel"])
    topic = cell_words("behaviour.value.topic", row["topic"])
    return {
        "day": formats.day(pd.Timestamp(row["day"]).date(), session.language),
        "channel": channel or session.t("service.unknown.contact_channel"),
        "topic": topic or session.t("service.unknown.topic"),
        "wait": wait,
    }
