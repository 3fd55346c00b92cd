"""Pauses: customers to whom no marketing goes out until a day, and then it may again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.records.connection import reading, writing
from crm_core.records.models import Base, UtcTime
from crm_core.records.repository import (
    Repository,
    bump,
    checked_moment,
    in_chunks,
    insert_new,
    upsert,
)
from crm_core.records.subjects import checked_text

_REASON_LENGTH = 200


class PauseRow(Base):
    """A customer to whom no marketing goes out before `ends_at`. A row that is there holds:
    those that ended are taken away, so that forgetting to do it errs on the side of silence."""

    __tablename__ = "pauses"

    customer_key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    reason: Mapped[str] = mapped_column(String(_REASON_LENGTH))
    user: Mapped[str] = mapped_column(String(320))
    at: Mapped[datetime] = mapped_column(UtcTime)


@dataclass(frozen=True)
class Pause:
    """Until when, why, and who asked for it."""

    ends_at: datetime
    reason: str
    user: str
    at: datetime


class Pauses(Repository):
    """Suppressions with an end, on every channel."""

    def pause(self, key: int, *, ends_at: datetime, reason: str, user: str, now: datetime) -> Pause:
        """Sends a customer no marketing before `ends_at`; a pause that ends later stays as it is.

        Raises: CrmError("records_do_not_last"), ("records_note_invalid", length) for a reason
        that is none.
        """
        self._must_last()
        row = {
            "customer_key": key,
            "ends_at": checked_moment(ends_at),
            "reason": checked_text(reason)[:_REASON_LENGTH],
            "user": user,
            "at": checked_moment(now),
        }
        with writing(self._engine) as connection:
            there = _found(connection, key)
            if there is not None and there.ends_at >= ends_at:
                return there
            upsert(connection, PauseRow, ["customer_key"], row)
            bump(connection, "decisions")
        return Pause(ends_at, str(row["reason"]), user, now)

    def pause_of(self, key: int) -> Pause | None:
        """The pause of a customer, if there is one."""
        with reading(self._engine) as connection:
            return _found(connection, key)

    def lift_pause(self, key: int) -> bool:
        """Ends a pause before its time; whether there was one."""
        with writing(self._engine) as connection:
            mine = delete(PauseRow).where(PauseRow.customer_key == key)
            lifted = bool(connection.execute(mine).rowcount)
            if lifted:
                bump(connection, "decisions")
        return lifted

    def end_pauses(self, now: datetime) -> int:
        """Takes away the pauses whose end has come; how many those were."""
        over = PauseRow.ends_at <= checked_moment(now)
        with reading(self._engine) as connection:
            if (
                connection.execute(select(PauseRow.customer_key).where(over).limit(1)).first()
                is None
            ):
                return 0  # nearly always: nobody has to wait for a turn to write
        with writing(self._engine) as connection:
            ended = connection.execute(delete(PauseRow).where(over)).rowcount
            if ended:
                bump(connection, "decisions")
        return ended


def paused(connection: Connection, keys: Iterable[int]) -> set[int]:
    """Those of these customers to whom no marketing goes out now."""
    found: set[int] = set()
    for chunk in in_chunks(keys):
        query = select(PauseRow.customer_key).where(PauseRow.customer_key.in_(chunk))
        found.update(connection.execute(query).scalars())
    return found


def pauses_follow(connection: Connection, survivors: Mapping[int, int]) -> int:
    """Pauses follow customers who were found to be one; of two the longer counts. How many moved."""
    moved = 0
    for key in sorted(paused(connection, survivors)):
        there = _found(connection, survivors[key])
        mine = _found(connection, key)
        if there is None:
            change = update(PauseRow).where(PauseRow.customer_key == key)
            connection.execute(change.values(customer_key=survivors[key]))
        else:
            if mine is not None and mine.ends_at > there.ends_at:
                change = update(PauseRow).where(PauseRow.customer_key == survivors[key])
                connection.execute(change.values(**vars(mine)))
            connection.execute(delete(PauseRow).where(PauseRow.customer_key == key))
        moved += 1
    return moved


def pauses_for_both(connection: Connection, survivor: int, home: int) -> int:
    """Whom of two who are two after all a pause was meant for cannot be told: both keep it."""
    there = _found(connection, survivor)
    if there is None:
        return 0
    row = {"customer_key": home, **vars(there)}
    return connection.execute(insert_new(connection, PauseRow), [row]).rowcount


def _found(connection: Connection, key: int) -> Pause | None:
    row = connection.execute(select(PauseRow).where(PauseRow.customer_key == key)).one_or_none()
    return None if row is None else Pause(row.ends_at, row.reason, row.user, row.at)
