"""CPU seconds and peak memory, of this process or of a command."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds a piece of work takes here."""
    start = time.process_time()
    work()
    return time.process_time() - start


def alternating(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median CPU seconds of each, run in turns so that a busy moment hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(cpu(work))
    return {name: median(seconds) for name, seconds in taken.items()}


@dataclass(frozen=True)
class Finished:
    """What a command took."""

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    answer: Any


def command(arguments: Sequence[str], **env: str) -> Finished:
    """Runs `python -m crm_core …` and tells what it took; its JSON is the answer."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "crm_core", *arguments, "--json"],
        cwd=ROOT,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        check=True,
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    # The largest child so far: run the largest first, or each in a script of its own.
    return Finished(wall, spent, after.ru_maxrss / 1024, json.loads(done.stdout))


def row(*cells: object) -> None:
    """One line of a table, in columns."""
    print(
        "  ".join(_cell(cell).ljust(24 if place == 0 else 14) for place, cell in enumerate(cells))
    )


def _cell(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
