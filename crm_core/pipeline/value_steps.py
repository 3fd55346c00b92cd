"""The step of a refresh that says what customers will bring, and what speaks for it."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.pipeline.learned import Documents, Scoring
from crm_core.store import Build

TRIAL_DAYS = 91
TABLES = ("lifetime_value", "value_totals", "value_choice", "value_backtest")
_MEASURES = ("purchases_error", "spend_error", "mae", "spearman", "gini", "top_decile")


def value(job: Scoring) -> None:
    """`lifetime_value`: what each customer brings ahead; `value_totals`: all of them, with ranges;
    `value_choice`: what chose the models; `value_backtest`: how such a promise did."""

    def learn() -> Documents:
        from crm_core.models import lifetime_value
        from crm_core.models.threads import one_thread

        rate = discount_rate(job.store.meta.rules)
        with one_thread():
            documents = lifetime_value.materialise(job.build, job.as_of, rate=rate)
            job.build.upload("value_backtest", _backtest(job.build, job.as_of))
        return documents

    job.keep("lifetime_value", TABLES, learn)


def discount_rate(rules: str) -> float:
    """The shop's yearly rate, out of the rules its facts were counted by.

    >>> discount_rate('{"discount_rate": 0.08}'), discount_rate("{}")
    (0.08, 0.1)
    """
    return float(json.loads(rules).get("discount_rate", 0.1))


def _backtest(build: Build, as_of: date) -> pa.Table:
    """How values foreseen one quarter ago did, beside simple rules; no rows in a young shop."""
    from crm_core.models import lifetime_value
    from crm_core.models.sampling import sample_of

    try:
        rows = lifetime_value.validate(
            sample_of(build, as_of),
            origins=[as_of - timedelta(TRIAL_DAYS)],
            horizon_days=TRIAL_DAYS,
        )
    except CrmError:
        rows = []
    measures = [name for name in _MEASURES if not rows or name in rows[0]]
    return pa.table(
        {
            "method": pa.array([str(row["method"]) for row in rows], pa.string()),
            "origin": pa.array(
                [date.fromisoformat(str(row["origin"])) for row in rows], pa.date32()
            ),
            **{name: pa.array([row[name] for row in rows], pa.float64()) for name in measures},
        }
    )
