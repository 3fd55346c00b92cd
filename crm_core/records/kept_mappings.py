"""What a shop once said the columns of a file mean, kept for the next file with the same columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, Text, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.records.connection import reading, writing
from crm_core.records.models import Base, UtcTime
from crm_core.records.repository import Repository, checked_moment, upsert


class KeptMappingRow(Base):
    """One mapping, by a hash of the column names it is for."""

    __tablename__ = "kept_mappings"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    toml: Mapped[str] = mapped_column(Text)
    saved_by: Mapped[str] = mapped_column(String(320))
    saved_at: Mapped[datetime] = mapped_column(UtcTime)


@dataclass(frozen=True)
class KeptMapping:
    """A mapping as TOML, the hash of the column names it is for, and who said so last."""

    fingerprint: str
    toml: str
    saved_by: str
    saved_at: datetime


class KeptMappings(Repository):
    """One mapping for each set of column names: the last one said."""

    def kept_mappings(self) -> list[KeptMapping]:
        """All of them, the latest first."""
        order = KeptMappingRow.saved_at.desc(), KeptMappingRow.fingerprint
        with reading(self._engine) as connection:
            rows = connection.execute(select(*KeptMappingRow.__table__.c).order_by(*order))
            return [KeptMapping(*row) for row in rows]

    def keep_mapping(self, fingerprint: str, toml: str, *, user: str, now: datetime) -> None:
        """Remembers a mapping, in place of the one for the same column names."""
        row = {
            "fingerprint": fingerprint,
            "toml": toml,
            "saved_by": user,
            "saved_at": checked_moment(now),
        }
        with writing(self._engine) as connection:
            upsert(connection, KeptMappingRow, ["fingerprint"], row)

    def forget_mapping(self, fingerprint: str) -> None:
        """Lets go of one."""
        mine = KeptMappingRow.fingerprint == fingerprint
        with writing(self._engine) as connection:
            connection.execute(delete(KeptMappingRow).where(mine))
