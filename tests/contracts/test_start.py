"""What a first page waits for, and what `make` starts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_opening_the_shop_loads_nothing_that_only_a_refresh_needs() -> None:
    asked = (
        "import sys, crm_core.pipeline.workspace; "
        "print(sorted({'scipy', 'sklearn', 'prophet', 'statsmodels'} & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"


def test_a_measurement_that_fails_stops_no_other_and_is_told_at_the_end(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "ran $1"; [ "$1" != bench/pairs.py ]\n', encoding="utf-8")
    python.chmod(0o755)
    stamp = ".venv-bench/bench.stamp"
    asked = ["make", "-s", "-o", stamp, "bench", f"BENCH={tmp_path}", "ONLY=pairs call"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert re.findall("ran (.*)", done.stdout) == ["bench/pairs.py", "bench/call.py"]
    assert done.returncode != 0
    assert "Failed: bench/pairs.py" in done.stderr.splitlines()


def test_checks_install_no_service() -> None:
    (asked,) = re.findall(
        r"debian\.sh (chromium .*mariadb.*)", (ROOT / "Makefile").read_text("utf-8")
    )
    assert "mariadb-server" not in asked.split()
