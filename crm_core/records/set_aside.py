"""Orders and reviews that people looked at: kept, proposed to be set aside, or set aside.

Nothing is deleted, and nobody sets anything aside alone: one proposes, another approves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, func, insert, select

from crm_core.errors import CrmError
from crm_core.records.connection import reading, writing
from crm_core.records.models import SetAsideLine, SetAsideRow
from crm_core.records.repository import (
    Repository,
    bump,
    checked_moment,
    checked_name,
    counter,
    name_key,
    upsert,
)

Kind = Literal["order", "review"]
State = Literal["kept", "proposed", "approved"]
Action = Literal["keep", "propose", "approve", "bring_back"]
REASON_LENGTH = 200
_IN_ONE_QUESTION = 5_000


class Item(NamedTuple):
    """An order or a review by its own number."""

    kind: Kind
    id: str


@dataclass(frozen=True)
class Decision:
    """Where one order or review stands, who proposed it and who approved.

    `vouched`: both are people who had signed in; else their names were only typed.
    """

    item: Item
    state: State
    reason: str
    proposer: str
    proposed_at: datetime
    approver: str | None
    approved_at: datetime | None
    vouched: bool


@dataclass(frozen=True)
class LogLine:
    """What somebody did with so many orders or reviews at one moment."""

    at: datetime
    user: str
    action: Action
    kind: Kind
    items: int
    reason: str
    vouched: bool


@dataclass(frozen=True)
class Approved:
    """All that is set aside, and a number that changes whenever that does."""

    revision: int
    orders: tuple[str, ...]
    reviews: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether anything is."""
        return bool(self.orders or self.reviews)


#: Of what is known of an item: the new values of its row, or None to leave it.
Change = Callable[[Decision | None], dict[str, Any] | None]


class SetAside(Repository):
    """Set aside, never deleted: an order or review can be brought back."""

    def propose_set_aside(
        self, items: Iterable[Item], *, reason: str, user: str, vouched: bool, now: datetime
    ) -> int:
        """Proposes to set these aside; how many were neither proposed nor set aside yet.

        Raises: CrmError("set_aside_reason") without a reason, ("records_name_invalid").
        """
        words, name, at = _reason(reason), checked_name(user), checked_moment(now)
        if not words:
            raise CrmError("set_aside_reason")

        def change(row: Decision | None) -> dict[str, Any] | None:
            if row is not None and row.state != "kept":
                return None
            return {
                "state": "proposed", "reason": words, "proposer": name, "proposed_at": at,
                "approver": None, "approved_at": None, "vouched": vouched,
            }  # fmt: skip

        return self._settle(items, change, "propose", (name, words, vouched, at))

    def approve_set_aside(
        self, items: Iterable[Item], *, user: str, vouched: bool, now: datetime
    ) -> int:
        """Sets aside what somebody else proposed; how many that were.

        Raises: CrmError("set_aside_same_person") where one of them is the approver's own proposal;
        then none is set aside.
        """
        name, at = checked_name(user), checked_moment(now)

        def change(row: Decision | None) -> dict[str, Any] | None:
            if row is None or row.state != "proposed":
                return None
            if name_key(row.proposer) == name_key(name):
                raise CrmError("set_aside_same_person")
            return {
                "state": "approved", "reason": row.reason, "proposer": row.proposer,
                "proposed_at": row.proposed_at, "approver": name, "approved_at": at,
                "vouched": vouched and row.vouched,
            }  # fmt: skip

        return self._settle(items, change, "approve", (name, "", vouched, at))

    def keep_counted(
        self, items: Iterable[Item], *, reason: str, user: str, vouched: bool, now: datetime
    ) -> int:
        """Says that these count: looked at and kept, a proposal turned down, or what was set aside
        brought back; how many that changes."""
        words, name, at = _reason(reason), checked_name(user), checked_moment(now)

        def change(row: Decision | None) -> dict[str, Any] | None:
            if row is not None and row.state == "kept":
                return None
            told = {"state": "kept", "reason": words, "approver": None, "approved_at": None}
            return {**told, "proposer": name, "proposed_at": at, "vouched": vouched}

        return self._settle(items, change, "keep", (name, words, vouched, at))

    def set_aside(self) -> Approved:
        """All that is set aside now."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(SetAsideRow.kind, SetAsideRow.item_id)
                .where(SetAsideRow.state == "approved")
                .order_by(SetAsideRow.kind, SetAsideRow.item_id)
            ).all()
            revision = counter(connection, "set_aside")
        told = {kind: tuple(row.item_id for row in rows if row.kind == kind) for kind in _KINDS}
        return Approved(revision, told["order"], told["review"])

    def set_aside_counts(self) -> tuple[int, Mapping[tuple[str, str], int]]:
        """The number that changes with what is set aside, and how many orders and reviews are in
        which state: (kind, state) -> count."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(SetAsideRow.kind, SetAsideRow.state, func.count()).group_by(
                    SetAsideRow.kind, SetAsideRow.state
                )
            ).all()
            return counter(connection, "set_aside"), {(kind, state): n for kind, state, n in rows}

    def set_aside_decisions(self, items: Sequence[Item]) -> dict[Item, Decision]:
        """Where these stand; those nobody decided about are missing."""
        with reading(self._engine) as connection:
            return _known(connection, items)

    def set_aside_in(self, state: State) -> list[Item]:
        """All orders and reviews in a state."""
        query = (
            select(SetAsideRow.kind, SetAsideRow.item_id)
            .where(SetAsideRow.state == state)
            .order_by(SetAsideRow.kind, SetAsideRow.item_id)
        )
        with reading(self._engine) as connection:
            return [Item(row.kind, row.item_id) for row in connection.execute(query)]

    def set_aside_log(self, limit: int = 100) -> list[LogLine]:
        """Who did what, the latest first."""
        line = SetAsideLine
        query = select(line).order_by(line.id.desc()).limit(limit)
        with reading(self._engine) as connection:
            return [
                LogLine(row.at, row.user, row.action, row.kind, row.items, row.reason, row.vouched)
                for row in connection.execute(query)
            ]

    def _settle(
        self,
        items: Iterable[Item],
        change: Change,
        action: Action,
        told: tuple[str, str, bool, datetime],
    ) -> int:
        asked = list(dict.fromkeys(items))
        done: dict[tuple[str, Action], int] = {}
        with writing(self._engine) as connection:
            known = _known(connection, asked)
            for item in asked:
                row = known.get(item)
                values = change(row)
                if values is None:
                    continue
                key = {"kind": item.kind, "item_id": item.id}
                upsert(connection, SetAsideRow, ("kind", "item_id"), {**key, **values})
                back = action == "keep" and row is not None and row.state == "approved"
                mark: tuple[str, Action] = (item.kind, "bring_back" if back else action)
                done[mark] = done.get(mark, 0) + 1
            _log(connection, done, told)
            if done:
                bump(connection, "decisions")
            if any(each in ("approve", "bring_back") for _, each in done):
                bump(connection, "set_aside")
        return sum(done.values())


_KINDS: tuple[Kind, ...] = ("order", "review")


def _reason(text: str) -> str:
    return " ".join(text.split())[:REASON_LENGTH]


def _known(connection: Connection, items: Sequence[Item]) -> dict[Item, Decision]:
    found: dict[Item, Decision] = {}
    for kind in _KINDS:
        ids = [item.id for item in items if item.kind == kind]
        for begin in range(0, len(ids), _IN_ONE_QUESTION):
            part = ids[begin : begin + _IN_ONE_QUESTION]
            query = select(SetAsideRow).where(
                SetAsideRow.kind == kind, SetAsideRow.item_id.in_(part)
            )
            for row in connection.execute(query):
                item = Item(kind, row.item_id)
                found[item] = Decision(
                    item, row.state, row.reason, row.proposer, row.proposed_at,
                    row.approver, row.approved_at, row.vouched,
                )  # fmt: skip
    return found


def _log(
    connection: Connection,
    done: Mapping[tuple[str, Action], int],
    told: tuple[str, str, bool, datetime],
) -> None:
    user, reason, vouched, at = told
    rows = [
        {
            "at": at, "user": user, "action": action, "kind": kind, "items": count,
            "reason": reason, "vouched": vouched,
        }
        for (kind, action), count in done.items()
    ]  # fmt: skip
    if rows:
        connection.execute(insert(SetAsideLine), rows)
