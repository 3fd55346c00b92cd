"""All scores of a large shop refreshed from its order facts: CPU seconds by step, and their growth.

A demo shop is made once; larger ones are that shop several times over, each time with other
customers whose days lie a day further back, so that their histories differ. Then features, segments,
values, churn, groups, forecast and past days are made anew, in a process of its own for each size.
`python bench/refresh_scores.py --customers 100000 --times 1 3 10`; `--store FOLDER` takes a shop
that was made before.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from bench._clock import ROOT, row
from crm_core.pipeline.scores import refresh_scores
from crm_core.settings import Settings
from crm_core.store import engine_of

CUSTOMERS, TIMES, MEMORY_MB, THREADS = 20_000, (1, 2, 4), 4096, 2
_COPIED = (
    "customers",
    "customer_facts",
    "contacts",
    "order_facts",
    "ledger",
    "ledger_by_day",
    "customer_days",
)
_KEYS = ("customer_key", "order_key")


def make_shop(folder: Path, customers: int) -> None:
    """A demo shop's facts in a folder."""
    subprocess.run(
        [sys.executable, "-m", "crm_core", "demo", "--customers", str(customers),
         "--store", f"duckdb:///{folder}"],
        cwd=ROOT, env={**os.environ, "CLIENTELE_VAR": f"{folder}-var"}, check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip


def multiply(shop: Path, to: Path, times: int) -> None:
    """The shop `times` over, its facts alone."""
    to.mkdir()
    facts = json.loads((shop / "current.json").read_text(encoding="utf-8"))["facts"]
    shutil.copyfile(shop / facts, to / facts)
    pointer = {"facts": facts, "scores": None}
    (to / "current.json").write_text(json.dumps(pointer), encoding="utf-8")
    if times == 1:
        return
    with duckdb.connect(str(to / facts)) as con:
        con.execute(f"SET threads = {THREADS}; SET memory_limit = '{MEMORY_MB}MB'")
        offset = {key: _largest(con, key) for key in _KEYS}
        for table in _COPIED:
            columns = con.execute(f"DESCRIBE {table}").fetchall()
            once = con.execute(f"SELECT count(*) FROM {table}").fetchone()
            for copy in range(1, times):
                words = ", ".join(_shifted(name, kind, copy, offset) for name, kind, *_ in columns)
                con.execute(
                    f"INSERT INTO {table} SELECT {words} FROM {table} LIMIT {once[0] if once else 0}"
                )


def _largest(con: duckdb.DuckDBPyConnection, key: str) -> int:
    found = con.execute(f"SELECT max({key}) FROM ledger").fetchone()
    people = con.execute("SELECT max(customer_key) FROM customer_facts").fetchone()
    return max(found[0] if found else 0, people[0] if people else 0) + 1


def _shifted(name: str, kind: str, copy: int, offset: dict[str, int]) -> str:
    if name in offset:
        return f"{name} + {copy * offset[name]} AS {name}"
    if kind in ("DATE", "TIMESTAMP"):
        return f'("{name}" - INTERVAL {copy} DAY)::{kind} AS "{name}"'
    return f'"{name}"'


def measured(shop: Path, memory_mb: int) -> dict[str, float]:
    """CPU seconds of each step of a refresh in this process, its wall seconds and its peak."""
    settings = Settings(var=shop / "var", memory_limit_mb=memory_mb, threads=THREADS)
    seconds: dict[str, float] = {}
    now = {"step": "start", "cpu": _cpu()}

    def progress(step: str, _: float) -> None:
        spent = _cpu()
        seconds[str(now["step"])] = spent - float(now["cpu"])
        now.update(step=step, cpu=spent)

    began = time.perf_counter()
    refresh_scores(f"duckdb:///{shop}", settings=settings, progress=progress)
    seconds["wall"] = time.perf_counter() - began
    seconds["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    store = engine_of(f"duckdb:///{shop}", settings).open()
    seconds["customers"] = float(
        store.fetch(store.table("features").count().name("n").as_table())["n"].iloc[0]
    )
    store.close()
    return seconds


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def show(found: list[dict[str, float]]) -> None:
    """One column a size; beside the last what it takes for each time the one before."""
    told = ("wall", "peak_mb", "customers")
    row("customers", *(f"{size['customers']:,.0f}" for size in found), "growth")
    for name in [name for name in found[0] if name not in told]:
        row(name, *(size.get(name, 0.0) for size in found), _growth(found, name))
    for size in found:
        size["all CPU s"] = sum(value for name, value in size.items() if name not in told)
    for name in ("all CPU s", "wall", "peak_mb"):
        row(name, *(size[name] for size in found), _growth(found, name))


def _growth(found: list[dict[str, float]], name: str) -> str:
    if len(found) < 2 or found[-2].get(name, 0.0) <= 0.05:
        return ""
    before, last = found[-2:]
    more = last["customers"] / before["customers"]
    return f"x {last[name] / before[name]:.2f} for x {more:.1f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--times", type=int, nargs="+", default=list(TIMES))
    parser.add_argument("--memory-mb", type=int, default=MEMORY_MB, help="of the engine")
    parser.add_argument("--store", type=Path, help="a shop made before")
    parser.add_argument("--folder", type=Path, help="where to work; it is emptied afterwards")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measured(given.measure, given.memory_mb)))
        return 0
    folder = Path(tempfile.mkdtemp(prefix="refresh-scores-", dir=given.folder))
    try:
        shop = given.store or folder / "shop"
        if not given.store:
            make_shop(shop, given.customers)
        found: list[dict[str, float]] = []
        for times in given.times:
            multiply(shop, folder / str(times), times)
            done = subprocess.run(
                [sys.executable, "-m", "bench.refresh_scores",
                 "--measure", str(folder / str(times)), "--memory-mb", str(given.memory_mb)],
                cwd=ROOT, stdout=subprocess.PIPE, check=True,
            )  # fmt: skip
            found.append(json.loads(done.stdout.splitlines()[-1]))
            shutil.rmtree(folder / str(times))
        show(found)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
