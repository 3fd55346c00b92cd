"""Who runs out of what, as tables of the scores snapshot."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.models.rebuy_rows import counted_buyers, day_number, standing_of
from crm_core.pipeline.learned import Documents, Scoring
from crm_core.store import StoreAt

if TYPE_CHECKING:
    from crm_core.models.replenishment import Replenishment, Trial

TABLES = ("replenishment", "replenishment_clock", "replenishment_trials")
TRIAL = "replenishment_trial"
DUE_DAYS = 7

_COLUMNS = pa.schema(
    [
        ("customer_key", pa.int64()),
        ("level", pa.string()),
        ("item", pa.string()),
        ("category", pa.string()),
        ("product_id", pa.string()),
        ("purchases", pa.int32()),
        ("last_day", pa.date32()),
        ("usual_days", pa.float32()),
        ("due_day", pa.date32()),
        ("p_due_7", pa.float32()),
        ("p_due_30", pa.float32()),
        ("state", pa.string()),
    ]
)
_CLOCK = pa.schema(
    [
        ("level", pa.string()),
        ("item", pa.string()),
        ("category", pa.string()),
        ("buyers", pa.int64()),
        ("repeaters", pa.int64()),
        ("usual_days", pa.float64()),
        ("low_days", pa.float64()),
        ("high_days", pa.float64()),
        ("share_rebought", pa.float64()),
        ("quick", pa.int64()),
        ("quick_expected", pa.float64()),
    ]
)
_TRIALS = pa.schema(
    [
        ("method", pa.string()),
        ("origin", pa.date32()),
        ("horizon_days", pa.int64()),
        ("listed", pa.string()),
        ("bin", pa.int64()),
        ("expected", pa.float64()),
        ("observed", pa.float64()),
        ("items", pa.int64()),
    ]
)


def replenishment(job: Scoring) -> None:
    """`replenishment`: each customer's running clocks, when they are due and how likely;
    `replenishment_clock`: the items that run out; `replenishment_trials`: how chances did on the
    shop's own past, in bins of equal counts."""

    def learn() -> Documents:
        from crm_core.models import replenishment as model

        learned = model.learn(job.build, as_of=job.as_of)
        trials = _trials(job)
        rows = pa.RecordBatchReader.from_batches(_COLUMNS, _scored(job, learned))
        job.build.upload("replenishment", rows)
        job.build.upload("replenishment_clock", _clocks(job, learned))
        job.build.upload("replenishment_trials", _bins(trials))
        told = {str(trial.days): _told(trial) for trial in trials}
        return [("replenishment", learned.fitted.to_json()), (TRIAL, json.dumps(told))]

    job.keep("replenishment", TABLES, learn)


def _scored(job: Scoring, learned: Replenishment) -> Iterator[pa.RecordBatch]:
    """All customers with their running clocks, a batch at a time."""
    from crm_core.models.rebuy_history import stream_standing

    today = day_number(job.as_of)
    expr = standing_of(StoreAt(job.build, job.as_of), learned.items)
    expr = expr.order_by("customer_key", "item")
    names = [clock.name for clock in learned.clocks]
    levels = [clock.level for clock in learned.clocks]
    categories = [clock.category for clock in learned.clocks]
    for rows, seen in stream_standing(job.build, expr, learned.items, today):
        usual = learned.usual_days(seen)
        live = np.flatnonzero(learned.gaps.is_live(seen))
        left = np.rint(usual) - seen.elapsed
        state = np.where(left > DUE_DAYS, "later", np.where(left > 0, "due", "overdue"))
        item = seen.item[live]
        last = rows["day"][live]
        yield pa.RecordBatch.from_arrays(
            [
                pa.array(rows["customer_key"][live]),
                pa.array([levels[place] for place in item], pa.string()),
                pa.array([names[place] for place in item], pa.string()),
                pa.array([categories[place] for place in item], pa.string()),
                pa.array(rows["product_id"][live], pa.string()),
                pa.array(seen.purchases[live], pa.int32()),
                pa.array(last.astype(np.int32)).cast(pa.date32()),
                pa.array(usual[live].astype(np.float32)),
                pa.array((last + np.rint(usual[live])).astype(np.int32)).cast(pa.date32()),
                *(
                    pa.array(learned.chance(seen, days)[live].astype(np.float32))
                    for days in (7, 30)
                ),
                pa.array(state[live], pa.string()),
            ],
            schema=_COLUMNS,
        )


def _clocks(job: Scoring, learned: Replenishment) -> pa.Table:
    counted = counted_buyers(StoreAt(job.build, job.as_of), learned.items)
    people = job.build.fetch(counted).set_index("item")
    rows: list[Mapping[str, Any]] = []
    for clock in learned.clocks:
        told = asdict(clock)
        rows.append(
            {
                **{name: told[name] for name in ("level", "category", "usual_days", "quick")},
                **{name: told[name] for name in ("low_days", "high_days")},
                "item": clock.name,
                "share_rebought": clock.share_again,
                "quick_expected": clock.expected,
                "buyers": int(people["buyers"][clock.item]),
                "repeaters": int(people["repeaters"][clock.item]),
            }
        )
    return pa.Table.from_pylist(rows, schema=_CLOCK)


def _trials(job: Scoring) -> list[Trial]:
    """What a model that knew nothing of the last month said of it: week by week, and of all of it.
    Nothing where the shop was too young for one then."""
    from crm_core.models import replenishment as model

    before = job.as_of - timedelta(model.TRIAL_DAYS)
    try:
        then = model.learn(job.build, as_of=before)
    except CrmError as error:
        if error.code not in ("not_enough_data", "replenishment_no_clock"):
            raise
        return []
    weeks = [before + timedelta(DUE_DAYS * week) for week in range(model.TRIAL_DAYS // DUE_DAYS)]
    origins: dict[int, list[date]] = {DUE_DAYS: weeks, model.TRIAL_DAYS: [before]}
    return [model.trial(then, job.build, days, length) for length, days in origins.items()]


def _bins(trials: list[Trial]) -> pa.Table:
    from crm_core.models import replenishment as model

    rows: list[Mapping[str, Any]] = []
    for trial in trials:
        for method, said in ((model.NAME, trial.said), (model.BASELINE, trial.naive)):
            for listed, kept in (("all", np.ones(len(said), np.bool_)), ("due", trial.due)):
                bins = model.equal_bins(trial.came[kept], said[kept])
                rows += [
                    {
                        "method": method,
                        "origin": trial.origin,
                        "horizon_days": trial.days,
                        "listed": listed,
                        "bin": place,
                        "expected": expected,
                        "observed": observed,
                        "items": items,
                    }
                    for place, (items, expected, observed) in enumerate(bins, 1)
                ]
    return pa.Table.from_pylist(rows, schema=_TRIALS)


def _told(trial: Trial) -> dict[str, Any]:
    """Brier scores (smaller is better) and the mean distance of chances and shares, of all running
    clocks and of those that were due."""
    from crm_core.models import replenishment as model
    from crm_core.models.measures import brier

    told: dict[str, Any] = {"origin": trial.origin.isoformat()}
    for listed, kept in (("all", np.ones(len(trial.said), np.bool_)), ("due", trial.due)):
        came, said, naive = trial.came[kept], trial.said[kept], trial.naive[kept]
        told[listed] = {
            "items": len(came),
            "brier": brier(came, said) if len(came) else None,
            "naive_brier": brier(came, naive) if len(came) else None,
            "error": model.bin_error(model.equal_bins(came, said)),
            "naive_error": model.bin_error(model.equal_bins(came, naive)),
        }
    return told
