"""For how long a shop keeps what, and since which day it has let go of what came before."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Integer, String, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.errors import CrmError, close_match
from crm_core.records.connection import reading, writing
from crm_core.records.models import Base, Setting, UtcTime
from crm_core.records.repository import Repository, checked_moment, upsert

#: Tables of the store whose rows have a time, and no sum of the shop needs who they are about.
ROWS = ("contacts", "web_events", "reviews", "touches")
#: All that may be let go of by age: rows that imports set aside and the log of acts, too.
RETAINED = (*ROWS, "quarantine", "audit")
MONTHS = (1, 600)
_KEY = "retention"
_BEGUN, _DONE = 0, 1


class RetentionRow(Base):
    """One time a shop let go of what is older than a day: `cuts` is table -> that day."""

    __tablename__ = "retention"

    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime)
    user: Mapped[str] = mapped_column(String(320))
    role: Mapped[str] = mapped_column(String(20))
    step: Mapped[int] = mapped_column(Integer)
    cuts: Mapped[Any] = mapped_column(JSON)
    told: Mapped[Any] = mapped_column(JSON)


@dataclass(frozen=True)
class LettingGo:
    """One such time: when, by whom in which role, of what before which day, and how many rows went."""

    id: str
    at: datetime
    user: str
    role: str
    is_done: bool
    cuts: Mapping[str, date]
    told: Mapping[str, int] = field(default_factory=dict[str, int])


class Retention(Repository):
    """Nothing goes by itself: the months say what would, a decision lets it go."""

    def retention_months(self) -> dict[str, int]:
        """For how many months each kind of `RETAINED` is kept; what is missing is kept for good."""
        with reading(self._engine) as connection:
            kept = connection.execute(select(Setting.value).where(Setting.key == _KEY)).scalar()
        return {name: int(kept[name]) for name in RETAINED if name in kept} if kept else {}

    def save_retention(self, months: Mapping[str, int], *, user: str, now: datetime) -> None:
        """Says for how many months each kind is kept.

        Raises: CrmError("unknown_choice", name, value, match), ("records_months_invalid", least,
        most).
        """
        for name, number in months.items():
            if name not in RETAINED:
                match = close_match(name, RETAINED)
                raise CrmError("unknown_choice", name="retention", value=name, match=match)
            if not MONTHS[0] <= number <= MONTHS[1]:
                raise CrmError("records_months_invalid", least=MONTHS[0], most=MONTHS[1])
        row = {"key": _KEY, "value": dict(months), "changed_by": user}
        with writing(self._engine) as connection:
            upsert(connection, Setting, ["key"], row | {"changed_at": checked_moment(now)})

    def retention_cuts(self) -> dict[str, date]:
        """Of each kind the day before which nothing is kept and nothing comes in any more."""
        found: dict[str, date] = {}
        for each in self.let_go():
            for name, day in each.cuts.items():
                found[name] = max(day, found.get(name, day))
        return found

    def let_go(self) -> list[LettingGo]:
        """Every time something was let go of, the latest first."""
        query = select(*RetentionRow.__table__.c).order_by(RetentionRow.at.desc(), RetentionRow.id)
        with reading(self._engine) as connection:
            return [_told(row) for row in connection.execute(query)]

    def begin_letting_go(
        self, cuts: Mapping[str, date], *, user: str, role: str, now: datetime
    ) -> None:
        """Decides, from this moment on whatever happens, that what is older is to go."""
        row: dict[str, Any] = {
            "id": secrets.token_hex(8),
            "at": checked_moment(now),
            "user": user,
            "role": role,
            "step": _BEGUN,
            "cuts": {name: day.isoformat() for name, day in cuts.items()},
            "told": {},
        }
        with writing(self._engine) as connection:
            connection.execute(insert(RetentionRow).values(**row))

    def finish_letting_go(self, ids: Sequence[str], told: Mapping[str, int]) -> None:
        """Says that what these decided is gone, and how many rows that were."""
        with writing(self._engine) as connection:
            mine = RetentionRow.id.in_(ids)
            values: dict[str, Any] = {"step": _DONE, "told": dict(told)}
            connection.execute(update(RetentionRow).where(mine).values(**values))


def _told(row: Any) -> LettingGo:
    cuts = {name: date.fromisoformat(day) for name, day in row.cuts.items()}
    return LettingGo(row.id, row.at, row.user, row.role, row.step == _DONE, cuts, row.told)
