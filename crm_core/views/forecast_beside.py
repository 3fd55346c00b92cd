"""Parts of a forecast beside each other: what came of each and what is expected, over the same days."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from crm_core.errors import CrmError
from crm_core.metrics import is_guarded, measure
from crm_core.models.forecast_of_periods import RHYTHMS
from crm_core.pipeline.distinct_series import CODES, whole
from crm_core.pipeline.series_days import SEGMENT
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.forecast import GRAINS, SHOWN_DAYS, whole_periods
from crm_core.views.forecast_distinct import SHOWN_PERIODS, drawn, series_of
from crm_core.views.forecast_few import rows_of_parts, small_cells, small_parts

COLUMNS = ("day", "member", "actual", "median")


def beside(
    selection: Selection, *, store: Store, access: Access, of: str, by: str, grain: str
) -> pd.DataFrame:
    """Every part's days, weeks or months as `forecast` has them of one: COLUMNS. Nothing came of a
    segment, whose customers stood elsewhere then; parts and past periods of few people are not told
    to who sees no single people."""
    del selection
    as_of = store.scores_as_of
    if as_of is None:
        raise CrmError("no_scores")
    code = series_of(of, by, grain)
    daily = grain == GRAINS[0]
    table = store.table("forecast" if daily else "forecast_periods")
    mine = (table.measure == code) & (table.dimension == by)
    ahead = store.fetch(table.filter(mine if daily else mine & (table.grain == grain)))
    members = tuple(dict.fromkeys(ahead["member"]))
    period = _shown(store, code != of, grain, as_of)
    came = _came(store, (of, by), members, "day" if code == of else grain, period)
    what = (code != of, grain, by, period)
    frames = [
        _one(came[came["member"] == member], ahead[ahead["member"] == member], what)
        for member in members
    ]
    found = pd.concat([pd.DataFrame(columns=list(COLUMNS)), *frames], ignore_index=True)
    found = found[list(COLUMNS)]
    if not is_guarded(access):
        return found
    away = small_parts(store, access, by, members, as_of)
    if by != SEGMENT:
        few = small_cells(store, rows_of_parts(store, by, members, period), by, grain)
        hide = [each in few for each in zip(found["day"], found["member"], strict=True)]
        found["actual"] = found["actual"].mask(pd.Series(hide, index=found.index))
    return found[~found["member"].isin(away)].reset_index(drop=True)


def _shown(store: Store, distinct: bool, grain: str, as_of: date) -> Period:
    """The days of which what came is shown."""
    first = max(store.meta.first_day, as_of - timedelta(SHOWN_DAYS[grain] - 1))
    if distinct:
        known, _ = whole((store.meta.first_day, as_of), grain)
        known = known[-SHOWN_PERIODS[grain] :]
        if len(known):
            return Period(known[0].start_time.date(), known[-1].end_time.date())
    return Period(first, as_of)


def _came(
    store: Store, what: tuple[str, str], members: tuple[str, ...], grain: str, period: Period
) -> pd.DataFrame:
    """What came of each part by day, or by periods that have to be measured each by themselves."""
    of, by = what
    if by == SEGMENT or not members:
        return pd.DataFrame(columns=["day", "member", "value"])
    named = rows_of_parts(store, by, members, period)
    found = measure(store, (of,), rows=named, by=(grain, by), totals=False).rows
    return found.rename(columns={grain: "day", by: "member", of: "value"})


def _one(
    came: pd.DataFrame, ahead: pd.DataFrame, what: tuple[bool, str, str, Period]
) -> pd.DataFrame:
    """One part, as the chart takes it."""
    distinct, grain, by, period = what
    member = str(ahead["member"].iloc[0])
    past = came.set_index("day")["value"].astype(float)
    if by == SEGMENT:
        past = pd.Series(dtype=float)
    elif distinct:
        past.index = pd.PeriodIndex(past.index, freq=CODES[grain])
        every = pd.period_range(period.start, period.end, freq=CODES[grain])
        past = past.reindex(every, fill_value=0.0).set_axis(every.start_time)
    else:
        past.index = pd.to_datetime(past.index)
        past = past.reindex(pd.date_range(period.start, period.end, name="day"), fill_value=0.0)
    if distinct:
        found = drawn(past, ahead.sort_values("starts_on").head(RHYTHMS[grain].ahead))
    elif grain == GRAINS[0]:
        shown = past.rename("actual").rename_axis("day").reset_index()
        said = ahead.sort_values("day").rename(columns={"value": "median"})
        found = pd.concat([shown, said[["day", "median"]]], ignore_index=True)
    else:
        found = whole_periods(past, ahead.sort_values("starts_on"), grain, period.end)
    return found.assign(member=member, day=pd.to_datetime(found["day"]))
