from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import text

from crm_core.errors import CrmError
from crm_core.records import AuditEntry, Item, Records, copy_records, migrations, open_records
from crm_core.records.connection import connect, writing
from tests.records.conftest import NOW, by_hand


def test_records_begin_empty_and_open_again(url: str) -> None:
    first = open_records(url)
    assert first.audiences() == []
    assert first.decisions_revision() == 0
    first.save_user("Mia@Shop.example", "marketer", NOW)
    first.close()
    again = open_records(url)
    assert again.users() == {"mia@shop.example": "marketer"}
    again.close()


@pytest.mark.parametrize(
    "url", ["", "records.db", "sqlite://", "sqlite:///:memory:", "mysql://u:geheim@h/x", "http://x"]
)
def test_an_address_nobody_knows_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(CrmError) as refused:
        open_records(url)
    assert refused.value.code == "records_url_unknown"
    assert "geheim" not in str(refused.value)


def test_a_place_that_cannot_be_written_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(CrmError, match="records_unreachable"):
        open_records(f"sqlite:///{tmp_path}/file/records.db")
    with pytest.raises(CrmError, match="records_unreachable"):
        open_records("postgresql+psycopg://u:geheim@127.0.0.1:1/x")


def test_a_damaged_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    path.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(CrmError, match="records_damaged"):
        open_records(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"this is no database")


def test_two_writers_lose_nothing_and_keep_one_chain(url: str) -> None:
    both = [open_records(url), open_records(url)]
    start = threading.Barrier(2)

    def write(records: Records) -> None:
        start.wait()
        for number in range(25):
            records.append_audit(AuditEntry(NOW, "u", "single_user", "export", {"list": number}))
            item = Item("order", f"{id(records)}-{number}")
            records.propose_set_aside([item], reason="test", user="u", vouched=True, now=NOW)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, both))
    lines = list(both[0].audit_chain())
    assert [line.id for line in lines] == list(range(1, 51))
    assert all(one.hash == two.previous for one, two in pairwise(lines))
    assert both[1].decisions_revision() == 50
    for records in both:
        records.close()


@pytest.mark.slow
def test_two_processes_may_open_an_empty_place_at_once(url: str) -> None:
    program = f"from crm_core.records import open_records; print(open_records({url!r}).users())"
    asked = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in asked] == [b"{}", b"{}"]
    assert [process.returncode for process in asked] == [0, 0]


def test_a_reader_is_not_kept_waiting_by_a_writer(url: str, records: Records) -> None:
    other = connect(url)
    with writing(other) as writer:
        writer.execute(text("DELETE FROM users"))
        assert records.users() == {}
    other.dispose()


def test_a_secret_is_made_once(url: str, records: Records) -> None:
    key = records.secret("url_key")
    assert len(key) == 32
    other = open_records(url)
    assert other.secret("url_key") == key
    assert other.secret("hash_salt") != key
    other.close()


def test_the_mirror_holds_what_the_engine_joins(records: Records) -> None:
    records.add_audience("Tea friends", {"op": "all"}, owner="u", now=NOW)
    item = Item("order", "A-1")
    records.propose_set_aside([item], reason="brushed", user="u", vouched=True, now=NOW)
    records.suppress([7], "all", reason="complaint", now=NOW)
    records.add_id_list("Fair", [7, 3], told={}, owner="u", now=NOW)
    mirror = records.mirror()
    assert mirror.revision == records.decisions_revision() == 4
    assert mirror.tables["saved_audiences"].to_pylist() == [
        {"id": 1, "name": "Tea friends", "version": 1, "rule": '{"op": "all"}'}
    ]
    assert mirror.tables["id_lists"].to_pylist() == [{"id": 1, "name": "Fair"}]
    assert mirror.tables["id_list_members"].to_pylist() == [
        {"list_id": 1, "customer_key": 3},
        {"list_id": 1, "customer_key": 7},
    ]
    assert mirror.tables["set_aside"].to_pylist() == [
        {"kind": "order", "item_id": "A-1", "state": "proposed"}
    ]
    assert mirror.tables["suppressions"].to_pylist() == [
        {"customer_key": 7, "contact_channel": "all"}
    ]
    assert mirror.tables["consents"].column_names == [
        "customer_key",
        "contact_channel",
        "purpose",
        "state",
    ]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_copy_is_complete_and_apart(url: str, records: Records, tmp_path: Path) -> None:
    records.add_audience("Mine", {"op": "all"}, owner="u", now=NOW)
    source, target = Path(url.removeprefix("sqlite:///")), tmp_path / "visitor" / "copy.db"
    copy_records(source, target)
    copy = open_records(f"sqlite:///{target}")
    assert [audience.name for audience in copy.audiences()] == ["Mine"]
    assert copy.secret("url_key") is not None
    copy.remove_audience(1)
    assert [audience.name for audience in records.audiences()] == ["Mine"]
    copy.close()
    with pytest.raises(CrmError, match="records_copy_exists"):
        copy_records(source, target)
    with pytest.raises(CrmError, match="records_unreachable"):
        copy_records(tmp_path / "none.db", tmp_path / "other.db")


def test_opening_writes_nothing_beside_the_program(url: str) -> None:
    folder = Path(str(migrations.__file__)).parent

    def files() -> set[Path]:
        return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}

    before = files()
    open_records(url).close()
    assert files() == before


@pytest.mark.xdist_group("postgres")
def test_tables_of_others_in_the_same_database_are_neither_taken_nor_emptied(
    database: str, tmp_path: Path
) -> None:
    by_hand(database, "CREATE TABLE accounts_of_the_shop (id int)")
    by_hand(database, "INSERT INTO accounts_of_the_shop VALUES (7)")
    records = open_records(database)
    records.save_user("mia@shop.example", "marketer", NOW)
    records.dump(tmp_path)
    records.save_user("bo@shop.example", "viewer", NOW)
    records.replace_all(tmp_path, Records.version)
    assert records.users() == {"mia@shop.example": "marketer"}
    records.close()
    assert not list(tmp_path.glob("accounts*"))
    engine = connect(database)
    with writing(engine) as connection:
        assert connection.execute(text("SELECT id FROM accounts_of_the_shop")).all() == [(7,)]
    engine.dispose()
