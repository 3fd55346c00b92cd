"""Who of those a campaign is meant for may be in it at all, decided before arms are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.audiences.campaign_members import in_campaigns, written_to
from crm_core.audiences.fields import FIELDS
from crm_core.audiences.members import members
from crm_core.errors import CrmError
from crm_core.privacy.gate import contactable
from crm_core.rules import Rule
from crm_core.store import Store

#: Why somebody who fits is left out, the first that holds: as exports name it where they ask too.
REASONS: Final = (
    "paused",
    "suppressed",
    "opted_out",
    "no_consent",
    "no_contact",
    "already",
    "pressure",
    "excluded",
)
#: Fields within whose values arms may be drawn.
STRATA: Final = ("value_tier", "stage", "segment", "loyalty_tier", "country", "language")
_UNKNOWN = "unknown"
#: So many letters of a value are kept with each member; values that begin alike share a stratum.
_LONGEST = 80


@dataclass(frozen=True)
class Limits:
    """What keeps people out beside consent: `most_contacts` in `pressure_days` on the channel,
    campaigns of the last `exclusion_days`, and those of earlier rounds (`rounds`)."""

    day: date
    contact_channel: str
    most_contacts: int = 2
    pressure_days: int = 0
    exclusion_days: int = 0
    campaign_id: int = 0
    rounds: Sequence[int] = field(default=())


def judged(store: Store, rule: Rule, limits: Limits, strata: str = "") -> ir.Table:
    """Everybody the rule picks: customer_key, stratum, and `reason`, nothing for who may be in it.

    Raises: CrmError("campaign_strata_unknown", match) and CrmError of `members`.
    """
    picked = members(store, rule)
    if strata and strata not in strata_fields():
        raise CrmError("campaign_strata_unknown", name=strata)
    stratum = picked[strata].fill_null(_UNKNOWN) if strata else ibis.literal("")
    table = picked.select("customer_key", stratum=stratum.cast("string").left(_LONGEST))
    kept_out = _kept_out(store, limits)
    for reason, keys in kept_out.items():
        marked = keys.select("customer_key", **{reason: ibis.literal(True)})
        table = table.left_join(marked, "customer_key").drop("customer_key_right")
    agreed = _agreed(store, limits.contact_channel)
    table = table.left_join(agreed, "customer_key").drop("customer_key_right")
    reached = contactable(store, limits.contact_channel).distinct()
    reached = reached.mutate(has_contact=ibis.literal(True))
    table = table.left_join(reached, "customer_key").drop("customer_key_right")
    held = {
        **{reason: table[reason].notnull() for reason in kept_out},
        "opted_out": (table.state == "denied").fill_null(False),
        "no_consent": table.state.isnull(),
        "no_contact": table.has_contact.isnull(),
    }
    cases = [(held[reason], ibis.literal(reason)) for reason in REASONS if reason in held]
    return table.select("customer_key", "stratum", reason=ibis.cases(*cases))


def strata_fields() -> tuple[str, ...]:
    """The fields of STRATA that this program still has."""
    return tuple(name for name in STRATA if name in FIELDS)


def _kept_out(store: Store, limits: Limits) -> dict[str, ir.Table]:
    """Keys by reason, but for consent and contacts."""
    found: dict[str, ir.Table] = {}
    if store.has("pauses"):
        found["paused"] = store.table("pauses")
    if store.has("suppressions"):
        barred = store.table("suppressions")
        channels = [limits.contact_channel, "all"]
        barred = barred.filter(barred.contact_channel.isin(channels))
        found["suppressed"] = barred.select("customer_key").distinct()
    if limits.rounds:
        found["already"] = in_campaigns(store, limits.rounds)
    apart = (limits.campaign_id, *limits.rounds)
    if limits.pressure_days:
        often = written_to(
            store,
            limits.day,
            limits.pressure_days,
            apart_from=apart,
            contact_channel=limits.contact_channel,
        )
        found["pressure"] = often.filter(often.times >= limits.most_contacts)
    if limits.exclusion_days:
        found["excluded"] = written_to(
            store, limits.day, limits.exclusion_days, apart_from=apart, contact_channel=None
        )
    return found


def _agreed(store: Store, contact_channel: str) -> ir.Table:
    """The latest word of each customer on a channel: customer_key, state."""
    if not store.has("consents"):
        nobody = store.table("customer_facts").filter(ibis.literal(False))
        return nobody.select("customer_key", state=ibis.null("string"))
    said = store.table("consents")
    mine = (said.contact_channel == contact_channel) & (said.purpose == "marketing")
    return said.filter(mine).select("customer_key", "state")
