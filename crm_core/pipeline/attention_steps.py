"""What needs attention, worked out with every refresh: a few rows that pages only read.

`attention`: kind, money (at stake), starts_on, ends_on, people (the group it is about; empty where
it is about nobody), facts (JSON: what words it). Kinds: anomaly, shrinking, repeat_rate, sold_out.
The document says how much was looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any, Final

import ibis
import pyarrow as pa

from crm_core.metrics import between, measure
from crm_core.metrics.part_codes import OTHERS, UNKNOWN, name_of
from crm_core.metrics.sold_out import sold_out
from crm_core.models.anomalies import anomalies, to_document
from crm_core.models.anomaly_findings import TOTAL, Anomaly
from crm_core.models.repeat_rates import LEAST_BUYERS, falling, half_years, repeat_counts
from crm_core.models.shrinking import shrunk
from crm_core.models.standing import HISTORY
from crm_core.pipeline.learned import Documents, Scoring
from crm_core.selection import Period

NAME: Final = "attention"
_TRIALS, _SERIES = "forecast_trials", "forecast_series"
_MOST = 50
_GROUP_DAYS = 28
_TYPES: Final = {
    "kind": pa.string(),
    "money": pa.float64(),
    "starts_on": pa.date32(),
    "ends_on": pa.date32(),
    "people": pa.int64(),
    "facts": pa.string(),
}
Row = dict[str, Any]


def attention(job: Scoring) -> None:
    """`attention`: odd days of the forecast's series, stages that shrink, products that fewer buy
    again or that are sold out."""

    def learn() -> Documents:
        rows, document = _odd_days(job)
        for more in (_shrinking(job), _repeat_rates(job, document), _sold_out(job)):
            rows += list(more)[:_MOST]
        columns = {
            name: pa.array([row[name] for row in rows], kind) for name, kind in _TYPES.items()
        }
        job.build.upload(NAME, pa.table(columns))
        return [(NAME, json.dumps(document))]

    job.keep(NAME, (NAME,), learn)


def _row(
    kind: str, money: float, days: tuple[date, date], people: int | None, /, **facts: Any
) -> Row:
    return {
        "kind": kind,
        "money": money,
        "starts_on": days[0],
        "ends_on": days[1],
        "people": people,
        "facts": json.dumps(facts, ensure_ascii=False, default=str),
    }


def _odd_days(job: Scoring) -> tuple[list[Row], Row]:
    """Nothing is looked at before there is a forecast, nor of a shop whose single days tell nothing."""
    if not job.build.has(_TRIALS) or (job.build.has(_SERIES) and _sells_rarely(job)):
        return [], {"series": 0, "days": 0, "looks": 0, "false_alarms": 0.0, "replayed": 0}
    columns = ("measure", "dimension", "member", "origin", "day", "actual", "said")
    trials = job.build.table(_TRIALS).select(*columns)
    looked = anomalies(job.build.fetch(trials))
    rows = [_odd(job, each) for each in looked.anomalies[:_MOST]]
    return rows, to_document(looked)


def _sells_rarely(job: Scoring) -> bool:
    series = job.build.table(_SERIES)
    told = series.filter((series.dimension == TOTAL) & series.warnings.contains("sells_rarely"))
    return int(job.build.fetch(told.agg(n=told.count()))["n"].iloc[0]) > 0


def _odd(job: Scoring, found: Anomaly) -> Row:
    told = asdict(found)
    days = (told.pop("starts_on"), told.pop("ends_on"))
    money = told.pop("money")
    people = _people(job, (found.dimension, found.member), found.ends_on)
    if found.part is not None:
        told["part_people"] = _people(job, found.part, found.ends_on)
    return _row("anomaly", abs(money or 0.0), days, people, **told)


def _people(job: Scoring, where: tuple[str, str], day: date) -> int:
    """How many people a group has: known buyers of the four weeks up to a day, or who is in a stage."""
    dimension, member = where
    if dimension == "segment":
        people = job.build.table("lifecycle")
        mine = people.filter(people.stage == member)
        return int(job.build.fetch(mine.agg(n=mine.count()))["n"].iloc[0])
    ledger = job.store.at(job.as_of).table("ledger")
    rows = between(ledger, Period(day - timedelta(_GROUP_DAYS - 1), day))
    if dimension != TOTAL and member != OTHERS:
        column = rows[dimension].nullif("")
        rows = rows.filter(column.isnull() if member == UNKNOWN else column == name_of(member))
    found = measure(job.store, ("buyers",), rows=rows).totals["buyers"]
    return int(found or 0)


def _shrinking(job: Scoring) -> Iterator[Row]:
    if not job.build.has(HISTORY):
        return
    history = job.build.table(HISTORY)
    sizes = history.group_by("as_of", "stage").agg(
        people=history.count(), net=history.net_revenue_365d.sum().cast("float64")
    )
    for each in shrunk(job.build.fetch(sizes), job.as_of):
        told: Row = asdict(each)
        del told["money"]
        days, people = (each.since, job.as_of), min(each.then, each.now)
        yield _row("shrinking", each.money, days, people, **told)


def _repeat_rates(job: Scoring, document: Row) -> Iterator[Row]:
    periods = half_years(job.store.meta.first_day, job.as_of)
    document["products"] = 0
    if periods is None:
        return
    earlier, later = periods
    counts = repeat_counts(job.store.at(job.as_of), earlier, later)
    enough = counts.filter(counts.buyers >= LEAST_BUYERS)  # of a large catalogue most have fewer
    found, document["products"] = falling(job.store.fetch(enough))
    names = _names(job, [each.product_key for each in found[:_MOST]])
    for each in found[:_MOST]:
        told: Row = {**asdict(each), "product": names[each.product_key], "before_from": earlier.start,
                "before_to": earlier.end}  # fmt: skip
        del told["money"]
        yield _row("repeat_rate", each.money, (later.start, later.end), each.again, **told)


def _sold_out(job: Scoring) -> Iterator[Row]:
    found = sold_out(job.store, job.as_of)[:_MOST]
    names = _names(job, [each.product_key for each in found])
    for each in found:
        told = {"product_key": each.product_key, "product": names[each.product_key],
                "units": each.units, "out_days": (each.until - each.since).days + 1}  # fmt: skip
        yield _row("sold_out", each.money, (each.since, each.until), None, **told)


def _names(job: Scoring, keys: list[int]) -> dict[int, str]:
    if not keys:
        return {}
    products = job.store.table("product_facts")
    named = ibis.coalesce(products.product_name, products.product_id)
    told = products.filter(products.product_key.isin(keys)).select("product_key", name=named)
    rows = job.store.fetch(told)
    return {
        int(key): str(name) for key, name in zip(rows["product_key"], rows["name"], strict=True)
    }
