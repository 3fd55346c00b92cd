from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from crm_core.records import Records, open_records
from crm_core.records.connection import connect, writing

#: Files whose tests are asked of a server at the gate as well; the others among the slow tests.
ON_A_SERVER = {"test_records.py", "test_consents.py", "test_connection.py", "test_audit_log.py"}
NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


@pytest.hookimpl(tryfirst=True)  # before slow tests are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        asked: Any = getattr(item, "callspec", None)
        on_a_server = asked is not None and asked.params.get("url") == "postgres"
        if here in item.path.parents and on_a_server and item.path.name not in ON_A_SERVER:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))]
)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where new records are to be: a file, or a database on a server."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/records.db"
    address: str = request.getfixturevalue("database")
    return address


def by_hand(url: str, statement: str) -> None:
    """Changes the records behind the program's back."""
    engine = connect(url)
    with writing(engine) as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def records(url: str) -> Iterator[Records]:
    opened = open_records(url)
    yield opened
    opened.close()
