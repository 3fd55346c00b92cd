"""Who may sign in, and as what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from crm_core.errors import CrmError, close_match
from crm_core.records.connection import reading, writing
from crm_core.records.models import User
from crm_core.records.repository import Repository, checked_moment, upsert

ROLES = ("viewer", "care", "marketer", "admin")


class People(Repository):
    """The sign-in list. A name is an address or account, kept in small letters."""

    def users(self) -> dict[str, str]:
        """The role of every person, by name."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(User.user, User.role).order_by(User.user))
            return {row.user: row.role for row in rows}

    def role_of(self, user: str) -> str | None:
        """A person's role, or None for a stranger. Asked anew at every run."""
        with reading(self._engine) as connection:
            return connection.execute(select(User.role).where(User.user == _account(user))).scalar()

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
        row = {"user": _account(user), "role": role, "changed_at": checked_moment(now)}
        with writing(self._engine) as connection:
            upsert(connection, User, ["user"], row)

    def remove_user(self, user: str) -> None:
        """Lets a person in no longer; at once, whatever session they hold."""
        with writing(self._engine) as connection:
            connection.execute(delete(User).where(User.user == _account(user)))


def _account(user: str) -> str:
    account = user.strip().casefold()
    if not account or len(account) > 320 or any(char.isspace() for char in account):
        raise CrmError("records_user_invalid")
    return account
