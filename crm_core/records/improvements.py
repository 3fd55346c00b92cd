"""What is to be made better about a product: a complaint or wish, whose it is, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Date, Integer, Row, String, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.errors import CrmError
from crm_core.records.aspect_words import ASPECT_CODES
from crm_core.records.connection import reading, writing
from crm_core.records.models import Base, RowNumber, UtcTime
from crm_core.records.repository import Repository, checked_moment, checked_name

IMPROVEMENT_KINDS: Final = ("complaint", "wish")
IMPROVEMENT_STATES: Final = ("open", "in_work", "fixed", "wont")
_LONGEST_ID = 200


class ImprovementRow(Base):
    """One thing to make better; `fixed_on` is the day from which on goods are."""

    __tablename__ = "improvements"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    product_id: Mapped[str] = mapped_column(String(_LONGEST_ID))
    aspect: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(120))
    owner: Mapped[str] = mapped_column(String(320))
    state: Mapped[str] = mapped_column(String(20))
    fixed_on: Mapped[date | None] = mapped_column(Date)
    author: Mapped[str] = mapped_column(String(320))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)


@dataclass(frozen=True)
class Improvement:
    """One thing to make better; `owner` is who sees to it ("": nobody yet)."""

    id: int
    product_id: str
    aspect: str
    kind: str
    title: str
    owner: str
    state: str
    fixed_on: date | None
    author: str
    made_at: datetime
    version: int


class Improvements(Repository):
    """The shop's list of what to make better."""

    def improvements(self) -> list[Improvement]:
        """All of them: what is open first, then what is worked on, fixed, or left as it is."""
        with reading(self._engine) as connection:
            found = [_improvement(row) for row in connection.execute(select(ImprovementRow))]
        return sorted(found, key=lambda each: (IMPROVEMENT_STATES.index(each.state), each.id))

    def add_improvement(
        self, product_id: str, aspect: str, *, kind: str, title: str, author: str, now: datetime
    ) -> Improvement:
        """Puts something on the list; a product's aspect stands there once a kind.

        Raises: CrmError("improvement_invalid", field), ("improvement_known"), ("records_name_invalid").
        """
        row: dict[str, Any] = {
            "product_id": product_id,
            "aspect": aspect,
            "kind": kind,
            "title": checked_name(title),
            "owner": "",
            "state": IMPROVEMENT_STATES[0],
            "author": author,
            "made_at": checked_moment(now),
            "version": 1,
        }
        _check(row)
        same = (
            ImprovementRow.product_id == product_id,
            ImprovementRow.aspect == aspect,
            ImprovementRow.kind == kind,
        )
        with writing(self._engine) as connection:
            if connection.execute(select(ImprovementRow.id).where(*same)).first() is not None:
                raise CrmError("improvement_known")
            return _inserted(connection, row)

    def change_improvement(
        self,
        number: int,
        *,
        version: int,
        title: str,
        owner: str,
        state: str,
        fixed_on: date | None,
    ) -> Improvement:
        """Says what becomes of it, if nobody said otherwise since `version`. Only what is fixed has a
        day of it.

        Raises: CrmError("records_note_changed"), ("records_note_unknown"), ("improvement_no_day"), and
        as `add_improvement`.
        """
        told: dict[str, Any] = {
            "title": checked_name(title),
            "owner": checked_name(owner) if owner.strip() else "",
            "state": state,
            "fixed_on": fixed_on if state == "fixed" else None,
            "version": version + 1,
        }
        _check(told)
        if state == "fixed" and fixed_on is None:
            raise CrmError("improvement_no_day")
        with writing(self._engine) as connection:
            if _find(connection, number).version != version:
                raise CrmError("records_note_changed")
            changes = update(ImprovementRow).where(ImprovementRow.id == number).values(**told)
            connection.execute(changes)
            return _find(connection, number)

    def remove_improvement(self, number: int) -> Improvement:
        """Takes it off the list, and returns what it was, so that it can be brought back.

        Raises: CrmError("records_note_unknown").
        """
        with writing(self._engine) as connection:
            found = _find(connection, number)
            connection.execute(delete(ImprovementRow).where(ImprovementRow.id == number))
        return found

    def bring_back_improvement(self, removed: Improvement) -> Improvement:
        """Puts what was removed on the list again, as it was, under a new number."""
        row = {name: value for name, value in vars(removed).items() if name != "id"}
        with writing(self._engine) as connection:
            return _inserted(connection, row)


def _check(row: dict[str, Any]) -> None:
    known = {
        "aspect": ASPECT_CODES,
        "kind": IMPROVEMENT_KINDS,
        "state": IMPROVEMENT_STATES,
    }
    wrong = [name for name, codes in known.items() if name in row and row[name] not in codes]
    if "product_id" in row and not 0 < len(row["product_id"]) <= _LONGEST_ID:
        wrong.append("product_id")
    if wrong:
        raise CrmError("improvement_invalid", field=wrong[0])


def _inserted(connection: Connection, row: dict[str, Any]) -> Improvement:
    made = connection.execute(insert(ImprovementRow).values(**row).returning(ImprovementRow.id))
    return _find(connection, made.scalar_one())


def _find(connection: Connection, number: int) -> Improvement:
    row = connection.execute(
        select(ImprovementRow).where(ImprovementRow.id == number)
    ).one_or_none()
    if row is None:
        raise CrmError("records_note_unknown")
    return _improvement(row)


def _improvement(row: Row[Any]) -> Improvement:
    return Improvement(**{name: getattr(row, name) for name in Improvement.__annotations__})
