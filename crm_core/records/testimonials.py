"""Testimonials: whom the shop asked, in private, whether a review may be shown, and what they said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Row, String, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.errors import CrmError
from crm_core.records.connection import reading, writing
from crm_core.records.models import Base, UtcTime
from crm_core.records.repository import Repository, checked_moment, follow_home

#: Nobody may be quoted but who granted it; who took it back may not any more.
TESTIMONIAL_STATES: Final = ("asked", "granted", "denied", "withdrawn")
#: As whom one may be quoted.
QUOTED_AS: Final = ("anonymous", "initials", "name")
#: How the answer came.
TOLD_BY: Final = ("email", "sms", "phone", "post", "in_person")
_LONGEST_ID = 200
#: What may be said after what was said.
TESTIMONIAL_NEXT: Final = {
    "asked": ("granted", "denied"),
    "granted": ("withdrawn",),
    "denied": ("granted",),
    "withdrawn": ("granted",),
}


class TestimonialRow(Base):
    """One review that a customer was asked about. `told_key` is whose it was then, `customer_key` who
    that is now."""

    __tablename__ = "testimonials"

    review_id: Mapped[str] = mapped_column(String(_LONGEST_ID), primary_key=True)
    customer_key: Mapped[int] = mapped_column(BigInteger)
    told_key: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(20))
    quoted_as: Mapped[str] = mapped_column(String(20))
    told_by: Mapped[str] = mapped_column(String(20))
    task_id: Mapped[int | None] = mapped_column(BigInteger)
    asked_by: Mapped[str] = mapped_column(String(320))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    answered_by: Mapped[str] = mapped_column(String(320))
    answered_at: Mapped[datetime | None] = mapped_column(UtcTime)


@dataclass(frozen=True)
class Testimonial:
    """Whether a review may be shown: `quoted_as` whom, `told_by` which way, `answered_by` which user
    wrote that down; `task_id` is the task to ask."""

    review_id: str
    customer_key: int
    state: str
    quoted_as: str
    told_by: str
    task_id: int | None
    asked_by: str
    asked_at: datetime
    answered_by: str
    answered_at: datetime | None


class Testimonials(Repository):
    """Who was asked and what they said."""

    def testimonials(self) -> list[Testimonial]:
        """All of them, the latest asked first."""
        order = TestimonialRow.asked_at.desc(), TestimonialRow.review_id
        with reading(self._engine) as connection:
            rows = connection.execute(select(TestimonialRow).order_by(*order))
            return [_testimonial(row) for row in rows]

    def ask_testimonial(
        self, review_id: str, *, key: int, task_id: int | None, user: str, now: datetime
    ) -> Testimonial:
        """Notes that somebody is to be asked; once a review.

        Raises: CrmError("testimonial_asked"), ("testimonial_invalid"), ("records_do_not_last").
        """
        self._must_last()
        if not 0 < len(review_id) <= _LONGEST_ID:
            raise CrmError("testimonial_invalid")
        row = {
            "review_id": review_id,
            "customer_key": key,
            "told_key": key,
            "state": TESTIMONIAL_STATES[0],
            "quoted_as": "",
            "told_by": "",
            "task_id": task_id,
            "asked_by": user,
            "asked_at": checked_moment(now),
            "answered_by": "",
        }
        with writing(self._engine) as connection:
            if _found(connection, review_id) is not None:
                raise CrmError("testimonial_asked")
            connection.execute(insert(TestimonialRow).values(**row))
            return _must(connection, review_id)

    def answer_testimonial(
        self,
        review_id: str,
        state: str,
        *,
        told_by: str,
        quoted_as: str = "",
        user: str,
        now: datetime,
    ) -> Testimonial:
        """Writes down what was said. A yes says as whom; it can be taken back at any time.

        Raises: CrmError("testimonial_unknown"), ("testimonial_invalid") for a step that cannot follow
        or another word, ("records_do_not_last").
        """
        self._must_last()
        named = quoted_as in QUOTED_AS if state == "granted" else not quoted_as
        if told_by not in TOLD_BY or not named:
            raise CrmError("testimonial_invalid")
        told = {
            "state": state,
            "quoted_as": quoted_as,
            "told_by": told_by,
            "answered_by": user,
            "answered_at": checked_moment(now),
        }
        with writing(self._engine) as connection:
            if state not in TESTIMONIAL_NEXT[_must(connection, review_id).state]:
                raise CrmError("testimonial_invalid")
            mine = update(TestimonialRow).where(TestimonialRow.review_id == review_id)
            connection.execute(mine.values(**told))
            return _must(connection, review_id)


def testimonials_follow(connection: Connection, survivors: Mapping[int, int]) -> int:
    """What was asked follows customers who were found to be one, and goes back with those who are two
    after all. How many rows changed."""
    return follow_home(connection, TestimonialRow, survivors)


def _must(connection: Connection, review_id: str) -> Testimonial:
    row = _found(connection, review_id)
    if row is None:
        raise CrmError("testimonial_unknown")
    return _testimonial(row)


def _found(connection: Connection, review_id: str) -> Row[Any] | None:
    mine = select(TestimonialRow).where(TestimonialRow.review_id == review_id)
    return connection.execute(mine).one_or_none()


def _testimonial(row: Row[Any]) -> Testimonial:
    return Testimonial(**{name: getattr(row, name) for name in Testimonial.__annotations__})
