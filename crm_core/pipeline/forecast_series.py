"""Every series that is forecast: totals, and parts that add up to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from crm_core.metrics.part_codes import is_rest
from crm_core.models.demand import METHOD as STAGES
from crm_core.models.demand import SEGMENTS, SPAN, Seen, Shares, rough_of, shares, split
from crm_core.models.forecast import HORIZON_DAYS, LEAST_DAYS, Forecast, history_of
from crm_core.models.forecast_document import BACKTEST, table_of
from crm_core.models.part_series import Told, Whole, of_forecast, part
from crm_core.models.reconcile import in_cents, reconciled
from crm_core.pipeline.series_days import (
    SEGMENT,
    SPLITS,
    TOTAL,
    daily_parts,
    largest,
)
from crm_core.pipeline.stage_days import past_days, seen_after
from crm_core.store import Store

Key = tuple[str, str, str]
FIRST: Final = "net_revenue"
#: Orders a day from which on parts may be told by themselves; orders of 90 days for segments.
_MUCH, _LEAST_ORDERS = 10, 200


@dataclass
class AllSeries:
    """What is said of each (measure, dimension, member); `left_out`: of which nothing is said, and
    why; `seen` and `regions`: what demand is worked out from; `sells_much`: whether parts may have a
    life of their own."""

    told: dict[Key, Told] = field(default_factory=dict)
    left_out: dict[Key, tuple[str, int]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    regions: list[str] = field(default_factory=list)
    sells_much: bool = True

    def members(self, measure: str, dimension: str) -> list[str]:
        """The members that a measure is split into."""
        return [key[2] for key in self.told if key[:2] == (measure, dimension)]


def every_series(
    store: Store,
    totals: pd.DataFrame,
    made: Forecast,
    events: pd.DataFrame,
    as_of: date,
    *,
    tell: Callable[[float], None] = lambda share: None,
) -> AllSeries:
    """The totals of all measures, then their parts, dimension by dimension; `tell` hears which share
    of the series is told."""
    lately = pd.to_datetime(totals["day"]) > pd.Timestamp(as_of - timedelta(SPAN))
    orders = float(totals["orders"][lately].sum())
    found = AllSeries(sells_much=orders >= _MUCH * SPAN)
    wholes = _totals(found, totals, made, events, as_of)
    splits = sum(len(names) for names in SPLITS.values())
    done = 0
    for dimension in dict.fromkeys(name for names in SPLITS.values() for name in names):
        if dimension == SEGMENT:
            continue
        rows = daily_parts(store, as_of, dimension)
        for measure, whole in wholes.items():
            if dimension in SPLITS[measure]:
                done += 1
                tell(done / splits)
                _split(found, (measure, dimension), rows, whole, events, as_of)
    found.regions = largest(store, as_of, "region")
    if orders >= _LEAST_ORDERS:
        days = past_days(store, as_of)
        found.seen = [seen_after(store, day, as_of, found.regions) for day in days]
    for measure in wholes:
        if SEGMENT in SPLITS[measure]:
            _split_by_stage(found, measure)
    return found


def _totals(
    found: AllSeries, totals: pd.DataFrame, made: Forecast, events: pd.DataFrame, as_of: date
) -> dict[str, Whole]:
    """Tells every measure of the whole shop; what its parts go with, by measure."""
    wholes: dict[str, Whole] = {}
    for measure in SPLITS:
        daily = _of(totals, measure)
        history = history_of(daily, as_of)
        if len(history.values) < LEAST_DAYS:
            found.left_out[measure, TOTAL, ""] = ("not_enough_days", len(history.values))
            continue
        if measure == FIRST:
            told = of_forecast(made, history)
        else:
            beside = wholes[FIRST].beside()
            told = part(
                daily, beside, events=events, as_of=as_of, horizon=HORIZON_DAYS,
                by_itself=found.sells_much,
            )  # fmt: skip
        told = replace(told, values=np.round(told.values, 2))
        found.told[measure, TOTAL, ""] = told
        wholes[measure] = Whole.of(told, daily, events, as_of)
    return wholes


def _of(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    return rows.rename(columns={measure: "value"})[["day", "value"]]


def _split(
    found: AllSeries,
    key: tuple[str, str],
    rows: pd.DataFrame,
    whole: Whole,
    events: pd.DataFrame,
    as_of: date,
) -> None:
    """Tells the parts of one measure by one dimension; nothing where there are fewer than two."""
    measure, dimension = key
    sold = {
        str(member): _of(days, measure)
        for member, days in rows.groupby("member", sort=True)
        if (days[measure] != 0).any()
    }
    if len(sold) < 2:
        found.left_out[measure, dimension, ""] = ("nothing_told_apart", 0)
        return
    told = {
        name: part(
            daily,
            whole,
            events=events,
            as_of=as_of,
            horizon=HORIZON_DAYS,
            by_itself=found.sells_much,
        )
        for name, daily in sold.items()
    }
    _add(found, key, whole.values, told)


def _add(found: AllSeries, key: tuple[str, str], whole: Any, told: Mapping[str, Told]) -> None:
    """Keeps parts after they were made to add up, the largest first."""
    names = sorted(told, key=lambda name: (is_rest(name), -float(told[name].values.sum())))
    parts = np.array([told[name].values for name in names])
    variances = np.array([told[name].variance for name in names])
    values = in_cents(whole, reconciled(whole, parts, variances))
    for name, row in zip(names, values, strict=True):
        found.told[(*key, name)] = replace(told[name], values=row)


def _split_by_stage(found: AllSeries, measure: str) -> None:
    """Tells a measure by where customers stand today, from what followed past days."""
    whole = found.told[measure, TOTAL, ""]
    if not found.seen:
        found.left_out[measure, SEGMENT, ""] = ("no_past_stages", whole.days)
        return
    known = shares(found.seen, measure)
    frame = whole.frame()
    above = np.maximum(frame["value"].to_numpy(dtype=float), 0.01)
    wide = [frame[f"high_{name}"].to_numpy(dtype=float) / above - 1.0 for name in ("80", "95")]
    values, rough = split(whole.values, known), rough_of(known, (wide[0], wide[1]))
    told = {
        name: Told(
            STAGES,
            "past_shares",
            whole.history,
            row,
            rows=_stage_rows(found.seen, known, place),
            warnings=("interval_from_shares",),
            rough=rough[place],
        )
        for place, (name, row) in enumerate(zip(SEGMENTS, values, strict=True))
        if row.any()
    }
    if len(told) < 2:  # nothing at all is expected, or of one stage alone
        found.left_out[measure, SEGMENT, ""] = ("nothing_told_apart", whole.days)
        return
    _add(found, (measure, SEGMENT), whole.values, told)


def _stage_rows(seen: Sequence[Seen], known: Shares, place: int) -> pd.DataFrame:
    """How far each past day's share was from the mean of the others, as an error of its method."""
    whole = known.by_origin.mean(axis=2)[:, place]
    rows: list[dict[str, Any]] = []
    for number, past in enumerate(seen if len(seen) > 1 else []):
        own = float(whole[number])
        other = (float(whole.sum()) - own) / (len(whole) - 1)
        error = abs(own - other) / own if own > 0 else None
        rows.append(
            dict.fromkeys(BACKTEST)
            | {"method": STAGES, "origin": past.origin, "horizon_days": SPAN, "total_error": error}
        )
    return table_of(rows, BACKTEST)
