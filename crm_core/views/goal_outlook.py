"""What the last refresh expects of the days ahead, as goals need it: sums to the end of months."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import pandas as pd

from crm_core.metrics.goals import WHOLE
from crm_core.metrics.part_codes import code_of
from crm_core.models.landing import Expected, between
from crm_core.store import Store

TABLE: Final = "forecast_periods"
_TOTAL, _CHANNEL = "total", "sales_channel"
_BOUNDS = ("value", "low_80", "high_80", "low_95", "high_95")

Series = tuple[str, str, str]


@dataclass(frozen=True)
class Outlook:
    """Running sums from the first day ahead, and whole months, by measure and sales channel.

    `measures` are those with a forecast of the whole shop; `first` and `last` are the days ahead.
    """

    first: date
    last: date
    measures: frozenset[str]
    sums: Mapping[Series, Mapping[date, Expected]]
    months: Mapping[Series, Mapping[date, Expected]]

    def of(self, measure: str, channel: str, start: date, end: date) -> Expected | str:
        """What is expected from `start` to `end`, the last day of a month; or why nothing is.

        Reasons: no_forecast (of this measure), no_channel (of this channel), beyond (the month
        ends after the last day ahead), stale (the forecast begins after `start`).
        """
        if measure not in self.measures:
            return "no_forecast"
        series = _series(measure, channel)
        sums = self.sums.get(series)
        if sums is None:
            return "no_channel"
        if end > self.last:
            return "beyond"
        if start < self.first:
            return "stale"
        if start == self.first and end in sums:
            return sums[end]
        month = self.months.get(series, {}).get(start)
        if month is not None and start.day == 1:
            return month
        return _rest(sums, self.first, start, end)


def _series(measure: str, channel: str) -> Series:
    return (measure, _TOTAL, "") if channel == WHOLE else (measure, _CHANNEL, code_of(channel))


def _rest(sums: Mapping[date, Expected], first: date, start: date, end: date) -> Expected | str:
    """Days that begin later than the forecast does: orders came in since it was made."""
    alike = first + (end - start)
    days = (start - timedelta(1), end, alike)
    if not all(day in sums for day in days):
        return "stale"
    before, whole, so_many = (sums[day] for day in days)
    return between(whole, before, so_many)


def outlook(store: Store, measures: Iterable[str]) -> Outlook | None:
    """The forecast of these measures, of the shop and by sales channel; None where there is none."""
    wanted = tuple(measures)
    if not wanted or not store.has(TABLE):
        return None
    table = store.table(TABLE)
    rows = store.fetch(
        table.filter(
            table.measure.isin(wanted)
            & table.dimension.isin((_TOTAL, _CHANNEL))
            & table.grain.isin(("to_date", "month"))
        ).select("measure", "dimension", "member", "grain", "starts_on", "ends_on", *_BOUNDS)
    )
    sums, months = rows[rows["grain"] == "to_date"], rows[rows["grain"] == "month"]
    if sums.empty:
        return None
    whole = sums[sums["dimension"] == _TOTAL]
    return Outlook(
        first=_day(sums["starts_on"].min()),
        last=_day(sums["ends_on"].max()),
        measures=frozenset(whole["measure"]),
        sums=_by(sums, "ends_on"),
        months=_by(months[_is_whole(months)], "starts_on"),
    )


def _is_whole(months: pd.DataFrame) -> pd.Series[bool]:
    ends = pd.to_datetime(months["ends_on"])
    return (pd.to_datetime(months["starts_on"]).dt.day == 1) & ends.dt.is_month_end


def _by(rows: pd.DataFrame, column: str) -> dict[Series, dict[date, Expected]]:
    found: dict[Series, dict[date, Expected]] = {}
    for row in rows.to_dict("records"):
        series = (str(row["measure"]), str(row["dimension"]), str(row["member"]))
        bounds = (float(row[name]) for name in _BOUNDS)
        found.setdefault(series, {})[_day(row[column])] = Expected(*bounds)
    return found


def _day(value: Any) -> date:
    return pd.Timestamp(value).date()
