"""Notes: what people know about a number, a customer, a chart, a campaign or a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from crm_core.errors import CrmError
from crm_core.records.connection import reading, writing
from crm_core.records.models import NoteRow, TaskRow
from crm_core.records.repository import Repository, checked_moment
from crm_core.records.subjects import Subject, checked_subject, checked_text

_KEPT = ("day", "text", "author", "made_at", "version")


@dataclass(frozen=True)
class Note:
    """A note; `day` is the shop's day it speaks of, `version` rises with every change. `told` is
    the code it was written on, which may since be another customer's (see `notes_follow`)."""

    id: int
    subject: Subject
    day: date
    text: str
    author: str
    made_at: datetime
    version: int
    told: str


class Notes(Repository):
    """Notes of the shop, read by all who may see their subject."""

    def notes(
        self,
        kind: str | None = None,
        subject: str | None = None,
        *,
        since: date | None = None,
        until: date | None = None,
    ) -> list[Note]:
        """Notes of a kind, of one subject, of days from `since` to `until`: the latest first."""
        conditions = [
            *([NoteRow.subject_kind == kind] if kind is not None else []),
            *([NoteRow.subject == subject] if subject is not None else []),
            *([NoteRow.day >= since] if since is not None else []),
            *([NoteRow.day <= until] if until is not None else []),
        ]
        query = select(NoteRow).where(*conditions).order_by(NoteRow.day.desc(), NoteRow.id.desc())
        with reading(self._engine) as connection:
            return [_note(row) for row in connection.execute(query)]

    def count_notes(self, kind: str, subjects: Iterable[str]) -> dict[str, int]:
        """How many notes and open tasks each of these subjects has; none are left out."""
        wanted = list(subjects)
        counts: dict[str, int] = {}
        with reading(self._engine) as connection:
            for table in (NoteRow, TaskRow):
                mine = [table.subject_kind == kind, table.subject.in_(wanted)]
                if table is TaskRow:
                    mine.append(TaskRow.done_at.is_(None))
                query = select(table.subject, func.count()).where(*mine).group_by(table.subject)
                for subject, count in connection.execute(query).all():
                    counts[subject] = counts.get(subject, 0) + count
        return counts

    def add_note(
        self, subject: Subject, text: str, *, day: date, author: str, now: datetime
    ) -> Note:
        """Keeps a note.

        Raises: CrmError("records_note_invalid", length), ("records_subject_invalid").
        """
        checked_subject(subject)
        row = {
            "subject_kind": subject.kind,
            "subject": subject.code,
            "told_subject": subject.code,
            "day": day,
            "text": checked_text(text),
            "author": author,
            "made_at": checked_moment(now),
            "version": 1,
        }
        return self._insert_note(row)

    def _insert_note(self, row: dict[str, Any]) -> Note:
        with writing(self._engine) as connection:
            made = connection.execute(insert(NoteRow).values(**row).returning(NoteRow.id))
            return _find(connection, made.scalar_one())

    def change_note(self, number: int, *, version: int, text: str, day: date) -> Note:
        """Gives a note other words or another day, if nobody changed it since `version`.

        Raises: CrmError("records_note_changed"), ("records_note_unknown"), and as `add_note`.
        """
        fresh = {"text": checked_text(text), "day": day, "version": version + 1}
        with writing(self._engine) as connection:
            if _find(connection, number).version != version:
                raise CrmError("records_note_changed")
            connection.execute(update(NoteRow).where(NoteRow.id == number).values(**fresh))
            return _find(connection, number)

    def remove_note(self, number: int) -> Note:
        """Takes a note away, and returns what it was, so that it can be brought back.

        Raises: CrmError("records_note_unknown").
        """
        with writing(self._engine) as connection:
            found = _find(connection, number)
            connection.execute(delete(NoteRow).where(NoteRow.id == number))
        return found

    def bring_back_note(self, note: Note) -> Note:
        """Keeps a note that was removed again, as it was, under a new number."""
        row: dict[str, Any] = {name: getattr(note, name) for name in _KEPT}
        about = {"subject_kind": note.subject.kind, "subject": note.subject.code}
        return self._insert_note({**row, **about, "told_subject": note.told})


def _find(connection: Connection, number: int) -> Note:
    row = connection.execute(select(NoteRow).where(NoteRow.id == number)).one_or_none()
    if row is None:
        raise CrmError("records_note_unknown")
    return _note(row)


def _note(row: Row[Any]) -> Note:
    subject = Subject(row.subject_kind, row.subject)
    kept = {name: getattr(row, name) for name in _KEPT}
    return Note(id=row.id, subject=subject, told=row.told_subject, **kept)
