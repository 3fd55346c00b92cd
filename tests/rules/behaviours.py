"""A tiny shop's events, conditions on them of every shape, and who meets one, told in plain Python."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb
import ibis
import ibis.expr.types as ir
from hypothesis import strategies as st

from crm_core.rules import Condition, Did, Then

AS_OF = date(2026, 6, 30)
PEOPLE = range(1, 8)


@dataclass(frozen=True)
class Happened:
    """A row of an event: what, to whom, when, and what it came to. Rows of one order share it."""

    event: str
    key: int
    at: datetime
    kind: str
    amount: int
    order: int

    @property
    def day(self) -> date:
        return self.at.date()


def _rows() -> Iterator[Happened]:
    kinds = ("Tea", "Table", "Lamps")
    for place in range(60):
        at = datetime(2026, 6, 30, 10) - timedelta(days=(place * 7) % 41, hours=place % 3)
        key = 1 + (place // 2 * 3) % 5  # 6 and 7 never did anything
        yield Happened("purchase", key, at, kinds[place % 3], 5 + place % 4, place // 2)
        if place % 3 == 0:
            yield Happened("review", key, at + timedelta(days=place % 9), "", 1 + place % 5, place)


#: Rows up to the day asked about, as the tables of a store are cut; one order is at one time.
ROWS = [row for row in _rows() if row.day <= AS_OF]
_FIRST = {row.order: row for row in reversed(ROWS) if row.event == "purchase"}
ROWS = [
    row
    if row.event == "review"
    else Happened(
        row.event, _FIRST[row.order].key, _FIRST[row.order].at, row.kind, row.amount, row.order
    )
    for row in ROWS
]

_TABLES = {
    event: ibis.table(
        {"customer_key": "int64", "day": "date", "at": "timestamp", "part": "string",
         "amount": "decimal(18, 2)", "occurrence": "int64"},
        name=event,
    )
    for event in ("purchase", "review")
}  # fmt: skip


def rows_of(event: str, parts: Collection[str] = ()) -> ir.Table:
    """The event's rows as a store gives them."""
    del parts
    table = _TABLES[event]
    if event == "review":
        stars = table.amount.cast("int64")
        return table.select("customer_key", "day", "at", stars=stars)
    return table.select("customer_key", "day", "at", "amount", "occurrence", category=table.part)


def fill(shop: duckdb.DuckDBPyConnection) -> None:
    for event in _TABLES:
        shop.execute(
            f'create table {event} (customer_key bigint, day date, "at" timestamp, part varchar,'
            " amount decimal(18, 2), occurrence bigint)"
        )
        told = [
            (row.key, row.day, row.at, row.kind, row.amount, row.order)
            for row in ROWS
            if row.event == event
        ]
        shop.executemany(f"insert into {event} values (?, ?, ?, ?, ?, ?)", told)


_WHERE = {
    "purchase": [
        (),
        (Condition("category", "in", ("Tea",)),),
        (Condition("category", "not_in", ("Tea", "Lamps")),),
    ],
    "review": [(), (Condition("stars", "<=", 2),)],
}


@st.composite
def behaviours(draw: st.DrawFn) -> Did:
    event = draw(st.sampled_from(sorted(_WHERE)))
    then = None
    if draw(st.booleans()):
        following = draw(st.sampled_from(sorted(_WHERE)))
        then = Then(
            following,
            draw(st.integers(1, 20)),
            draw(st.sampled_from(_WHERE[following])),
            draw(st.booleans()),
        )
    measure = draw(st.sampled_from(["times", "amount"])) if event == "purchase" else "times"
    days = draw(st.none() | st.integers(1, 45))
    low = draw(st.dates(date(2026, 5, 15), AS_OF))
    between = (low, low + timedelta(days=draw(st.integers(0, 20))))
    return Did(
        event,
        draw(st.sampled_from(_WHERE[event])),
        measure,
        operator=draw(st.sampled_from([">=", "<=", "="])),
        value=draw(st.integers(1, 30 if measure == "amount" else 4)),
        last_days=days,
        between=None if days or draw(st.booleans()) else between,
        then=then,
    )


def _fits(row: Happened, event: str, where: tuple[Condition, ...]) -> bool:
    if row.event != event:
        return False
    for part in where:
        if part.operator == "<=":
            fits = row.amount <= part.value
        else:
            fits = (row.kind in part.value) == (part.operator == "in")
        if not fits:
            return False
    return True


def who(did: Did) -> set[int]:
    """Who meets a condition, as a shopkeeper would count with a pencil."""
    return {key for key in PEOPLE if _meets(key, did)}


def _meets(key: int, did: Did) -> bool:
    mine = [row for row in ROWS if row.key == key]
    events: dict[int, list[Happened]] = {}
    for row in mine:
        if _fits(row, did.event, did.where):
            events.setdefault(row.order, []).append(row)
    counted = [rows for rows in events.values() if _in_time(rows[0], did)]
    if did.then is not None:
        counted = [rows for rows in counted if _followed(rows[0], mine, did.then)]
    amount = sum(row.amount for rows in counted for row in rows)
    value = len(counted) if did.measure == "times" else amount
    return {">=": value >= did.value, "<=": value <= did.value, "=": value == did.value}[
        did.operator
    ]


def _in_time(row: Happened, did: Did) -> bool:
    if did.last_days is not None:
        return row.day > AS_OF - timedelta(days=did.last_days)
    return did.between is None or did.between[0] <= row.day <= did.between[1]


def _followed(row: Happened, mine: list[Happened], then: Then) -> bool:
    last = row.day + timedelta(days=then.within_days)
    came = any(
        _fits(other, then.event, then.where) and other.at > row.at and other.day <= last
        for other in mine
    )
    return came if then.happened else not came and last <= AS_OF
