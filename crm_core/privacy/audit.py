"""Writes down who did what with personal data, and tells whether the log was tampered with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_core.errors import CrmError
from crm_core.privacy.policy import Access
from crm_core.records import FIRST, AuditEntry, AuditLine, Records

_ADDRESS = re.compile(r"\S*@[^\s,;]*")
_DIGITS = re.compile(r"\+?\d[\d ().-]*\d")
_DIGITS_OF_A_PHONE = 9
_TEXT_LENGTH = 200
#: What the log calls it when its oldest lines were let go of.
SHORTENED = "log_shortened"


@dataclass(frozen=True)
class Mark:
    """A line of the log as it was seen: its number and seal. Written down elsewhere, it proves
    later that the log was neither shortened nor written anew.

    >>> Mark.read("3:" + "0" * 64).line
    3
    """

    line: int
    seal: str

    @classmethod
    def read(cls, text: str) -> Mark:
        """Out of `number:seal`.

        Raises: CrmError("privacy_mark_unreadable").
        """
        found = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", text.strip().lower())
        if found is None:
            raise CrmError("privacy_mark_unreadable")
        return cls(int(found[1]), found[2])

    def __str__(self) -> str:
        return f"{self.line}:{self.seal}"


@dataclass(frozen=True)
class Chain:
    """The state of the log: whole, or the first line that is not as it was written; `last` is the
    last one that is. `rewritten_at` is a line that was seen with another seal before."""

    lines: int
    broken_at: int | None = None
    missing_at_end: int = 0
    rewritten_at: int | None = None
    last: Mark = Mark(0, FIRST)

    @property
    def whole(self) -> bool:
        """Whether every line is there and as it was written."""
        return self.broken_at is None and self.rewritten_at is None and self.missing_at_end == 0


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


def verify(records: Records, seen: Iterable[Mark] = ()) -> Chain:
    """Reads the whole log and checks every seal, and that lines seen before are as they were.

    A changed, inserted, removed or moved line breaks the chain at that line; lines cut off the end
    are counted. Who rewrites the whole database can forge all of it but what was `seen`.
    """
    known = {mark.line: mark.seal for mark in seen if mark.line}
    last, before = Mark(0, FIRST), None
    for line in records.audit_chain():
        if last.line == 0 and line.id > 1:  # the oldest were let go of: a later line must say so
            last = before = Mark(line.id - 1, line.previous)
        in_place = line.id == last.line + 1 and line.previous == last.seal
        if not in_place or line.hash != line.expected_hash():
            return Chain(last.line + 1, broken_at=line.id, last=last)
        last = Mark(line.id, line.hash)
        if known.get(line.id, line.hash) != line.hash:
            return Chain(line.id, rewritten_at=line.id, last=last)
        if line.action == SHORTENED and _begins(line) == before:
            before = None
    if before is not None:
        return Chain(last.line, broken_at=before.line + 1, last=last)
    written, _ = records.audit_count()
    missing = max([written, *known]) - last.line
    return Chain(last.line, missing_at_end=max(missing, 0), last=last)


def _begins(line: AuditLine) -> Mark:
    """The last line that was let go of, as the line about it tells."""
    return Mark(int(line.subject.get("through", 0)), str(line.subject.get("seal", "")))


def require_whole(chain: Chain) -> None:
    """Stops whoever relies on the log when it is not as it was written.

    Raises: CrmError("privacy_log_broken", line), ("privacy_log_rewritten", line),
    ("privacy_log_short", lines, missing).
    """
    if chain.broken_at is not None:
        raise CrmError("privacy_log_broken", line=chain.broken_at)
    if chain.rewritten_at is not None:
        raise CrmError("privacy_log_rewritten", line=chain.rewritten_at)
    if chain.missing_at_end:
        raise CrmError("privacy_log_short", lines=chain.lines, missing=chain.missing_at_end)
