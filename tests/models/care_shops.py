"""Shops drawn by a known process, whose slow replies make so many people leave, in an engine's memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis.backends.sql.datatypes import DuckDBType

from crm_core.metrics.care_rules import CareRules
from crm_core.store import StoreMeta, Tables
from crm_core.store.connection import sql_of

FIRST = date(2024, 1, 1)
DAYS = 900
AS_OF = FIRST + timedelta(DAYS - 1)
RULES = CareRules(reply_hours=24)
META = StoreMeta(
    name="", kind="shop", snapshot="", schema_version=0, currency="EUR", timezone="Europe/Berlin",
    starts_with_shop=True, first_day=FIRST, last_day=AS_OF, as_of=AS_OF, already_until=None, rules="{}",
)  # fmt: skip


class Memory(Tables):
    """Frames as tables of an engine."""

    def __init__(self, **frames: pa.Table) -> None:
        self._root = duckdb.connect(config={"threads": 1})
        self._unbound: dict[str, ir.Table] = {}
        for name, rows in frames.items():
            self._root.register("given", rows)
            self._root.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
            told = self._root.execute(f"DESCRIBE {name}").fetchall()
            kinds = {column: DuckDBType.from_string(kind) for column, kind, *_ in told}
            self._unbound[name] = ibis.table(kinds, name=name)

    def has(self, name: str) -> bool:
        return name in self._unbound

    def table(self, name: str) -> ir.Table:
        return self._unbound[name]

    def fetch(self, expr: ir.Table, limit: int = 50_000, seconds: float = 60.0) -> pd.DataFrame:
        return self._root.execute(sql_of(expr.limit(limit))).df()

    def stream(self, expr: ir.Table, batch_rows: int = 100_000, *, purpose: Any) -> Iterator[Any]:
        yield from self._root.execute(sql_of(expr)).to_arrow_reader(batch_rows)


@dataclass(frozen=True)
class CareShop:
    """A shop, and what slow replies did in it: how many more of the people with a slow reply bought within 90
    days than the same people would have with a quick one."""

    tables: Memory
    effect_90: float


def care_shop(
    seed: int, *, leaves: float, favours: bool = False, customers: int = 1000
) -> CareShop:
    """`leaves` is the chance that a slow reply drives somebody away; a shop that `favours` answers those
    fast who buy often."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(1.2, 1 / 40.0, customers) + 0.004
    begin = rng.integers(0, 600, customers)
    usual = float(np.median(rate))
    orders: list[tuple[int, int]] = []
    contacts: list[dict[str, object]] = []
    changed: list[float] = []
    for who in range(customers):
        gaps = rng.exponential(1 / rate[who], 200)
        days = begin[who] + np.concatenate(([0.0], np.cumsum(gaps)))
        days = np.unique(days[days < DAYS].astype(int))
        gone = DAYS + 1
        for day in days:
            if day >= gone:
                break
            orders.append((who, int(day)))
            if rng.random() > 0.15:
                continue
            talk = int(day + rng.integers(1, 5))
            chance = 0.35
            if favours:
                chance = 0.7 if rate[who] < usual else 0.1
            slow = bool(rng.random() < chance)
            later = days[(days > talk) & (days <= talk + 90)]
            would = float(len(later) > 0 and talk < gone)
            left = slow and rng.random() < leaves
            if slow and talk + 90 < DAYS and gone > DAYS:
                changed.append(-would if left else 0.0)
            contacts.append(
                {"customer_key": who, "day": talk, "topic": ("delivery", "product")[who % 2],
                 "reply_minutes": 2000.0 if slow else 60.0}
            )  # fmt: skip
            if left:
                gone = min(gone, talk)
    return CareShop(_tables(rng, orders, contacts), float(np.mean(changed)) if changed else 0.0)


def _tables(
    rng: np.random.Generator, orders: list[tuple[int, int]], contacts: list[dict[str, object]]
) -> Memory:
    start = np.datetime64(FIRST)
    who, day = (np.array(each, dtype=np.int64) for each in zip(*orders, strict=True))
    revenue = np.round(rng.gamma(4.0, 12.0, len(who)), 2)
    talk = pd.DataFrame(contacts)
    talk = talk[talk["day"] < DAYS].reset_index(drop=True)
    first = pd.Series(day).groupby(who).min()
    days = pa.array(start + day)
    keys = pa.array(np.arange(len(who)))
    return Memory(
        customer_days=pa.table({"customer_key": who, "day": days, "revenue": revenue}),
        customer_facts=pa.table(
            {
                "customer_key": first.index.to_numpy(),
                "first_day": pa.array(start + first.to_numpy()),
                "is_already_customer": np.zeros(len(first), dtype=bool),
            }
        ),
        order_facts=pa.table(
            {
                "order_key": keys,
                "customer_key": who,
                "day": days,
                "order_no": keys,
                "sales_channel": pa.array(["web"] * len(who)),
            }
        ),
        orders=pa.table(
            {
                "order_key": keys,
                "promised_at": pa.array([None] * len(who), pa.timestamp("us")),
                "delivered_at": pa.array([None] * len(who), pa.timestamp("us")),
            }
        ),
        contacts=pa.table(
            {
                "contact_id": pa.array([f"t{n}" for n in range(len(talk))]),
                "customer_key": talk["customer_key"].to_numpy(np.int64),
                "day": pa.array(start + talk["day"].to_numpy(np.int64)),
                "occurred_at": pa.array(
                    (start + talk["day"].to_numpy(np.int64)).astype("datetime64[us]")
                ),
                "direction": pa.array(["in"] * len(talk)),
                "contact_channel": pa.array(["email"] * len(talk)),
                "topic": pa.array(talk["topic"].tolist()),
                "reply_minutes": talk["reply_minutes"].to_numpy(np.float64),
                "message": pa.array([None] * len(talk), pa.string()),
            }
        ),
    )
