"""What a first page waits for."""

from __future__ import annotations

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
