"""Purchase histories to test lifetime models on: a published log and simulated shops."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from crm_core.settings import Settings
from crm_core.store.connection import connect, limits
from crm_core.store.write import Build

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Log:
    """Purchase days: customer, day, cents; one row a customer and day."""

    customer: Ints
    day: npt.NDArray[np.datetime64]
    cents: Ints

    def until(self, as_of: date) -> Log:
        kept = self.day <= np.datetime64(as_of)
        return Log(self.customer[kept], self.day[kept], self.cents[kept])

    def after(self, start: date, end: date) -> Log:
        kept = (self.day > np.datetime64(start)) & (self.day <= np.datetime64(end))
        return Log(self.customer[kept], self.day[kept], self.cents[kept])

    def summary(self, as_of: date) -> dict[str, Ints]:
        """Frequency, recency, age and repeat cents of each customer, counted in plain Python."""
        seen: dict[int, dict[int, int]] = defaultdict(dict)
        known = self.until(as_of)
        numbers = known.day.astype("datetime64[D]").astype(np.int64)
        for who, day, cents in zip(known.customer, numbers, known.cents, strict=True):
            seen[int(who)][int(day)] = int(cents)
        last = int(np.datetime64(as_of).astype("datetime64[D]").astype(np.int64))
        rows = [
            (
                len(days) - 1,
                max(days) - min(days),
                last - min(days),
                sum(days.values()) - days[min(days)],
            )
            for _, days in sorted(seen.items())
        ]
        names = ("frequency", "recency_days", "age_days", "repeat_cents")
        return dict(zip(names, np.array(rows, dtype=np.int64).T, strict=True))

    def table(self) -> pa.Table:
        """In the form of table `customer_days`."""
        return pa.table(
            {
                "customer_key": self.customer,
                "day": pa.array(self.day.astype("datetime64[D]")),
                "orders": np.ones(len(self.customer), dtype=np.int64),
                "revenue": pa.array(self.cents / 100.0).cast(pa.decimal128(18, 2), safe=False),
            }
        )


def cdnow(path: Path) -> Log:
    """A CDNOW text file, lines of one customer and day put together."""
    cents: dict[tuple[int, str], int] = defaultdict(int)
    for line in path.read_text().splitlines():
        parts = line.split()
        if parts and parts[0].isdigit():
            cents[int(parts[0]), parts[-3]] += round(float(parts[-1]) * 100)
    rows = sorted(cents.items())
    days = [datetime.strptime(day, "%Y%m%d").date() for (_, day), _ in rows]
    return Log(
        np.array([who for (who, _), _ in rows]),
        np.array(days, dtype="datetime64[D]"),
        np.array([total for _, total in rows]),
    )


@dataclass(frozen=True)
class Rhythm:
    """True parameters of a simulated shop; time in days."""

    r: float = 0.6
    alpha: float = 20.0
    a: float = 0.8
    b: float = 2.4


def simulate(customers: int, *, seed: int, days: int = 365, rhythm: Rhythm | None = None) -> Log:
    """A shop whose customers buy and leave as BG/NBD says, and spend as Gamma-Gamma says."""
    true, random = rhythm or Rhythm(), np.random.default_rng(seed)
    rate = random.gamma(true.r, 1 / true.alpha, customers)
    leaving = random.beta(true.a, true.b, customers)
    mean = random.gamma(4.0, 1 / 60.0, customers)
    start = random.uniform(0, days, customers)
    who, now = np.arange(customers), start.copy()
    keys, moments = [who], [now]
    while len(who):
        now = now + random.exponential(1 / np.maximum(rate[who], 1e-12))
        kept = now < days
        who, now = who[kept], now[kept]
        keys.append(who)
        moments.append(now)
        stay = random.random(len(who)) >= leaving[who]
        who, now = who[stay], now[stay]
    key = np.unique(np.concatenate(keys) * days + np.concatenate(moments).astype(np.int64))
    customer = key // days
    cents = np.maximum(np.round(random.gamma(6.0, 100.0 / 6.0, len(key)) / mean[customer]), 1)
    first = np.datetime64(AS_OF - timedelta(days - 1), "D")
    return Log(customer, first + (key % days).astype("timedelta64[D]"), cents.astype(np.int64))


AS_OF = date(2026, 6, 30)


@contextmanager
def shop(folder: Path, **tables: pa.Table) -> Iterator[Build]:
    """A store's file with just these tables."""
    root = connect()
    limits(root, Settings(var=folder, memory_limit_mb=256, threads=1))
    root.execute(f"ATTACH '{folder}/shop.duckdb' AS facts")
    build = Build(root, "facts")
    for name, rows in tables.items():
        build.upload(name, rows)
    yield build
    build.close()
