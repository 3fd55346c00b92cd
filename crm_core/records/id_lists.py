"""Lists of customers that people bring along: who is in them, by customer key alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from crm_core.errors import CrmError
from crm_core.records.connection import reading, writing
from crm_core.records.models import CustomerMove, IdList, IdListMember
from crm_core.records.repository import Repository, bump, checked_moment, checked_name, name_key
from crm_core.records.saved import names_apart

MOST_LISTED = 100_000
_ROWS = 10_000


@dataclass(frozen=True)
class ListOfIds:
    """A kept list: how many customers it holds, and how many of its rows became what (`told`)."""

    id: int
    name: str
    customers: int
    told: Mapping[str, int]
    owner: str
    created_at: datetime


class IdLists(Repository):
    """Named lists of customers, shared by all who use the shop."""

    def id_lists(self) -> list[ListOfIds]:
        """All lists, by name."""
        size = (
            select(
                IdListMember.list_id, func.count(IdListMember.customer_key.distinct()).label("n")
            )
            .group_by(IdListMember.list_id)
            .subquery()
        )
        query = select(IdList, size.c.n).outerjoin(size, size.c.list_id == IdList.id)
        columns = (*IdList.__table__.columns, size.c.n)
        with reading(self._engine) as connection:
            rows = connection.execute(query.with_only_columns(*columns).order_by(IdList.name_key))
            return [
                ListOfIds(row.id, row.name, row.n or 0, row.told, row.owner, row.created_at)
                for row in rows
            ]

    def add_id_list(
        self,
        name: str,
        keys: Iterable[int],
        *,
        told: Mapping[str, int],
        owner: str,
        now: datetime,
    ) -> int:
        """Keeps customers under a new name; the list's number.

        Raises: CrmError("records_list_empty"), ("records_list_too_long") above 100,000,
        ("records_name_taken"), ("records_name_invalid").
        """
        members = sorted(set(keys))
        if not members:
            raise CrmError("records_list_empty")
        if len(members) > MOST_LISTED:
            raise CrmError("records_list_too_long", limit=MOST_LISTED)
        name = checked_name(name)
        row = {
            "name": name,
            "name_key": name_key(name),
            "told": dict(told),
            "owner": owner,
            "created_at": checked_moment(now),
        }
        with names_apart(name), writing(self._engine) as connection:
            made = connection.execute(insert(IdList).values(**row).returning(IdList.id))
            number = made.scalar_one()
            for start in range(0, len(members), _ROWS):
                rows = [
                    {"list_id": number, "told_key": key, "customer_key": key}
                    for key in members[start : start + _ROWS]
                ]
                connection.execute(insert(IdListMember), rows)
            bump(connection, "decisions")
            return number

    def remove_id_list(self, number: int) -> None:
        """Forgets a list and who is in it."""
        with writing(self._engine) as connection:
            connection.execute(delete(IdListMember).where(IdListMember.list_id == number))
            connection.execute(delete(IdList).where(IdList.id == number))
            bump(connection, "decisions")


def lists_follow(connection: Connection, survivors: Mapping[int, int]) -> int:
    """Lists follow customers: who was named is now whoever has the key in the end.

    Where two are two after all, each is again in the lists that named it. How many rows changed.
    Of the many who are in lists only those are looked at whose key was ever given up.
    """
    told_key, key = IdListMember.told_key, IdListMember.customer_key
    moved = or_(told_key.in_(select(CustomerMove.old_key)), told_key != key)
    rows = connection.execute(select(told_key, key).where(moved).distinct())
    changed = 0
    for told, key in rows.all():
        home = survivors.get(told, told)
        if home != key:
            mine = IdListMember.told_key == told
            follow = update(IdListMember).where(mine).values(customer_key=home)
            changed += connection.execute(follow).rowcount
    return changed
