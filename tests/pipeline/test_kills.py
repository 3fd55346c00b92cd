"""An import that is killed leaves the store as it was before or as it is after, nothing else."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from crm_core.cli import main
from crm_core.records import open_records
from crm_core.settings import Settings
from crm_core.store import open_store
from crm_core.store.snapshots import read_pointer
from tests.small_shop import Rows, line, order, write_rows

ROOT = Path(__file__).parents[2]
KILLS = 20
BUYERS = 500

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kills")]


def log(first: int, last: int) -> Rows:
    """Orders first..last of people of whom some turn out to be one, with what they agreed to."""
    chance = random.Random(first)
    rows: Rows = {"identities": [], "orders": [], "order_lines": [], "consents": []}
    for number in range(first, last):
        buyer = f"c{chance.randrange(BUYERS)}"
        day = datetime(2025, 1 + number % 12, 1 + number % 28, number % 24).isoformat()
        rows["orders"].append(order(str(number), buyer, day))
        rows["order_lines"].append(line(str(number), f"p{number % 40}", str(5 + number % 30)))
        email = f"m{chance.randrange(BUYERS * 10)}@example.com"
        rows["identities"].append({"customer_id": buyer, "email": email})
        if number % 5 == 0:
            rows["consents"].append(
                {
                    "customer_id": buyer,
                    "contact_channel": "email",
                    "purpose": "marketing",
                    "state": "granted" if number % 3 else "denied",
                    "at": datetime(2025, 1, 1 + number % 28),
                }
            )
    return rows


@dataclass
class Place:
    """A store in a folder of its own."""

    var: Path

    @property
    def folder(self) -> Path:
        return self.var / "shop"

    @property
    def url(self) -> str:
        return f"duckdb:///{self.folder}"

    def command(self, files: Path, *more: str) -> list[str]:
        return ["import", str(files), "--store", self.url, *more]

    def facts(self) -> str:
        """A checksum over every fact, who is who, and what people agreed to."""
        store = open_store(self.url, settings=Settings(var=self.var, memory_limit_mb=256))
        records = open_records(f"sqlite:///{self.folder / 'records.sqlite'}")
        digest = hashlib.sha256()
        try:
            for name in ("ledger", "identity_links", "key_moves", "orders", "imported_consents"):
                table = store.table(name)
                frame = store.fetch(table.drop(*{"batch_id"} & set(table.columns)))
                lines = sorted(frame.to_csv(index=False).splitlines())
                digest.update("\n".join([name, *lines]).encode())
        finally:
            store.close()
            records.close()
        return digest.hexdigest()

    def consents(self) -> list[dict[str, Any]]:
        records = open_records(f"sqlite:///{self.folder / 'records.sqlite'}")
        try:
            rows = records.mirror().tables["consents"].to_pylist()
        finally:
            records.close()
        return sorted(rows, key=str)


@dataclass
class Scene:
    """A store with one file in it, the next file, and what that leads to."""

    start: Place
    files: Path
    before: str
    after: str
    consents: list[dict[str, Any]]
    seconds: float


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("scene")
    first, second = (
        write_rows(folder / "a", log(0, 1_000)),
        write_rows(folder / "b", log(800, 2_500)),
    )
    start, end = Place(folder / "start"), Place(folder / "end")
    assert run(start, start.command(first, "--no-refresh")) == 0
    shutil.copytree(start.var, end.var)
    process, began = begun(end, end.command(second, "--no-refresh"))
    process.communicate(timeout=300)
    seconds = time.monotonic() - began
    assert process.returncode == 0
    return Scene(start, second, start.facts(), end.facts(), end.consents(), seconds)


def environment(place: Place) -> dict[str, str]:
    return {**os.environ, "CLIENTELE_VAR": str(place.var), "CLIENTELE_RECORDS": ""}


def run(place: Place, arguments: list[str]) -> int:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(place).items():
            patch.setenv(name, value)
        return main(arguments)


def begun(place: Place, arguments: list[str]) -> tuple[subprocess.Popen[str], float]:
    """The command as a process of its own that has read its files' first rows, and since when."""
    process = subprocess.Popen(
        [sys.executable, "-m", "crm_core", *arguments, "--progress"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(place),
        cwd=ROOT,
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("progress ")
    return process, time.monotonic()


def killed(place: Place, arguments: list[str], *, after: float) -> bool:
    """Kills the command some seconds after its first sign; whether it was still at work."""
    process, began = begun(place, arguments)
    time.sleep(max(0.0, began + after - time.monotonic()))
    process.send_signal(signal.SIGKILL)
    assert process.stderr is not None
    process.stderr.close()
    return process.wait(60) == -signal.SIGKILL


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_import_is_wholly_there_or_not_at_all(
    scene: Scene, tmp_path: Path, number: int
) -> None:
    place = Place(tmp_path / "var")
    shutil.copytree(scene.start.var, place.var)
    again = place.command(scene.files, "--no-refresh")
    share = (number + random.Random(number).random()) / KILLS  # spread over the whole import
    was_killed = killed(place, again, after=0.75 * share * scene.seconds)
    found = place.facts()
    assert found in (scene.before, scene.after)
    assert was_killed or found == scene.after
    assert run(place, again) == 0
    assert place.facts() == scene.after
    assert place.consents() == scene.consents
    assert not list(place.folder.glob("*.building*"))


def test_a_kill_while_scores_are_made_leaves_facts_and_the_next_run_makes_the_scores(
    scene: Scene, tmp_path: Path
) -> None:
    place = Place(tmp_path / "var")
    shutil.copytree(scene.start.var, place.var)
    process, _ = begun(place, place.command(scene.files))
    assert process.stderr is not None
    for said in process.stderr:
        if said.startswith("progress rfm"):
            process.send_signal(signal.SIGKILL)
            break
    process.stderr.close()
    assert process.wait(60) == -signal.SIGKILL
    assert place.facts() == scene.after
    assert read_pointer(place.folder).scores is None
    assert run(place, place.command(scene.files)) == 0
    store = open_store(place.url, settings=Settings(var=place.var))
    assert store.scores_facts == store.snapshot
    assert store.has("rfm")
    store.close()
    assert not list(place.folder.glob("*.building*"))


def test_a_first_import_that_is_killed_leaves_an_empty_store(scene: Scene, tmp_path: Path) -> None:
    place = Place(tmp_path / "var")
    assert killed(place, place.command(scene.files, "--no-refresh"), after=0.2)
    assert read_pointer(place.folder).facts is None
    assert run(place, place.command(scene.files, "--no-refresh")) == 0
    rows = pq.read_metadata(scene.files / "orders.parquet").num_rows
    store = open_store(place.url, settings=Settings(var=place.var))
    orders = store.table("orders")
    assert int(store.fetch(orders.agg(n=orders.count()))["n"][0]) == rows
    store.close()
