"""An import that is killed leaves the store as it was before or as it is after, nothing else."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.pipeline.killing import Place, Shelved, Warm, begun, killed, log, run, warm
from tests.servers.postgresql import Server
from tests.small_shop import write_rows

ROUNDS, KILLS = 20, 5

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kills")]


@dataclass
class Scene:
    """A store with one file in it, the next file, what that leads to and how long it takes.

    `tally` counts kills by the last step that was told and by how the store was found.
    """

    start: Place
    files: Path
    before: str
    after: str
    consents: list[dict[str, Any]]
    warm: Warm
    seconds: float
    tally: Counter[str]


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def scene(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("scene")
    start = Place(folder / "start")
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        start = Shelved(start.var, server, server.make())
    first, second = (
        write_rows(folder / "a", log(0, 60, buyers=40)),
        write_rows(folder / "b", log(40, 140, buyers=40)),
    )
    with warm(folder) as jobs:
        assert jobs.run(start, start.command(first, "--no-refresh")).code == 0
        end = start.copy(folder / "end")
        whole = jobs.run(end, end.command(second, "--no-refresh"))
        assert whole.code == 0
        told, tally = (start.facts(), end.facts(), end.consents()), Counter[str]()
        yield Scene(start, second, *told, jobs, whole.seconds, tally)
    print(f"{request.param}: {tally.total()} kills, {dict(tally)}")


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_killed_import_is_wholly_there_or_not_at_all(
    scene: Scene, tmp_path: Path, number: int
) -> None:
    chance, kills = random.Random(number), 0
    while kills < KILLS:
        place = scene.start.copy(tmp_path / "var")
        again = place.command(scene.files, "--no-refresh")
        ended = scene.warm.run(place, again, kill_after=chance.random() * scene.seconds)
        found = place.facts()
        assert found in (scene.before, scene.after), ended
        assert place.locks() == [], ended
        was_killed = ended.code == -signal.SIGKILL
        assert was_killed or (ended.code, found) == (0, scene.after), ended
        began = time.monotonic()
        assert run(place, again) == 0, ended
        seconds = time.monotonic() - began
        assert (place.facts(), place.consents()) == (scene.after, scene.consents), ended
        assert place.left_over() == [], ended
        if not was_killed:
            scene.seconds *= 0.8
            continue
        kills += 1
        if found == scene.before:  # others may be using the machine; a first run is slower
            scene.seconds = 1.2 * seconds
        scene.tally[f"{ended.step}, as {'before' if found == scene.before else 'after'}"] += 1


def test_a_kill_while_scores_are_made_leaves_facts_and_the_next_run_makes_the_scores(
    scene: Scene, tmp_path: Path
) -> None:
    place = scene.start.copy(tmp_path / "var")
    process, _ = begun(place, place.command(scene.files))
    assert process.stderr is not None
    for said in process.stderr:
        if said.startswith("progress rfm"):
            process.send_signal(signal.SIGKILL)
            break
    process.stderr.close()
    assert process.wait(60) == -signal.SIGKILL
    assert place.facts() == scene.after
    assert place.engine.pointer().scores is None
    assert place.locks() == []
    assert scene.warm.run(place, place.command(scene.files)).code == 0
    with closing(place.open()) as store:
        assert store.scores_facts == store.snapshot
        assert store.has("rfm")
    assert place.left_over() == []


def test_a_first_import_that_is_killed_leaves_an_empty_store(scene: Scene, tmp_path: Path) -> None:
    place = scene.start.emptied(tmp_path / "var")
    assert killed(place, place.command(scene.files, "--no-refresh"), after=0.1)
    assert place.engine.pointer().facts is None
    assert scene.warm.run(place, place.command(scene.files, "--no-refresh")).code == 0
    rows = pq.read_metadata(scene.files / "orders.parquet").num_rows
    with closing(place.open()) as store:
        orders = store.table("orders")
        assert int(store.fetch(orders.agg(n=orders.count()))["n"][0]) == rows
    assert place.left_over() == []
