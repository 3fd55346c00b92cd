"""CPU of importing a million messy order lines, against the engine's own typed reading of them.

The yardstick is one typed `read_csv` with `store_rejects` over the same file: it types what it
can, rejects whole rows, and knows nothing of impossible values, repeats, orders or people. Ours
must set every bad row aside for its true reason and keep every good one, odd ways of writing
included; both are compared with what the file was made from. Exit 1 when a row is wrong.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from bench._clock import ROOT, row
from bench._messy_orders import write_messy

ROWS, SEED, ROUNDS = 1_000_000, 20, 5
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MEMORY = "512MB"
_TYPES = ("VARCHAR", "TIMESTAMP", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR",
          "BIGINT", "DECIMAL(18,6)", "DECIMAL(18,6)", "VARCHAR")  # fmt: skip


def engine_alone(file: Path) -> float:
    """CPU seconds of the engine's typed reading into a table."""
    con = duckdb.connect()
    con.execute(f"set threads = 2; set memory_limit = '{MEMORY}'")
    columns = ", ".join(f"'c{place}': '{kind}'" for place, kind in enumerate(_TYPES))
    start = time.process_time()
    con.execute(
        f"""
        create temp table typed as select * from read_csv(
            '{file}', auto_detect = false, header = true, delim = ';', quote = '"', escape = '"',
            decimal_separator = ',', timestampformat = '%d.%m.%Y %H:%M', columns = {{{columns}}},
            store_rejects = true, rejects_limit = 0)
        """
    )
    return time.process_time() - start


def staging_alone(file: Path, truth: Path) -> tuple[float, list[str]]:
    """CPU seconds from file to checked staging tables, and what is wrong with them."""
    from crm_core.store.imports import recognise, stage

    con = duckdb.connect()
    con.execute(f"set threads = 2; set memory_limit = '{MEMORY}'; set temp_directory = ?",
                [str(file.parent / "spill")])  # fmt: skip
    start = time.process_time()
    stage(con, recognise([file]), currency=None, timezone=None, now=NOW,
          progress=lambda _step, _share: None)  # fmt: skip
    spent = time.process_time() - start
    wrong = _compared(con, truth, "staging.quarantine", _STAGED)
    return spent, wrong


def whole_import(file: Path, truth: Path) -> tuple[float, list[str]]:
    """CPU seconds of the whole command, the interpreter's start included, up to published marts."""
    with tempfile.TemporaryDirectory(dir=file.parent) as var:
        before = os.times()
        subprocess.run(
            [sys.executable, "-m", "crm_core", "import", str(file), "--no-refresh", "--json",
             "--store", f"duckdb:///{var}/shop"],
            cwd=ROOT, env={**os.environ, "CLIENTELE_VAR": var}, check=True, stdout=subprocess.PIPE,
        )  # fmt: skip
        after = os.times()
        spent = after.children_user + after.children_system
        spent -= before.children_user + before.children_system
        con = duckdb.connect()
        snapshot = json.loads(Path(var, "shop/current.json").read_text())["facts"]
        con.execute(f"attach '{var}/shop/{snapshot}' as facts (read_only); use facts")
        return spent, _compared(con, truth, "quarantine", _PUBLISHED)


_LINE = "order_id, ordered_at, product_id, quantity, line_total, coalesce(discount, 0)"
_STAGED = f"""
    select l.source_row, {_LINE} from staging.order_lines l join staging.orders using (order_id)
"""
_PUBLISHED = f"select null::bigint, {_LINE} from order_lines join orders using (order_id)"


def _compared(con: duckdb.DuckDBPyConnection, truth: Path, bad: str, lines: str) -> list[str]:
    """What differs from the truth: rows with another reason or none, lines with another value."""
    known = f"read_parquet('{truth}')"
    place = "null::bigint" if "null::bigint" in lines else "source_row"
    reasons = f"select source_row, reason from {known} where reason is not null"
    good = f"select {place}, {_LINE} from {known} where reason is null"
    checks = {
        "bad rows not told": f"({reasons}) except all (select source_row, reason from {bad})",
        "rows told wrongly": f"(select source_row, reason from {bad}) except all ({reasons})",
        "good lines missing": f"({good}) except all ({lines})",
        "lines not in the file": f"({lines}) except all ({good})",
    }
    wrong: list[str] = []
    for what, query in checks.items():
        found = con.execute(f"select count(*) from ({query})").fetchone()
        if found and found[0]:
            wrong.append(f"{found[0]} {what}")
    return wrong


def _child(work: str, *arguments: str) -> tuple[float, float, list[str]]:
    """CPU seconds, peak MB and faults of one piece of work in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.messy_import", work, *arguments], cwd=ROOT,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    told: Any = json.loads(process.stdout.read()) if process.stdout else {}
    process.wait()
    return told["cpu"], told["mb"], told["wrong"]


def _work(work: str, file: Path, truth: Path) -> None:
    import resource

    wrong: list[str] = []
    if work == "engine":
        spent = engine_alone(file)
    elif work == "staging":
        spent, wrong = staging_alone(file, truth)
    else:
        spent, wrong = whole_import(file, truth)
    who = resource.RUSAGE_CHILDREN if work == "import" else resource.RUSAGE_SELF
    peak = resource.getrusage(who).ru_maxrss / 1024
    print(json.dumps({"cpu": spent, "mb": peak, "wrong": wrong}))


def main(rows: int = ROWS) -> int:
    with tempfile.TemporaryDirectory() as folder:
        faults: list[str] = []
        row(
            f"{rows:,} messy lines",
            "engine CPU s",
            "staging",
            "ratio",
            "import",
            "ratio",
            "peak MB",
        )
        for name, broken in (("clean bytes", False), ("NULs and broken bytes", True)):
            file, truth = Path(folder, f"{broken}.csv"), Path(folder, f"{broken}.parquet")
            bad = write_messy(file, truth, rows=rows, seed=SEED, broken=broken)
            runs = [
                {work: _child(work, str(file), str(truth)) for work in ("engine", "staging", "import")}
                for _ in range(ROUNDS)
            ]  # fmt: skip
            cpu = {work: median(run[work][0] for run in runs) for work in runs[0]}
            peak = max(run[work][1] for run in runs for work in ("staging", "import"))
            row(name, cpu["engine"], cpu["staging"], cpu["staging"] / cpu["engine"],
                cpu["import"], cpu["import"] / cpu["engine"], peak)  # fmt: skip
            wrong = sorted({fault for run in runs for each in run.values() for fault in each[2]})
            print(
                f"  {bad:,} bad rows of {rows:,}:",
                "; ".join(wrong) or "every one told, every good row kept",
            )
            faults += wrong
            file.unlink()
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) == 4:
        _work(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        sys.exit(main(*map(int, sys.argv[1:])))
