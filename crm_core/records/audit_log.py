"""The log of what people did with personal data: each line seals the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from crm_core.records.connection import reading, writing
from crm_core.records.models import AuditRow, Counter
from crm_core.records.repository import Repository, bump, checked_moment, counter

FIRST = "0" * 64


@dataclass(frozen=True)
class AuditEntry:
    """What happened. `subject` names things of the program, never a customer."""

    at: datetime
    user: str
    role: str
    action: str
    subject: Mapping[str, Any]
    rows: int | None = None
    sha256: str | None = None
    export_id: str | None = None


@dataclass(frozen=True)
class AuditLine(AuditEntry):
    """An entry in its place: number, hash of the line before, hash of all this."""

    id: int = 0
    previous: str = FIRST
    hash: str = ""

    def expected_hash(self) -> str:
        """The hash these contents should have: SHA-256 of their canonical JSON."""
        contents = {name: value for name, value in asdict(self).items() if name != "hash"}
        contents["at"] = self.at.astimezone(UTC).isoformat()
        text = json.dumps(contents, sort_keys=True, ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


class AuditLog(Repository):
    """Lines are added and read; none is changed, and only the oldest are ever let go of."""

    def append_audit(self, entry: AuditEntry) -> AuditLine:
        """Adds a line. Two writers take turns, so that the chain never forks."""
        checked_moment(entry.at)
        with writing(self._engine) as connection:
            number = bump(connection, "audit")
            line = AuditLine(**_contents(entry), id=number, previous=_last_hash(connection))
            values: dict[str, Any] = {**asdict(line), "hash": line.expected_hash()}
            connection.execute(insert(AuditRow).values(**values))
        return AuditLine(**values)

    def shorten_audit(self, entry: AuditEntry, before: datetime) -> int:
        """Removes the lines before a moment, all but the last, and adds a line that tells the
        number and seal of the last that went: what is left begins where that says. How many went.
        """
        checked_moment(before)
        with writing(self._engine) as connection:
            number = bump(connection, "audit")  # nobody adds a line meanwhile
            first_kept = select(func.min(AuditRow.id)).where(AuditRow.at >= before)
            begin = connection.execute(first_kept).scalar() or number
            last = select(AuditRow.id, AuditRow.hash).where(AuditRow.id < begin)
            gone = connection.execute(last.order_by(AuditRow.id.desc()).limit(1)).one_or_none()
            if gone is None:
                connection.execute(
                    update(Counter).where(Counter.name == "audit").values(value=number - 1)
                )
                return 0
            told = {**entry.subject, "through": gone.id, "seal": gone.hash}
            line = AuditLine(
                **_contents(replace(entry, subject=told)),
                id=number,
                previous=_last_hash(connection),
            )
            values: dict[str, Any] = {**asdict(line), "hash": line.expected_hash()}
            connection.execute(insert(AuditRow).values(**values))
            removed = delete(AuditRow).where(AuditRow.id <= gone.id)
            return connection.execute(removed).rowcount

    def audit_before(self, moment: datetime) -> int:
        """How many lines are of before a moment."""
        older = select(func.count()).select_from(AuditRow).where(AuditRow.at < moment)
        with reading(self._engine) as connection:
            return connection.execute(older).scalar_one()

    def audit_lines(self, *, action: str | None = None, limit: int = 1_000) -> list[AuditLine]:
        """The latest lines, newest first."""
        query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
        if action is not None:
            query = query.where(AuditRow.action == action)
        with reading(self._engine) as connection:
            return [AuditLine(**row) for row in connection.execute(query).mappings()]

    def audit_chain(self, batch_rows: int = 5_000) -> Iterator[AuditLine]:
        """All lines from the first on."""
        with reading(self._engine) as connection:
            query = select(AuditRow).order_by(AuditRow.id)
            rows = connection.execution_options(yield_per=batch_rows).execute(query)
            yield from (AuditLine(**row) for row in rows.mappings())

    def audit_count(self) -> tuple[int, int]:
        """How many lines were ever written, and how many are there."""
        with reading(self._engine) as connection:
            there = connection.execute(select(func.count()).select_from(AuditRow)).scalar_one()
            return counter(connection, "audit"), there


def _last_hash(connection: Connection) -> str:
    query = select(AuditRow.hash).order_by(AuditRow.id.desc()).limit(1)
    return connection.execute(query).scalar() or FIRST


def _contents(entry: AuditEntry) -> dict[str, Any]:
    contents = asdict(entry)
    contents["at"] = entry.at.astimezone(UTC)
    contents["subject"] = json.loads(json.dumps(contents["subject"], allow_nan=False))
    return contents
