"""The generator works at any size, length and end, block by block."""

from __future__ import annotations

import sys
from collections import defaultdict
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from crm_core.demo import generate
from crm_core.demo.arrow import schema
from tests.demo.conftest import Ask


def shop(customers: int, months: int, end_day: date) -> dict[str, pa.Table]:
    parts: dict[str, list[pa.Table]] = defaultdict(list)
    for name, table in generate(customers, months, 3, end_day):
        assert table.schema == schema(name)
        parts[name].append(table)
    return {name: pa.concat_tables(tables) for name, tables in parts.items()}


@pytest.mark.parametrize(
    ("customers", "months", "end_day"),
    [
        (1, 3, date(2026, 1, 31)),
        (40, 1, date(2025, 2, 28)),
        (300, 14, date(2026, 12, 31)),
        (300, 48, date(2026, 6, 15)),
    ],
)
def test_any_small_shop_is_whole(customers: int, months: int, end_day: date) -> None:
    tables = shop(customers, months, end_day)
    assert len(tables) == 15
    orders = tables["orders"]
    assert orders.num_rows >= customers
    late = datetime(end_day.year, end_day.month, end_day.day, 23, 59, 59, tzinfo=UTC)
    assert pc.max(orders["ordered_at"]).as_py() <= late
    for name, column in (
        ("refunds", "refunded_at"),
        ("reviews", "reviewed_at"),
        ("contacts", "occurred_at"),
    ):
        if tables[name].num_rows:
            assert pc.max(tables[name][column]).as_py() <= late


def test_blocks_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[generate.__module__], "BLOCK_CUSTOMERS", 150)
    tables = shop(400, 6, date(2026, 3, 31))
    for name, column in (
        ("customers", "customer_id"),
        ("orders", "order_id"),
        ("web_events", "event_id"),
    ):
        values = tables[name][column]
        assert pc.count_distinct(values).as_py() == len(values)


def test_days_are_the_shops_and_times_are_utc(ask: Ask) -> None:
    first, last, early = ask("""
        select min(day), max(day), count(*) filter (day <> ordered_at::date) from counted
    """)[0]
    assert (first, last) == (date(2024, 5, 1), date(2026, 10, 31))
    assert early > 300


def test_first_orders_are_seen_on_the_day_a_customer_came(ask: Ask) -> None:
    gap = ask("""
        select max(first - first_seen_at) from customers
        join (select customer_id, min(ordered_at) as first from orders group by 1) using (customer_id)
        join true_customers using (customer_id) where kind = 'account'
    """)[0][0]
    assert gap.total_seconds() == 180
