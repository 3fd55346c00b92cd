"""Which rows of any table of the records are about some customers: found by what columns are
called, so that a table that comes later is found, too."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, String, Table, and_, cast, false, or_, select

from crm_core.records.connection import reading
from crm_core.records.customer_codes import SECRET, customer_code
from crm_core.records.identity_overrides import IdentityOverrideRow
from crm_core.records.models import (
    AuditRow,
    Base,
    SavedView,
    Secret,
)
from crm_core.records.repository import Repository

#: Columns of any table that name a customer by key.
KEYS: Final = ("customer_key", "told_key", "assigned_key", "old_key", "new_key")
#: Columns of any table that name a customer by code, where `subject_kind` says so.
SUBJECTS: Final = ("subject", "told_subject")

Trace = tuple[str, str]
IsTheirs = Callable[[Trace], bool]


class SubjectRows(Repository):
    """Everything decided and written about one person."""

    def held_of(self, keys: Sequence[int], is_theirs: IsTheirs) -> dict[str, list[dict[str, Any]]]:
        """The rows of every table about customers with these keys, whose traces (kind, value)
        `is_theirs` knows. Of the log the lines that name them by their code."""
        found: dict[str, list[dict[str, Any]]] = {}
        with reading(self._engine) as connection:
            for table in Base.metadata.sorted_tables:
                test = about(connection, table, keys, is_theirs)
                if table.name == AuditRow.__tablename__:
                    test = _log_lines(connection, keys)
                if test is not None:
                    rows = connection.execute(select(table).where(test)).mappings()
                    found[table.name] = [dict(row) for row in rows]
        return {name: rows for name, rows in found.items() if rows}


def about(
    connection: Connection, table: Table, keys: Sequence[int], is_theirs: IsTheirs
) -> ColumnElement[bool] | None:
    """The test that tells rows about these customers; None for a table that is about nobody."""
    if table.name == IdentityOverrideRow.__tablename__:
        return _overrides(connection, table, is_theirs)
    tests: list[ColumnElement[bool]] = [table.c[name].in_(keys) for name in KEYS if name in table.c]
    if "subject_kind" in table.c:
        codes = _codes(connection, keys)
        named = or_(*[table.c[name].in_(codes) for name in SUBJECTS if name in table.c])
        tests.append(and_(table.c.subject_kind == "customer", named))
    if table.name == SavedView.__tablename__:
        codes = _codes(connection, keys)
        tests.append(or_(false(), *[table.c.query.contains(code) for code in codes]))
    return or_(*tests) if tests else None


def _codes(connection: Connection, keys: Sequence[int]) -> list[str]:
    secret = connection.execute(select(Secret.value).where(Secret.name == SECRET)).scalar()
    return [customer_code(secret, key) for key in keys] if secret is not None else []


def _log_lines(connection: Connection, keys: Sequence[int]) -> ColumnElement[bool]:
    told = cast(AuditRow.__table__.c.subject, String)
    named = [told.contains(json.dumps(code)) for code in _codes(connection, keys)]
    return or_(false(), *named)


def _overrides(connection: Connection, table: Table, is_theirs: IsTheirs) -> ColumnElement[bool]:
    """Decisions about who is one customer name people by their traces."""
    columns = (table.c.kind, table.c.trace, table.c.value, table.c.other)
    theirs = [
        row
        for row in connection.execute(select(*columns)).all()
        if any(value and is_theirs((row.trace, value)) for value in (row.value, row.other))
    ]
    same = [and_(*[column == row[n] for n, column in enumerate(columns)]) for row in theirs]
    return or_(false(), *same)
