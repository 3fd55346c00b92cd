"""Who is one customer and who is not, where people know better than the rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.errors import CrmError
from crm_core.records.connection import reading, writing
from crm_core.records.models import Base, Setting, UtcTime
from crm_core.records.repository import Repository, bump, checked_moment, insert_new, upsert


class IdentityOverrideRow(Base):
    """A decision about who is one customer and who is not."""

    __tablename__ = "identity_overrides"

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    trace: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(String(400), primary_key=True)
    other: Mapped[str] = mapped_column(String(400), primary_key=True)
    user: Mapped[str] = mapped_column(String(320))
    at: Mapped[datetime] = mapped_column(UtcTime)


TRACES = ("source_id", "email", "phone")
_LENGTH = 400
_REBUILT = "people:rebuilt"


@dataclass(frozen=True)
class IdentityOverride:
    """One decision. `apart`: the trace (its kind and value) joins nobody. `same`: the source ids
    `value` and `other` are one customer."""

    kind: str
    trace: str
    value: str
    other: str
    user: str
    at: datetime


class IdentityOverrides(Repository):
    """Decisions count from the next import on, and for those already joined from a rebuild on."""

    def set_apart(self, trace: str, value: str, *, user: str, now: datetime) -> bool:
        """Says that a source id, e-mail or phone joins nobody; whether that is new.

        Raises: CrmError("records_trace_unknown").
        """
        if trace not in TRACES or not value or len(value) > _LENGTH:
            raise CrmError("records_trace_unknown")
        return self._decide("apart", trace, value, "", user, now)

    def set_same(self, one: str, other: str, *, user: str, now: datetime) -> bool:
        """Says that two source ids are one customer; whether that is new.

        Raises: CrmError("records_trace_unknown").
        """
        first, second = sorted((one, other))
        if not first or first == second or len(second) > _LENGTH:
            raise CrmError("records_trace_unknown")
        return self._decide("same", "source_id", first, second, user, now)

    def _decide(
        self, kind: str, trace: str, value: str, other: str, user: str, now: datetime
    ) -> bool:
        row = {"kind": kind, "trace": trace, "value": value, "other": other}
        row |= {"user": user, "at": checked_moment(now)}
        with writing(self._engine) as connection:
            added = connection.execute(insert_new(connection, IdentityOverrideRow), [row]).rowcount
            if added:
                bump(connection, "decisions")
        return bool(added)

    def take_back(self, override: IdentityOverride) -> bool:
        """Lets the rules decide again; whether the decision was there."""
        table = IdentityOverrideRow
        with writing(self._engine) as connection:
            gone = connection.execute(
                delete(table).where(
                    table.kind == override.kind,
                    table.trace == override.trace,
                    table.value == override.value,
                    table.other == override.other,
                )
            ).rowcount
            if gone:
                bump(connection, "decisions")
        return bool(gone)

    def keep_rebuilt(
        self, decided: Sequence[IdentityOverride], *, user: str, now: datetime
    ) -> None:
        """Remembers which decisions the store was last made anew with."""
        row = {"key": _REBUILT, "value": _mark(decided)}
        row |= {"changed_by": user, "changed_at": checked_moment(now)}
        with writing(self._engine) as connection:
            upsert(connection, Setting, ["key"], row)

    def rebuild_pending(self) -> bool:
        """Whether traces were set apart, or no longer are, since the store was last made anew."""
        with reading(self._engine) as connection:
            kept = connection.execute(select(Setting.value).where(Setting.key == _REBUILT)).scalar()
        return _mark(self.identity_overrides()) != (kept or _mark(()))

    def identity_overrides(self) -> list[IdentityOverride]:
        """Every decision, the latest first."""
        table = IdentityOverrideRow
        columns = [getattr(table, name) for name in IdentityOverride.__dataclass_fields__]
        query = select(*columns).order_by(table.at.desc(), table.value)
        with reading(self._engine) as connection:
            return [IdentityOverride(**row) for row in connection.execute(query).mappings()]


def _mark(decided: Sequence[IdentityOverride]) -> str:
    """A short name of what was set apart, in which nothing personal can be read.

    >>> _mark(()) == _mark([IdentityOverride("same", "source_id", "a", "b", "ann", datetime.min)])
    True
    """
    apart = sorted([each.trace, each.value] for each in decided if each.kind == "apart")
    return sha256(json.dumps(apart).encode()).hexdigest()
