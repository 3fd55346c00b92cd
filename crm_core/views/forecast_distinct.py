"""Buyers of weeks and months: measured and forecast as series of their own, never as sums of days."""

from __future__ import annotations

from datetime import date
from typing import Final

import pandas as pd

from crm_core.metrics import between, measure
from crm_core.metrics.part_codes import is_rest
from crm_core.models.forecast_of_periods import RHYTHMS
from crm_core.pipeline.distinct_series import CODES, whole
from crm_core.pipeline.series_days import DISTINCT, DISTINCT_SPLITS, TOTAL
from crm_core.selection import Period
from crm_core.store import Store
from crm_core.views.forecast_few import rows_of_parts

Key = tuple[str, str, str]

#: Over how many periods ahead the cards' means are, and over how many that came.
NEAR: Final = {"week": 4, "month": 1}
#: How many periods that came are shown.
SHOWN_PERIODS: Final = {"week": 30, "month": 25}


def series_of(of: str, by: str, grain: str) -> str:
    """The code of the series that tells a figure by a grain: its own where days do not add up, ""
    where there is none.

    >>> series_of("orders", "total", "week"), series_of("buyers", "total", "week")
    ('orders', 'weekly_buyers')
    >>> series_of("buyers", "segment", "week")
    ''
    """
    own = DISTINCT.get(of, {}).get(grain, of if of not in DISTINCT or grain == "day" else "")
    is_split = own == of or by in (TOTAL, *DISTINCT_SPLITS)
    return own if is_split else ""


def whole_periods_that_came(
    store: Store, of: str, key: Key, members: tuple[str, ...], grain: str, as_of: date
) -> pd.Series:
    """Each whole week or month that came, by its first day, measured by itself."""
    _, by, member = key
    known, _ = whole((store.meta.first_day, as_of), grain)
    known = known[-SHOWN_PERIODS[grain] :]
    if not len(known):
        return pd.Series(dtype=float)
    period = Period(known[0].start_time.date(), known[-1].end_time.date())
    rows = between(store.table("ledger"), period)
    if by != TOTAL:
        rows = rows_of_parts(store, by, members, period)
        rows = rows.filter(rows[by] == member)
    found = measure(store, (of,), rows=rows, by=(grain,), totals=False).rows
    mine = found.set_index(grain)[of].astype(float)
    mine.index = pd.PeriodIndex(mine.index, freq=CODES[grain])
    came = mine.reindex(known, fill_value=0.0)
    return came.set_axis(known.start_time)


def periods_ahead(store: Store, key: Key, grain: str) -> pd.DataFrame:
    """The whole weeks or months ahead, in order, the running one included."""
    table = store.table("forecast_periods")
    of, by, member = key
    mine = (table.measure == of) & (table.dimension == by) & (table.member == member)
    return store.fetch(table.filter(mine & (table.grain == grain)).order_by("starts_on"))


def drawn(came: pd.Series, ahead: pd.DataFrame) -> pd.DataFrame:
    """What came and what is expected, as the chart takes it."""
    past = came.rename("actual").rename_axis("day").reset_index()
    said = ahead.rename(columns={"starts_on": "day", "value": "median"})
    said = said.drop(columns=["measure", "dimension", "member", "grain", "ends_on"])
    return pd.concat([past, said.assign(day=pd.to_datetime(said["day"]))], ignore_index=True)


def means_ahead(ahead: pd.DataFrame, grain: str) -> dict[int, dict[str, float | None]]:
    """The mean period of the next few and of all ahead; with its interval where it is one alone."""
    found: dict[int, dict[str, float | None]] = {}
    for count in (NEAR[grain], RHYTHMS[grain].ahead):
        rows = ahead.head(count)
        ends = {f"{end}_80": float(rows[f"{end}_80"].iloc[0]) for end in ("low", "high")}
        alone: dict[str, float | None] = {**ends} if count == 1 else dict.fromkeys(ends)
        found[count] = {"value": float(rows["value"].mean()), **alone}
    return found


def mean_that_came(came: pd.Series, grain: str) -> float | None:
    """The mean of the last few whole periods; None where there were fewer."""
    last = came.tail(NEAR[grain])
    return float(last.mean()) if len(last) == NEAR[grain] else None


def distinct_parts(store: Store, of: str, by: str, grain: str, as_of: date) -> pd.DataFrame:
    """A row a part: member, next (mean of the next periods), last (mean of the last ones), change,
    method, skill."""
    code = series_of(of, by, grain)
    table = store.table("forecast_series")
    told = store.fetch(table.filter((table.measure == code) & (table.dimension == by)))
    told = told[told["method"] != ""]
    members = tuple(told["member"])
    rows: list[dict[str, object]] = []
    for member in members:
        key = (code, by, member)
        ahead = means_ahead(periods_ahead(store, key, grain), grain)[NEAR[grain]]["value"]
        came = whole_periods_that_came(store, of, key, members, grain, as_of)
        rows.append({"member": member, "next": ahead, "last": mean_that_came(came, grain)})
    found = pd.DataFrame(rows, columns=["member", "next", "last"])
    found["change"] = found["next"] / found["last"].where(found["last"] > 0) - 1.0
    found = found.merge(told[["member", "method", "skill"]], on="member")
    ranked = found.assign(rest=found["member"].map(is_rest))
    return ranked.sort_values(["rest", "next"], ascending=[True, False], ignore_index=True)
