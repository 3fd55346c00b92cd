"""Stages files one after another in a process of its own: what came of each, and its peak memory."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb

from crm_core.errors import CrmError
from crm_core.store.imports import recognise, stage
from crm_core.text import error_text
from tests.store.imports.conftest import NOW


def outcome(path: Path) -> dict[str, Any]:
    """The orders kept and the rows set aside, or the refusal with its words."""
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("set threads = 1; set memory_limit = '256MB'")
        try:
            result = stage(con, recognise([path]), currency="EUR", timezone="UTC", now=NOW,
                           progress=lambda _step, _share: None)  # fmt: skip
        except CrmError as refusal:
            words = [error_text(refusal, language) for language in ("en", "zh")]
            return {"refused": refusal.code, "words": words}
        lines = "select order_id from staging.order_lines" if "order_lines" in result.good else ""
        return {
            "good": [row[0] for row in con.execute(lines).fetchall()] if lines else [],
            "bad": con.execute("select source_row, reason from staging.quarantine").fetchall(),
            "adds_up": result.bill.adds_up,
        }


def peak_mb() -> float:
    """The most memory of this program alone; what getrusage tells begins with its parent's."""
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    told = [outcome(Path(path)) for path in sys.argv[1:]]
    print(json.dumps({"outcomes": told, "peak_mb": peak_mb()}))
