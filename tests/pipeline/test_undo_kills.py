"""Undo and cancel: whenever the process ends, the store is as it was before or as it is after."""

from __future__ import annotations

import random
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.killing import Place, begun, killed, log, run
from tests.small_shop import write_rows

KILLS = 10

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kills")]


@dataclass
class Undone:
    """A store of two imports, what is left without the second, and a third one's files."""

    start: Place
    files: Path
    before: str
    after: str
    consents: list[dict[str, Any]]
    seconds: float


@pytest.fixture(scope="module")
def undone(tmp_path_factory: pytest.TempPathFactory) -> Undone:
    folder = tmp_path_factory.mktemp("undone")
    files = [
        write_rows(folder / name, log(*numbers))
        for name, numbers in (("a", (0, 1_000)), ("b", (800, 2_500)), ("c", (2_400, 4_000)))
    ]
    start, end = Place(folder / "start"), Place(folder / "end")
    assert run(start, start.command(files[0], "--no-refresh")) == 0
    first, consents = start.facts(), start.consents()
    assert run(start, start.command(files[1], "--no-refresh")) == 0
    shutil.copytree(start.var, end.var)
    process, began = begun(end, undo(end))
    process.communicate(timeout=300)
    seconds = time.monotonic() - began
    assert process.returncode == 0
    # People whom only an address of the second file joined are two again, as at first.
    assert (end.facts(), end.consents()) == (first, consents)
    return Undone(start, files[2], start.facts(), first, consents, seconds)


def undo(place: Place) -> list[str]:
    return ["undo", "2", "--store", place.url, "--no-refresh"]


def left_over(place: Place) -> list[str]:
    building = [path.name for path in place.folder.glob("*.building*")]
    return building + [path.name for path in place.folder.glob("batches/*") if path.name > "000003"]


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_undo_is_wholly_done_or_not_at_all(
    undone: Undone, tmp_path: Path, number: int
) -> None:
    place = Place(tmp_path / "var")
    shutil.copytree(undone.start.var, place.var)
    share = (number + random.Random(number).random()) / KILLS
    was_killed = killed(place, undo(place), after=0.9 * share * undone.seconds)
    found = place.facts()
    assert found in (undone.before, undone.after)
    assert was_killed or found == undone.after
    assert run(place, undo(place)) == (1 if found == undone.after else 0)
    assert place.facts() == undone.after
    assert run(place, ["status", "--store", place.url, "--max-age-days", "9999"]) == 0
    assert place.consents() == undone.consents
    assert not left_over(place)


@pytest.mark.parametrize(
    ("what", "step"),
    [("import", "read"), ("import", "merge"), ("undo", "merge"), ("undo", "marts")],
)
def test_cancelled_at_any_step_a_job_leaves_the_store_as_it_was(
    undone: Undone, tmp_path: Path, what: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    place = Place(tmp_path / "var")
    shutil.copytree(undone.start.var, place.var)
    job = undo(place) if what == "undo" else place.command(undone.files, "--no-refresh")
    process, _ = begun(place, job)  # which has said that it reads, or, for an undo, merges
    assert process.stderr is not None
    if step != ("merge" if what == "undo" else "read"):
        next(said for said in process.stderr if said.startswith(f"progress {step}"))
    process.send_signal(signal.SIGTERM)
    process.stderr.close()
    assert process.wait(60) == 128 + signal.SIGTERM
    assert place.facts() == undone.before
    assert not left_over(place)
    assert not list(tmp_path.glob("clientele-*"))
