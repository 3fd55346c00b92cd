"""Taking two apart who were taken for one: a decision, written down, that outlives every import."""

from __future__ import annotations

from datetime import datetime

from crm_core.privacy import audit
from crm_core.privacy.gate import trace_at, traces
from crm_core.privacy.policy import Access
from crm_core.records import IdentityOverride, Records
from crm_core.store import Store


def separate(
    store: Store, records: Records, access: Access, *, key: int, place: int, now: datetime
) -> bool:
    """Says that a trace of this customer (`place` in `traces`) joins nobody; whether that is new.

    It counts when the store is next made anew from its imports.
    Raises: CrmError("privacy_denied", action="settings"), ("privacy_unknown_customer").
    """
    trace, value = trace_at(store, access, key, place)
    added = records.set_apart(trace, value, user=access.user, now=now)
    if added:
        audit.append(records, access, "identity_apart", {"trace": trace}, now=now)
    return added


def set_apart_here(store: Store, records: Records, access: Access, key: int) -> set[int]:
    """Which traces of this customer (their `place`) somebody has set apart.

    Raises: CrmError("privacy_denied", action="settings").
    """
    decided = _decisions(records)
    if not decided:
        return set()
    count = len(traces(store, access, key))
    return {place for place in range(count) if trace_at(store, access, key, place) in decided}


def take_back(
    store: Store, records: Records, access: Access, *, key: int, place: int, now: datetime
) -> bool:
    """Lets the rules decide again about a trace; whether it had been set apart.

    Raises: CrmError("privacy_denied", action="settings"), ("privacy_unknown_customer").
    """
    override = _decisions(records).get(trace_at(store, access, key, place))
    if override is None or not records.take_back(override):
        return False
    audit.append(records, access, "identity_apart_undone", {"trace": override.trace}, now=now)
    return True


def _decisions(records: Records) -> dict[tuple[str, str], IdentityOverride]:
    decisions = records.identity_overrides()
    return {(each.trace, each.value): each for each in decisions if each.kind == "apart"}
