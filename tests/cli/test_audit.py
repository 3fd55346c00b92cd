"""The log as the command line checks it: whoever alters it, or puts an older one there, is told of."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from crm_core.privacy import audit
from crm_core.privacy.policy import Access
from crm_core.records import Records, open_records
from tests.cli.conftest import OwnShop
from tests.small_shop import NOW

OWNER = Access("single_user", "owner")


def opened(shop: OwnShop) -> Records:
    return open_records(f"sqlite:///{shop.var / 'own' / 'records.sqlite'}")


def write_lines(shop: OwnShop, count: int, of: str = "list") -> None:
    with closing(opened(shop)) as records:
        for number in range(count):
            audit.append(records, OWNER, "export", {"list": f"{of} {number}"}, now=NOW)


def tamper(shop: OwnShop, *statements: str) -> None:
    with closing(sqlite3.connect(shop.var / "own" / "records.sqlite")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(autouse=True)
def _five_lines(own: OwnShop) -> None:
    write_lines(own, 5)


SWAP = (
    "UPDATE audit SET id = -1 WHERE id = 2",
    "UPDATE audit SET id = 2 WHERE id = 3",
    "UPDATE audit SET id = 3 WHERE id = -1",
)
CUT = ("DELETE FROM audit WHERE id > 3",)
CUT_AND_HIDDEN = (*CUT, "UPDATE counters SET value = 3 WHERE name = 'audit'")


def test_a_whole_log_is_told_with_its_last_line(own: OwnShop) -> None:
    said = own("audit", "--json")
    assert said.code == 0
    assert said.answer["lines"] == 5
    assert said.answer["last"].startswith("5:")


@pytest.mark.parametrize(
    ("statements", "code", "word"),
    [
        (("UPDATE audit SET user = 'somebody else' WHERE id = 3",), "privacy_log_broken", "line 3"),
        (("DELETE FROM audit WHERE id = 2",), "privacy_log_broken", "line 3"),
        (SWAP, "privacy_log_broken", "line 2"),
        (CUT, "privacy_log_short", "2 lines are missing after line 3"),
    ],
)
def test_a_tampered_log_ends_a_schedule(
    own: OwnShop, statements: tuple[str, ...], code: str, word: str
) -> None:
    tamper(own, *statements)
    said = own("audit", "--json")
    assert (said.code, said.answer["error"]) == (1, code)
    assert word in said.err


def test_a_log_cut_short_with_its_counter_is_told_by_what_was_seen(own: OwnShop) -> None:
    seen = own("audit", "--json").answer["last"]
    tamper(own, *CUT_AND_HIDDEN)
    assert own("audit", "--json").answer["error"] == "privacy_log_short"
    (own.var / "own" / "audit.seen").unlink()  # by whoever may write there, too
    assert own("audit", "--json").code == 0
    assert own("audit", "--seen", seen, "--json").answer["error"] == "privacy_log_short"


def test_another_log_in_its_place_is_told_though_it_is_whole(own: OwnShop) -> None:
    seen = own("audit", "--json").answer["last"]
    tamper(own, "DELETE FROM audit", "UPDATE counters SET value = 0 WHERE name = 'audit'")
    write_lines(own, 7, "another")
    said = own("audit", "--seen", seen, "--json")
    assert (said.code, said.answer["error"]) == (1, "privacy_log_rewritten")


def test_an_older_copy_of_everything_does_not_shorten_the_log(own: OwnShop, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    assert own("backup", file, "--json").code == 0
    write_lines(own, 2)
    seen = own("audit", "--json").answer["last"]
    assert own("restore", file, "--replace", "--json").code == 0
    said = own("audit", "--seen", seen, "--json")
    assert (said.code, said.answer["lines"]) == (0, 8)
    with closing(opened(own)) as records:
        assert [line.action for line in records.audit_lines(limit=2)] == ["restored", "export"]


def test_a_backup_brings_its_log_to_another_machine(own: OwnShop, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    seen = own("audit", "--json").answer["last"]
    own("backup", file)
    other = OwnShop(tmp_path / "elsewhere" / "var")
    assert other("restore", file, "--json").code == 0
    assert other("audit", "--seen", seen, "--json").answer["lines"] == 6
    write_lines(own, 1)
    own("backup", file)
    assert other("restore", file, "--replace", "--json").code == 0
    with closing(opened(other)) as records:
        assert audit.verify(records).whole


def test_a_backup_of_a_log_that_was_tampered_with_is_told(own: OwnShop, tmp_path: Path) -> None:
    tamper(own, *CUT)
    own("backup", tmp_path / "short")
    other = OwnShop(tmp_path / "elsewhere" / "var")
    assert other("restore", tmp_path / "short", "--json").code == 0
    assert other("audit", "--json").answer["error"] in ("privacy_log_short", "privacy_log_broken")


def test_what_is_no_line_of_a_log_is_told(own: OwnShop) -> None:
    assert own("audit", "--seen", "5", "--json").answer["error"] == "privacy_mark_unreadable"
