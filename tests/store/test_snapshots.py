"""Snapshots are published whole, kept for those who read them, and tidied away."""

from __future__ import annotations

import multiprocessing
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.settings import Settings
from crm_core.store.snapshots import (
    Pointer,
    folder_of,
    next_name,
    read_pointer,
    tidy,
    write_pointer,
    writer_lock,
)
from crm_core.store.write import writing


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"lock"}


def test_a_pointer_names_what_is_current(tmp_path: Path) -> None:
    assert read_pointer(tmp_path) == Pointer()
    write_pointer(tmp_path, Pointer("facts-000001.duckdb", "scores-000002.duckdb"))
    assert read_pointer(tmp_path).scores == "scores-000002.duckdb"
    assert files(tmp_path) == {"current.json"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"facts": "facts-0000',
        '{"facts": 5}',
        '{"facts": "../other/facts-000001.duckdb"}',
        '{"facts": "scores-000001.duckdb"}',
        '{"facts": null, "cube": null}',
        "[]",
    ],
)
def test_a_pointer_that_says_nothing_clear_is_not_followed(tmp_path: Path, text: str) -> None:
    (tmp_path / "current.json").write_text(text, encoding="utf-8")
    with pytest.raises(CrmError) as refused:
        read_pointer(tmp_path)
    assert (refused.value.code, refused.value.facts) == ("store_damaged", {"file": "current.json"})


def test_a_store_without_its_pointer_is_damaged_and_not_empty(tmp_path: Path) -> None:
    (tmp_path / "facts-000003.duckdb").touch()
    with pytest.raises(CrmError, match="store_damaged"):
        read_pointer(tmp_path)
    with pytest.raises(CrmError, match="store_damaged"), writing(tmp_path, Settings(tmp_path)):
        raise AssertionError
    assert (tmp_path / "facts-000003.duckdb").exists()


def test_the_current_snapshot_and_the_one_before_are_kept(tmp_path: Path) -> None:
    for number in range(1, 6):
        (tmp_path / f"facts-{number:06d}.duckdb").touch()
        (tmp_path / f"scores-{number:06d}.duckdb").touch()
    (tmp_path / "facts-000006.duckdb.building").touch()
    (tmp_path / "facts-000006.duckdb.building.work").touch()
    (tmp_path / "facts-000006.duckdb.building.work.tmp").mkdir()
    write_pointer(tmp_path, Pointer("facts-000005.duckdb", "scores-000002.duckdb"))
    tidy(tmp_path)
    assert files(tmp_path) == {
        "current.json",
        *("facts-000004.duckdb", "facts-000005.duckdb"),
        *("scores-000002.duckdb", "scores-000004.duckdb", "scores-000005.duckdb"),
    }


def test_names_go_on_after_the_last(tmp_path: Path) -> None:
    assert next_name(tmp_path, "facts") == "facts-000001.duckdb"
    (tmp_path / "facts-000041.duckdb").touch()
    (tmp_path / "scores-000099.duckdb").touch()
    assert next_name(tmp_path, "facts") == "facts-000042.duckdb"


@pytest.mark.parametrize("url", ["duckdb:///", "sqlite:////etc/passwd", "/etc", "file:///x", ""])
def test_a_store_is_a_folder_named_in_one_way(url: str) -> None:
    with pytest.raises(CrmError, match="store_url") as refused:
        folder_of(url)
    assert "passwd" not in str(refused.value)
    assert folder_of("duckdb:////srv/shop") == Path("/srv/shop")


def _hold(folder: Path, held: Event, done: Event) -> None:
    with writer_lock(folder):
        held.set()
        done.wait(60)


@pytest.mark.slow
def test_the_second_writer_is_told_and_the_third_has_its_turn(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path, held, done))
    other.start()
    try:
        assert held.wait(60)
        with pytest.raises(CrmError, match="store_busy"), writer_lock(tmp_path):
            raise AssertionError
    finally:
        done.set()
        other.join(60)
    with writer_lock(tmp_path):
        assert read_pointer(tmp_path) == Pointer()


def test_a_folder_that_cannot_be_made_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CrmError, match="store_read_only"), writer_lock(tmp_path / "file" / "shop"):
        raise AssertionError
