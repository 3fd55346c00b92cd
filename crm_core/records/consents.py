"""Who may be contacted: consent events as they come in, and those never to be contacted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, delete, exists, select, true

from crm_core.errors import CrmError
from crm_core.records.connection import reading, writing
from crm_core.records.models import EVENT, Consent, Passing, Setting, Suppression, ToldConsent
from crm_core.records.pauses import paused
from crm_core.records.repository import (
    CONTACT_CHANNELS,
    PURPOSES,
    Repository,
    bump,
    checked_channel,
    checked_moment,
    counter,
    in_chunks,
    insert_new,
    load_new,
    upsert,
)
from crm_core.records.rights import restricted
from crm_core.records.usage_rights import counts, only_served

State = Literal["granted", "denied"]
_TOLD = "consents:told"
_SAID = (
    "contact_channel", "purpose", "state", "at", "source", "imported", "recorded_by", "reason",
    "wording",
)  # fmt: skip
STATES = ("granted", "denied")
#: The state of who said yes to a marketplace alone: may be served, no more.
SERVED = "service_only"
_BATCH_ROWS = 20_000
_SOURCE_LENGTH = 200


@dataclass(frozen=True)
class Standing:
    """The latest word of each customer who ever said one, who is restricted, barred or paused, at
    one revision of the decisions."""

    states: dict[int, str]
    restricted: set[int]
    suppressed: set[int]
    paused: set[int]
    revision: int


@dataclass(frozen=True)
class Typed:
    """Who typed what a customer said, why, and the words that the customer was asked in."""

    user: str
    reason: str
    wording: str = ""

    def cells(self) -> dict[str, str]:
        """As the row keeps them."""
        return {
            "recorded_by": self.user[:320],
            "reason": self.reason.strip()[:200],
            "wording": self.wording.strip()[:2000],
        }


class Consents(Repository):
    """Consent is a row of events: the latest by event time counts, a later row breaks ties."""

    def load_consents(self, events: pa.Table) -> int:
        """Adds imported events and tells how many were new; the same event twice is once.

        Columns: customer_key (int), contact_channel, purpose, state, at (UTC), source (may be
        missing or empty). All rows or none.
        Raises: CrmError("records_consents_invalid", rows, columns) naming every bad column.
        """
        return self._add(events, imported=True)

    def _add(self, events: pa.Table, *, imported: bool) -> int:
        rows = _checked_events(events, imported=imported)
        if not rows.num_rows:
            return 0
        with writing(self._engine) as connection:
            added = _load(connection, Consent, rows)
            if added:
                bump(connection, "decisions")
        return added

    def replace_imported(self, told: Iterable[pa.Table]) -> tuple[int, int]:
        """Makes the imported events exactly these; how many were new, how many are gone.

        What people recorded stays, whatever files tell. All rows or none.
        Raises: CrmError("records_consents_invalid", rows, columns) naming every bad column.
        """
        with writing(self._engine) as connection:
            Passing.metadata.create_all(connection, checkfirst=False)
            for events in told:
                _load(connection, ToldConsent, _checked_events(events, imported=True))
            same = [getattr(Consent, name) == getattr(ToldConsent, name) for name in EVENT]
            untold = ~exists().where(*same).correlate(Consent)
            gone = connection.execute(delete(Consent).where(Consent.imported, untold)).rowcount
            columns = (*EVENT, "imported")
            rows = select(*[getattr(ToldConsent, name) for name in columns]).where(true())
            fresh = insert_new(connection, Consent).from_select(list(columns), rows)
            added = connection.execute(fresh).rowcount
            Passing.metadata.drop_all(connection, checkfirst=False)
            if added or gone:
                bump(connection, "decisions")
        return added, gone

    def record_consent(
        self,
        customer_key: int,
        contact_channel: str,
        state: State,
        *,
        at: datetime,
        source: str,
        purpose: str = PURPOSES[0],
        typed: Typed | None = None,
    ) -> bool:
        """Adds one event: what this customer said, when, and where we have it from; of what
        somebody typed also who and why. Whether it is new.

        Raises: CrmError("records_do_not_last"), ("records_consents_invalid").
        """
        self._must_last()
        row = {
            "customer_key": [customer_key],
            "contact_channel": [contact_channel],
            "purpose": [purpose],
            "state": [state],
            "at": [checked_moment(at)],
            "source": [source],
        }
        events = pa.table(row)
        if typed is not None:
            said = typed.cells()
            events = events.append_column("recorded_by", pa.array([said["recorded_by"]]))
            events = events.append_column("reason", pa.array([said["reason"]]))
            events = events.append_column("wording", pa.array([said["wording"]]))
        return bool(self._add(events, imported=False))

    def keep_consents_told(self, *, files: str, now: datetime) -> None:
        """Remembers that files with consents came in, whether or not they were news."""
        row = {"key": _TOLD, "value": {"files": files[:200], "at": checked_moment(now).isoformat()}}
        row |= {"changed_by": "", "changed_at": now}
        with writing(self._engine) as connection:
            upsert(connection, Setting, ["key"], row)

    def consents_told(self) -> datetime | None:
        """When files with consents last came in; None where none was seen yet."""
        with reading(self._engine) as connection:
            kept = connection.execute(select(Setting.value).where(Setting.key == _TOLD)).scalar()
        return datetime.fromisoformat(kept["at"]) if kept else None

    def consent_states(
        self, keys: Iterable[int], contact_channel: str, purpose: str = "marketing"
    ) -> dict[int, str]:
        """The latest word of each of these customers; who never said anything is missing."""
        checked_channel(contact_channel)
        with reading(self._engine) as connection:
            return dict(_latest(connection, keys, contact_channel, purpose))

    def consent_history(self, key: int, limit: int = 200) -> list[dict[str, Any]]:
        """Everything a customer ever said about being contacted, newest first.

        Each with contact_channel, purpose, state, at, source, whether it was imported, and of
        what somebody typed recorded_by, reason and wording.
        """
        columns = [getattr(Consent, name) for name in _SAID]
        said = select(*columns).where(Consent.customer_key == key)
        with reading(self._engine) as connection:
            rows = connection.execute(
                said.order_by(Consent.at.desc(), Consent.id.desc()).limit(limit)
            )
            return [dict(row) for row in rows.mappings()]

    def suppress(
        self, keys: Iterable[int], contact_channel: str, *, reason: str, now: datetime
    ) -> int:
        """Bars customers from a channel, or from `all`; tells how many were not barred yet.

        Raises: CrmError("records_do_not_last").
        """
        self._must_last()
        checked_channel(contact_channel, also=("all",))
        checked_moment(now)
        added = 0
        with writing(self._engine) as connection:
            statement = insert_new(connection, Suppression)
            for chunk in in_chunks(keys):
                rows = [
                    {
                        "customer_key": key,
                        "contact_channel": contact_channel,
                        "reason": reason[:200],
                        "at": now,
                    }
                    for key in chunk
                ]
                added += connection.execute(statement, rows).rowcount
            if added:
                bump(connection, "decisions")
        return added

    def suppressed(self, keys: Iterable[int], contact_channel: str) -> set[int]:
        """Those of these customers who must not be contacted on the channel."""
        checked_channel(contact_channel, also=("all",))
        with reading(self._engine) as connection:
            return _barred(connection, keys, contact_channel)

    def contact_standing(
        self, keys: Iterable[int], contact_channel: str, purpose: str = "marketing"
    ) -> Standing:
        """What keeps each of these customers from being contacted, all of one moment."""
        checked_channel(contact_channel)
        wanted = list(keys)
        with reading(self._engine) as connection:
            return Standing(
                states=dict(_latest(connection, wanted, contact_channel, purpose)),
                restricted=restricted(connection, wanted),
                suppressed=_barred(connection, wanted, contact_channel),
                paused=paused(connection, wanted),
                revision=counter(connection, "decisions"),
            )


def _latest(
    connection: Connection, keys: Iterable[int], contact_channel: str, purpose: str
) -> Iterator[tuple[int, str]]:
    about = (Consent.contact_channel == contact_channel, Consent.purpose == purpose)
    said = counts(connection)
    for chunk in in_chunks(keys):
        yield from ((key, SERVED) for key in only_served(connection, chunk, about))
        rows = connection.execute(
            select(Consent.customer_key, Consent.state)
            .where(Consent.customer_key.in_(chunk), *about, said)
            # Oldest first: put in a dict one after the other, the latest word stays.
            .order_by(Consent.at, Consent.id)
        )
        yield from ((row.customer_key, row.state) for row in rows)


def _barred(connection: Connection, keys: Iterable[int], contact_channel: str) -> set[int]:
    barred: set[int] = set()
    for chunk in in_chunks(keys):
        rows = connection.execute(
            select(Suppression.customer_key).where(
                Suppression.customer_key.in_(chunk),
                Suppression.contact_channel.in_([contact_channel, "all"]),
            )
        )
        barred.update(row.customer_key for row in rows)
    return barred


def _load(connection: Connection, table: type[Consent | ToldConsent], rows: pa.Table) -> int:
    return sum(
        load_new(connection, table, batch) for batch in rows.to_batches(max_chunksize=_BATCH_ROWS)
    )


def _checked_events(events: pa.Table, *, imported: bool) -> pa.Table:
    """The events in the types they are kept in, or an error naming every column at fault."""
    faults: dict[str, int] = {}
    columns: dict[str, Any] = {}
    for name, known in _KNOWN.items():
        if name not in events.column_names:
            faults[name] = events.num_rows
            continue
        columns[name] = _converted(events[name], name)
        bad = pc.invert(pc.is_in(columns[name], pa.array(known))) if known else None
        wrong = pc.or_kleene(pc.is_null(columns[name]), bad) if known else pc.is_null(columns[name])
        if count := pc.sum(wrong).as_py():
            faults[name] = count
    if faults and events.num_rows:
        raise CrmError(
            "records_consents_invalid", rows=max(faults.values()), columns=", ".join(faults)
        )
    columns["source"] = _sources(events)
    columns |= {name: events[name] for name in _TYPED if name in events.column_names}
    columns["imported"] = pa.array([imported] * events.num_rows, pa.bool_())
    # In the order of the index, which is faster to fill; equal keys keep their order.
    return pa.table(columns).sort_by("customer_key")


_TYPED = ("recorded_by", "reason", "wording")
_KNOWN: dict[str, tuple[str, ...]] = {
    "customer_key": (),
    "contact_channel": CONTACT_CHANNELS,
    "purpose": PURPOSES,
    "state": STATES,
    "at": (),
}


def _converted(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    kinds = {"customer_key": pa.int64(), "at": pa.timestamp("us", tz="UTC")}
    kind = kinds.get(name, pa.string())
    try:
        return column.cast(kind, safe=name != "at")
    except pa.ArrowException:
        return pa.chunked_array([pa.nulls(len(column), kind)])


def _sources(events: pa.Table) -> pa.ChunkedArray:
    if "source" not in events.column_names:
        return pa.chunked_array([pa.array([""] * events.num_rows, pa.string())])
    text = events["source"].cast(pa.string()).fill_null("")
    return pc.utf8_slice_codeunits(text, 0, _SOURCE_LENGTH)
