"""Two hundred bad files: refused in words or read, no good row lost, a reason for every bad one.

All of them go through one process, one after the other: what any of them needs shows in its peak.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.store.imports.spoiled_files import COUNT, KINDS, Spoiled, spoiled_file

ROOT = Path(__file__).parents[3]
MOST_MB = 400


def staged_apart(folder: Path, seeds: range) -> tuple[list[Spoiled], list[dict[str, Any]], float]:
    """The files of these seeds, what came of each, and the most memory that any of them took."""
    files = [spoiled_file(seed) for seed in seeds]
    for file in files:
        (folder / file.name).write_bytes(file.content)
    done = subprocess.run(
        [sys.executable, "-m", "tests.store.imports.staged_apart",
         *(str(folder / file.name) for file in files)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return files, told["outcomes"], told["peak_mb"]


def wrong(file: Spoiled, told: dict[str, Any], folder: Path) -> list[str]:
    """What is not as it should be with a file."""
    if "refused" in told:
        expected = told["refused"] in file.refused or file.blind
        plain = all(
            file.name in words and str(folder) not in words and "{" not in words
            for words in told["words"]
        )
        return [f"refused: {told['words'][0]}"] * (not expected) + ["words"] * (not plain)
    if file.blind:
        return ["does not add up"] * (not told["adds_up"])
    bad = {(row, reason) for row, reason in told["bad"]}
    found = {
        "not refused": file.refused,
        "good orders lost": file.good - set(told["good"]),
        "orders made up": set(told["good"]) - file.good,
        "bad rows not told": file.bad - bad,
        "rows told wrongly": bad - file.bad,
        "told twice": len(told["good"]) - len(set(told["good"])) + len(told["bad"]) - len(bad),
        "does not add up": not told["adds_up"],
    }
    return [f"{what}: {which}" for what, which in found.items() if which]


def check(folder: Path, seeds: range) -> None:
    files, outcomes, peak_mb = staged_apart(folder, seeds)
    faults = {
        file.name: found
        for file, told in zip(files, outcomes, strict=True)
        if (found := wrong(file, told, folder))
    }
    assert faults == {}
    assert peak_mb < MOST_MB
    assert {path.name for path in folder.iterdir()} == {file.name for file in files}


@pytest.mark.slow
def test_one_of_each_kind(tmp_path: Path) -> None:
    check(tmp_path, range(len(KINDS)))


@pytest.mark.slow
def test_two_hundred(tmp_path: Path) -> None:
    check(tmp_path, range(COUNT))
