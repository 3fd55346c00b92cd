"""What somebody looks after, and giving all of it to somebody else. Who wrote or did something
stays written: only what is still to be looked after moves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select, update

from crm_core.records.connection import reading, writing
from crm_core.records.models import (
    CampaignRow,
    IdList,
    OfferRow,
    SavedAudience,
    SavedView,
    TaskRow,
)
from crm_core.records.people import account
from crm_core.records.repository import NAME_LENGTH, Repository

_OWNED: dict[str, Any] = {
    "audiences": SavedAudience,
    "id_lists": IdList,
    "offers": OfferRow,
    "campaigns": CampaignRow,
}
#: What can be looked after, by name.
KINDS_OWNED = (*_OWNED, "tasks", "views")


class HandOver(Repository):
    """Audiences, lists, offers, campaigns, open tasks and saved views, by who looks after them."""

    def owned(self) -> dict[str, dict[str, int]]:
        """How much of each kind everybody looks after; who has nothing is left out."""
        found: dict[str, dict[str, int]] = {}
        with reading(self._engine) as connection:
            for kind, query in _counts().items():
                for row in connection.execute(query):
                    found.setdefault(row.owner, {})[kind] = row.held
        return found

    def hand_over(self, user: str, to: str) -> dict[str, int]:
        """Gives what one person looks after to another; how much of each kind."""
        giver, taker = account(user), account(to)
        moved: dict[str, int] = {}
        with writing(self._engine) as connection:
            for kind, table in _OWNED.items():
                change = update(table).where(table.owner == giver).values(owner=taker)
                moved[kind] = connection.execute(change).rowcount
            is_open = (TaskRow.owner == giver) & TaskRow.done_at.is_(None)
            change = update(TaskRow).where(is_open).values(owner=taker)
            moved["tasks"] = connection.execute(change).rowcount
            moved["views"] = _move_views(connection, giver, taker)
        return {kind: count for kind, count in moved.items() if count}


def _counts() -> dict[str, Any]:
    counts = {
        kind: select(table.owner, func.count().label("held")).group_by(table.owner)
        for kind, table in _OWNED.items()
    }
    tasks = select(TaskRow.owner, func.count().label("held")).where(TaskRow.owner != "")
    counts["tasks"] = tasks.where(TaskRow.done_at.is_(None)).group_by(TaskRow.owner)
    counts["views"] = select(SavedView.owner, func.count().label("held")).group_by(SavedView.owner)
    return counts


def _move_views(connection: Connection, giver: str, taker: str) -> int:
    """Views keep their names; one whose name the taker uses already gets a number."""
    names = select(SavedView.name).order_by(SavedView.name)
    taken = set(connection.execute(names.where(SavedView.owner == taker)).scalars())
    given = list(connection.execute(names.where(SavedView.owner == giver)).scalars())
    for name in given:
        new = _free(name, taken)
        taken.add(new)
        mine = (SavedView.owner == giver) & (SavedView.name == name)
        connection.execute(update(SavedView).where(mine).values(owner=taker, name=new))
    return len(given)


def _free(name: str, taken: set[str]) -> str:
    """The name, or the first with a number behind it that is free.

    >>> _free("Tea", {"Tea", "Tea (2)"})
    'Tea (3)'
    """
    number, free = 1, name
    while free in taken:
        number += 1
        end = f" ({number})"
        free = name[: NAME_LENGTH - len(end)] + end
    return free
