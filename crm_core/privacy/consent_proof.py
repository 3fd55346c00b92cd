"""What a customer agreed to, and the proof: where, when, by which import or person, in which words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd

from crm_core.errors import CrmError
from crm_core.privacy import audit
from crm_core.privacy.consent import standing_now
from crm_core.privacy.policy import Access, require
from crm_core.records import CONTACT_CHANNELS, PURPOSES, Records, Typed
from crm_core.records.consents import STATES, State
from crm_core.store import Store

BY_HAND = "by_hand"
#: Purposes beside marketing are asked for ads alone.
ASKED = tuple((channel, PURPOSES[0]) for channel in CONTACT_CHANNELS) + tuple(
    ("ads", purpose) for purpose in PURPOSES[1:]
)
_COLUMNS = (
    "at", "contact_channel", "purpose", "state", "source", "batch", "imported_at", "files",
    "recorded_by", "reason", "wording",
)  # fmt: skip
_MOST = 500


def standing_of(records: Records, key: int) -> dict[tuple[str, str], str]:
    """For each channel and purpose whether the customer may be contacted: granted, or why not."""
    return {
        (channel, purpose): standing_now(records, [key], channel, purpose=purpose).barred.get(
            key, "granted"
        )
        for channel, purpose in ASKED
    }


def proof(store: Store, records: Records, access: Access, key: int) -> pd.DataFrame:
    """Everything a customer ever said, newest first, with where it comes from.

    Columns: at, contact_channel, purpose, state, source; of a file's word batch, imported_at and
    files; of a typed one recorded_by and reason; wording where it is known.
    Raises: CrmError("privacy_denied", action="consent").
    """
    require(access, "consent")
    told = _imports(store, key)
    rows: list[dict[str, Any]] = []
    for said in records.consent_history(key, limit=_MOST):
        row = {name: said.get(name) for name in _COLUMNS}
        if said["imported"]:
            event = (said["contact_channel"], said["purpose"], said["state"], said["at"])
            row |= told.get(event, {})
        rows.append(row)
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _imports(store: Store, key: int) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Which import told an event, and when."""
    if not store.has("imported_consents"):
        return {}
    said = store.table("imported_consents")
    mine = said.filter(said.customer_key == key)
    log = store.table("import_batches").select("batch_id", "imported_at", "files")
    columns = ["contact_channel", "purpose", "state", "at", "batch_id"]
    worded = ["wording"] if "wording" in said.columns else []
    joined = mine.select(*columns, *worded).left_join(log, "batch_id")
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in store.fetch(joined.limit(_MOST)).to_dict("records"):
        at = row["at"].to_pydatetime().replace(tzinfo=UTC)
        event = (row["contact_channel"], row["purpose"], row["state"], at)
        found[event] = {
            "batch": row["batch_id"],
            "imported_at": row["imported_at"],
            "files": row["files"],
            "wording": row.get("wording"),
        }
    return found


def change_consent(
    records: Records,
    access: Access,
    key: int,
    *,
    contact_channel: str,
    purpose: str,
    state: State,
    reason: str,
    wording: str = "",
    now: datetime,
) -> bool:
    """Writes down what a customer said to somebody here; whether it was news.

    Raises: CrmError("privacy_denied", action="consent"), ("consent_no_reason"),
    ("records_do_not_last"), ("unknown_choice").
    """
    require(access, "consent")
    if not reason.strip():
        raise CrmError("consent_no_reason")
    if (contact_channel, purpose) not in ASKED or state not in STATES:
        raise CrmError("unknown_choice", name="consent", value=contact_channel, match="")
    added = records.record_consent(
        key, contact_channel, state, at=now, source=BY_HAND, purpose=purpose,
        typed=Typed(access.user, reason, wording),
    )  # fmt: skip
    if added:
        said = {"contact_channel": contact_channel, "purpose": purpose, "state": state}
        audit.append(records, access, "consent_changed", said, now=now)
    return added
