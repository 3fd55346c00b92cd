"""Who is restricted, and what of a customer was put right: added, never changed, the latest counts.

`told_key` is whom something was decided of, `customer_key` who that is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Index,
    Select,
    String,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.records.connection import reading, writing
from crm_core.records.models import Base, CustomerMove, RowNumber, UtcTime
from crm_core.records.repository import Repository, bump, checked_moment, in_chunks
from crm_core.records.subjects import checked_text

_REASON_LENGTH = 200
VALUE_LENGTH = 400


class RestrictionRow(Base):
    """One time a customer was restricted (kept, and used for nothing else) or no longer."""

    __tablename__ = "restrictions"
    __table_args__ = (
        Index("restrictions_by_customer", "customer_key"),
        Index("restrictions_by_told", "told_key"),
    )

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    told_key: Mapped[int] = mapped_column(BigInteger)
    customer_key: Mapped[int] = mapped_column(BigInteger)
    holds: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str] = mapped_column(String(_REASON_LENGTH))
    user: Mapped[str] = mapped_column(String(320))
    at: Mapped[datetime] = mapped_column(UtcTime)


class CorrectionRow(Base):
    """One time somebody said what is right of a customer's name or contact details, whatever files
    tell: "" is nothing at all; no value takes the correction back, and files count again."""

    __tablename__ = "corrections"
    __table_args__ = (
        Index("corrections_by_customer", "customer_key"),
        Index("corrections_by_told", "told_key"),
    )

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    told_key: Mapped[int] = mapped_column(BigInteger)
    customer_key: Mapped[int] = mapped_column(BigInteger)
    field: Mapped[str] = mapped_column(String(40))
    value: Mapped[str | None] = mapped_column(String(VALUE_LENGTH))
    reason: Mapped[str] = mapped_column(String(_REASON_LENGTH))
    user: Mapped[str] = mapped_column(String(320))
    at: Mapped[datetime] = mapped_column(UtcTime)


@dataclass(frozen=True)
class Restriction:
    """Since when, why, and who decided it."""

    reason: str
    user: str
    at: datetime


@dataclass(frozen=True)
class Correction:
    """What is right of one field; `value` is None where a correction was taken back."""

    field: str
    value: str | None
    reason: str
    user: str
    at: datetime


class Rights(Repository):
    """Decisions of a customer's own asking."""

    def set_restricted(
        self, key: int, *, holds: bool, reason: str, user: str, now: datetime
    ) -> bool:
        """Restricts a customer, or lifts that; whether it was not so already.

        Raises: CrmError("records_do_not_last"), ("records_note_invalid", length) for a reason
        that is none.
        """
        self._must_last()
        row = _row(key, reason, user, now) | {"holds": holds}
        with writing(self._engine) as connection:
            told = {each.told_key for each in _restricted(connection, [key])}
            if holds == bool(told):
                return False
            # Of whoever it was decided: a customer of two keys is free when both are.
            keys = {key} if holds else told
            rows = [row | {"told_key": each} for each in sorted(keys)]
            connection.execute(insert(RestrictionRow), rows)
            bump(connection, "decisions")
        return True

    def restriction_of(self, key: int) -> Restriction | None:
        """Why a customer is restricted, if they are."""
        with reading(self._engine) as connection:
            for row in _restricted(connection, [key]):
                return Restriction(row.reason, row.user, row.at)
        return None

    def restricted(self, keys: Iterable[int] | None = None) -> set[int]:
        """Those of these customers who are restricted; all who are, where none are named."""
        with reading(self._engine) as connection:
            return {row.customer_key for row in _restricted(connection, keys)}

    def correct(
        self, key: int, field: str, value: str | None, *, reason: str, user: str, now: datetime
    ) -> bool:
        """Says what a field of a customer is; with no value files count again. Whether it is news.

        Raises: CrmError("records_do_not_last"), ("records_note_invalid", length).
        """
        self._must_last()
        row = _row(key, reason, user, now) | {"field": field, "value": value}
        with writing(self._engine) as connection:
            query = _said(key).where(CorrectionRow.field == field)
            told = connection.execute(query).all()
            if (told[-1].value if told else None) == value:
                return False
            # Taken back is whatever was said, of whichever of their keys.
            keys = {key} if value is not None else {each.told_key for each in told}
            rows = [row | {"told_key": each} for each in sorted(keys)]
            connection.execute(insert(CorrectionRow), rows)
            bump(connection, "decisions")
        return True

    def corrections(self, key: int) -> list[Correction]:
        """Everything that was ever put right of a customer, newest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(_said(key)).all()
        return [Correction(r.field, r.value, r.reason, r.user, r.at) for r in reversed(rows)]


def restricted(connection: Connection, keys: Iterable[int] | None = None) -> set[int]:
    """Those of these customers who are restricted now; all, where none are named."""
    return {row.customer_key for row in _restricted(connection, keys)}


def corrected(connection: Connection) -> list[dict[str, Any]]:
    """What counts now: a row a customer with `customer_key` and each field that was put right."""
    query = select(*CorrectionRow.__table__.c).order_by(CorrectionRow.at, CorrectionRow.id)
    latest: dict[tuple[int, str], Any] = {}
    for row in connection.execute(query):
        latest.pop((row.told_key, row.field), None)  # so that the order is that of the last words
        latest[row.told_key, row.field] = row
    found: dict[int, dict[str, Any]] = {}
    for row in latest.values():
        if row.value is not None:
            told = found.setdefault(row.customer_key, {"customer_key": row.customer_key})
            told[row.field] = row.value
    return [told for _, told in sorted(found.items())]


def rights_follow(connection: Connection, survivors: Mapping[int, int]) -> int:
    """Restrictions and corrections follow customers who were found to be one, and go back with
    those who are two after all. How many rows changed."""
    changed = 0
    for table in (RestrictionRow, CorrectionRow):
        told, key = table.told_key, table.customer_key
        moved = told.in_(select(CustomerMove.old_key)) | (told != key)
        for of, now_of in connection.execute(select(told, key).where(moved).distinct()).all():
            home = survivors.get(of, of)
            if home != now_of:
                follow = update(table).where(told == of).values(customer_key=home)
                changed += connection.execute(follow).rowcount
    return changed


def _row(key: int, reason: str, user: str, now: datetime) -> dict[str, Any]:
    return {
        "told_key": key,
        "customer_key": key,
        "reason": checked_text(reason)[:_REASON_LENGTH],
        "user": user,
        "at": checked_moment(now),
    }


def _restricted(connection: Connection, keys: Iterable[int] | None) -> list[Any]:
    """The latest word of each told key, where it is that the customer is restricted."""
    last = select(func.max(RestrictionRow.id)).group_by(RestrictionRow.told_key)
    query = select(*RestrictionRow.__table__.c).where(
        RestrictionRow.id.in_(last), RestrictionRow.holds
    )
    if keys is None:
        return list(connection.execute(query).all())
    found: list[Any] = []
    for chunk in in_chunks(keys):
        found += connection.execute(query.where(RestrictionRow.customer_key.in_(chunk))).all()
    return found


def _said(key: int) -> Select[Any]:
    """Everything said of a customer, the oldest first."""
    query = select(*CorrectionRow.__table__.c).where(CorrectionRow.customer_key == key)
    return query.order_by(CorrectionRow.at, CorrectionRow.id)
