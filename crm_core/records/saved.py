"""What people keep under a name: audiences (rules that pick customers) and views of pages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from crm_core.errors import CrmError
from crm_core.records.connection import reading, writing
from crm_core.records.models import AudienceVersion, SavedAudience, SavedView
from crm_core.records.repository import (
    Repository,
    bump,
    checked_moment,
    checked_name,
    name_key,
    upsert,
)

RULE_BYTES = 200_000
QUERY_LENGTH = 2_000


@dataclass(frozen=True)
class Audience:
    """A saved rule; `version` rises with every change."""

    id: int
    name: str
    rule: Mapping[str, Any]
    owner: str
    created_at: datetime
    version: int


@dataclass(frozen=True)
class Version:
    """What an audience was from a moment on."""

    version: int
    name: str
    rule: Mapping[str, Any]
    saved_by: str
    saved_at: datetime


@dataclass(frozen=True)
class View:
    """A page with its filters, as the part of the address after the question mark."""

    name: str
    query: str
    owner: str


class Saved(Repository):
    """Audiences of the shop and views of one person."""

    def audiences(self) -> list[Audience]:
        """All audiences, by name."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(SavedAudience).order_by(SavedAudience.name_key))
            return [_audience(row) for row in rows]

    def audience(self, wanted: int | str) -> Audience:
        """One audience by number or name.

        Raises: CrmError("records_audience_unknown").
        """
        with reading(self._engine) as connection:
            return _find(connection, wanted)

    def add_audience(
        self, name: str, rule: Mapping[str, Any], *, owner: str, now: datetime
    ) -> Audience:
        """Keeps a rule under a new name.

        Raises: CrmError("records_name_taken"), ("records_name_invalid"),
        ("records_rule_invalid") for a rule that is not plain JSON or above 200,000 bytes.
        """
        name = checked_name(name)
        row = {
            "name": name,
            "name_key": name_key(name),
            "rule": checked_rule(rule),
            "owner": owner,
            "created_at": checked_moment(now),
            "version": 1,
        }
        with names_apart(name), writing(self._engine) as connection:
            bump(connection, "decisions")  # first, so that two who add take turns
            number = _next_number(connection)
            connection.execute(insert(SavedAudience).values(id=number, **row))
            return _kept(connection, number, owner, now)

    def change_audience(
        self,
        number: int,
        *,
        version: int,
        name: str,
        rule: Mapping[str, Any],
        user: str,
        now: datetime,
    ) -> Audience:
        """Gives an audience another name or rule, if nobody changed it since `version`.

        What it was stays in its history. Raises: CrmError("records_audience_changed", name), and
        as `add_audience`.
        """
        name = checked_name(name)
        fresh = {
            "name": name,
            "name_key": name_key(name),
            "rule": checked_rule(rule),
            "version": version + 1,
        }
        with names_apart(name), writing(self._engine) as connection:
            found = _find(connection, number)
            if found.version != version:
                raise CrmError("records_audience_changed", name=found.name)
            connection.execute(
                update(SavedAudience).where(SavedAudience.id == number).values(**fresh)
            )
            bump(connection, "decisions")
            return _kept(connection, number, user, checked_moment(now))

    def audience_versions(self, number: int) -> list[Version]:
        """All that an audience was, the version of now first."""
        with reading(self._engine) as connection:
            mine = select(AudienceVersion).where(AudienceVersion.audience_id == number)
            rows = connection.execute(mine.order_by(AudienceVersion.version.desc()))
            return [
                Version(row.version, row.name, row.rule, row.saved_by, row.saved_at) for row in rows
            ]

    def bring_back_audience(self, number: int) -> Audience:
        """An audience that was removed, under its number, as it was last: rules that name it hold
        again.

        Raises: CrmError("records_audience_unknown") for one that never was,
        ("records_name_taken") where another has its name by now.
        """
        versions = self.audience_versions(number)
        if not versions:
            raise CrmError("records_audience_unknown")
        last, first = versions[0], versions[-1]
        row = {
            "id": number,
            "name": last.name,
            "name_key": name_key(last.name),
            "rule": last.rule,
            "owner": first.saved_by,
            "created_at": first.saved_at,
            "version": last.version,
        }
        with names_apart(last.name), writing(self._engine) as connection:
            bump(connection, "decisions")
            connection.execute(insert(SavedAudience).values(**row))
            return _find(connection, number)

    def remove_audience(self, number: int) -> None:
        """Takes an audience away; its history stays, so that it can be brought back."""
        with writing(self._engine) as connection:
            _find(connection, number)
            connection.execute(delete(SavedAudience).where(SavedAudience.id == number))
            bump(connection, "decisions")

    def views(self, owner: str) -> list[View]:
        """One person's views, by name."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(SavedView).where(SavedView.owner == owner).order_by(SavedView.name)
            )
            return [View(row.name, row.query, row.owner) for row in rows]

    def save_view(self, name: str, query: str, *, owner: str) -> None:
        """Keeps a view, in place of the one of the same name.

        Raises: CrmError("records_name_invalid"), ("records_view_too_long").
        """
        if len(query) > QUERY_LENGTH:
            raise CrmError("records_view_too_long", length=QUERY_LENGTH)
        row = {"owner": owner, "name": checked_name(name), "query": query}
        with writing(self._engine) as connection:
            upsert(connection, SavedView, ["owner", "name"], row)

    def remove_view(self, name: str, *, owner: str) -> None:
        """Forgets a view."""
        with writing(self._engine) as connection:
            connection.execute(
                delete(SavedView).where(SavedView.owner == owner, SavedView.name == name)
            )


@contextmanager
def names_apart(name: str) -> Iterator[None]:
    """Words a clash of names as one."""
    try:
        yield
    except IntegrityError:
        raise CrmError("records_name_taken", name=name) from None


def _next_number(connection: Connection) -> int:
    """A number that no audience ever had: rules may still name one that was removed."""
    highest = [
        connection.execute(select(func.max(column))).scalar() or 0
        for column in (SavedAudience.id, AudienceVersion.audience_id)
    ]
    return max(highest) + 1


def _kept(connection: Connection, number: int, user: str, now: datetime) -> Audience:
    """The audience as it stands, with a line of its history."""
    audience = _find(connection, number)
    row = {
        "audience_id": number,
        "version": audience.version,
        "name": audience.name,
        "rule": audience.rule,
        "saved_by": user,
        "saved_at": now,
    }
    connection.execute(insert(AudienceVersion).values(**row))
    return audience


def _find(connection: Connection, wanted: int | str) -> Audience:
    same = (
        SavedAudience.id == wanted
        if isinstance(wanted, int)
        else SavedAudience.name_key == name_key(wanted)
    )
    row = connection.execute(select(SavedAudience).where(same)).one_or_none()
    if row is None:
        raise CrmError("records_audience_unknown")
    return _audience(row)


def _audience(row: Row[Any]) -> Audience:
    return Audience(row.id, row.name, row.rule, row.owner, row.created_at, row.version)


def checked_rule(rule: Mapping[str, Any], *, most_bytes: int = RULE_BYTES) -> dict[str, Any]:
    """A rule as it is kept: plain JSON.

    Raises: CrmError("records_rule_invalid") for anything else, or above so many bytes.
    """
    try:
        text = json.dumps(rule, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise CrmError("records_rule_invalid", bytes=most_bytes) from None
    if len(text.encode()) > most_bytes:
        raise CrmError("records_rule_invalid", bytes=most_bytes)
    return json.loads(text)
