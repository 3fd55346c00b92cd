"""Which things to do for an event are done: the ticks of its checklist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Date, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.errors import CrmError
from crm_core.records.connection import reading, writing
from crm_core.records.models import Base, UtcTime
from crm_core.records.repository import Repository, checked_moment, insert_new

_LONGEST_EVENT = 200
_LONGEST_STEP = 40


@dataclass(frozen=True)
class StepDone:
    """Who ticked a step off, and when."""

    author: str
    done_at: datetime


class EventStepRow(Base):
    """A step of an event's checklist that is done, of the time whose own day is `day`."""

    __tablename__ = "event_steps_done"

    event: Mapped[str] = mapped_column(String(_LONGEST_EVENT), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    step: Mapped[str] = mapped_column(String(_LONGEST_STEP), primary_key=True)
    author: Mapped[str] = mapped_column(String(320))
    done_at: Mapped[datetime] = mapped_column(UtcTime)


class EventSteps(Repository):
    """The checklists of events, a list for each time of an event."""

    def event_steps_done(self, event: str, day: date) -> dict[str, StepDone]:
        """The steps that are done of an event's time, by code."""
        mine = select(EventStepRow).where(EventStepRow.event == event, EventStepRow.day == day)
        with reading(self._engine) as connection:
            rows = connection.execute(mine.order_by(EventStepRow.step))
            return {row.step: StepDone(row.author, row.done_at) for row in rows}

    def tick_event_step(
        self, event: str, day: date, step: str, *, author: str, now: datetime
    ) -> None:
        """Notes that a step is done; who ticked it first stays.

        Raises: CrmError("event_invalid", field) for codes no list has.
        """
        if not 0 < len(event) <= _LONGEST_EVENT:
            raise CrmError("event_invalid", field="event")
        if not 0 < len(step) <= _LONGEST_STEP:
            raise CrmError("event_invalid", field="step")
        checked_moment(now)
        row = {"event": event, "day": day, "step": step, "author": author, "done_at": now}
        with writing(self._engine) as connection:
            connection.execute(insert_new(connection, EventStepRow), row)

    def untick_event_step(self, event: str, day: date, step: str) -> None:
        """Takes a tick back; nothing where there is none."""
        mine = (EventStepRow.event == event, EventStepRow.day == day, EventStepRow.step == step)
        with writing(self._engine) as connection:
            connection.execute(delete(EventStepRow).where(*mine))
