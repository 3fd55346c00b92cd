"""Goals: what a number is to be in a month, for the whole shop or one sales channel."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Date,
    Float,
    Index,
    Integer,
    Row,
    Select,
    String,
    func,
    insert,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.errors import CrmError
from crm_core.records.connection import reading, writing
from crm_core.records.models import Base, Counter, RowNumber, UtcTime
from crm_core.records.repository import Repository, bump, checked_moment, counter

WHOLE: Final = ""
"""The sales channel of a goal that is of the whole shop."""
ORIGINS: Final = ("grid", "file", "undo")
_COUNTER: Final = "goals"
_METRIC = re.compile(r"[a-z][a-z0-9_]{0,59}")
_CHANNEL_LENGTH = 200
_MOST = 1e13
_SHOWN = 20


class GoalRow(Base):
    """A target as it was set, changed or (without one) cleared. Added, never changed: of a metric,
    month and sales channel the latest row counts. Rows of one `saving` were saved together."""

    __tablename__ = "goals"
    __table_args__ = (
        Index("goals_by_subject", "metric", "month", "sales_channel"),
        Index("goals_by_saving", "saving"),
    )

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    saving: Mapped[int] = mapped_column(Integer)
    metric: Mapped[str] = mapped_column(String(60))
    month: Mapped[date] = mapped_column(Date)
    sales_channel: Mapped[str] = mapped_column(String(_CHANNEL_LENGTH))
    target: Mapped[float | None] = mapped_column(Float)
    origin: Mapped[str] = mapped_column(String(20))
    file: Mapped[str] = mapped_column(String(200))
    author: Mapped[str] = mapped_column(String(320))
    made_at: Mapped[datetime] = mapped_column(UtcTime)


@dataclass(frozen=True, order=True)
class GoalKey:
    """What a goal is of: a metric, a month by its first day, a sales channel or `WHOLE`."""

    metric: str
    month: date
    sales_channel: str = WHOLE


@dataclass(frozen=True)
class Goal:
    """A target that holds, and who set it when."""

    key: GoalKey
    target: float
    author: str
    made_at: datetime


@dataclass(frozen=True)
class GoalChange:
    """What became of one goal; None is no goal."""

    key: GoalKey
    before: float | None
    after: float | None


@dataclass(frozen=True)
class GoalSaving:
    """Changes that were made together: typed into the grid, out of a file, or taken back."""

    number: int
    origin: str
    file: str
    author: str
    made_at: datetime
    changes: tuple[GoalChange, ...]


class Goals(Repository):
    """The goals of the shop, read by all who may see its numbers."""

    def goals(self) -> list[Goal]:
        """The goals that hold, by metric, month and channel."""
        with reading(self._engine) as connection:
            rows = _latest(connection).values()
        found = [
            Goal(_key(row), row.target, row.author, row.made_at)
            for row in rows
            if row.target is not None
        ]
        return sorted(found, key=lambda goal: goal.key)

    def targets(self) -> tuple[tuple[str, date, str, float], ...]:
        """The same as views take them: metric, month, sales channel, target."""
        held = ((goal.key, goal.target) for goal in self.goals())
        return tuple((key.metric, key.month, key.sales_channel, target) for key, target in held)

    def goals_version(self) -> int:
        """The number of the latest saving; 0 before the first."""
        with reading(self._engine) as connection:
            return counter(connection, _COUNTER)

    def save_goals(
        self,
        targets: Mapping[GoalKey, float | None],
        *,
        origin: str,
        file: str = "",
        author: str,
        now: datetime,
        seen: int | None = None,
    ) -> GoalSaving | None:
        """Sets these goals, and clears those of no target; None where all of it holds already.

        `seen` is the version that whoever saves looked at.
        Raises: CrmError("records_goal_invalid"), and ("records_goals_changed") where somebody
        changed one of them after `seen`.
        """
        wanted = {_checked(key): _checked_target(target) for key, target in targets.items()}
        with writing(self._engine) as connection:
            _take_turn(connection)
            kept = _latest(connection)
            changes = [
                GoalChange(key, _target(kept.get(key)), target)
                for key, target in sorted(wanted.items())
                if target != _target(kept.get(key))
            ]
            if seen is not None and any(_since(kept.get(each.key)) > seen for each in changes):
                raise CrmError("records_goals_changed")
            if not changes:
                return None
            return _add(connection, changes, origin, file, author, checked_moment(now))

    def goal_savings(self, most: int = _SHOWN) -> list[GoalSaving]:
        """The latest savings with what each changed, the newest first."""
        with reading(self._engine) as connection:
            return list(_savings(connection))[-most:][::-1]

    def undo_goals(self, number: int, *, author: str, now: datetime) -> GoalSaving:
        """Brings back what a saving changed, as a saving of its own.

        Raises: CrmError("records_goals_unknown"), and ("records_goals_changed") where one of its
        goals was changed again since.
        """
        with writing(self._engine) as connection:
            _take_turn(connection)
            found = next((each for each in _savings(connection) if each.number == number), None)
            if found is None:
                raise CrmError("records_goals_unknown")
            kept = _latest(connection)
            if any(kept[each.key].saving != number for each in found.changes):
                raise CrmError("records_goals_changed")
            back = [GoalChange(each.key, each.after, each.before) for each in found.changes]
            return _add(connection, back, "undo", found.file, author, checked_moment(now))


def _take_turn(connection: Connection) -> None:
    """Two who save at once do so one after the other; nothing is numbered where nothing changes."""
    connection.execute(select(Counter.value).where(Counter.name == _COUNTER).with_for_update())


def _add(
    connection: Connection,
    changes: Iterable[GoalChange],
    origin: str,
    file: str,
    author: str,
    at: datetime,
) -> GoalSaving:
    number, made, file = bump(connection, _COUNTER), tuple(changes), file[:200]
    told = {"saving": number, "origin": origin, "file": file, "author": author, "made_at": at}
    rows = [{**told, **vars(each.key), "target": each.after} for each in made]
    connection.execute(insert(GoalRow), rows)
    return GoalSaving(number, origin, file, author, at, made)


def _latest(connection: Connection) -> dict[GoalKey, Row[Any]]:
    """The latest row of each goal, those that were cleared among them."""
    about = (GoalRow.metric, GoalRow.month, GoalRow.sales_channel)
    last = select(func.max(GoalRow.id)).group_by(*about)
    rows = connection.execute(select(GoalRow).where(GoalRow.id.in_(last)))
    return {_key(row): row for row in rows}


def _savings(connection: Connection) -> Iterable[GoalSaving]:
    """All savings, the oldest first, each change with what was before it."""
    query: Select[Any] = select(GoalRow).order_by(GoalRow.id)
    before: dict[GoalKey, float | None] = {}
    made: dict[int, GoalSaving] = {}
    for row in connection.execute(query):
        key = _key(row)
        change = GoalChange(key, before.get(key), row.target)
        before[key] = row.target
        said = made.get(row.saving)
        changes = (*said.changes, change) if said else (change,)
        made[row.saving] = GoalSaving(
            row.saving, row.origin, row.file, row.author, row.made_at, changes
        )
    return made.values()


def _key(row: Row[Any]) -> GoalKey:
    return GoalKey(row.metric, row.month, row.sales_channel)


def _target(row: Row[Any] | None) -> float | None:
    return None if row is None else row.target


def _since(row: Row[Any] | None) -> int:
    return 0 if row is None else row.saving


def _checked(key: GoalKey) -> GoalKey:
    channel = key.sales_channel
    hidden = any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in channel)
    if not _METRIC.fullmatch(key.metric) or key.month.day != 1:
        raise CrmError("records_goal_invalid")
    if hidden or len(channel) > _CHANNEL_LENGTH:
        raise CrmError("records_goal_invalid")
    return key


def _checked_target(target: float | None) -> float | None:
    if target is not None and not (isfinite(target) and 0 < target < _MOST):
        raise CrmError("records_goal_invalid")
    return None if target is None else float(target)
