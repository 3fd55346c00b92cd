"""Who was erased: tombstones, how far each erasure has come, and decisions about people who go."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from sqlite3 import OperationalError
from typing import Any

from sqlalchemy import JSON, Integer, String, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.records.connection import reading, writing
from crm_core.records.models import Base, CampaignMember, UtcTime
from crm_core.records.repository import Repository, bump, checked_moment, insert_new
from crm_core.records.subject_rows import IsTheirs, about


class ErasureRow(Base):
    """A customer who is to be erased or was: `step` says how far that has come (0 decided, 1 gone
    from the store, 2 gone). `keys` are known until then, `batches` are imports with rows of theirs
    set aside, `told` counts what went."""

    __tablename__ = "erasures"

    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime)
    user: Mapped[str] = mapped_column(String(320))
    step: Mapped[int] = mapped_column(Integer)
    keys: Mapped[Any] = mapped_column(JSON)
    batches: Mapped[Any] = mapped_column(JSON)
    told: Mapped[Any] = mapped_column(JSON)


class TombstoneRow(Base):
    """A trace of somebody erased, as a hash under the key that `key_id` names."""

    __tablename__ = "tombstones"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    key_id: Mapped[str] = mapped_column(String(16))
    erasure: Mapped[str] = mapped_column(String(20))


DECIDED, OUT_OF_STORE, DONE = 0, 1, 2


@dataclass(frozen=True)
class Erasure:
    """One person who is to be erased or was. `keys` are empty once nothing is left to do."""

    id: str
    at: datetime
    user: str
    step: int
    keys: tuple[int, ...] = ()
    batches: tuple[int, ...] = ()
    told: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def is_done(self) -> bool:
        """Whether nothing of the person is left."""
        return self.step == DONE


class Erasures(Repository):
    """A tombstone is never changed; restoring a backup keeps those that are here."""

    def erasures(self) -> list[Erasure]:
        """Every erasure, the latest first."""
        query = select(ErasureRow.__table__).order_by(ErasureRow.at.desc(), ErasureRow.id)
        with reading(self._engine) as connection:
            return [_erasure(dict(row)) for row in connection.execute(query).mappings()]

    def tombstones(self) -> dict[str, str]:
        """Every hash, with the id of the key that it was made with."""
        query = select(TombstoneRow.digest, TombstoneRow.key_id)
        with reading(self._engine) as connection:
            return {row.digest: row.key_id for row in connection.execute(query)}

    def erased_mark(self) -> str:
        """A short name of everybody erased so far: places that hold copies compare it."""
        query = select(ErasureRow.id).order_by(ErasureRow.id)
        with reading(self._engine) as connection:
            found = connection.execute(query).scalars().all()
        return hashlib.sha256(" ".join(found).encode()).hexdigest()[:16] if found else ""

    def begin_erasure(
        self,
        keys: Sequence[int],
        digests: Mapping[str, str],
        *,
        key_id: str,
        batches: Iterable[int],
        user: str,
        now: datetime,
    ) -> Erasure:
        """Decides that a person is erased, from this moment on whatever happens: by their keys
        and the hashes (each with its kind) of their traces."""
        row: dict[str, Any] = {
            "id": secrets.token_hex(8),
            "at": checked_moment(now),
            "user": user,
            "step": DECIDED,
            "keys": list(keys),
            "batches": sorted(batches),
            "told": {},
        }
        with writing(self._engine) as connection:
            connection.execute(insert(ErasureRow).values(**row))
            stones = [
                {"digest": digest, "kind": kind, "key_id": key_id, "erasure": row["id"]}
                for digest, kind in digests.items()
            ]
            if stones:
                connection.execute(insert_new(connection, TombstoneRow), stones)
        return _erasure(row)

    def advance_erasures(
        self, ids: Sequence[str], step: int, *, keys: Sequence[int] | None = None
    ) -> None:
        """Writes down how far these erasures have come; and whom they are of, where a backup that
        was put back made that unknown."""
        values: dict[str, Any] = {"step": step}
        if keys is not None:
            values["keys"] = list(keys)
        with writing(self._engine) as connection:
            mine = ErasureRow.id.in_(ids)
            connection.execute(update(ErasureRow).where(mine).values(**values))

    def finish_erasures(self, told: Mapping[str, Mapping[str, int]]) -> None:
        """Says of erasures, by id, that nothing of the person is left, and what went."""
        with writing(self._engine) as connection:
            for number, counted in told.items():
                mine = ErasureRow.id == number
                values: dict[str, Any] = {"step": DONE, "keys": [], "told": dict(counted)}
                connection.execute(update(ErasureRow).where(mine).values(**values))

    def forget_tombstones(self, key_id: str) -> int:
        """Lets go of hashes made with a key that is lost: they tell nobody any more."""
        with writing(self._engine) as connection:
            mine = TombstoneRow.key_id == key_id
            return connection.execute(delete(TombstoneRow).where(mine)).rowcount

    def erase_decisions(self, keys: Sequence[int], is_theirs: IsTheirs) -> dict[str, int]:
        """Removes everything decided about customers, found by key, code or (`is_theirs`) trace;
        how many rows of each table. The log keeps its lines: they name nobody."""
        counted: dict[str, int] = {}
        with writing(self._engine) as connection:
            if connection.dialect.name == "sqlite":  # which else only marks their place as free
                connection.exec_driver_sql("PRAGMA secure_delete=ON")
            for table in Base.metadata.sorted_tables:
                theirs = about(connection, table, keys, is_theirs)
                if theirs is not None:
                    counted[table.name] = connection.execute(delete(table).where(theirs)).rowcount
            bump(connection, "decisions")
            if counted[CampaignMember.__tablename__]:
                bump(connection, "members")
        return {name: rows for name, rows in counted.items() if rows}

    def scrub(self) -> None:
        """Makes the file of SQLite anew, so that nothing of removed rows is left in it."""
        if self._engine.dialect.name != "sqlite":
            return
        raw = self._engine.raw_connection()
        try:
            cursor = raw.cursor()
            with suppress(OperationalError):  # somebody reads: the next one to close does it
                cursor.execute("VACUUM")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.close()
        finally:
            raw.close()


def _erasure(row: Mapping[Any, Any]) -> Erasure:
    told: dict[str, Any] = {**row, "keys": tuple(row["keys"]), "batches": tuple(row["batches"])}
    return Erasure(**told)
