"""Decisions follow customers: two who were found to be one, and who turn out to be two after all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import aliased

from crm_core.records.connection import writing
from crm_core.records.goodwill import goodwill_follows
from crm_core.records.id_lists import lists_follow
from crm_core.records.models import EVENT, CampaignMember, Consent, CustomerMove, Suppression
from crm_core.records.pauses import pauses_follow, pauses_for_both
from crm_core.records.repository import Repository, bump, in_chunks, insert_new
from crm_core.records.rights import rights_follow
from crm_core.records.subjects import notes_follow
from crm_core.records.testimonials import testimonials_follow


class Moves(Repository):
    """Which customer a decision is about, as the store's rows tell it now."""

    def move_customers(self, pairs: Iterable[tuple[int, int]]) -> int:
        """Lets decisions follow customers who were found to be one; how many rows moved.

        `pairs` of (key given up, key that survives), in any order and in chains. Nothing said is
        lost: events come together and the latest counts, who was barred stays barred. The same
        pairs again change nothing.
        """
        steps = dict(pairs)
        survivors = _survivors(steps)
        moved = 0
        with writing(self._engine) as connection:
            known = _known(connection)
            _remember(connection, {old: steps[old] for old in steps.keys() - known.keys()})
            for table in (Consent, Suppression):
                for key in _present(connection, table, survivors):
                    moved += _move(connection, table, key, survivors[key])
            moved += pauses_follow(connection, survivors)
            moved += _named_follow(connection, _survivors({**known, **steps}))
            assigned = _members_follow(connection, survivors)
            if moved or assigned:
                bump(connection, "decisions")
        return moved + assigned

    def separate_customers(self, pairs: Iterable[tuple[int, int]]) -> int:
        """Takes apart the decisions of customers who are two after all; how many rows that took.

        `pairs` are all moves that still hold. Of what people recorded about the one, whom a no
        or a bar was meant for cannot be told: both keep it. A yes stays with whom it was told of.
        """
        steps = dict(pairs)
        now = _survivors(steps)
        changed = 0
        with writing(self._engine) as connection:
            for key, survivor in sorted(_survivors(_known(connection)).items()):
                home = now.get(key, key)
                if home != survivor:
                    changed += _take_apart(connection, key, survivor, home)
            changed += _members_return(connection, now)
            connection.execute(delete(CustomerMove))
            _remember(connection, steps)
            changed += _named_follow(connection, now)
            if changed:
                bump(connection, "decisions")
        return changed


def _named_follow(connection: Connection, homes: Mapping[int, int]) -> int:
    """What keeps whom it named: lists, notes, tasks, what was given, who was asked, their rights."""
    changed = lists_follow(connection, homes) + notes_follow(connection, homes)
    changed += goodwill_follows(connection, homes)
    changed += rights_follow(connection, homes)
    return changed + testimonials_follow(connection, homes)


def _known(connection: Connection) -> dict[int, int]:
    """The moves that decisions have followed."""
    rows = connection.execute(select(CustomerMove.old_key, CustomerMove.new_key))
    return {row.old_key: row.new_key for row in rows}


def _remember(connection: Connection, steps: Mapping[int, int]) -> None:
    rows = [{"old_key": old, "new_key": new} for old, new in steps.items()]
    if rows:
        connection.execute(insert(CustomerMove), rows)


def _survivors(steps: Mapping[int, int]) -> dict[int, int]:
    """Each key given up with the one it has in the end."""
    found: dict[int, int] = {}
    for old in steps:
        key = steps[old]
        while key in steps:
            key = steps[key]
        found[old] = key
    return found


def _present(
    connection: Connection,
    table: type[Consent | Suppression | CampaignMember],
    keys: Iterable[int],
) -> list[int]:
    """Those of the keys about which something was decided, oldest first."""
    found: set[int] = set()
    for chunk in in_chunks(keys):
        query = select(table.customer_key).where(table.customer_key.in_(chunk)).distinct()
        found.update(connection.execute(query).scalars())
    return sorted(found)


_SAME: dict[type[Consent | Suppression], tuple[str, ...]] = {
    Consent: EVENT[1:],
    Suppression: ("contact_channel",),
}


def _move(connection: Connection, table: type[Consent | Suppression], old: int, new: int) -> int:
    """Puts one customer's rows under another key, less those that are there already."""
    mine = table.customer_key == old
    changes: dict[str, Any] = {"customer_key": new}
    if table is Consent:
        changes["told_key"] = func.coalesce(Consent.told_key, old)
    return _put(connection, table, mine, new, changes)


def _put(
    connection: Connection,
    table: type[Consent | Suppression],
    mine: ColumnElement[bool],
    new: int,
    changes: Mapping[str, Any],
) -> int:
    other = aliased(table)
    same = [getattr(table, name) == getattr(other, name) for name in _SAME[table]]
    there = exists().where(other.customer_key == new, *same).correlate(table)
    repeated = connection.execute(delete(table).where(mine, there))
    moved = connection.execute(update(table).where(mine).values(**changes))
    return repeated.rowcount + moved.rowcount


def _members_follow(connection: Connection, survivors: Mapping[int, int]) -> int:
    """Arms stay with the keys they were given to; whose they are now follows the customer."""
    moved = 0
    for key in _present(connection, CampaignMember, survivors):
        mine = CampaignMember.customer_key == key
        change = update(CampaignMember).where(mine).values(customer_key=survivors[key])
        moved += connection.execute(change).rowcount
    if moved:
        bump(connection, "members")
    return moved


def _members_return(connection: Connection, now: Mapping[int, int]) -> int:
    """Each arm is again that of the customer it was given to, where that one is apart again."""
    moved = CampaignMember.assigned_key != CampaignMember.customer_key
    query = select(CampaignMember.assigned_key, CampaignMember.customer_key).where(moved)
    returned = 0
    for assigned, key in connection.execute(query.distinct()).all():
        home = now.get(assigned, assigned)
        if home != key:
            given = CampaignMember.assigned_key == assigned
            change = update(CampaignMember).where(given).values(customer_key=home)
            returned += connection.execute(change).rowcount
    if returned:
        bump(connection, "members")
    return returned


def _take_apart(connection: Connection, key: int, survivor: int, home: int) -> int:
    """Decisions that `key` had brought to `survivor` come to `home`, where `key` is now."""
    recorded = and_(Consent.customer_key == survivor, ~Consent.imported)
    noes = and_(recorded, Consent.state == "denied")
    names = (*EVENT[1:], "recorded_by", "reason", "wording")
    copied = _copy(connection, Consent, names, noes, home, imported=False)
    bars = Suppression.customer_key == survivor
    copied += _copy(connection, Suppression, ("contact_channel", "reason", "at"), bars, home)
    copied += pauses_for_both(connection, survivor, home)
    yeses = and_(recorded, Consent.state == "granted", Consent.told_key == key)
    changes = {"customer_key": home, "told_key": None if home == key else key}
    return copied + _put(connection, Consent, yeses, home, changes)


def _copy(
    connection: Connection,
    table: type[Consent | Suppression],
    names: Iterable[str],
    chosen: ColumnElement[bool],
    key: int,
    **given: Any,
) -> int:
    """Adds rows like the chosen ones under a key; how many were not there."""
    columns = ["customer_key", *names, *given]
    values = [literal(key), *[getattr(table, name) for name in names]]
    rows = select(*values, *[literal(value) for value in given.values()]).where(chosen)
    statement = insert_new(connection, table).from_select(columns, rows)
    return connection.execute(statement).rowcount
