"""What people decided: one object over users, settings, audiences, consents, notes and the log."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Select, String, cast, func, literal, select

from crm_core.errors import CrmError
from crm_core.records.audit_log import AuditLog
from crm_core.records.campaign_policy import CampaignPolicies
from crm_core.records.campaigns import Campaigns, last_day
from crm_core.records.connection import connect, migrate, reading, writing
from crm_core.records.consents import Consents
from crm_core.records.copying import Copying
from crm_core.records.erasures import Erasures
from crm_core.records.event_steps import EventSteps
from crm_core.records.goals import Goals
from crm_core.records.goodwill import Goodwills
from crm_core.records.hand_over import HandOver
from crm_core.records.id_lists import IdLists
from crm_core.records.identity_overrides import IdentityOverrides
from crm_core.records.improvements import Improvements
from crm_core.records.kept_mappings import KeptMappings
from crm_core.records.models import (
    CampaignMember,
    CampaignRow,
    Consent,
    IdList,
    IdListMember,
    SavedAudience,
    Secret,
    SetAsideRow,
    Setting,
    Suppression,
)
from crm_core.records.moves import Moves
from crm_core.records.notes import Notes
from crm_core.records.offer_rules import EVERY_CHANNEL, OfferBook, OfferRules, book_in, rounds_in
from crm_core.records.offers import Offers
from crm_core.records.pauses import PauseRow, Pauses
from crm_core.records.people import People
from crm_core.records.planned_events import PlannedEvents
from crm_core.records.reports import Reports
from crm_core.records.repository import counter, insert_new
from crm_core.records.retention import Retention
from crm_core.records.rights import RestrictionRow, Rights, corrected, restricted
from crm_core.records.saved import Saved
from crm_core.records.set_aside import SetAside
from crm_core.records.shop_settings import SettingsKept
from crm_core.records.source_marks import SourceMarks
from crm_core.records.subject_rows import SubjectRows
from crm_core.records.tasks import Tasks
from crm_core.records.testimonials import Testimonials
from crm_core.records.usage_rights import counts

_SECRET_BYTES = 32
_MIRROR_ROWS = 50_000
#: What can be put right of a customer.
CORRECTED = ("name", "email", "phone", "address", "postal_code", "city")


@dataclass(frozen=True)
class Mirror:
    """Decisions as tables the engine can join, and the revision they show.

    `members` is the revision of campaign members, which are many and have a mirror of their own;
    0 while there never were any.
    """

    tables: dict[str, pa.Table]
    revision: int
    members: int


class Records(
    People,
    HandOver,
    SettingsKept,
    SourceMarks,
    KeptMappings,
    Saved,
    Consents,
    Pauses,
    Rights,
    Goodwills,
    Moves,
    SetAside,
    IdentityOverrides,
    IdLists,
    Offers,
    Campaigns,
    CampaignPolicies,
    Notes,
    Tasks,
    Goals,
    PlannedEvents,
    OfferRules,
    EventSteps,
    Improvements,
    Testimonials,
    Erasures,
    Retention,
    Reports,
    SubjectRows,
    AuditLog,
    Copying,
):
    """The records of one shop. Every method is one transaction, safe among processes."""

    def secret(self, name: str) -> bytes:
        """32 random bytes under a name, made when first asked for and the same ever after.

        Unpredictable on purpose: `url_key` hides customer keys in addresses, `hash_salt`
        keeps hashes of addresses from being looked up in a table.
        """
        with reading(self._engine) as connection:
            known = connection.execute(_secret(name)).scalar()
        if known is not None:
            return known
        row = {"name": name, "value": secrets.token_bytes(_SECRET_BYTES)}
        with writing(self._engine) as connection:
            connection.execute(insert_new(connection, Secret), row)
            return connection.execute(_secret(name)).scalar_one()

    def decisions_revision(self) -> int:
        """A number that rises with every decision; caches and the mirror compare it."""
        with reading(self._engine) as connection:
            return counter(connection, "decisions")

    def mirror(self) -> Mirror:
        """Decisions as they stand, all of one moment, for the file beside the facts.

        Tables: consents (customer_key, contact_channel, purpose, state: the latest),
        suppressions (customer_key, contact_channel; also who is paused or restricted), pauses (customer_key), saved_audiences (id, name, version, rule as
        JSON text), id_lists (id, name), id_list_members (list_id, customer_key),
        set_aside (kind, item_id, state), campaigns (id, name, contact_channel, starts_on, ends_on,
        sealed_on: nothing for a draft), sensitive_categories (category), offer_rules (the rule book, a row a rule in order of
        priority: number, name, rule as JSON text, the rest as in `OfferRule`, and the caps of one
        person), offer_rounds (campaign_id, offer_rule_id). Where there are any: restrictions
        (customer_key), corrections (customer_key and the fields of `CORRECTED`, nothing where a
        file's word counts).
        """
        with reading(self._engine) as connection:
            told = _mirror(connection, _mirrored(connection))
            told.tables["campaigns"] = _campaigns(connection)
            told.tables["sensitive_categories"] = _sensitive(connection)
            told.tables["offer_rules"] = _offer_rules(book_in(connection))
            told.tables.update(_rights(connection))
            told.tables["offer_rounds"] = _offer_rounds(rounds_in(connection))
            return told

    def mirror_members(self) -> Mirror:
        """Who is in which arm, for a file beside the other decisions.

        One table, campaign_members (campaign_id, customer_key, arm, stratum). Where two members
        were found to be one customer, the arm of the key that survived counts.
        """
        with reading(self._engine) as connection:
            return _mirror(connection, _mirrored_members())

    @property
    def folder(self) -> Path | None:
        """Where they lie; None where that is a server."""
        alone = self._engine.dialect.name == "sqlite"
        return Path(str(self._engine.url.database)).parent if alone else None

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.dispose()


def open_records(url: str, *, lasts: bool = True) -> Records:
    """Opens the records at `sqlite:///file` or `postgresql+psycopg://…`, made or brought up; on a
    disk that does not last (`lasts`) they take no consents and no campaigns.

    Raises: CrmError("records_url_unknown"), ("records_unreachable"), ("records_damaged"),
    ("records_newer"), ("records_busy").
    """
    engine = connect(url)
    try:
        migrate(engine)
    except CrmError:
        engine.dispose()
        raise
    return Records(engine, lasts=lasts)


def copy_records(source_path: Path, target_path: Path) -> None:
    """A private copy of SQLite records, complete even while others write to the source.

    Raises: CrmError("records_unreachable") without a source, ("records_copy_exists").
    """
    if not source_path.exists():
        raise CrmError("records_unreachable")
    if target_path.exists():
        raise CrmError("records_copy_exists")
    target_path.parent.mkdir(parents=True, exist_ok=True)
    fresh = target_path.with_name(f"{target_path.name}.{secrets.token_hex(4)}.new")
    try:
        with (
            closing(sqlite3.connect(source_path)) as source,
            closing(sqlite3.connect(fresh)) as copy,
        ):
            source.backup(copy)
        # Two tabs of one visitor may be here at once: the first copy stays, the other is dropped.
        with suppress(FileExistsError):
            target_path.hardlink_to(fresh)
    except sqlite3.Error:
        raise CrmError("records_unreachable") from None
    finally:
        fresh.unlink(missing_ok=True)


def _mirror(
    connection: Connection,
    wanted: Iterable[tuple[str, Select[*tuple[Any, ...]], dict[str, pa.DataType]]],
) -> Mirror:
    tables = {name: _arrow(connection, query, kinds) for name, query, kinds in wanted}
    return Mirror(tables, counter(connection, "decisions"), counter(connection, "members"))


def _rights(connection: Connection) -> dict[str, pa.Table]:
    """Nothing where nobody is restricted and nothing was put right, which costs readers nothing."""
    found: dict[str, pa.Table] = {}
    if keys := sorted(restricted(connection)):
        found["restrictions"] = pa.table({"customer_key": pa.array(keys, pa.int64())})
    if rows := corrected(connection):
        fields = [(name, pa.string()) for name in CORRECTED]
        schema = pa.schema([("customer_key", pa.int64()), *fields])
        found["corrections"] = pa.Table.from_pylist(rows, schema)
    return found


def _secret(name: str) -> Select[bytes]:
    return select(Secret.value).where(Secret.name == name)


def _mirrored(
    connection: Connection,
) -> Iterable[tuple[str, Select[*tuple[Any, ...]], dict[str, pa.DataType]]]:
    key = {"customer_key": pa.int64(), "contact_channel": pa.string()}
    yield (
        "consents",
        _current_consents(connection),
        {**key, "purpose": pa.string(), "state": pa.string()},
    )
    barred = select(Suppression.customer_key, Suppression.contact_channel)
    everywhere = literal(EVERY_CHANNEL).label("contact_channel")
    both = barred.union(
        select(PauseRow.customer_key, everywhere),
        select(RestrictionRow.customer_key, everywhere).where(
            RestrictionRow.customer_key.in_(restricted(connection))
        ),
    ).subquery()
    named = (both.c.customer_key, both.c.contact_channel)
    yield "suppressions", select(*named).order_by(*named), key
    on_hold = select(PauseRow.customer_key).order_by(PauseRow.customer_key)
    yield "pauses", on_hold, {"customer_key": pa.int64()}
    rule = cast(SavedAudience.rule, String).label("rule")
    named = select(SavedAudience.id, SavedAudience.name, SavedAudience.version, rule)
    kinds = {"id": pa.int64(), "name": pa.string(), "version": pa.int64(), "rule": pa.string()}
    yield "saved_audiences", named.order_by(SavedAudience.id), kinds
    lists = select(IdList.id, IdList.name).order_by(IdList.id)
    yield "id_lists", lists, {"id": pa.int64(), "name": pa.string()}
    listed = select(IdListMember.list_id, IdListMember.customer_key).distinct()
    kinds = {"list_id": pa.int64(), "customer_key": pa.int64()}
    yield "id_list_members", listed.order_by(*listed.selected_columns), kinds
    looked = select(SetAsideRow.kind, SetAsideRow.item_id, SetAsideRow.state)
    kinds = {"kind": pa.string(), "item_id": pa.string(), "state": pa.string()}
    yield "set_aside", looked.order_by(*looked.selected_columns), kinds


def _campaigns(connection: Connection) -> pa.Table:
    rows = connection.execute(select(CampaignRow).order_by(CampaignRow.id)).all()
    columns = {
        "id": pa.array([row.id for row in rows], pa.int64()),
        "name": pa.array([row.name for row in rows], pa.string()),
        "contact_channel": pa.array([row.contact_channel for row in rows], pa.string()),
        "starts_on": pa.array([row.starts_on for row in rows], pa.date32()),
        "ends_on": pa.array(
            [last_day(row.starts_on, row.window_days) for row in rows], pa.date32()
        ),
        "sealed_on": pa.array(
            [row.sealed_at.date() if row.sealed_at else None for row in rows], pa.date32()
        ),
    }
    return pa.table(columns)


def _sensitive(connection: Connection) -> pa.Table:
    kept = select(Setting.value).where(Setting.key == "sensitive_categories")
    named = connection.execute(kept).scalar() or []
    return pa.table({"category": pa.array(named, pa.string())})


def _offer_rules(book: OfferBook) -> pa.Table:
    kinds = {
        "number": pa.int64(),
        "place": pa.int64(),
        "name": pa.string(),
        "rule": pa.string(),
        "action": pa.string(),
        "what": pa.string(),
        "contact_channel": pa.string(),
        "is_on": pa.bool_(),
        "most_people": pa.int64(),
        "again_days": pa.int64(),
        "most_offers": pa.int64(),
        "offer_days": pa.int64(),
    }
    rows = [
        {
            **vars(each),
            "number": each.id,
            "place": place,
            "rule": json.dumps(each.rule, ensure_ascii=False),
            "most_offers": book.most_offers,
            "offer_days": book.offer_days,
        }
        for place, each in enumerate(book.rules)
    ]
    columns = {name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()}
    return pa.table(columns)


def _offer_rounds(rounds: Sequence[tuple[int, int]]) -> pa.Table:
    columns = {
        "campaign_id": pa.array([campaign for campaign, _ in rounds], pa.int64()),
        "offer_rule_id": pa.array([rule for _, rule in rounds], pa.int64()),
    }
    return pa.table(columns)


def _mirrored_members() -> Iterable[tuple[str, Select[*tuple[Any, ...]], dict[str, pa.DataType]]]:
    row = CampaignMember
    place = func.row_number().over(
        partition_by=(row.campaign_id, row.customer_key),
        order_by=(row.assigned_key != row.customer_key, row.assigned_key),
    )
    columns = (row.campaign_id, row.customer_key, row.arm, row.stratum)
    all_of_them = select(*columns, place.label("place")).subquery()
    named = [all_of_them.c[column.name] for column in columns]
    once = select(*named).where(all_of_them.c.place == 1).order_by(*named[:2])
    kinds = {"campaign_id": pa.int64(), "customer_key": pa.int64()}
    yield "campaign_members", once, {**kinds, "arm": pa.string(), "stratum": pa.string()}


def _current_consents(connection: Connection) -> Select[*tuple[Any, ...]]:
    about = (Consent.customer_key, Consent.contact_channel, Consent.purpose)
    place = func.row_number().over(
        partition_by=about, order_by=(Consent.at.desc(), Consent.id.desc())
    )
    said = select(*about, Consent.state, place.label("place"))
    said = said.where(counts(connection)).subquery()
    named = (said.c.customer_key, said.c.contact_channel, said.c.purpose)
    return select(*named, said.c.state).where(said.c.place == 1).order_by(*named)


def _arrow(
    connection: Connection, query: Select[*tuple[Any, ...]], kinds: dict[str, pa.DataType]
) -> pa.Table:
    """The rows of a query as Arrow, a batch at a time."""
    schema = pa.schema(list(kinds.items()))
    batches: list[pa.RecordBatch] = []
    rows = connection.execute(query, execution_options={"yield_per": _MIRROR_ROWS})
    for part in rows.partitions():
        columns = list(zip(*part, strict=True))
        arrays = [
            pa.array(column, kind) for column, kind in zip(columns, kinds.values(), strict=True)
        ]
        batches.append(pa.record_batch(arrays, schema=schema))
    return pa.Table.from_batches(batches, schema=schema)
