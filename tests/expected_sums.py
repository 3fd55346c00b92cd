"""The table of expected sums that goals land by, made by hand: so much a day from a day on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pyarrow as pa

from crm_core.settings import Settings
from crm_core.store import engine_of

DAYS = 90
Series = tuple[str, str, str]


def expected_sums(
    daily: Mapping[Series, float], first: date, *, spread: float = 0.1, days: int = DAYS
) -> pa.Table:
    """`forecast_periods` of series (measure, dimension, member) that bring so much every day from
    `first` on; 80 % intervals reach `spread` of the sum to either side, 95 % twice that."""
    rows: list[dict[str, object]] = []
    last = first + timedelta(days - 1)
    for (measure, dimension, member), a_day in daily.items():
        spans = [("to_date", first, first + timedelta(n)) for n in range(days)]
        start = first
        while start <= last:
            end = min(_next_month(start) - timedelta(1), last)
            spans.append(("month", start, end))
            start = end + timedelta(1)
        for grain, start, end in spans:
            value = a_day * ((end - start).days + 1)
            rows.append(
                {
                    "measure": measure, "dimension": dimension, "member": member,
                    "grain": grain, "starts_on": start, "ends_on": end, "value": value,
                    "low_80": value * (1 - spread), "high_80": value * (1 + spread),
                    "low_95": value * (1 - 2 * spread), "high_95": value * (1 + 2 * spread),
                }
            )  # fmt: skip
    return pa.Table.from_pylist(rows)


def put_scores(url: str, settings: Settings, as_of: date, **tables: pa.Table) -> None:
    """Publishes scores that hold these tables and no others."""
    with engine_of(url, settings).writing() as change:
        facts = str(change.pointer.facts)
        with change.building("scores") as build:
            for name, table in tables.items():
                build.upload(name, table)
            build.put_meta({"as_of": as_of.isoformat(), "facts": facts})


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(4)).replace(day=1)
