"""Orders that people took out of all numbers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select

from crm_core.records.connection import reading, writing
from crm_core.records.models import SetAsideOrder
from crm_core.records.repository import Repository, bump, checked_moment, insert_new


class SetAside(Repository):
    """Set aside, never deleted: an order can be brought back."""

    def set_aside(self, order_ids: Iterable[str], *, reason: str, user: str, now: datetime) -> int:
        """Takes orders out of all numbers; tells how many were not out yet."""
        at = checked_moment(now)
        rows = [
            {"order_id": order_id, "reason": reason[:200], "user": user, "at": at}
            for order_id in order_ids
        ]
        if not rows:
            return 0
        with writing(self._engine) as connection:
            added = connection.execute(insert_new(connection, SetAsideOrder), rows).rowcount
            if added:
                bump(connection, "decisions")
        return added

    def bring_back(self, order_ids: Iterable[str]) -> int:
        """Counts orders again; tells how many were out."""
        removed = 0
        with writing(self._engine) as connection:
            for order_id in order_ids:
                gone = delete(SetAsideOrder).where(SetAsideOrder.order_id == order_id)
                removed += connection.execute(gone).rowcount
            if removed:
                bump(connection, "decisions")
        return removed

    def orders_set_aside(self) -> dict[str, str]:
        """The orders that are out, each with the reason."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(SetAsideOrder.order_id, SetAsideOrder.reason).order_by(
                    SetAsideOrder.order_id
                )
            )
            return {row.order_id: row.reason for row in rows}
