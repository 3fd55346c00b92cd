"""An erasure that is killed was never begun, or is completed by whoever opens the store next."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from crm_core.pipeline.scores import refresh_scores
from crm_core.store.postgres_link import Link
from tests.held import holders
from tests.pipeline.killing import Place, Shelved, Warm, log, warm
from tests.servers.postgresql import Server
from tests.small_shop import Rows, line, no_forecast, order, write_rows

ROUNDS, KILLS = 50, 2
ZETA = ("zeta",)
_TABLES = """
    SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
    WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'
"""

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kills")]


@dataclass
class Scene:
    """A store with scores and Zeta in it, what it is without her, and how long that takes."""

    start: Place
    key: str
    before: str
    after: str
    warm: Warm
    seconds: float
    tally: Counter[str]
    files: Path


def with_zeta() -> Rows:
    rows = log(0, 120, buyers=40)
    rows["identities"].append(
        {"customer_id": "zeta-1", "name": "Zeta Lee", "email": "zeta@example.com"}
    )
    rows["orders"] += [
        order(f"z{n}", "zeta-1", f"2025-0{n}-05T10:00:00", seller_note="for Zeta")
        for n in range(1, 5)
    ]
    rows["order_lines"] += [line(f"z{n}", "p1", "20") for n in range(1, 5)]
    rows["consents"].append({**rows["consents"][0], "customer_id": "zeta-1"})
    return rows


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def scene(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("scene")
    start = Place(folder / "start")
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        start = Shelved(start.var, server, server.make())
    files = write_rows(folder / "files", with_zeta())
    with warm(folder) as jobs:
        assert jobs.run(start, start.command(files, "--no-refresh")).code == 0
        with no_forecast():
            refresh_scores(start.url, settings=start.settings)
        key = zeta(start)
        end = start.copy(folder / "end")
        whole = jobs.run(end, command(end, key))
        assert whole.code == 0
        assert (zetas(end), zeta(end)) == ([], "")
        told, tally = (start.facts(), end.facts()), Counter[str]()
        yield Scene(start, key, *told, jobs, whole.seconds, tally, files)
    print(f"{request.param}: {tally.total()} kills, {dict(tally)}")


def command(place: Place, key: str) -> list[str]:
    return ["erase", key, "--store", place.url, "--no-refresh"]


def zeta(place: Place) -> str:
    with closing(place.open()) as store:
        links = store.table("identity_links")
        found = store.fetch(links.filter(links.value == "zeta-1"))["customer_key"]
        return "" if found.empty else str(found.iloc[0])


def zetas(place: Place) -> list[str]:
    """Where Zeta is. The copy of a database has a workshop of its own, beside that of the first."""
    found = list(holders(place.folder if isinstance(place, Shelved) else place.var, ZETA))
    if isinstance(place, Shelved):
        link = Link(place.address)
        for (table,) in link.rows(_TABLES):
            asked = f"SELECT count(*) FROM {table} t WHERE t::text ILIKE '%zeta%'"
            if link.rows(asked)[0][0]:
                found.append(str(table))
    return found


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_killed_erasure_is_completed_or_was_never_begun(
    scene: Scene, tmp_path: Path, number: int
) -> None:
    chance, kills = random.Random(number), 0
    while kills < KILLS:
        place = scene.start.copy(tmp_path / "var")
        ended = scene.warm.run(
            place, command(place, scene.key), kill_after=chance.random() * scene.seconds
        )
        assert place.facts() in (scene.before, scene.after), ended
        assert place.locks() == [], ended
        with closing(place.records()) as records:
            decided = bool(records.erasures())
        status = ["status", "--store", place.url, "--max-age-days", "9999"]
        assert scene.warm.run(place, status).code == 0
        assert place.facts() == (scene.after if decided else scene.before), ended
        if not decided:
            assert scene.warm.run(place, command(place, scene.key)).code == 0, ended
        assert (zetas(place), place.facts()) == ([], scene.after), ended
        assert place.left_over() == [], ended
        with closing(place.records()) as records:
            assert [each.is_done for each in records.erasures()] == [True], ended
        if ended.code != -signal.SIGKILL:
            scene.seconds *= 0.9
            continue
        kills += 1
        scene.tally[f"{ended.step}, {'begun' if decided else 'not begun'}"] += 1


def test_the_same_file_again_leaves_no_trace_of_her(scene: Scene, tmp_path: Path) -> None:
    place = scene.start.copy(tmp_path / "var")
    assert scene.warm.run(place, command(place, scene.key)).code == 0
    assert scene.warm.run(place, place.command(scene.files, "--no-refresh")).code == 0
    assert (zetas(place), zeta(place), place.facts()) == ([], "", scene.after)
