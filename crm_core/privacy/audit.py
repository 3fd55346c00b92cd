"""Writes down who did what with personal data, and tells whether the log was tampered with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_core.privacy.policy import Access
from crm_core.records import FIRST, AuditEntry, AuditLine, Records

_ADDRESS = re.compile(r"\S*@[^\s,;]*")
_DIGITS = re.compile(r"\+?\d[\d ().-]*\d")
_DIGITS_OF_A_PHONE = 9
_TEXT_LENGTH = 200


@dataclass(frozen=True)
class Chain:
    """The state of the log: whole, or the first line that is not as it was written."""

    lines: int
    broken_at: int | None = None
    missing_at_end: int = 0

    @property
    def whole(self) -> bool:
        """Whether every line is there and as it was written."""
        return self.broken_at is None and self.missing_at_end == 0


def append(
    records: Records,
    access: Access,
    action: str,
    subject: Mapping[str, Any],
    *,
    now: datetime,
    rows: int | None = None,
    sha256: str | None = None,
    export_id: str | None = None,
    as_is: Mapping[str, Any] = {},
) -> AuditLine:
    """Adds a line to the log. What looks like an address or a phone number is blotted out, but
    not in `as_is`: what this program made itself, such as sums of bytes, or blotted before."""
    return records.append_audit(
        AuditEntry(
            at=now,
            user=access.user,
            role=access.role,
            action=action,
            subject={**{name: blotted(value) for name, value in subject.items()}, **as_is},
            rows=rows,
            sha256=sha256,
            export_id=export_id,
        )
    )


def blotted(value: Any, length: int = _TEXT_LENGTH) -> Any:
    """A value without what could name a customer, each text at most `length` long.

    >>> blotted("list for ann@example.com, 138 0000 1234")
    'list for •••, •••'
    """
    if isinstance(value, str):
        return _DIGITS.sub(_without_phone, _ADDRESS.sub("•••", value[:length]))
    if isinstance(value, Mapping):
        return {str(name): blotted(inner, length) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [blotted(inner, length) for inner in value]
    return value


def _without_phone(found: re.Match[str]) -> str:
    digits = sum(char.isdecimal() for char in found[0])
    return "•••" if digits >= _DIGITS_OF_A_PHONE else found[0]


def verify(records: Records) -> Chain:
    """Reads the whole log and checks every seal.

    A changed, inserted or removed line breaks the chain at that line; lines cut off the end are
    counted. Somebody who rewrites the whole database can forge all of it: keep copies elsewhere.
    """
    previous, count = FIRST, 0
    for line in records.audit_chain():
        count += 1
        in_place = line.id == count and line.previous == previous
        if not in_place or line.hash != line.expected_hash():
            return Chain(count, broken_at=line.id)
        previous = line.hash
    written, _ = records.audit_count()
    return Chain(count, missing_at_end=written - count)
