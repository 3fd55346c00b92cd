"""CPU seconds from one million customers' purchase days to a scored table, step by step.

A shop like CDNOW (BG/NBD, r .243, alpha 4.414 weeks, a .793, b 2.426), arrivals over one year,
whole days. The histories are counted in the engine, fitted and scored here, and the scores
joined back to every customer in the engine. Against other programs: lifetimes_ratio.py.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa

from bench._clock import cpu, row
from crm_core.models import bg_nbd, gamma_gamma
from crm_core.models.triples import purchase_history, read_triples
from crm_core.settings import Settings
from crm_core.store.connection import connect, limits
from crm_core.store.write import Build

CUSTOMERS, ROUNDS = 1_000_000, 3
AS_OF = date(2026, 6, 30)
R, ALPHA, A, B = 0.243, 7 * 4.414, 0.793, 2.426
YEAR = 365


def purchase_days(customers: int, seed: int) -> pa.Table:
    """One row a customer and purchase day, in the form of table `customer_days`."""
    random = np.random.default_rng(seed)
    rate, leaving = random.gamma(R, 1 / ALPHA, customers), random.beta(A, B, customers)
    start = random.uniform(0, YEAR, customers)
    who, now = np.arange(customers), np.zeros(customers)
    keys, days = [who], [np.floor(start)]
    while len(who):
        now = now + random.exponential(1 / np.maximum(rate[who], 1e-12))
        kept = start[who] + now < YEAR
        who, now = who[kept], now[kept]
        keys.append(who)
        days.append(np.floor(start[who] + now))
        stay = random.random(len(who)) >= leaving[who]
        who, now = who[stay], now[stay]
    key = np.concatenate(keys) * YEAR + np.concatenate(days).astype(np.int64)
    key = np.unique(key)  # two orders of a day are one purchase
    first = np.datetime64(AS_OF - timedelta(YEAR - 1), "D")
    cents = np.round(random.gamma(6.0, 600.0, len(key)) / random.gamma(4.0, 0.3, len(key)))
    return pa.table(
        {
            "customer_key": key // YEAR,
            "day": first + (key % YEAR).astype("timedelta64[D]"),
            "revenue": pa.array(cents / 100.0).cast(pa.decimal128(18, 2), safe=False),
        }
    )


@contextmanager
def shop(rows: pa.Table) -> Iterator[Build]:
    """The purchase days in a store's file, open for scoring."""
    with tempfile.TemporaryDirectory() as folder:
        root = connect()
        limits(root, Settings(var=Path(folder), memory_limit_mb=1024, threads=2))
        root.execute(f"ATTACH '{folder}/shop.duckdb' AS facts")
        build = Build(root, "facts")
        build.upload("customer_days", rows)
        root.execute("CHECKPOINT facts")
        yield build
        build.close()


def main() -> None:
    with shop(purchase_days(CUSTOMERS, seed=2)) as build:
        steps: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for name, seconds in one_round(build).items():
                steps.setdefault(name, []).append(seconds)
    middle = {name: median(seconds) for name, seconds in steps.items()}
    row("1,000,000 customers", "CPU s", "asked")
    for name, seconds in middle.items():
        row(name, seconds)
    wanted = ("triples", "fit", "score", "join to customers")
    row("triples, fit, scores", sum(middle[name] for name in wanted), "< 2")


def one_round(build: Build) -> dict[str, float]:
    """CPU seconds of each step, from purchase days to scores."""
    found: dict[str, object] = {}

    def triples() -> None:
        found["triples"] = read_triples(build, AS_OF)

    def fit() -> None:
        found["fitted"] = bg_nbd.fit_triples(found["triples"], as_of=AS_OF, time_unit="week")

    def score() -> None:
        rows, fitted = found["triples"], found["fitted"]
        found["scores"] = pa.table(
            {
                "frequency": rows.frequency,
                "recency_days": rows.recency_days,
                "age_days": rows.age_days,
                "expected_orders": bg_nbd.expected_orders(fitted, rows, 365),
                "p_no_order": bg_nbd.p_no_order(fitted, rows, 90),
            }
        )

    def join() -> None:
        build.upload("scores", found["scores"])
        keys = ["frequency", "recency_days", "age_days"]
        joined = purchase_history(build, AS_OF).join(build.table("scores"), keys)
        build.materialise("scored", joined)

    def spend() -> None:
        gamma_gamma.fit(build, as_of=AS_OF)

    works = {
        "triples": triples,
        "fit": fit,
        "score": score,
        "join to customers": join,
        "spend (Gamma-Gamma)": spend,
    }
    seconds = {name: cpu(work) for name, work in works.items()}
    print({k: round(v, 4) for k, v in found["fitted"].parameters.items()}, len(found["triples"]))
    return seconds


if __name__ == "__main__":
    main()
