"""Churn as tables of the scores snapshot: who may stay away, how far that was right, and survival."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.models.churn_reasons import SHOWN, reasons
from crm_core.models.snapshots import Snapshot, stream_snapshots
from crm_core.models.survival_curves import survival_rows
from crm_core.pipeline.learned import Documents, Scoring

if TYPE_CHECKING:
    from crm_core.models.churn import Churn

TABLES = ("churn", "churn_trials", "churn_reliability")
CHOICE = "churn_choice"

_FACTS = ("silent_days", "own_gap_days", "purchase_days", "orders_recent", "orders_before")
_WINDOW = ("next_from", "next_median", "next_until")
_COLUMNS = pa.schema(
    [
        ("customer_key", pa.int64()),
        ("p_no_order", pa.float64()),
        *((name, pa.date32()) for name in _WINDOW),
        *((f"reason_{place}", pa.string()) for place in range(1, SHOWN + 1)),
        *((name, pa.int64()) for name in _FACTS),
    ]
)
_TRIALS = pa.schema(
    [
        ("method", pa.string()),
        ("origin", pa.date32()),
        ("horizon_days", pa.int64()),
        ("customers", pa.int64()),
        ("brier", pa.float64()),
        ("decides", pa.bool_()),
    ]
)
_RELIABILITY = pa.schema(
    [("customers", pa.int64()), ("said", pa.float64()), ("came_true", pa.float64())]
)
_SURVIVAL = pa.schema(
    [
        ("grouping", pa.string()),
        ("code", pa.string()),
        ("origin", pa.date32()),
        ("days", pa.int64()),
        ("at_risk", pa.int64()),
        ("share", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
    ]
)


def churn(job: Scoring) -> None:
    """`churn`: each customer's chance of no order, window and reasons; `churn_trials` and
    `churn_reliability`: how that did on the shop's own past."""

    def learn() -> Documents:
        learned = _learned(job)
        pieces = stream_snapshots(job.build, job.as_of)
        batches = (_scored(learned, piece) for piece in pieces)
        job.build.upload("churn", pa.RecordBatchReader.from_batches(_COLUMNS, batches))
        job.build.upload("churn_trials", _trials(learned))
        job.build.upload("churn_reliability", _reliability(learned))
        return _documents(learned, is_own=job.said.churn_horizon_days is not None)

    if job.said.churn_horizon_days is None:
        job.keep("churn", TABLES, learn)
    else:
        job.documents.extend(learn())  # what is shipped speaks of the shop's usual time


def survival(job: Scoring) -> None:
    """`churn_survival`: the share still without an order, so many days after one."""

    def learn() -> Documents:
        rows = survival_rows(job.build, job.as_of)
        job.build.upload("churn_survival", pa.Table.from_pylist(rows, schema=_SURVIVAL))
        return []

    job.keep("churn_survival", ("churn_survival",), learn)


def _learned(job: Scoring) -> Churn:
    """By the method that did best on the shop's past; untried where there is too little of it.

    Raises: CrmError("not_enough_data").
    """
    from crm_core.models import churn as model
    from crm_core.models.order_models import ORDER_MODELS

    horizon = job.said.churn_horizon_days
    chosen = next((name for name, _ in job.documents if name in ORDER_MODELS), None)
    try:
        return model.learn(job.build, as_of=job.as_of, horizon_days=horizon, model=chosen)
    except CrmError as error:
        if error.code != "not_enough_data":
            raise
    return model.untried(job.build, as_of=job.as_of, horizon_days=horizon, model=chosen)


def _scored(learned: Churn, piece: Snapshot) -> pa.RecordBatch:
    """A piece of all customers with what is to be said of each."""
    told = reasons(piece, usual_days=learned.usual_days, horizon_days=learned.horizon_days)
    window = np.ceil(learned.next_order_days(piece)).astype("timedelta64[D]")
    days = np.datetime64(learned.as_of) + window
    columns: list[pa.Array] = [
        pa.array(piece["customer_key"]),
        pa.array(learned.p_no_order(piece)),
        *(pa.array(days[:, place], pa.date32()) for place in range(len(_WINDOW))),
        *(pa.array(told.codes[:, place], pa.string()) for place in range(SHOWN)),
        *(pa.array(np.asarray(told.facts[name], np.int64)) for name in _FACTS),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=_COLUMNS)


def _trials(learned: Churn) -> pa.Table:
    rows = [vars(trial) for trial in learned.trials]
    return pa.Table.from_pylist(rows, schema=_TRIALS)


def _reliability(learned: Churn) -> pa.Table:
    names = _RELIABILITY.names
    rows = [dict(zip(names, row, strict=True)) for row in learned.reliability]
    return pa.Table.from_pylist(rows, schema=_RELIABILITY)


def _documents(learned: Churn, *, is_own: bool) -> Documents:
    choice = {
        "method": learned.method,
        "horizon_days": learned.horizon_days,
        "usual_days": learned.usual_days,
        "is_own": is_own,
        "learned_from": learned.rhythm.orders.customers,
        "missing": {name: list(pair) for name, pair in learned.missing.items()},
    }
    return [("churn", learned.fitted.to_json()), (CHOICE, json.dumps(choice, sort_keys=True))]
