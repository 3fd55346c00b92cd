"""A store in PostgreSQL: published whole or not at all, written by one, read by all."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pandas as pd
import psycopg
import pyarrow as pa
import pytest

from crm_core.errors import CrmError
from crm_core.settings import Settings
from crm_core.store import Engine, Tables, engine_of, postgres_views
from crm_core.store.engines import Views
from crm_core.store.postgres_link import Link, parts_of
from tests.servers.postgresql import Server
from tests.store.test_connection import META

pytestmark = pytest.mark.xdist_group("postgres")
MANY = 60_000


class Team:
    """One shop's database, as several machines reach it."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self._folder = folder

    def machine(self, name: str = "one") -> Engine:
        settings = Settings(var=self._folder / name, memory_limit_mb=128)
        return engine_of(self.address, settings)

    def publish(
        self,
        *numbers: int,
        kind: str = "facts",
        machine: str = "one",
        views: Views | None = None,
    ) -> None:
        writing = self.machine(machine).writing(views=views)
        with writing as change, change.building(kind) as build:
            name = "numbers" if kind == "facts" else "doubled"
            build.upload(name, pa.table({"number": pa.array(numbers, pa.int64())}))
            build.put_meta(META | {"facts": str(change.pointer.facts)})

    def numbers(self, name: str = "numbers", machine: str = "one") -> list[int]:
        store = self.machine(machine).open()
        found: list[int] = store.fetch(store.table(name).order_by("number"))["number"].tolist()
        store.close()
        return found

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect("", **parts_of(self.address), autocommit=True) as connection:
            cursor = connection.execute(query.encode())
            return cursor.fetchall() if cursor.description else []

    def schemas(self) -> list[str]:
        query = "SELECT nspname FROM pg_namespace WHERE nspname ~ '^(facts|scores)_' ORDER BY 1"
        return [str(name) for (name,) in self.rows(query)]


@pytest.fixture
def team(database: str, tmp_path: Path) -> Team:
    return Team(database, tmp_path)


@pytest.fixture(scope="module")
def large(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A store of 60,000 numbers and one row of every type."""
    address = postgres.make()
    team = Team(address, tmp_path_factory.mktemp("large"))
    with team.machine().writing() as change, change.building("facts") as build:
        build.upload("numbers", pa.table({"number": pa.array(range(MANY), pa.int64())}))
        kinds = {
            "text": pa.array(["", None, "a\0b", 'quo"te, \\. \n'], pa.string()),
            "money": pa.array(
                [Decimal("0.10"), None, Decimal("-1.05"), Decimal(7)], pa.decimal128(18, 2)
            ),
            "rate": pa.array([0.1 + 0.2, None, float("inf"), 1e-300], pa.float64()),
            "at": pa.array(
                [datetime(2026, 1, 2, 3, 4, 5, 678), None, None, None], pa.timestamp("us")
            ),
            "day": pa.array([date(2026, 1, 2), None, date(1970, 1, 1), None], pa.date32()),
            "flag": pa.array([True, None, False, None], pa.bool_()),
            "place": pa.array([1, 2, 3, 4], pa.int64()),
        }
        build.upload("kinds", pa.table(kinds))
        build.put_meta(META)
    yield team.machine()
    postgres.drop(address)


def test_a_new_database_is_an_empty_store(team: Team) -> None:
    engine = team.machine()
    assert engine.pointer().facts is None
    assert engine.version() is None
    with pytest.raises(CrmError, match="store_empty"):
        engine.open()


def test_an_open_store_reads_on_while_others_publish(team: Team) -> None:
    team.publish(1)
    reader = team.machine("two").open()
    team.publish(2)
    assert reader.fetch(reader.table("numbers"))["number"].tolist() == [1]
    assert team.numbers() == [2]
    assert team.schemas() == ["facts_000001", "facts_000002"]
    team.publish(3)
    assert team.schemas() == ["facts_000002", "facts_000003"]
    with pytest.raises(CrmError, match="store_moved_on"):
        reader.fetch(reader.table("numbers"))


def test_what_is_cut_off_leaves_the_store_as_it_was(team: Team) -> None:
    team.publish(1)
    with pytest.raises(KeyboardInterrupt):
        half(team)
    assert team.numbers() == [1]
    assert team.schemas() == ["facts_000001"]


def half(team: Team) -> None:
    with team.machine().writing() as change, change.building("facts") as build:
        build.upload("numbers", pa.table({"number": [2]}))
        raise KeyboardInterrupt


def test_what_a_killed_publication_left_is_dropped_by_the_next_writer(team: Team) -> None:
    team.publish(1)
    team.rows("SELECT nextval('clientele.snapshot_number')")
    team.rows("CREATE SCHEMA facts_000002; CREATE TABLE facts_000002.numbers(n int)")
    team.publish(3)
    assert team.schemas() == ["facts_000001", "facts_000003"]


def test_only_one_machine_writes_at_a_time(team: Team) -> None:
    one, two = team.machine("one"), team.machine("two")
    with one.writing(), pytest.raises(CrmError, match="store_busy"), two.writing():
        raise AssertionError
    with team.machine("two").writing():
        pass


def test_who_lost_the_writers_place_cannot_publish(team: Team) -> None:
    team.publish(1)
    with pytest.raises(CrmError, match="store_unreachable"):
        lost(team)
    assert team.numbers() == [1]


def lost(team: Team) -> None:
    """A publication whose lock is gone by the time it is ready."""
    with team.machine().writing() as change, change.building("facts") as build:
        build.upload("numbers", pa.table({"number": [2]}))
        build.put_meta(META)
        team.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )


def test_another_machine_goes_on_from_what_is_in_the_database(team: Team) -> None:
    team.publish(1, 2)
    with team.machine("two").writing() as change, change.building("facts") as build:
        old = build.connection.execute("SELECT sum(number) FROM old.main.numbers").fetchone()
        build.upload("numbers", pa.table({"number": [3, 4]}))
        build.put_meta(META)
    assert old == (3,)
    with team.machine("one").writing() as change, change.building("scores") as build:
        build.materialise("doubled", build.table("numbers"))
        build.put_meta({"as_of": "2026-06-30", "facts": str(change.pointer.facts)})
    store = team.machine("three").open()
    assert store.scores_facts == store.snapshot == "facts_000002"
    assert store.scores_as_of == date(2026, 6, 30)
    assert team.numbers("doubled", machine="three") == [3, 4]


def test_a_pulled_snapshot_is_the_one_that_was_published(large: Engine, tmp_path: Path) -> None:
    with large.writing() as change:
        built = change.facts()
        path = large.folder / f"{change.pointer.facts}.duckdb"
        path.unlink()
        pulled = change.facts()
    for name in ("numbers", "kinds"):
        one, two = (store.fetch(store.table(name), limit=MANY) for store in (built, pulled))
        if name == "kinds":
            one["text"] = [None if pd.isna(t) else t.replace("\0", "") for t in one["text"]]
        assert (
            one.astype(object)
            .where(one.notna(), None)
            .equals(two.astype(object).where(two.notna(), None))
        )
    built.close()
    pulled.close()


def test_values_come_back_as_they_went_in(large: Engine) -> None:
    store = large.open()
    table = store.table("kinds").order_by("place")
    frame = store.fetch(table)
    assert frame["text"].tolist()[0] == ""
    assert frame["text"].tolist()[2:] == ["ab", 'quo"te, \\. \n']
    assert frame["money"].dtype == "float64"
    assert frame["rate"][0] == 0.1 + 0.2
    assert frame["day"][0].date() == date(2026, 1, 2)
    [batch] = store.stream(table, purpose="score")
    assert batch.column("money").to_pylist() == [
        Decimal("0.10"),
        None,
        Decimal("-1.05"),
        Decimal(7),
    ]
    assert batch.column("at").to_pylist()[0] == datetime(2026, 1, 2, 3, 4, 5, 678)
    nothing = table.filter(ibis.literal(False))
    assert list(store.fetch(nothing).columns) == list(table.columns)
    assert list(store.stream(nothing, purpose="score")) == []
    only = table.select("rate").limit(2)
    assert store.fetch(only)["rate"].isna().tolist() == [False, True]


@pytest.mark.slow
def test_a_page_gets_few_rows_and_a_stream_all_of_them(large: Engine) -> None:
    store = large.open()
    numbers = store.table("numbers")
    with pytest.raises(CrmError) as refused:
        store.fetch(numbers)
    assert (refused.value.code, refused.value.facts) == ("too_many_rows", {"limit": 50_000})
    batches = list(store.stream(numbers, 10_000, purpose="score"))
    assert sum(batch.num_rows for batch in batches) == MANY
    assert max(batch.num_rows for batch in batches) <= 10_000
    left = store.stream(numbers, 1_000, purpose="score")
    next(left)
    left.close()  # pyright: ignore
    assert len(store.fetch(numbers.limit(3))) == 3


def test_a_question_that_takes_too_long_is_stopped(large: Engine) -> None:
    store = large.open()
    numbers = store.table("numbers")
    other = numbers.select(other="number")
    pairs = numbers.cross_join(other)
    with pytest.raises(CrmError, match="query_timeout"):
        store.fetch(pairs.agg(n=(pairs.number * pairs.other).sum()), seconds=0.2)
    assert len(store.fetch(numbers.limit(1))) == 1


def test_threads_get_their_own_rows(large: Engine) -> None:
    store = large.open()
    numbers = store.table("numbers")
    wrong: list[int] = []

    def ask(number: int) -> None:
        for _ in range(10):
            found = store.fetch(numbers.filter(numbers.number == number))["number"].tolist()
            if found != [number]:
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_reader_changes_nothing(large: Engine) -> None:
    reader = Link(large.records_url)
    for statement in ("DELETE FROM facts_000001.numbers", "CREATE TABLE public.free (n int)"):
        with pytest.raises(CrmError, match="store_denied"):
            reader.rows(statement)


def test_a_server_that_was_restarted_is_asked_again(large: Engine) -> None:
    store = large.open()
    numbers = store.table("numbers").limit(1)
    assert len(store.fetch(numbers)) == 1
    with psycopg.connect("", **parts_of(large.records_url), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert len(store.fetch(numbers)) == 1


def test_somebody_who_reads_an_old_snapshot_does_not_hold_up_the_writer(team: Team) -> None:
    team.publish(1)
    with psycopg.connect("", **parts_of(team.address)) as slow:
        slow.execute("SELECT * FROM facts_000001.numbers")
        team.publish(2)
        team.publish(3)
        assert team.schemas() == ["facts_000001", "facts_000002", "facts_000003"]
    team.publish(4)
    assert team.schemas() == ["facts_000003", "facts_000004"]


def shared(**columns: str) -> Views:
    """A view of the numbers with more columns, each given by its type."""

    def views(tables: Tables) -> dict[str, ir.Table]:
        more = {name: ibis.null(kind) for name, kind in columns.items()}
        return {"numbers": tables.table("numbers").select(**more, number="number")}

    return views


def seen(team: Team, columns: str = "number") -> list[tuple[object, ...]]:
    return team.rows(f"SELECT {columns} FROM clientele_v1.numbers ORDER BY number")


def test_a_view_that_is_read_without_end_shows_what_was_and_holds_up_nobody(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_views, "_PATIENCE", "SET LOCAL lock_timeout = '50ms'")
    team.publish(1, views=shared())
    with psycopg.connect("", **parts_of(team.address)) as slow:
        slow.execute("SELECT * FROM clientele_v1.numbers")
        team.publish(2, views=shared())
        assert (team.numbers(), seen(team)) == ([2], [(1,)])
    team.publish(3, views=shared())
    assert (team.numbers(), seen(team)) == ([3], [(3,)])


def test_a_new_column_of_a_view_comes_last_and_none_is_lost(team: Team) -> None:
    team.publish(1, views=shared(said="string"))
    team.rows("CREATE ROLE reader LOGIN; GRANT SELECT ON clientele_v1.numbers TO reader")
    team.rows("CREATE VIEW public.mine AS SELECT max(number) AS most FROM clientele_v1.numbers")
    team.publish(2, views=shared(more="float64", said="string"))
    assert seen(team, "*") == [(None, 2, None)]
    assert team.rows("SELECT most FROM public.mine") == [(2,)]
    team.publish(3, views=shared())  # an older version of the program: what is shared stays
    assert (team.numbers(), seen(team, "*")) == ([3], [(None, 2, None)])
    granted = "SELECT has_table_privilege('reader', 'clientele_v1.numbers', 'SELECT')"
    assert team.rows(granted) == [(True,)]
    team.rows("DROP OWNED BY reader; DROP ROLE reader")


@pytest.mark.slow
def test_facts_and_scores_put_back_become_current_together(team: Team, tmp_path: Path) -> None:
    team.publish(1)
    team.publish(1, kind="scores")
    first = team.machine().pointer()
    with team.machine().writing() as change:
        facts, scores = (
            shutil.copy(change.file(str(name)), tmp_path / kind)
            for kind, name in (("facts", first.facts), ("scores", first.scores))
        )
        change.put(Path(facts), Path(scores), str(first.facts))
    store = team.machine().open()
    assert store.snapshot != first.facts
    assert store.scores_facts == store.snapshot
    team.rows("DROP SCHEMA clientele CASCADE")  # and where there was nothing before
    with team.machine("two").writing(views=shared()) as change:
        change.put(Path(facts), Path(scores), str(first.facts))
    assert (team.numbers(machine="two"), seen(team)) == ([1], [(1,)])
    with team.machine("two").writing() as change:
        change.put(Path(facts), None, str(first.facts))
    assert team.machine().open().scores_snapshot is None


def test_a_mark_is_seen_from_every_machine(team: Team) -> None:
    team.publish(1)
    team.machine("one").set_pending(True)
    assert team.machine("two").pending()
    team.machine("two").set_pending(False)
    assert not team.machine("one").pending()


def test_a_database_that_cannot_hold_every_text_is_refused(
    postgres: Server, tmp_path: Path
) -> None:
    postgres.run("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    address = postgres.address("latin")
    with (
        pytest.raises(CrmError, match="store_encoding"),
        Team(address, tmp_path).machine().writing(),
    ):
        raise AssertionError
    postgres.drop(address)


def test_the_workshop_is_named_after_the_database_and_never_after_who_opens_it(
    tmp_path: Path,
) -> None:
    settings = Settings(var=tmp_path)
    one, two, three = (
        engine_of(f"postgresql+psycopg://{who}@db.example.com/{shop}", settings)
        for who, shop in (("ann:hunter2", "tea"), ("bob:secret", "tea"), ("ann:hunter2", "soap"))
    )
    assert one.folder == two.folder != three.folder
    assert "hunter2" not in f"{one.shown} {one.folder}"
    assert one.folder.is_relative_to(tmp_path)
