from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from crm_core.errors import CrmError
from crm_core.records import migrations, open_records
from crm_core.records.connection import HEAD, connect, migrate, reading
from crm_core.records.models import Base
from tests.records.conftest import by_hand


def test_migrating_from_nothing_gives_the_tables_of_the_models(url: str) -> None:
    engine = connect(url)
    migrate(engine)
    with reading(engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_the_last_migration_is_the_one_the_program_expects() -> None:
    folder = Path(str(migrations.__file__)).parent
    assert ScriptDirectory(str(folder)).get_current_head() == HEAD


def test_records_of_a_later_program_are_left_alone(url: str) -> None:
    open_records(url).close()
    by_hand(url, "UPDATE alembic_version SET version_num = 'r9999'")
    with pytest.raises(CrmError, match="records_newer"):
        open_records(url)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_sqlite_waits_its_turn_and_keeps_references(url: str) -> None:
    engine = connect(url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000
    engine.dispose()
