"""Who bought what after past days, by where customers stood on those days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.metrics import METRICS, measure, of_ledger
from crm_core.metrics.definition import CountDistinct, Sum
from crm_core.metrics.part_codes import UNKNOWN
from crm_core.models.demand import HORIZONS, SPAN, Seen
from crm_core.models.lifecycle import PROSPECT, lifecycle, shop_rhythm
from crm_core.pipeline.series_days import member_of, split_measures
from crm_core.store import Store

ORIGINS: Final = 3
_LEAST_KNOWN = 60
_STAGE = "stage_of_lifecycle"


def past_days(store: Store, as_of: date) -> list[date]:
    """The days to look back from: 90, 180 and 270 days ago, as far as the log reaches 60 days
    further back."""
    days = [as_of - timedelta(SPAN * back) for back in range(1, ORIGINS + 1)]
    return [day for day in days if (day - store.meta.first_day).days >= _LEAST_KNOWN]


def seen_after(store: Store, origin: date, as_of: date, regions: Sequence[str]) -> Seen:
    """What was bought in the 90 days after a past day, by the customers' stages on that day.

    Who had not bought by then is a prospect, whether the shop knew them or not; orders that name
    nobody are of a stage that is not told.
    """
    past = store.at(origin)
    stages = lifecycle(past, shop_rhythm(past)).select("customer_key", "stage")
    after = _after(store, origin, as_of).left_join(stages, "customer_key")
    unnamed = after.customer_key.isnull()
    stage = ibis.ifelse(unnamed, ibis.literal(UNKNOWN), after.stage.fill_null(PROSPECT))
    placed = {_STAGE: stage, "region": member_of(after.region, regions)}
    rows = after.mutate(**placed).drop("stage", "customer_key_right")
    names = split_measures("segment")
    days = measure(store, names, rows=rows, by=["day", "stage"], totals=False).rows
    people = stages.group_by("stage").agg(customers=stages.count())
    return Seen(
        origin,
        days.rename(columns={"stage": "segment"}),
        store.fetch(_cells(rows, origin)),
        store.fetch(people).rename(columns={"stage": "segment"}),
    )


def _after(store: Store, origin: date, as_of: date) -> ir.Table:
    ledger = store.at(as_of).table("ledger")
    last = ibis.literal(origin + timedelta(SPAN))
    return ledger.filter((ledger.day > ibis.literal(origin)) & (ledger.day <= last))


def _cells(rows: ir.Table, origin: date) -> ir.Table:
    """Buyers and net revenue of the first 30 and 90 days by region and stage."""
    revenue, buyers = METRICS["net_revenue"], METRICS["buyers"]
    assert isinstance(revenue, Sum)
    assert isinstance(buyers, CountDistinct)
    told: dict[str, ir.Value] = {}
    for days in HORIZONS:
        among = rows.day <= ibis.literal(origin + timedelta(days))
        told[f"revenue_{days}"] = of_ledger(revenue, rows, among).cast("float64")
        told[f"buyers_{days}"] = of_ledger(buyers, rows, among).cast("int64")
    return rows.group_by(rows.region, segment=rows[_STAGE]).agg(**told)


def people_now(store: Store, as_of: date, regions: Sequence[str]) -> pd.DataFrame:
    """How many customers stand in each stage today, by where they are at home, or first
    bought: region, segment, customers."""
    past = store.at(as_of)
    stages = lifecycle(past, shop_rhythm(past)).select("customer_key", "stage")
    homes = store.table("customer_facts").select("customer_key", "region")
    joined = stages.left_join(homes, "customer_key").drop("customer_key_right")
    placed = joined.mutate(region=member_of(joined.region, regions))
    counted = placed.group_by(placed.region, segment=placed.stage).agg(customers=placed.count())
    return store.fetch(counted)
