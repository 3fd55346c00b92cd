"""Goodwill: what was given to a customer beyond what was owed, by whom and why, up to a limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Index, Row, String, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.errors import CrmError
from crm_core.records.connection import reading, writing
from crm_core.records.models import Base, Counter, RowNumber, Setting, UtcTime
from crm_core.records.repository import Repository, checked_moment, checked_name, follow_home
from crm_core.records.shop_settings import ShopSettings
from crm_core.records.subjects import checked_text

GOODWILL_KINDS: Final = ("refund", "code")
GOODWILL_DAYS: Final = 90
_REASON_LENGTH = 500
_CENT = Decimal("0.01")


class GoodwillRow(Base):
    """One thing given. `told_key` is whom it was given to, `customer_key` who that is now; money
    is kept in hundredths. One taken back stays, and counts no more."""

    __tablename__ = "goodwill"
    __table_args__ = (Index("goodwill_by_customer", "customer_key", "at"),)

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    customer_key: Mapped[int] = mapped_column(BigInteger)
    told_key: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(20))
    cents: Mapped[int] = mapped_column(BigInteger)
    reference: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(_REASON_LENGTH))
    user: Mapped[str] = mapped_column(String(320))
    at: Mapped[datetime] = mapped_column(UtcTime)
    taken_back_at: Mapped[datetime | None] = mapped_column(UtcTime)
    taken_back_by: Mapped[str] = mapped_column(String(320))


@dataclass(frozen=True)
class Gift:
    """What is to be given: money of an order or a code (`reference`), how much, and why."""

    kind: str
    amount: Decimal
    reference: str
    reason: str


@dataclass(frozen=True)
class Goodwill(Gift):
    """What was given, by whom and when, and whether it was taken back."""

    id: int
    user: str
    at: datetime
    taken_back_at: datetime | None
    taken_back_by: str


@dataclass(frozen=True)
class Allowance:
    """How much a customer may still get, out of how much in `GOODWILL_DAYS` days; `free_at` is
    when the earliest gift of those days stops to count, nothing while none does."""

    limit: Decimal
    left: Decimal
    free_at: datetime | None


class Goodwills(Repository):
    """What was given out of goodwill, and how much more may be."""

    def goodwill(self, key: int) -> list[Goodwill]:
        """Everything a customer was given, the latest first."""
        query = select(GoodwillRow).where(GoodwillRow.customer_key == key)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(GoodwillRow.at.desc(), GoodwillRow.id.desc()))
            return [_goodwill(row) for row in rows]

    def allowance(self, key: int, now: datetime) -> Allowance:
        """How much the shop's setting leaves for a customer now."""
        with reading(self._engine) as connection:
            return _allowance(connection, key, checked_moment(now))

    def give_goodwill(self, key: int, gift: Gift, *, user: str, now: datetime) -> Goodwill:
        """Writes down what is given, unless it is more than the shop allows.

        Two who give at once take turns, so that together they stay within the limit.
        Raises: CrmError("records_goodwill_over", limit, left, days), ("records_goodwill_none"),
        ("records_goodwill_invalid", field), ("records_name_invalid") for a reference that is none.
        """
        row = _checked(gift)
        row |= {"customer_key": key, "told_key": key, "user": user, "at": checked_moment(now)}
        with writing(self._engine) as connection:
            # A row that is always there is what they take turns at.
            turn = select(Counter.value).where(Counter.name == "decisions")
            connection.execute(turn.with_for_update())
            allowed = _allowance(connection, key, now)
            if not allowed.limit:
                raise CrmError("records_goodwill_none")
            if gift.amount > allowed.left:
                raise CrmError(
                    "records_goodwill_over",
                    limit=allowed.limit,
                    left=allowed.left,
                    days=GOODWILL_DAYS,
                )
            made = connection.execute(insert(GoodwillRow).values(**row).returning(GoodwillRow.id))
            return _found(connection, made.scalar_one())

    def take_back_goodwill(self, number: int, key: int, *, user: str, now: datetime) -> Goodwill:
        """Says that something was not given after all; said twice, the first time counts.

        Raises: CrmError("records_note_unknown") for what this customer was not given.
        """
        undone = {"taken_back_at": checked_moment(now), "taken_back_by": user}
        with writing(self._engine) as connection:
            mine = (GoodwillRow.id == number, GoodwillRow.customer_key == key)
            if connection.execute(select(GoodwillRow.id).where(*mine)).first() is None:
                raise CrmError("records_note_unknown")
            still = GoodwillRow.taken_back_at.is_(None)
            connection.execute(update(GoodwillRow).where(*mine, still).values(**undone))
            return _found(connection, number)


def goodwill_follows(connection: Connection, survivors: Mapping[int, int]) -> int:
    """What was given follows customers who were found to be one, and goes back with those who are
    two after all. How many rows changed."""
    return follow_home(connection, GoodwillRow, survivors)


def _checked(gift: Gift) -> dict[str, Any]:
    if gift.kind not in GOODWILL_KINDS:
        raise CrmError("records_goodwill_invalid", field="kind")
    whole = gift.amount.is_finite() and gift.amount == gift.amount.quantize(_CENT)
    if not whole or not 0 < gift.amount < 10**9:
        raise CrmError("records_goodwill_invalid", field="amount")
    return {
        "kind": gift.kind,
        "cents": int(gift.amount * 100),
        "reference": checked_name(gift.reference),
        "reason": checked_text(gift.reason)[:_REASON_LENGTH],
        "taken_back_by": "",
    }


def _allowance(connection: Connection, key: int, now: datetime) -> Allowance:
    query = select(Setting.value).where(Setting.key == "goodwill_limit")
    said = connection.execute(query).scalar()
    limit = ShopSettings().goodwill_limit if said is None else Decimal(str(said))
    counted = (
        GoodwillRow.customer_key == key,
        GoodwillRow.taken_back_at.is_(None),
        GoodwillRow.at > now - timedelta(days=GOODWILL_DAYS),
    )
    query = select(func.sum(GoodwillRow.cents), func.min(GoodwillRow.at)).where(*counted)
    cents, earliest = connection.execute(query).one()
    left = max(limit - Decimal(int(cents or 0)) / 100, Decimal(0))
    free_at = earliest + timedelta(days=GOODWILL_DAYS) if earliest else None
    return Allowance(limit, left, free_at)


def _found(connection: Connection, number: int) -> Goodwill:
    return _goodwill(connection.execute(select(GoodwillRow).where(GoodwillRow.id == number)).one())


def _goodwill(row: Row[Any]) -> Goodwill:
    return Goodwill(
        kind=row.kind,
        amount=Decimal(row.cents) / 100,
        reference=row.reference,
        reason=row.reason,
        id=row.id,
        user=row.user,
        at=row.at,
        taken_back_at=row.taken_back_at,
        taken_back_by=row.taken_back_by,
    )
