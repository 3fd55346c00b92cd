"""Tasks: what somebody is to do about a number, a customer, a chart, a campaign or a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from crm_core.errors import CrmError
from crm_core.records.connection import reading, writing
from crm_core.records.models import TaskRow
from crm_core.records.repository import Repository, checked_moment, checked_name
from crm_core.records.subjects import Subject, checked_subject, checked_text

_KEPT = ("text", "owner", "due", "author", "made_at", "version", "done_at", "done_by")


@dataclass(frozen=True)
class Task:
    """A task; `owner` is who is to do it ("": nobody yet), `due` the day by which.

    `done_at` and `done_by` say when it was done and by whom; open ones have neither. `told` is the
    code it was written on, as of a note.
    """

    id: int
    subject: Subject
    text: str
    owner: str
    due: date | None
    author: str
    made_at: datetime
    version: int
    told: str
    done_at: datetime | None = None
    done_by: str = ""

    def is_overdue(self, day: date) -> bool:
        """Whether it should have been done before `day`."""
        return self.done_at is None and self.due is not None and self.due < day


class Tasks(Repository):
    """Tasks of the shop, read by all who may see their subject."""

    def tasks(self, kind: str, subject: str) -> list[Task]:
        """All tasks of one subject: open ones first, by due day, then those done, the latest first."""
        mine = select(TaskRow).where(TaskRow.subject_kind == kind, TaskRow.subject == subject)
        with reading(self._engine) as connection:
            found = [_task(row) for row in connection.execute(mine.order_by(TaskRow.id))]
        waiting = [task for task in found if task.done_at is None]
        done = [task for task in found if task.done_at is not None]
        return _by_due(waiting) + sorted(done, key=lambda task: str(task.done_at), reverse=True)

    def open_tasks(self) -> list[Task]:
        """What is to be done, by due day; what has none comes last."""
        query = select(TaskRow).where(TaskRow.done_at.is_(None)).order_by(TaskRow.id)
        with reading(self._engine) as connection:
            return _by_due([_task(row) for row in connection.execute(query)])

    def add_task(
        self,
        subject: Subject,
        text: str,
        *,
        owner: str = "",
        due: date | None = None,
        author: str,
        now: datetime,
    ) -> Task:
        """Keeps a task.

        Raises: CrmError("records_note_invalid", length), ("records_subject_invalid"),
        ("records_name_invalid") for an owner that is no name.
        """
        checked_subject(subject)
        row = {
            "subject_kind": subject.kind,
            "subject": subject.code,
            "told_subject": subject.code,
            "text": checked_text(text),
            "owner": _owner(owner),
            "due": due,
            "author": author,
            "made_at": checked_moment(now),
            "done_by": "",
            "version": 1,
        }
        return self._insert(row)

    def change_task(
        self, number: int, *, version: int, text: str, owner: str, due: date | None
    ) -> Task:
        """Gives a task other words, another owner or day, if nobody changed it since `version`.

        Raises: CrmError("records_note_changed"), ("records_note_unknown"), and as `add_task`.
        """
        fresh = {"text": checked_text(text), "owner": _owner(owner), "due": due}
        with writing(self._engine) as connection:
            if _find(connection, number).version != version:
                raise CrmError("records_note_changed")
            return _changed(connection, number, {**fresh, "version": version + 1})

    def finish_task(self, number: int, *, user: str, now: datetime) -> Task:
        """Says that a task is done; done twice, the first time counts.

        Raises: CrmError("records_note_unknown").
        """
        done = {"done_at": checked_moment(now), "done_by": user}
        with writing(self._engine) as connection:
            found = _find(connection, number)
            return _changed(connection, number, done) if found.done_at is None else found

    def reopen_task(self, number: int) -> Task:
        """Says that a task is to be done after all.

        Raises: CrmError("records_note_unknown").
        """
        with writing(self._engine) as connection:
            _find(connection, number)
            return _changed(connection, number, {"done_at": None, "done_by": ""})

    def remove_task(self, number: int) -> Task:
        """Takes a task away, and returns what it was, so that it can be brought back.

        Raises: CrmError("records_note_unknown").
        """
        with writing(self._engine) as connection:
            found = _find(connection, number)
            connection.execute(delete(TaskRow).where(TaskRow.id == number))
        return found

    def bring_back_task(self, task: Task) -> Task:
        """Keeps a task that was removed again, as it was, under a new number."""
        row: dict[str, Any] = {name: getattr(task, name) for name in _KEPT}
        about = {"subject_kind": task.subject.kind, "subject": task.subject.code}
        return self._insert({**row, **about, "told_subject": task.told})

    def _insert(self, row: dict[str, Any]) -> Task:
        with writing(self._engine) as connection:
            made = connection.execute(insert(TaskRow).values(**row).returning(TaskRow.id))
            return _find(connection, made.scalar_one())


def _owner(name: str) -> str:
    return checked_name(name) if name.strip() else ""


def _by_due(tasks: list[Task]) -> list[Task]:
    return sorted(tasks, key=lambda task: (task.due is None, task.due or date.max, task.id))


def _changed(connection: Connection, number: int, changes: dict[str, Any]) -> Task:
    connection.execute(update(TaskRow).where(TaskRow.id == number).values(**changes))
    return _find(connection, number)


def _find(connection: Connection, number: int) -> Task:
    row = connection.execute(select(TaskRow).where(TaskRow.id == number)).one_or_none()
    if row is None:
        raise CrmError("records_note_unknown")
    return _task(row)


def _task(row: Row[Any]) -> Task:
    subject = Subject(row.subject_kind, row.subject)
    kept = {name: getattr(row, name) for name in _KEPT}
    return Task(id=row.id, subject=subject, told=row.told_subject, **kept)
