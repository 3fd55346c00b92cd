"""The key of tombstones: outside the store and the records, so that neither tells who was erased."""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from crm_core.errors import CrmError
from crm_core.records import Records
from crm_core.settings import Settings
from crm_core.store.tombstones import Tombstones

FILE = "erasure.key"
_LEAST_LETTERS = 32


def key_id(key: bytes) -> str:
    """The name of a key, which does not tell the key."""
    return hmac.digest(key, b"the key of tombstones", "sha256").hex()[:16]


def erasure_key(settings: Settings, *, make: bool = False) -> bytes | None:
    """The key: the one in the settings, else the one in a file under `var`, which is made when
    first needed; None where there is none yet.

    Raises: CrmError("erasure_key_short").
    """
    if settings.erasure_key is not None:
        if len(settings.erasure_key) < _LEAST_LETTERS:
            raise CrmError("erasure_key_short", letters=_LEAST_LETTERS)
        return settings.erasure_key.encode()
    path = settings.var / FILE
    if make and not path.exists():
        _make(path)
    return path.read_text(encoding="ascii").strip().encode() if path.exists() else None


def _make(path: Path) -> None:
    """Whole on the disk or not there, and never in place of another."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        path.hardlink_to(fresh)
    fresh.unlink()


def tombstones(records: Records, settings: Settings) -> Tombstones:
    """Everybody erased, to be recognised among rows.

    Raises: CrmError("erasure_key_missing", file) where the key that some were hashed with is not
    here: what comes in could be theirs.
    """
    return buried(records.tombstones(), settings)


def buried(known: Mapping[str, str], settings: Settings) -> Tombstones:
    """The same of hashes with the ids of their keys.

    Raises: CrmError("erasure_key_missing", file).
    """
    if not known:
        return Tombstones()
    key = erasure_key(settings)
    if key is None or set(known.values()) != {key_id(key)}:
        raise CrmError("erasure_key_missing", file=FILE)
    return Tombstones(key, frozenset(known))
