"""PostgreSQL that stops between two questions and comes back: said clearly, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from crm_core.records import open_records
from tests.servers.postgresql import Server
from tests.small_shop import NOW
from tests.store.test_postgres import Team
from tests.trust.test_faults import told


@contextmanager
def stopped(server: Server, address: str) -> Iterator[None]:
    """Meanwhile the database ends every connection and takes no new one, as when it restarts."""
    name = address.split("/")[3].split("?")[0]
    server.run(
        f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
    )
    try:
        yield
    finally:
        server.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@pytest.mark.slow
def test_a_server_that_stops_in_mid_rerun_is_said_and_the_next_run_works(
    postgres: Server, database: str, tmp_path: Path
) -> None:
    team = Team(database, tmp_path)
    team.publish(1, 2, 3)
    store, records = team.machine().open(), open_records(database)
    records.save_user("ann@example.com", "admin", NOW)
    numbers = store.table("numbers")
    assert len(store.fetch(numbers)) == 3
    with stopped(postgres, database):
        assert told(lambda: store.fetch(numbers)) == "store_unreachable"
        assert told(records.users) == "records_unreachable"
        assert told(lambda: team.publish(4)) == "store_unreachable"
    assert len(store.fetch(numbers)) == 3
    assert list(records.users()) == ["ann@example.com"]
    team.publish(4)
    with closing(team.machine().open()) as fresh:
        assert len(fresh.fetch(fresh.table("numbers"))) == 1
    store.close()
    records.close()
