"""A shop of millions of orders imported and refreshed on two cores and 4 GB, step by step.

The invented shop's order lines, three an order, lie in one CSV file. Beside it stands what a
script by hand would do with them: a typed read, repeats dropped, totals by order, a summary by
customer, kept in a file. It checks nothing, knows no bad row, no person and no rule, and keeps
nothing to take back. Both must find the same orders, lines and money.
`python bench/ten_million.py --orders 10000000 --folder /somewhere/large`; exit 1 when they differ.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from bench._clock import ROOT, row
from bench._order_lines import TYPES, write_order_lines

ORDERS, MEMORY_MB, THREADS = 200_000, 4096, 2
_MB = 1 << 20
_LOOK = 0.5  # seconds between two looks at the disk
_BY_HAND: dict[str, str] = {
    "typed read": """
        create table lines as select * from read_csv('{file}', auto_detect = false, header = true,
            delim = ',', quote = '"', escape = '"', columns = {types})""",
    "repeats dropped": """
        create table lines_once as select distinct * from lines; drop table lines""",
    "order totals": """
        create table order_totals as
        select "Order ID" as order_id, min("Order Date") as ordered_at,
               min("Customer ID") as customer_id, min("E-mail") as email, count(*) as lines,
               sum("Quantity" * "Unit Price" - "Discount") as revenue
        from lines_once group by 1""",
    "customer summary": """
        create table customer_summary as
        select coalesce(customer_id, email) as customer, count(*) as orders,
               min(ordered_at) as first_order, max(ordered_at) as last_order,
               sum(revenue) as revenue
        from order_totals where coalesce(customer_id, email) is not null group by 1""",
    "written": "checkpoint",
}


@dataclass
class Taken:
    """What a piece of work took: seconds by step, CPU seconds, peaks of memory and disk."""

    steps: dict[str, float] = field(default_factory=dict)
    wall: float = 0.0
    cpu: float = 0.0
    memory_mb: float = 0.0
    disk_mb: float = 0.0
    answer: Any = None


def by_hand(file: Path, folder: Path, memory_mb: int) -> dict[str, float]:
    """The script by hand; wall seconds by step."""
    con = duckdb.connect(str(folder / "by_hand.duckdb"))
    con.execute(f"set threads = {THREADS}; set memory_limit = '{memory_mb}MB'")
    con.execute("set preserve_insertion_order = false")
    con.execute(f"set temp_directory = '{folder}/spill'")
    seconds: dict[str, float] = {}
    for name, statement in _BY_HAND.items():
        start = time.perf_counter()
        con.execute(statement.format(file=file, types=TYPES))
        seconds[name] = time.perf_counter() - start
    return seconds


def of_hand(folder: Path) -> tuple[Any, ...]:
    """Orders, lines, customers with a number or an e-mail, and revenue by hand."""
    with duckdb.connect(str(folder / "by_hand.duckdb"), read_only=True) as con:
        return (
            con.execute("select count(*), sum(lines), sum(revenue) from order_totals").fetchone()
            or ()
        )


def of_store(folder: Path) -> tuple[Any, ...]:
    """The same of the store."""
    facts = json.loads((folder / "shop/current.json").read_text())["facts"]
    with duckdb.connect(str(folder / "shop" / facts), read_only=True) as con:
        return (
            con.execute(
                "select (select count(*) from orders), (select count(*) from order_lines), "
                "(select sum(line_total - coalesce(discount, 0)) from order_lines)"
            ).fetchone()
            or ()
        )


def run(folder: Path, memory_mb: int, *arguments: str) -> Taken:
    """Runs a command, with an eye on the folder it works in; its last line is JSON."""
    env = {
        **os.environ,
        "CLIENTELE_VAR": str(folder),
        "CLIENTELE_MEMORY_MB": str(memory_mb),
        "CLIENTELE_THREADS": str(THREADS),
        "TMPDIR": str(folder),
    }
    taken = Taken()
    start = time.perf_counter()
    with watched(folder, taken):
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        told: list[str] = []
        reader = threading.Thread(target=lambda: told.extend(process.stdout or ()))
        reader.start()
        taken.steps = _steps(process.stderr or (), start)
        reader.join()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arguments} ended with {process.returncode}: {''.join(told)}")
    taken.wall = time.perf_counter() - start
    taken.cpu = used.ru_utime + used.ru_stime
    taken.memory_mb = used.ru_maxrss / 1024
    taken.answer = json.loads(told[-1])
    return taken


def _steps(lines: Any, start: float) -> dict[str, float]:
    """Seconds between one told step of progress and the next, by the step that ended."""
    steps: dict[str, float] = {}
    name, since = "start", start
    for line in lines:
        words = line.split()
        if len(words) != 3 or words[0] != "progress":
            print(line, end="", file=sys.stderr)
            continue
        now = time.perf_counter()
        steps[name] = steps.get(name, 0.0) + now - since
        name, since = f"{words[1]} from {float(words[2]):.0%}", now
    steps[name] = steps.get(name, 0.0) + time.perf_counter() - since
    return steps


@contextmanager
def watched(folder: Path, taken: Taken) -> Iterator[None]:
    """Looks now and then how much lies in a folder."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(_LOOK):
            taken.disk_mb = max(taken.disk_mb, size_mb(folder))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        taken.disk_mb = max(taken.disk_mb, size_mb(folder))


def size_mb(folder: Path) -> float:
    """What the files of a folder take on the disk; those removed meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_blocks * 512
        except FileNotFoundError:
            continue
    return total / _MB


def show(name: str, taken: Taken, steps: Mapping[str, float]) -> None:
    """One piece of work, its steps below."""
    row(name, taken.wall, taken.cpu, taken.memory_mb, taken.disk_mb)
    for step, seconds in steps.items():
        if seconds >= 0.05:
            row(f"  {step}", seconds)
    sys.stdout.flush()


def measure(folder: Path, orders: int, memory_mb: int) -> int:
    file = folder / "order-lines.csv"
    start = time.perf_counter()
    made, lines = write_order_lines(file, orders)
    print(
        f"{made:,} orders, {lines:,} lines, {file.stat().st_size / _MB:,.0f} MB, written in "
        f"{time.perf_counter() - start:,.0f} s; {THREADS} threads, {memory_mb:,} MB of engine memory"
    )
    row("", "seconds", "CPU seconds", "peak MB", "disk MB")
    work = {name: folder / name for name in ("hand", "ours")}
    for each in work.values():
        each.mkdir()
    hand = run(work["hand"], memory_mb, "-m", "bench.ten_million", "--by-hand", str(file))
    show("by hand", hand, hand.answer)
    store = ["--json", "--progress", "--store", f"duckdb:///{work['ours']}/shop"]
    ours = run(
        work["ours"], memory_mb, "-m", "crm_core", "import", str(file), "--no-refresh", *store
    )
    show("import", ours, ours.steps)
    refreshed = run(work["ours"], memory_mb, "-m", "crm_core", "refresh", *store)
    show("refresh", refreshed, refreshed.answer["seconds"])
    row("import / by hand", ours.wall / hand.wall, ours.cpu / hand.cpu,
        ours.memory_mb / hand.memory_mb, ours.disk_mb / hand.disk_mb)  # fmt: skip
    row("import + refresh", (ours.wall + refreshed.wall) / hand.wall,
        (ours.cpu + refreshed.cpu) / hand.cpu)  # fmt: skip
    found = {"by hand": of_hand(work["hand"]), "in the store": of_store(work["ours"])}
    print(f"orders, lines, revenue: {found}")
    return int(len(set(found.values())) > 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--memory-mb", type=int, default=MEMORY_MB, help="of the engine")
    parser.add_argument("--folder", type=Path, help="where to work; it is emptied afterwards")
    parser.add_argument("--by-hand", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.by_hand:
        folder = Path(os.environ["CLIENTELE_VAR"])
        print(json.dumps(by_hand(given.by_hand, folder, int(os.environ["CLIENTELE_MEMORY_MB"]))))
        return 0
    folder = Path(tempfile.mkdtemp(prefix="ten-million-", dir=given.folder))
    try:
        return measure(folder, given.orders, given.memory_mb)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
