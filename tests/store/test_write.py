"""What is written is published whole or not at all, while readers read on."""

from __future__ import annotations

from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from crm_core.settings import Settings
from crm_core.store import Change, open_store
from crm_core.store.snapshots import read_pointer
from crm_core.store.write import write_decisions, writing
from tests.store.test_connection import META


def settings(folder: Path) -> Settings:
    return Settings(var=folder / "var", memory_limit_mb=128)


def publish(folder: Path, *numbers: int, kind: str = "facts") -> None:
    with writing(folder / "store", settings(folder)) as change:
        publish_in(change, *numbers, kind=kind)


def publish_in(change: Change, *numbers: int, kind: str = "facts") -> None:
    name = "numbers" if kind == "facts" else "doubled"
    with change.building(kind) as build:
        build.upload(name, pa.table({"number": pa.array(numbers, pa.int64())}))
        build.put_meta(META | {"facts": str(change.pointer.facts)})


def publish_half(folder: Path, failure: type[BaseException]) -> None:
    with (
        writing(folder / "store", settings(folder)) as change,
        change.building("facts") as build,
    ):
        build.upload("numbers", pa.table({"number": [2]}))
        raise failure


def numbers(folder: Path, name: str = "numbers") -> list[int]:
    store = open_store(f"duckdb:///{folder / 'store'}", settings=settings(folder))
    try:
        table = store.table(name)
        return store.fetch(table.order_by("number"))["number"].tolist()
    finally:
        store.close()


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "store").glob("*.building*"))


def test_an_open_store_reads_on_while_others_publish(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    reader = open_store(f"duckdb:///{tmp_path / 'store'}", settings=settings(tmp_path))
    seen = []
    for value in (2, 3, 4):
        publish(tmp_path, value)
        seen.append(reader.fetch(reader.table("numbers"))["number"].tolist())
        assert numbers(tmp_path) == [value]
    # Its file was tidied away two snapshots ago; who has it open still has it whole.
    assert seen == [[1], [1], [1]]
    assert reader.snapshot == "facts-000001.duckdb"
    reader.close()


def test_a_build_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    before = read_pointer(tmp_path / "store")
    for failure in (ValueError, KeyboardInterrupt):
        with pytest.raises(failure):
            publish_half(tmp_path, failure)
        assert numbers(tmp_path) == [1]
        assert read_pointer(tmp_path / "store") == before
        assert left_over(tmp_path) == []


def test_scores_name_the_facts_they_were_made_from(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    publish(tmp_path, 2, kind="scores")
    publish(tmp_path, 3)
    assert (numbers(tmp_path), numbers(tmp_path, "doubled")) == ([3], [2])
    store = open_store(f"duckdb:///{tmp_path / 'store'}", settings=settings(tmp_path))
    assert (store.snapshot, store.scores_facts) == ("facts-000002.duckdb", "facts-000001.duckdb")
    store.close()


def test_a_build_reads_the_snapshot_before_and_keeps_what_it_asks_for(tmp_path: Path) -> None:
    publish(tmp_path, 1, 2)
    with (
        writing(tmp_path / "store", settings(tmp_path)) as change,
        change.building("facts") as build,
    ):
        rows = build.connection.execute("SELECT sum(number) FROM old.main.numbers").fetchone()
        assert rows == (3,)
        build.upload("helper", pa.table({"number": [5, 7]}))
        helper = build.table("helper")
        build.materialise("numbers", helper.mutate(number=helper.number + ibis.literal(3)))
        build.drop("helper")
        assert not build.has("helper")
        build.put_meta(META)
        build.put_meta({"currency": "USD"})
    assert numbers(tmp_path) == [8, 10]
    store = open_store(f"duckdb:///{tmp_path / 'store'}", settings=settings(tmp_path))
    assert store.meta.currency == "USD"
    store.close()


def test_two_turns_of_one_writer_publish_twice(tmp_path: Path) -> None:
    with writing(tmp_path / "store", settings(tmp_path)) as change:
        publish_in(change, 1)
        publish_in(change, 2, kind="scores")
    assert (numbers(tmp_path), numbers(tmp_path, "doubled")) == ([1], [2])


def test_decisions_lie_beside_the_facts_and_are_replaced_in_one_step(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    mirror = tmp_path / "decisions.duckdb"
    for revision in (1, 2):
        barred = pa.table({"customer_key": pa.array([revision], pa.int64())})
        write_decisions(mirror, {"suppressions": barred}, {"revision": str(revision)})
    store = open_store(
        f"duckdb:///{tmp_path / 'store'}", settings=settings(tmp_path), decisions=mirror
    )
    assert store.decisions_revision == 2
    assert store.fetch(store.table("suppressions"))["customer_key"].tolist() == [2]
    store.close()
    assert [path.name for path in tmp_path.glob("decisions*")] == ["decisions.duckdb"]
