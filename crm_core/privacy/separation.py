"""Taking two apart who were taken for one: a decision, written down, that outlives every import."""

from __future__ import annotations

from datetime import datetime

from crm_core.errors import CrmError
from crm_core.privacy import audit
from crm_core.privacy.gate import trace_at, traces
from crm_core.privacy.policy import Access, require
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


def unite(
    store: Store, records: Records, access: Access, *, key: int, other_id: str, now: datetime
) -> bool:
    """Says that another customer number is this customer's, too; whether that is new.

    It counts from the next import on. Raises: CrmError("privacy_denied", action="settings"),
    ("privacy_unknown_customer") for a number nobody has, or a customer without one.
    """
    require(access, "settings")
    mine = [value for kind, value in _all(store, access, key) if kind == "source_id"]
    links = store.table("identity_links")
    is_other = (links.kind == "source_id") & (links.value == other_id)
    if not mine or store.fetch(links.filter(is_other)).empty or other_id in mine:
        raise CrmError("privacy_unknown_customer")
    added = records.set_same(mine[0], other_id, user=access.user, now=now)
    if added:
        audit.append(records, access, "identity_same", {"trace": "source_id"}, now=now)
    return added


def _all(store: Store, access: Access, key: int) -> list[tuple[str, str]]:
    count = len(traces(store, access, key))
    return [trace_at(store, access, key, place) for place in range(count)]


def set_apart_here(store: Store, records: Records, access: Access, key: int) -> set[int]:
    """Which traces of this customer (their `place`) somebody has set apart.

    Raises: CrmError("privacy_denied", action="settings").
    """
    decided = _decisions(records)
    if not decided:
        return set()
    return {place for place, trace in enumerate(_all(store, access, key)) if trace in decided}


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
