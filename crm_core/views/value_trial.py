"""How values did on a past day that chose nothing, told of the way they are made now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from crm_core.store import Store
from crm_core.views import verdicts

_ALONE_DAYS = 91


@dataclass(frozen=True)
class ValueTrial:
    """`rows`: one row a method with its measures; `used` is the one in use, `origin` the last day
    known then (None: nothing was tried) and `days` the days after it."""

    used: str
    origin: date | None
    days: int
    rows: pd.DataFrame
    verdict: str


def value_trial(store: Store, document: dict[str, Any]) -> ValueTrial:
    """Of the blend while trees rank beside the order model, else of the order model alone.

    `document` is that of `value_choice`.
    """
    if document["ranking"] == verdicts.BLEND:
        return _of_blend(store)
    rows = store.fetch(store.table("value_backtest"))
    return ValueTrial(
        used="lifetime_value",
        origin=None if rows.empty else rows["origin"].iloc[0].date(),
        days=_ALONE_DAYS,
        rows=rows,
        verdict=verdicts.of_value(rows),
    )


def _of_blend(store: Store) -> ValueTrial:
    """The last day's rows of the ranking; its time after ends with the day scores are of."""
    choice = store.fetch(store.table("value_choice"))
    last = (choice["question"] == "ranking") & ~choice["decides"].astype(bool)
    told = choice[last & (choice["measure"] != "gini_gain")]
    rows = told.pivot_table(index="method", columns="measure", values="value", dropna=False)
    origin = None if told.empty else told["origin"].iloc[0].date()
    until = store.scores_as_of
    return ValueTrial(
        used=verdicts.BLEND,
        origin=origin,
        days=0 if origin is None or until is None else (until - origin).days,
        rows=rows.rename_axis(columns=None).reset_index(),
        verdict=verdicts.of_blend(rows.reset_index()),
    )
