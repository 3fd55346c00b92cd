"""Why each table of the records is held: what was decided about customers, and who decided it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crm_core.records.models import Base
from crm_core.records.subject_rows import KEYS
from crm_core.schema.held import Held

#: Columns of any table that name somebody who works here.
STAFF: Final = frozenset(
    {
        "user", "owner", "author", "changed_by", "saved_by", "recorded_by", "proposer", "approver",
        "taken_back_by", "done_by", "asked_by", "answered_by",
    }
)  # fmt: skip
_SUBJECT = {"subject": "customer", "told_subject": "customer"}

#: What was decided about customers, or says who was asked.
OF_CUSTOMERS: Mapping[str, Held] = {
    "consents": Held("people", "erased", "consent", {"reason": "anything"}),
    "suppressions": Held("people", "erased", "consent", {"reason": "anything"}),
    "pauses": Held("people", "erased", "call", {"reason": "anything"}),
    "restrictions": Held("people", "erased", "call", {"reason": "anything"}),
    "corrections": Held("people", "erased", "call", {"value": "identity", "reason": "anything"}),
    "goodwill": Held("people", "erased", "call", {"reference": "order", "reason": "anything"}),
    "notes": Held("people", "erased", "call", {**_SUBJECT, "text": "anything"}),
    "tasks": Held("people", "erased", "call", {**_SUBJECT, "text": "anything"}),
    "testimonials": Held("people", "erased", "call", {"review_id": "review"}),
    "id_list_members": Held("people", "erased", "export"),
    "campaign_members": Held("program", "erased", "export"),
    "identity_overrides": Held(
        "people", "erased", "settings", {"value": "identity", "other": "identity"}
    ),
    "customer_moves": Held("program", "erased", ""),
    "saved_views": Held("people", "erased", "view", {"query": "customer"}),
    "erasures": Held("people", "for_good", "", {"keys": "customer"}),
    "tombstones": Held("program", "for_good", "", {"digest": "sealed"}),
    "audit": Held("program", "log", "export", {"subject": "customer"}),
    "set_aside": Held("people", "work", "analyse", {"item_id": "order", "reason": "anything"}),
}

#: What names nobody but who works here.
OF_STAFF: Mapping[str, Held] = {
    "users": Held("people", "work", "people"),
    "ended_sign_ins": Held("program", "days", "", {"sign_in": "sealed"}),
    "shop_settings": Held("people", "work", "settings", {"value": "email"}),
    "saved_audiences": Held("people", "work", "export"),
    "audience_versions": Held("people", "work", "export"),
    "id_lists": Held("people", "work", "export"),
    "offers": Held("people", "work", "export"),
    "offer_books": Held("people", "work", "analyse"),
    "campaigns": Held("people", "work", "export"),
    "goals": Held("people", "work", "analyse"),
    "planned_events": Held("people", "work", "analyse"),
    "event_steps_done": Held("people", "work", "analyse"),
    "improvements": Held("people", "work", "analyse"),
    "set_aside_log": Held("people", "work", "analyse", {"reason": "anything"}),
    "reports": Held("people", "work", "analyse"),
    "kept_mappings": Held("people", "work", "settings"),
    "retention": Held("people", "for_good", "settings"),
}

#: What holds nothing about anybody: keys of this program, numbers that only rise.
OF_NOBODY: Final = frozenset({"secrets", "counters"})
RECORDS: Mapping[str, Held] = {**OF_CUSTOMERS, **OF_STAFF}


def personal_columns(name: str) -> dict[str, str]:
    """The columns of a table of the records that are about people, each with what it reveals."""
    found: dict[str, str] = {}
    for column in Base.metadata.tables[name].columns:
        if column.name in KEYS:
            found[column.name] = "customer"
        elif column.name in STAFF:
            found[column.name] = "staff"
    told = RECORDS.get(name)
    return {**found, **(told.columns if told else {})}
