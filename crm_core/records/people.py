"""Who may sign in, and as what; whom the shop let go; which sign-ins were ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.errors import CrmError, close_match
from crm_core.records.connection import reading, writing
from crm_core.records.models import Base, UtcTime
from crm_core.records.repository import Repository, checked_moment, insert_new, upsert


class User(Base):
    """A person who may sign in, and as what."""

    __tablename__ = "users"

    user: Mapped[str] = mapped_column(String(320), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcTime)


class EndedSignIn(Base):
    """A sign-in that was ended; its cookie, which lives on, opens nothing."""

    __tablename__ = "ended_sign_ins"

    sign_in: Mapped[str] = mapped_column(String(64), primary_key=True)
    ended_at: Mapped[datetime] = mapped_column(UtcTime)


ROLES = ("viewer", "care", "marketer", "admin")
#: How long an ended sign-in is remembered: longer than the server lets any cookie live.
REMEMBERED = timedelta(days=60)


@dataclass(frozen=True)
class Member:
    """A person the shop decided about. Whoever was removed stays known, so that neither a claim
    of the sign-in provider nor an old cookie lets them in."""

    user: str
    role: str
    changed_at: datetime
    removed_at: datetime | None = None


@dataclass(frozen=True)
class Standing:
    """What the records say of somebody who is signed in: their row, if there is one, and whether
    this sign-in was ended."""

    member: Member | None = None
    is_ended: bool = False

    @property
    def role(self) -> str | None:
        """The role the shop gave; None for a stranger and for who was removed."""
        member = self.member
        return None if member is None or member.removed_at is not None else member.role


class People(Repository):
    """The sign-in list. A name is an address or account, kept in small letters."""

    def members(self) -> list[Member]:
        """Everybody ever let in or turned away, by name."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(*_MEMBER).order_by(User.user))
            return [Member(*row) for row in rows]

    def users(self) -> dict[str, str]:
        """The role of every person who may come in, by name."""
        return {each.user: each.role for each in self.members() if each.removed_at is None}

    def member_standing(self, user: str, sign_in: str = "") -> Standing:
        """What is to be known of a person and a sign-in of theirs. Asked anew at every run."""
        with reading(self._engine) as connection:
            query = select(*_MEMBER).where(User.user == account(user))
            row = connection.execute(query).first()
            ended = select(EndedSignIn.sign_in).where(EndedSignIn.sign_in == sign_in)
            is_ended = connection.execute(ended).first() is not None
        return Standing(Member(*row) if row else None, is_ended)

    def role_of(self, user: str) -> str | None:
        """A person's role, or None for a stranger or who was removed."""
        return self.member_standing(user).role

    def save_user(self, user: str, role: str, now: datetime) -> None:
        """Lets a person in, or changes what they may do.

        Raises: CrmError("records_role_unknown", role, match), ("records_user_invalid").
        """
        if role not in ROLES:
            raise CrmError(
                "records_role_unknown",
                role=role,
                roles=", ".join(ROLES),
                match=close_match(role, ROLES),
            )
        self._save(user, {"role": role, "changed_at": checked_moment(now), "removed_at": None})

    def remove_user(self, user: str, now: datetime) -> None:
        """Lets a person in no longer; at once, whatever session they hold or role is claimed."""
        moment = checked_moment(now)
        role = self.role_of(user) or ""
        self._save(user, {"role": role, "changed_at": moment, "removed_at": moment})

    def _save(self, user: str, row: dict[str, Any]) -> None:
        with writing(self._engine) as connection:
            upsert(connection, User, ["user"], {"user": account(user), **row})

    def end_sign_in(self, sign_in: str, now: datetime) -> None:
        """Ends a sign-in for good: a copy of its cookie opens nothing any more."""
        moment = checked_moment(now)
        with writing(self._engine) as connection:
            old = EndedSignIn.ended_at < moment - REMEMBERED
            connection.execute(delete(EndedSignIn).where(old))
            row = {"sign_in": sign_in, "ended_at": moment}
            connection.execute(insert_new(connection, EndedSignIn), row)


_MEMBER = (User.user, User.role, User.changed_at, User.removed_at)


def account(user: str) -> str:
    """A sign-in name as it is kept.

    Raises: CrmError("records_user_invalid").
    """
    name = user.strip().casefold()
    if not name or len(name) > 320 or any(char.isspace() for char in name):
        raise CrmError("records_user_invalid")
    return name
