"""Who may be contacted now. Unknown means no; a denial or a suppression beats everything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from crm_core.errors import CrmError
from crm_core.privacy.gate import contactable
from crm_core.records import CONTACT_CHANNELS, SERVED, Records
from crm_core.store import Store


def reachable(
    members: ir.Table,
    consents: ir.Table,
    suppressions: ir.Table,
    contact_channel: str,
    *,
    purpose: str = "marketing",
) -> ir.Table:
    """The members who agreed to be contacted on a channel and are not barred from it.

    `consents` holds the latest state per (customer_key, contact_channel, purpose), `suppressions`
    (customer_key, contact_channel or 'all'). Rows and columns of `members` stay as they are.
    """
    agreed = consents.filter(
        (consents.contact_channel == contact_channel)
        & (consents.purpose == purpose)
        & (consents.state == "granted")
    )
    barred = suppressions.filter(suppressions.contact_channel.isin([contact_channel, "all"]))
    return members.semi_join(agreed, "customer_key").anti_join(barred, "customer_key")


def reach(store: Store, members: ir.Table, *, purpose: str = "marketing") -> dict[str, int]:
    """How many of the members can be reached on each channel: agreed, not barred, with a contact.

    A preview from the mirror; the export asks the records again and drops second rows of one
    contact. One query for all channels.
    """
    if not (store.has("consents") and store.has("suppressions") and store.has("identities")):
        return dict.fromkeys(CONTACT_CHANNELS, 0)
    agreed = store.table("consents")
    agreed = agreed.select("customer_key").distinct()
    parts = [
        reachable(
            agreed, store.table("consents"), store.table("suppressions"), channel, purpose=purpose
        )
        .semi_join(contactable(store, channel), "customer_key")
        .mutate(contact_channel=ibis.literal(channel))
        for channel in CONTACT_CHANNELS
    ]
    # Members come last and once: they may be what takes longest to find.
    together = parts[0].union(*parts[1:]).semi_join(members, "customer_key")
    frame = store.fetch(together.group_by("contact_channel").agg(customers=together.count()))
    counted = dict(zip(frame["contact_channel"], frame["customers"], strict=True))
    return {channel: int(counted.get(channel, 0)) for channel in CONTACT_CHANNELS}


@dataclass(frozen=True)
class Standing:
    """Why some of these customers must not be contacted, at one revision of the decisions."""

    barred: dict[int, str]
    revision: int


def standing_now(
    records: Records, keys: Sequence[int], contact_channel: str, *, purpose: str = "marketing"
) -> Standing:
    """The reason for each customer that must stay out: restricted, paused, suppressed, opted_out, service_only
    (the yes was given to a marketplace) or no_consent.

    Read from the records at this moment, not from their mirror.
    """
    found = records.contact_standing(keys, contact_channel, purpose)
    barred: dict[int, str] = {}
    for key in keys:
        if key in found.restricted:
            barred[key] = "restricted"
        elif key in found.paused:
            barred[key] = "paused"
        elif key in found.suppressed:
            barred[key] = "suppressed"
        elif found.states.get(key) == "denied":
            barred[key] = "opted_out"
        elif found.states.get(key) == SERVED:
            barred[key] = "service_only"
        elif found.states.get(key) != "granted":
            barred[key] = "no_consent"
    return Standing(barred, found.revision)


def reachable_now(records: Records, keys: Iterable[int], contact_channel: str) -> set[int]:
    """Those of these customers who may be contacted on the channel, asked of the records now.

    Raises: CrmError("records_channel_unknown").
    """
    wanted = list(keys)
    if contact_channel not in CONTACT_CHANNELS:
        raise CrmError("records_channel_unknown", channels=", ".join(CONTACT_CHANNELS))
    return set(wanted) - standing_now(records, wanted, contact_channel).barred.keys()
