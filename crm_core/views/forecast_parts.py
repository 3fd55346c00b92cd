"""The parts of a forecast beside each other: what each brings, and how that changes."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from crm_core.errors import CrmError
from crm_core.metrics import hidden, is_guarded, measure
from crm_core.metrics.part_codes import is_rest
from crm_core.pipeline.series_days import DISTINCT, SEGMENT
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.forecast_distinct import distinct_parts
from crm_core.views.forecast_few import rows_of_parts, small_cells, small_parts

_YEAR = 364


def parts(selection: Selection, *, store: Store, access: Access, of: str, by: str) -> pd.DataFrame:
    """A row a part, the largest first: member, next_30, next_90, low_90, high_90, share (of the next
    90 days), before (the same weekdays a year earlier, where the log has them), change, method,
    skill; of buyers means a day. Nothing is told of segments a year ago, nor of parts of few people
    to who sees no single people.
    """
    del selection
    as_of = store.scores_as_of
    if as_of is None:
        raise CrmError("no_scores")
    table = store.table("forecast")
    chosen = table.filter((table.measure == of) & (table.dimension == by))
    days = store.fetch(chosen.select("member", "day", "value"))
    lead = (pd.to_datetime(days["day"]) - pd.Timestamp(as_of)).dt.days
    near = days[lead <= 30].groupby("member")["value"].sum()
    found = days.groupby("member")["value"].sum().rename("next_90").to_frame()
    found["next_30"] = near
    whole = float(found["next_90"].sum())
    found["share"] = found["next_90"] / whole if whole > 0 else float("nan")
    members = list(found.index)
    found["before"] = _year_ago(store, access, of, by, members, as_of)
    before = found["before"].where(found["before"] > 0)
    found["change"] = found["next_90"] / before - 1.0
    if of in DISTINCT:
        found["next_30"], found["next_90"] = found["next_30"] / 30, found["next_90"] / 90
        found["before"] = found["before"] / 90
    series = store.table("forecast_series")
    told = store.fetch(series.filter((series.measure == of) & (series.dimension == by)))
    found = found.join(told.set_index("member")[["method", "skill", "warnings"]])
    found = found.drop(index=list(small_parts(store, access, by, members, as_of)))
    ranked = found.reset_index().assign(rest=[is_rest(code) for code in found.index])
    return ranked.sort_values(["rest", "next_90"], ascending=[True, False], ignore_index=True)


def regular_parts(
    selection: Selection, *, store: Store, access: Access, of: str, by: str, grain: str
) -> pd.DataFrame:
    """A row a part of buyers by week or month (`distinct_parts`). Nothing is told of parts of few
    people, nor of what came to a part of few lately, to who sees no single people."""
    del selection
    as_of = store.scores_as_of
    if as_of is None:
        raise CrmError("no_scores")
    found = distinct_parts(store, of, by, grain, as_of)
    if is_guarded(access):
        away = small_parts(store, access, by, list(found["member"]), as_of)
        found = found[~found["member"].isin(away)]
        few = hidden(found[["last"]].to_numpy(dtype=float)).ravel()
        found.loc[few, ["last", "change"]] = float("nan")
    return found.reset_index(drop=True)


def _year_ago(
    store: Store, access: Access, of: str, by: str, members: list[str], as_of: date
) -> pd.Series:
    """What each part had on the same weekdays a year before the days ahead; empty where the log did
    not reach back, or where parts were not what they are."""
    first = as_of + timedelta(1 - _YEAR)
    if by == SEGMENT or first < store.meta.first_day:
        return pd.Series(float("nan"), index=members)
    named = rows_of_parts(store, by, members, Period(first, first + timedelta(89)))
    names = (by,) if of not in DISTINCT else ("day", by)
    found = measure(store, (of,), rows=named, by=names, totals=False).rows
    before = found.groupby(by)[of].sum().reindex(members, fill_value=0.0).astype(float)
    if is_guarded(access):
        counted = measure(store, ("buyers",), rows=named, by=(by,), totals=False).rows
        people = counted.set_index(by)["buyers"].reindex(members).to_numpy(dtype=float)
        before[hidden(people[:, None]).ravel()] = float("nan")
    return before


def layers(selection: Selection, *, store: Store, access: Access, of: str, by: str) -> pd.DataFrame:
    """Each part's weeks or, of buyers, none: day (the first), member, value; those ahead that are
    whole, after the last 13 that came."""
    del selection
    as_of = store.scores_as_of
    if as_of is None or of in DISTINCT:
        return pd.DataFrame(columns=["day", "member", "value"])
    table = store.table("forecast")
    chosen = table.filter((table.measure == of) & (table.dimension == by))
    ahead = store.fetch(chosen.select("member", "day", "value"))
    members = sorted(set(ahead["member"]))
    came, few = _weeks_that_came(store, access, of, by, members, as_of)
    rows = pd.concat([came, ahead], ignore_index=True)
    weeks = pd.PeriodIndex(rows["day"], freq="W-SUN")
    sums = rows.groupby([weeks.rename("week"), rows["member"]])["value"].sum().reset_index()
    first, last = rows["day"].min(), rows["day"].max()
    ends = sums["week"].dt.end_time.dt.normalize()
    sums = sums[(sums["week"].dt.start_time >= first) & (ends <= last)]
    sums = sums[~sums["member"].isin(small_parts(store, access, by, members, as_of))]
    told = sums.assign(day=sums["week"].dt.start_time).drop(columns="week")
    return told[[each not in few for each in zip(told["day"], told["member"], strict=True)]]


def _weeks_that_came(
    store: Store, access: Access, of: str, by: str, members: list[str], as_of: date
) -> tuple[pd.DataFrame, set[tuple[pd.Timestamp, str]]]:
    """The days of the last weeks, and the weeks of parts that are not to be told."""
    if by == SEGMENT:
        return pd.DataFrame(columns=["member", "day", "value"]), set()
    monday = as_of - timedelta(as_of.weekday() + 7 * 12)
    named = rows_of_parts(store, by, members, Period(max(monday, store.meta.first_day), as_of))
    found = measure(store, (of,), rows=named, by=("day", by), totals=False).rows
    few = small_cells(store, named, by, "week") if is_guarded(access) else set()
    return found.rename(columns={by: "member", of: "value"}), few
