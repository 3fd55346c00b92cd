"""Events a shop plans or closes for: what they are called, when they are, what they should add."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from math import isfinite
from typing import Any, Final

from sqlalchemy import Connection, Date, Float, Integer, Row, String, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.errors import CrmError
from crm_core.records.connection import reading, writing
from crm_core.records.models import Base, RowNumber, UtcTime
from crm_core.records.repository import Repository, checked_moment, checked_name

EVENT_KINDS: Final = ("promotion", "closed", "other")
MOST_EVENT_DAYS: Final = 62
MOST_UPLIFT: Final = 20.0


@dataclass(frozen=True)
class EventPlan:
    """What people say of an event. One of the two names is enough. `uplift` is what an ordinary
    day's sales are multiplied by on its days, None where its own past shall tell; a day on which
    the shop is closed sells nothing.

    >>> EventPlan("Stocktaking", "", "closed", date(2026, 1, 2), date(2026, 1, 2)).checked().uplift
    0.0
    """

    name_en: str
    name_zh: str
    kind: str
    starts_on: date
    ends_on: date
    uplift: float | None = None

    @property
    def name(self) -> str:
        """What the forecast and the planner know it by."""
        return self.name_en or self.name_zh

    def checked(self) -> EventPlan:
        """The plan as it is kept.

        Raises: CrmError("event_invalid", field), ("event_too_long", most), ("event_uplift", most),
        ("records_name_invalid").
        """
        if self.kind not in EVENT_KINDS:
            raise CrmError("event_invalid", field="kind")
        if self.ends_on < self.starts_on:
            raise CrmError("event_invalid", field="ends_on")
        if (self.ends_on - self.starts_on).days >= MOST_EVENT_DAYS:
            raise CrmError("event_too_long", most=MOST_EVENT_DAYS)
        uplift = 0.0 if self.kind == "closed" else self.uplift
        if uplift is not None and not (isfinite(uplift) and 0 <= uplift <= MOST_UPLIFT):
            raise CrmError("event_uplift", most=MOST_UPLIFT)
        checked_name(self.name)
        names = {
            name: checked_name(told) if (told := getattr(self, name)).strip() else ""
            for name in ("name_en", "name_zh")
        }
        return replace(self, **names, uplift=uplift)


@dataclass(frozen=True)
class PlannedEvent:
    """An event as it is kept; `version` rises with every change."""

    id: int
    plan: EventPlan
    author: str
    made_at: datetime
    version: int


class PlannedEventRow(Base):
    """An event the shop plans or closes for; `uplift` multiplies an ordinary day's sales."""

    __tablename__ = "planned_events"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    name_en: Mapped[str] = mapped_column(String(120))
    name_zh: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(20))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    uplift: Mapped[float | None] = mapped_column(Float)
    author: Mapped[str] = mapped_column(String(320))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)


class PlannedEvents(Repository):
    """The events a shop told of itself."""

    def planned_events(self) -> list[PlannedEvent]:
        """All of them, the earliest first."""
        order = (PlannedEventRow.starts_on, PlannedEventRow.id)
        with reading(self._engine) as connection:
            rows = connection.execute(select(PlannedEventRow).order_by(*order))
            return [_event(row) for row in rows]

    def add_planned_event(self, plan: EventPlan, *, author: str, now: datetime) -> PlannedEvent:
        """Keeps an event. Raises: as `EventPlan.checked`."""
        told = asdict(plan.checked())
        return self._insert_event({**told, "author": author, "made_at": now, "version": 1})

    def change_planned_event(self, number: int, plan: EventPlan, *, version: int) -> PlannedEvent:
        """Changes an event, if nobody did since `version`.

        Raises: CrmError("event_unknown"), ("event_changed"), and as `EventPlan.checked`.
        """
        told = asdict(plan.checked()) | {"version": version + 1}
        with writing(self._engine) as connection:
            _find(connection, number, version)
            found = PlannedEventRow.id == number
            connection.execute(update(PlannedEventRow).where(found).values(**told))
            return _find(connection, number)

    def remove_planned_event(self, number: int, *, version: int) -> PlannedEvent:
        """Takes an event away, if nobody changed it since `version`; returns what it was, so that
        it can be brought back.

        Raises: CrmError("event_unknown"), ("event_changed").
        """
        with writing(self._engine) as connection:
            found = _find(connection, number, version)
            connection.execute(delete(PlannedEventRow).where(PlannedEventRow.id == number))
        return found

    def bring_back_planned_event(self, event: PlannedEvent) -> PlannedEvent:
        """Keeps an event that was removed again, as it was, under a new number."""
        said = {"author": event.author, "made_at": event.made_at, "version": event.version}
        return self._insert_event(asdict(event.plan) | said)

    def _insert_event(self, row: dict[str, Any]) -> PlannedEvent:
        checked_moment(row["made_at"])
        with writing(self._engine) as connection:
            made = insert(PlannedEventRow).values(**row).returning(PlannedEventRow.id)
            return _find(connection, connection.execute(made).scalar_one())


def _find(connection: Connection, number: int, version: int | None = None) -> PlannedEvent:
    """An event, of `version` if it is to be changed: its row is then held until that is done."""
    query = select(PlannedEventRow).where(PlannedEventRow.id == number)
    row = connection.execute(query.with_for_update() if version else query).one_or_none()
    if row is None:
        raise CrmError("event_unknown")
    if version not in (None, row.version):
        raise CrmError("event_changed")
    return _event(row)


def _event(row: Row[Any]) -> PlannedEvent:
    plan = EventPlan(**{name: getattr(row, name) for name in EventPlan.__dataclass_fields__})
    return PlannedEvent(row.id, plan, row.author, row.made_at, row.version)
