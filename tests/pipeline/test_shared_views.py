"""Other tools read a store in PostgreSQL by three views: the same numbers, and nobody's name."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_core.metrics import METRICS, Sum, measure, scope
from crm_core.metrics.parts import parts_of
from crm_core.pipeline.scores import refresh_scores
from crm_core.pipeline.undo import undo_batch
from crm_core.records import open_records
from crm_core.schema import TABLES
from crm_core.selection import Selection
from crm_core.settings import Settings
from crm_core.store import engine_of
from crm_core.store.postgres_link import parts_of as places_of
from tests.servers.postgresql import Server
from tests.small_shop import NOW, SmallShop
from tests.spring_shop import spring_rows

pytestmark = pytest.mark.xdist_group("postgres")
VIEWS = ("daily_metrics", "scores", "segments")
ANALYST = f"analyst_{os.getpid()}"  # the workers share a server


class Team(SmallShop):
    """A small shop in PostgreSQL, records and all."""

    def __init__(self, address: str, folder: Path) -> None:
        super().__init__(self.at(folder), address, open_records(address), folder)

    @staticmethod
    def at(folder: Path) -> Settings:
        return Settings(var=folder / "var", single_user=True, memory_limit_mb=256)

    def refresh(self) -> None:
        refresh_scores(self.url, settings=self.settings)

    def ask(self, query: str, role: str = "postgres") -> list[tuple[Any, ...]]:
        with self.connected(role) as connection:
            return connection.execute(query.encode()).fetchall()

    @contextmanager
    def connected(self, role: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
        told = {**places_of(self.url), "user": role}
        with psycopg.connect("", **told, autocommit=True) as connection:
            yield connection

    def revenue(self) -> float | None:
        store = self.open()
        rows = scope(store, Selection())
        return measure(store, ["revenue"], rows=rows).totals["revenue"]

    def shared_revenue(self) -> float:
        return float(self.ask("SELECT sum(revenue) FROM clientele_v1.daily_metrics")[0][0])


@pytest.fixture(scope="module")
def shop(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """Sixty buyers, scored, and a role that was given the views as the guide says, nothing else:
    only read it."""
    address = postgres.make()
    team = Team(address, tmp_path_factory.mktemp("shared"))
    team.load(spring_rows(60))
    team.refresh()
    with team.connected() as connection:
        connection.execute(f"CREATE ROLE {ANALYST} LOGIN")
        connection.execute(f"GRANT USAGE ON SCHEMA clientele_v1 TO {ANALYST}")
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA clientele_v1 TO {ANALYST}")
    yield team
    team.records.close()
    postgres.drop(address)
    postgres.run(f"DROP ROLE {ANALYST}")


@pytest.fixture
def own(shop: Team, postgres: Server, tmp_path: Path) -> Iterator[Team]:
    """The same shop to write to."""
    shutil.copytree(shop.folder / "var", tmp_path / "var")
    address = postgres.copy(shop.url)
    shutil.move(
        engine_of(shop.url, Team.at(tmp_path)).folder, engine_of(address, Team.at(tmp_path)).folder
    )
    team = Team(address, tmp_path)
    yield team
    team.records.close()
    postgres.drop(address)


def number(value: Any) -> float | None:
    return None if value is None else float(value)


def test_a_day_has_the_numbers_that_measure_gives(shop: Team) -> None:
    store = shop.open()
    measured = measure(store, list(METRICS), rows=scope(store, Selection()), by=["day"])
    days = {row["day"].date(): row for row in measured.rows.to_dict("records")}
    names = ", ".join(METRICS)
    shared = shop.ask(f"SELECT day, {names} FROM clientele_v1.daily_metrics ORDER BY day")
    assert [day for day, *_ in shared] == sorted(days)
    unknown = 0
    for day, *values in shared:
        for name, value in zip(METRICS, values, strict=True):
            expected = days[day][name]
            expected = None if expected != expected else expected
            assert number(value) == (None if expected is None else pytest.approx(expected)), name
            unknown += expected is None
    assert unknown  # days on which too little is known of costs are empty in both
    for part in parts_of(METRICS):
        if (isinstance(part, Sum) and not part.needs_cost) or getattr(part, "by_day", False):
            [(total,)] = shop.ask(f"SELECT sum({part.name}) FROM clientele_v1.daily_metrics")
            assert float(total) == measured.totals[part.name], part.name


def test_scores_and_segments_are_those_of_the_pages(shop: Team) -> None:
    store = shop.open()
    models = {
        "rfm": ("recency_days", "frequency", "monetary", "r", "f", "m", "segment"),
        "lifetime_value": ("expected_orders", "expected_revenue"),
        "churn": ("p_no_order",),
    }
    for model, columns in models.items():
        table = store.table(model).order_by("customer_key").select("customer_key", *columns)
        scored = store.fetch(table).to_records(index=False).tolist()
        listed = ", ".join(columns)
        shared = shop.ask(
            f"SELECT customer_key, {listed} FROM clientele_v1.scores ORDER BY customer_key"
        )
        assert [tuple(map(plain, row)) for row in shared] == [tuple(row) for row in scored]
    assert len(scored) == 60
    [(as_of,)] = shop.ask("SELECT DISTINCT as_of FROM clientele_v1.scores")
    assert as_of == store.scores_as_of
    people, money, worth = shop.ask(
        "SELECT sum(customers), sum(monetary), sum(expected_revenue) FROM clientele_v1.segments"
    )[0]
    lived = store.table("lifetime_value")
    whole = store.fetch(lived.agg(worth=lived.expected_revenue.sum()))["worth"][0]
    assert (people, worth) == (60, pytest.approx(whole))
    [(paid,)] = shop.ask("SELECT sum(monetary) FROM clientele_v1.scores")
    assert money == paid


def plain(value: Any) -> Any:
    return value if isinstance(value, str | int) else float(value)


def test_who_may_read_the_views_reads_nothing_else(shop: Team) -> None:
    facts, scores = shop.ask("SELECT facts, scores FROM clientele.current")[0]
    personal = {column.name for table in TABLES.values() for column in table.stored() if column.pii}
    with shop.connected(ANALYST) as connection:
        for view in VIEWS:
            cursor = connection.execute(f"SELECT * FROM clientele_v1.{view}".encode())
            assert cursor.description
            assert not personal & {column.name for column in cursor.description}
            told = str(cursor.fetchall())
            assert told != "[]"
            for name in ("@", "zelda", "9900", "penick"):
                assert name not in told.lower()
        others = owned(shop)
        assert {(facts, "identities"), (scores, "rfm"), ("clientele", "current")} <= set(others)
        for schema, table in others:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f'SELECT * FROM "{schema}"."{table}"'.encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE VIEW clientele_v1.more AS SELECT 1")
        with pytest.raises(psycopg.Error):
            connection.execute("DELETE FROM clientele_v1.scores")


def owned(team: Team) -> list[tuple[str, str]]:
    """Every table of the database that is ours: facts, scores, decisions, records."""
    return team.ask(
        "SELECT schemaname, tablename FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )


@pytest.mark.slow
def test_a_reader_sees_the_state_before_or_after_and_never_half_of_one(own: Team) -> None:
    with own.connected() as connection:
        connection.execute(
            "CREATE SCHEMA report; CREATE VIEW report.best AS"
            " SELECT max(revenue) AS most FROM clientele_v1.daily_metrics"
        )
    before = own.shared_revenue()
    seen: set[tuple[float, int]] = set()
    failed: list[Exception] = []
    done = threading.Event()

    def read() -> None:
        query = (
            "SELECT (SELECT sum(revenue) FROM clientele_v1.daily_metrics),"
            " (SELECT count(*) FROM clientele_v1.scores)"
        )
        with own.connected(ANALYST) as connection:
            while not done.is_set():
                try:
                    [(revenue, people)] = connection.execute(query).fetchall()
                    seen.add((float(revenue), people))
                except psycopg.Error as error:
                    failed.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        own.load(spring_rows(10, before="new"), name="second")
        own.refresh()
        after = own.shared_revenue()
    finally:
        done.set()
        reader.join()
    assert failed == []
    assert after == own.revenue() != before
    assert seen <= {(before, 60), (after, 60), (after, 70)}
    assert len(own.ask("SELECT * FROM clientele_v1.scores", ANALYST)) == 70
    assert own.ask("SELECT most FROM report.best") == own.ask(
        "SELECT max(revenue) FROM clientele_v1.daily_metrics"
    )


def shape(team: Team) -> list[tuple[Any, ...]]:
    return team.ask(
        "SELECT table_name, column_name, data_type, ordinal_position, collation_name"
        " FROM information_schema.columns WHERE table_schema = 'clientele_v1' ORDER BY 1, 4"
    )


@pytest.mark.slow
def test_a_view_keeps_its_columns_whatever_the_store_can_tell(own: Team) -> None:
    whole = shape(own)
    undo_batch(own.url, 1, settings=own.settings, records=own.records, now=NOW)
    assert shape(own) == whole
    for view in VIEWS:
        assert own.ask(f"SELECT count(*) FROM clientele_v1.{view}") == [(0,)]
    own.load(spring_rows(9), name="again")
    assert shape(own) == whole
    assert own.shared_revenue() == own.revenue()
    assert own.ask("SELECT count(*) FROM clientele_v1.scores") == [(0,)]
    own.refresh()  # so few buyers have segments, but no expected value
    assert shape(own) == whole
    told = own.ask("SELECT count(segment), count(expected_revenue) FROM clientele_v1.scores")
    assert told == [(9, 0)]


def test_the_guide_tells_every_column(shop: Team) -> None:
    guide = (Path(__file__).parents[2] / "docs/guide/other-tools.md").read_text("utf-8")
    assert [row[:2] for row in shape(shop) if f"`{row[1]}`" not in guide] == []
