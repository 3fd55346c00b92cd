"""The tables of what people decided. Times are UTC; events are added, never changed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

# SQLite gives row numbers only to a column that is exactly INTEGER.
RowNumber = BigInteger().with_variant(Integer(), "sqlite")


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC, aware on the way in and out; SQLite keeps it as sortable text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment as the engine takes it."""
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment as people of this program take it: aware, UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables of the records."""


class Setting(Base):
    """One document of the shop's settings."""

    __tablename__ = "shop_settings"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    changed_by: Mapped[str] = mapped_column(String(320))
    changed_at: Mapped[datetime] = mapped_column(UtcTime)


class SavedAudience(Base):
    """A named rule that picks customers; `version` rises with every change."""

    __tablename__ = "saved_audiences"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(240), unique=True)
    rule: Mapped[Any] = mapped_column(JSON)
    owner: Mapped[str] = mapped_column(String(320))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)


class AudienceVersion(Base):
    """What a saved audience was from its version on; stays when the audience is removed."""

    __tablename__ = "audience_versions"

    audience_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(120))
    rule: Mapped[Any] = mapped_column(JSON)
    saved_by: Mapped[str] = mapped_column(String(320))
    saved_at: Mapped[datetime] = mapped_column(UtcTime)


class IdList(Base):
    """A named list of customers that somebody brought along, and what became of its rows."""

    __tablename__ = "id_lists"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(240), unique=True)
    told: Mapped[Any] = mapped_column(JSON)
    owner: Mapped[str] = mapped_column(String(320))
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class IdListMember(Base):
    """A customer in such a list. `told_key` is whom the list named, `customer_key` who that is
    now: the two differ where customers were found to be one."""

    __tablename__ = "id_list_members"
    __table_args__ = (Index("id_list_members_by_customer", "customer_key"),)

    list_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    told_key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    customer_key: Mapped[int] = mapped_column(BigInteger)


class SavedView(Base):
    """A page with its filters, kept under a name by its owner."""

    __tablename__ = "saved_views"

    owner: Mapped[str] = mapped_column(String(320), primary_key=True)
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    query: Mapped[str] = mapped_column(String(2000))


# What tells one consent event from another.
EVENT = ("customer_key", "contact_channel", "purpose", "at", "state", "source")


class Consent(Base):
    """One time a customer said yes or no to being contacted. Added, never changed.

    `imported` events are a file's and go with it; `told_key` is the customer an event was
    recorded about, where that one was found to be another since. Of an event that somebody typed
    who that was (`recorded_by`), why, and what the customer was asked, word by word, if known.
    """

    __tablename__ = "consents"
    __table_args__ = (
        # Said twice, it counts once; the same index serves reading a customer's latest word.
        UniqueConstraint(*EVENT, name="one_consent_event"),
    )

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    customer_key: Mapped[int] = mapped_column(BigInteger)
    contact_channel: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(UtcTime)
    source: Mapped[str] = mapped_column(String(200), default="")
    imported: Mapped[bool] = mapped_column(Boolean)
    told_key: Mapped[int | None] = mapped_column(BigInteger)
    recorded_by: Mapped[str | None] = mapped_column(String(320))
    reason: Mapped[str | None] = mapped_column(String(200))
    wording: Mapped[str | None] = mapped_column(String(2000))


class Passing(DeclarativeBase):
    """Tables that last no longer than a transaction."""


class ToldConsent(Passing):
    """The consent events that files tell now, to compare with those that are kept."""

    __tablename__ = "told_consents"
    __table_args__ = ({"prefixes": ["TEMPORARY"]},)

    customer_key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    contact_channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    state: Mapped[str] = mapped_column(String(10), primary_key=True)
    source: Mapped[str] = mapped_column(String(200), primary_key=True)
    imported: Mapped[bool] = mapped_column(Boolean)


class CustomerMove(Base):
    """A customer key that was given up, and the one it became."""

    __tablename__ = "customer_moves"

    old_key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    new_key: Mapped[int] = mapped_column(BigInteger)


class Suppression(Base):
    """A customer who must not be contacted on a channel, or on `all`, whatever was consented."""

    __tablename__ = "suppressions"

    customer_key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    contact_channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    reason: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcTime)


class AuditRow(Base):
    """What somebody did with personal data; each line carries the hash of the one before."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_by_action", "action", "at"),)

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcTime)
    user: Mapped[str] = mapped_column(String(320))
    role: Mapped[str] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[Any] = mapped_column(JSON)
    rows: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    export_id: Mapped[str | None] = mapped_column(String(40))
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class SetAsideRow(Base):
    """An order or review that people looked at: kept, proposed to be set aside, or set aside."""

    __tablename__ = "set_aside"

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(200))
    proposer: Mapped[str] = mapped_column(String(320))
    proposed_at: Mapped[datetime] = mapped_column(UtcTime)
    approver: Mapped[str | None] = mapped_column(String(320))
    approved_at: Mapped[datetime | None] = mapped_column(UtcTime)
    vouched: Mapped[bool] = mapped_column(Boolean)


class SetAsideLine(Base):
    """Who did what with orders and reviews that were looked at; lines are only added."""

    __tablename__ = "set_aside_log"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime)
    user: Mapped[str] = mapped_column(String(320))
    action: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(10))
    items: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(200))
    vouched: Mapped[bool] = mapped_column(Boolean)


class OfferRow(Base):
    """What a campaign may offer: it lowers a price, and costs the shop so much when used."""

    __tablename__ = "offers"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(240), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[float] = mapped_column(Float)
    code: Mapped[str] = mapped_column(String(60))
    cost: Mapped[float] = mapped_column(Float)
    products: Mapped[Any] = mapped_column(JSON)
    categories: Mapped[Any] = mapped_column(JSON)
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    cap: Mapped[int | None] = mapped_column(Integer)
    owner: Mapped[str] = mapped_column(String(320))
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class CampaignRow(Base):
    """A campaign: whom it is for, what it offers and costs; `sealed_at` once people have arms."""

    __tablename__ = "campaigns"

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(240), unique=True)
    rule: Mapped[Any] = mapped_column(JSON)
    audience: Mapped[str] = mapped_column(String(120))
    audience_version: Mapped[int | None] = mapped_column(Integer)
    contact_channel: Mapped[str] = mapped_column(String(20))
    offer_id: Mapped[int | None] = mapped_column(BigInteger)
    cost_per_contact: Mapped[float] = mapped_column(Float)
    fixed_cost: Mapped[float] = mapped_column(Float)
    window_days: Mapped[int] = mapped_column(Integer)
    starts_on: Mapped[date] = mapped_column(Date)
    holdout_share: Mapped[float] = mapped_column(Float)
    strata: Mapped[str] = mapped_column(String(40))
    playbook: Mapped[str] = mapped_column(String(40))
    expected_lift: Mapped[float | None] = mapped_column(Float)
    follows: Mapped[int | None] = mapped_column(BigInteger)
    owner: Mapped[str] = mapped_column(String(320))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)
    sealed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    snapshot: Mapped[str | None] = mapped_column(String(80))
    as_of: Mapped[date | None] = mapped_column(Date)
    left_out: Mapped[Any] = mapped_column(JSON)


class CampaignMember(Base):
    """Which arm a customer was assigned to. `assigned_key` is the key at that time and stays;
    `customer_key` follows the customer."""

    __tablename__ = "campaign_members"
    __table_args__ = (Index("campaign_members_by_customer", "customer_key"),)

    campaign_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    assigned_key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    customer_key: Mapped[int] = mapped_column(BigInteger)
    arm: Mapped[str] = mapped_column(String(20))
    stratum: Mapped[str] = mapped_column(String(80))


class NoteRow(Base):
    """Something to know about a number, a customer, a chart, a campaign or a page. `told_subject`
    is what it was written on; `subject` follows a customer found to be another."""

    __tablename__ = "notes"
    __table_args__ = (Index("notes_by_subject", "subject_kind", "subject"),)

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(120))
    told_subject: Mapped[str] = mapped_column(String(120))
    day: Mapped[date] = mapped_column(Date)
    text: Mapped[str] = mapped_column(String(2000))
    author: Mapped[str] = mapped_column(String(320))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)


class TaskRow(Base):
    """Something to do about such a subject; open until `done_at`."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("tasks_by_subject", "subject_kind", "subject"),
        Index("tasks_by_done", "done_at", "due"),
    )

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(120))
    told_subject: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(String(2000))
    owner: Mapped[str] = mapped_column(String(320))
    due: Mapped[date | None] = mapped_column(Date)
    author: Mapped[str] = mapped_column(String(320))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcTime)
    done_by: Mapped[str] = mapped_column(String(320))
    version: Mapped[int] = mapped_column(Integer)


class Secret(Base):
    """Random bytes made once: the key of customer codes in addresses, the salt of hashes."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)


class Counter(Base):
    """Numbers that only rise: `decisions` with every decision, `audit` with every line,
    `members` whenever somebody's arm became known or moved, `goals` with every saving of goals."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
