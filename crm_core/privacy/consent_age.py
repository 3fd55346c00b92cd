"""How long ago consents last came in: who has said no since is not known here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from crm_core.errors import CrmError
from crm_core.records import Records
from crm_core.store import Store

_LOOKED_AT = 200


@dataclass(frozen=True)
class ConsentAge:
    """`days` since files with consents came in (None: none ever did, what there is was typed), and
    after how many days lists warn of it, and do not leave; 0 never."""

    days: int | None
    warn_days: int
    block_days: int

    @property
    def warns(self) -> bool:
        """Whether a list is to say so."""
        return self.days is not None and 0 < self.warn_days < self.days

    @property
    def blocks(self) -> bool:
        """Whether no list may leave."""
        return self.days is not None and 0 < self.block_days < self.days


def consent_age(store: Store, records: Records, *, now: datetime) -> ConsentAge:
    """How old the consents of a shop are; the demo's are invented and never old."""
    said = records.shop_settings()
    told = None if store.meta.kind == "demo" else records.consents_told() or _last_told(store)
    days = None if told is None else (now - told).days
    return ConsentAge(days, said.consents_warn_days, said.consents_block_days)


def require_young(age: ConsentAge) -> None:
    """Stops a list that would ask consents of long ago.

    Raises: CrmError("privacy_consents_old", days, limit).
    """
    if age.blocks:
        raise CrmError("privacy_consents_old", days=age.days, limit=age.block_days)


def _last_told(store: Store) -> datetime | None:
    """By the log of imports, of a store of before this was written down."""
    if not store.has("import_batches"):
        return None
    log = store.table("import_batches")
    newest = log.order_by(log.imported_at.desc()).limit(_LOOKED_AT)
    for at, report in store.fetch(newest.select("imported_at", "report")).itertuples(index=False):
        if "consents" in json.loads(report).get("tables", {}):
            return at.to_pydatetime().replace(tzinfo=UTC)
    return None
