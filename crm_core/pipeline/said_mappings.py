"""What columns were said to mean before: offered to every file with the same column names."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from contextlib import suppress
from datetime import datetime

from crm_core.errors import CrmError
from crm_core.records import Records
from crm_core.store.imports import Mapping, Plan, parse_mapping, write_mapping
from crm_core.store.imports.mapping import header_hash

_SAVED = "saved"


def said_mappings(records: Records) -> MappingOf[str, Mapping]:
    """The mappings kept, by `header_hash`; one that this version cannot read is as if forgotten."""
    found: dict[str, Mapping] = {}
    for kept in records.kept_mappings():
        with suppress(CrmError):
            mapping = parse_mapping(kept.toml)
            found[kept.fingerprint] = mapping.with_(name=mapping.name or _SAVED)
    return found


def keep_said(records: Records, plan: Plan, *, user: str, now: datetime) -> None:
    """Keeps the mappings by which a plan reads files, each for the column names of its files.

    How a file is encoded and divided is left out: the next one tells for itself.
    """
    for part in plan.parts:
        if part.mapping is not None:
            toml = write_mapping(part.mapping.with_(encoding="auto", delimiter="auto"))
            for key in {header_hash(text.header) for text in part.texts}:
                records.keep_mapping(key, toml, user=user, now=now)
