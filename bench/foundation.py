"""What everything else stands on: a first start, a small host's memory, and jobs that are killed.

Seconds until the demo store stands in a folder that was empty; what the server holds after every
page was opened in a browser, the first visit building the demo; of 20 imports that are killed at
a moment of chance, how many leave the store as before or as after, and whole once done again.
Needs Debian's Chromium. Exit 1 where less was reached than asked.
"""

from __future__ import annotations

import random
import signal
import tempfile
from pathlib import Path

from bench._clock import command, row
from tests.browser.chromium import chromium
from tests.browser.screens import MODES, opened, page_names, visit
from tests.browser.server import MOST_MB, resident_mb, running_app
from tests.pipeline.killing import Place, Warm, log, warm
from tests.small_shop import write_rows

START_SECONDS, ROUNDS = 5.0, 20


def first_start(folder: Path) -> bool:
    done = command(["demo"], CLIENTELE_VAR=str(folder / "start"))
    row("first start", "measured", "asked")
    row("wall seconds", done.wall_seconds, f"< {START_SECONDS:g}")
    row("CPU seconds", done.cpu_seconds)
    return done.wall_seconds < START_SECONDS


def memory(folder: Path) -> bool:
    held: list[float] = []
    with (
        running_app(folder / "served", folder / "served.log") as url,
        chromium() as browser,
        opened(browser, MODES["light"]) as tab,
    ):
        for name in page_names():
            visit(tab, url, name, "en")
            held.append(resident_mb(url))
    row("app server", "measured", "asked")
    row("MB after the first page", held[0])
    row(f"MB after all {len(held)} pages", held[-1], f"< {MOST_MB}")
    return held[-1] < MOST_MB


def kills(folder: Path) -> bool:
    start = Place(folder / "before")
    first = write_rows(folder / "a", log(0, 60, buyers=40))
    second = write_rows(folder / "b", log(40, 140, buyers=40))
    with warm(folder) as jobs:
        if jobs.run(start, start.command(first, "--no-refresh")).code:
            raise SystemExit("The import to begin with failed.")
        end = start.copy(folder / "after")
        seconds = jobs.run(end, end.command(second, "--no-refresh")).seconds
        states = (start.facts(), end.facts())
        survived = sum(
            survives(jobs, start, folder / "killed", second, states, seconds, random.Random(number))
            for number in range(ROUNDS)
        )
    row("killed imports", "measured", "asked")
    row("left whole", f"{survived} of {ROUNDS}", f"{ROUNDS} of {ROUNDS}")
    return survived == ROUNDS


def survives(
    jobs: Warm,
    start: Place,
    var: Path,
    files: Path,
    states: tuple[str, str],
    seconds: float,
    chance: random.Random,
) -> bool:
    """Whether a store is as before or as after a kill, and as after when the import is done again."""
    while True:
        place = start.copy(var)
        again = place.command(files, "--no-refresh")
        ended = jobs.run(place, again, kill_after=chance.random() * seconds)
        if ended.code == -signal.SIGKILL:
            break
        seconds *= 0.8  # it was done sooner than it was killed
    found = place.facts()
    whole = jobs.run(place, again).code == 0 and place.facts() == states[1]
    return found in states and whole and place.left_over() == []


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reached = [measure(folder) for measure in (first_start, memory, kills)]
    if not all(reached):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
