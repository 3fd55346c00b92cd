"""How long finding a caller takes, and their record: by phone, e-mail and order number.

`python bench/call.py --var FOLDER --customers 1000000`: on the demo shop of that size, made first if
it is not there. Milliseconds of a process that has been asked before, each question of another
customer: the middle and the 95th percentile of time passed, and of the processor used.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench._clock import command, row
from crm_core.privacy.callers import Lookup, look_up
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.settings import Settings
from crm_core.store import Store, open_store
from crm_core.views.call import call
from crm_core.views.contact_line import contact_line

CARE = Access("care", "bench")
ASKED = 60
SEED = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--var", type=Path, required=True)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--asked", type=int, default=ASKED)
    given = parser.parse_args()
    settings = Settings.from_env({**os.environ, "CLIENTELE_VAR": str(given.var)})
    folder = given.var / f"demo-{given.customers}"
    if not (folder / "current.json").exists():
        command(["demo", "--customers", str(given.customers)], CLIENTELE_VAR=str(given.var))
    store = open_store(f"duckdb:///{folder}", settings=settings)
    row("asked by", "p50 ms", "p95 ms", "p50 CPU ms", "p95 CPU ms", "opened")
    for name, words in questions(store, given.asked).items():
        ask(store, words[0])  # what only the first question pays
        taken = [timed(lambda text=text: ask(store, text)) for text in words]
        report(name, taken, sum(answer.only is not None for *_, answer in taken) / len(taken))
    opened = [ask(store, text).only for text in questions(store, given.asked)["phone"]]
    keys = [match.key for match in opened if match is not None and match.key is not None]
    record(store, keys[0])
    report("the whole record", [timed(lambda key=key: record(store, key)) for key in keys], 1.0)
    store.close()


def ask(store: Store, text: str) -> Lookup:
    return look_up(store, CARE, text)


def record(store: Store, key: int) -> None:
    asked: dict[str, Any] = {"store": store, "access": CARE, "key": key}
    call(Selection(), **asked)
    contact_line(Selection(), **asked)


def questions(store: Store, count: int) -> dict[str, list[str]]:
    """What callers say, of customers and orders drawn by lot, as a person types it."""
    lot = random.Random(SEED)
    people, orders = store.table("identities"), store.table("orders")
    keys = lot.sample(range(1, int(total(store, people)) + 1), 4 * count)
    found = store.fetch(people.filter(people.customer_key.isin(keys)))
    phones, emails = (list(found[name].dropna())[:count] for name in ("phone", "email"))
    numbers = lot.sample(range(1, int(total(store, orders)) + 1), count)
    bought = store.fetch(orders.filter(orders.order_key.isin(numbers)).select("order_id"))
    told = list(bought["order_id"])
    return {
        "phone": [phone.replace("+49", "0049 (0)") for phone in phones],
        "phone, national": [phone.replace("+49 ", "0") for phone in phones],
        "e-mail": [email.upper() for email in emails],
        "order number": [number.lower() for number in told],
        "part of an order number": [number[-6:] for number in told],
        "nobody": [f"0049 151 99{lot.randrange(10**6):06}" for _ in told],
    }


def total(store: Store, table: Any) -> float:
    return float(store.fetch(table.agg(rows=table.count()))["rows"].iloc[0])


Taken = tuple[float, float, Any]


def timed(work: Callable[[], Any]) -> Taken:
    wall, used = time.perf_counter(), time.process_time()
    answer = work()
    return 1_000 * (time.perf_counter() - wall), 1_000 * (time.process_time() - used), answer


def report(name: str, taken: Sequence[Taken], opened: float) -> None:
    walls, used = ([each[place] for each in taken] for place in (0, 1))
    row(name, *(float(np.percentile(v, q)) for v in (walls, used) for q in (50, 95)), opened)


if __name__ == "__main__":
    main()
