"""How far a shop's own database was read, by source."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from crm_core.records.connection import reading, writing
from crm_core.records.models import Setting
from crm_core.records.repository import Repository, checked_moment, upsert

_PREFIX = "source:"


class SourceMarks(Repository):
    """Watermarks, kept with the decisions because an import's publication comes first."""

    def source_marks(self, name: str) -> dict[str, str]:
        """Table -> the greatest watermark read so far; empty for a source never read."""
        with reading(self._engine) as connection:
            kept = connection.execute(
                select(Setting.value).where(Setting.key == _PREFIX + name)
            ).scalar()
        return {str(table): str(mark) for table, mark in (kept or {}).items()}

    def keep_source_marks(
        self, name: str, marks: dict[str, str], *, user: str, now: datetime
    ) -> None:
        """Remembers how far a source was read, after what was read has been published."""
        row = {
            "key": _PREFIX + name,
            "value": marks,
            "changed_by": user,
            "changed_at": checked_moment(now),
        }
        with writing(self._engine) as connection:
            upsert(connection, Setting, ["key"], row)

    def forget_source_marks(self, name: str) -> None:
        """Lets a source be read from the beginning."""
        with writing(self._engine) as connection:
            connection.execute(delete(Setting).where(Setting.key == _PREFIX + name))

    def sources_read(self) -> dict[str, datetime]:
        """Every source that was read, and when last."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(Setting.key, Setting.changed_at).where(Setting.key.startswith(_PREFIX))
            )
            return {row.key.removeprefix(_PREFIX): row.changed_at for row in rows}
