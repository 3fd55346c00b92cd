"""Targets of months beside what came of them: reached or missed, on their way, and where they land."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import pandas as pd

from crm_core.metrics import METRICS, daily
from crm_core.metrics.goals import (
    ADDED,
    GOAL_METRICS,
    NO_CHANNEL,
    WHOLE,
    month_figures,
    of_few,
    year_before,
)
from crm_core.metrics.small_groups import is_guarded
from crm_core.models.landing import Usual, chance, chance_word, is_hit, landing, pace, usual_share
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.goal_outlook import Outlook, outlook

Target = tuple[str, date, str, float]
"""Metric, first day of the month, sales channel (`WHOLE` for the shop), target."""
COLUMNS = (
    "metric",
    "month",
    "sales_channel",
    "target",
    "status",
    "actual",
    "reached",
    "usual",
    "landing",
    "low",
    "high",
    "chance",
    "verdict",
    "reason",
)
_TOLD = COLUMNS[COLUMNS.index("actual") :]
_SHAPE_DAYS = 400  # thirteen months: what the usual share of a month stands on
_QUIET_MONTHS = 3


@dataclass(frozen=True)
class Goals:
    """Every goal with what is known of it.

    `goals` (columns as `COLUMNS`): `status` is past, running or ahead; `reached` and `usual` are
    shares of the target and of a month's sum; `landing`, `low`, `high` the figure at the month's
    end with its 80 % interval; `chance` that it reaches the target; `verdict` a code for all of
    it; `reason` why there is no landing. `figures` (metric, month, sales_channel, value) are the
    months measured, the one running up to `as_of`. `channels` are those that sold anything in
    the last three months, largest first; `last_sold` tells of every channel that has a goal or
    sold since then when it last did (None: never). `month` is the one to look at first.
    """

    as_of: date
    month: date
    forecast_until: date | None
    goals: pd.DataFrame
    figures: pd.DataFrame
    channels: tuple[str, ...]
    last_sold: Mapping[str, date | None]

    @cached_property
    def gone(self) -> dict[str, date | None]:
        """Channels that have goals of months not over and sell no more: when they last did."""
        rows = self.goals[self.goals["status"] != "past"]
        named = [code for code in dict.fromkeys(rows["sales_channel"]) if code != WHOLE]
        return {code: self.last_sold.get(code) for code in named if code not in self.channels}

    def values(self, metric: str, month: date) -> dict[str, float]:
        """What was measured of a metric in a month, by sales channel."""
        rows = self.figures
        rows = rows[(rows["metric"] == metric) & (rows["month"] == month)].dropna()
        return dict(zip(rows["sales_channel"], rows["value"], strict=True))

    def last_year(self, metric: str, month: date) -> dict[str, float]:
        """The same of a year before; nothing where that month is not whole in the log."""
        before = year_before(month)
        known = self.figures["month"]
        whole = not known.empty and known.min() <= before and month_end(before) <= self.as_of
        return self.values(metric, before) if whole else {}


def goals(
    selection: Selection, *, store: Store, access: Access, targets: tuple[Target, ...]
) -> Goals:
    """Puts targets beside the log, the usual course of a month and the forecast.

    Filters do not apply: a goal is of the shop or of a sales channel. Names nobody; what a channel
    sold to few people in a month is not told to who sees no single people.
    """
    del selection
    as_of = store.meta.as_of
    months = {month for _, month, _, _ in targets if month <= as_of}
    period = Period(_since(store, months), as_of)
    figures = month_figures(store, GOAL_METRICS, period)
    sold = figures[(figures["orders"] > 0) & ~figures["sales_channel"].isin((WHOLE, NO_CHANNEL))]
    ahead = outlook(store, sorted({metric for metric, *_ in targets}))
    judged = judge(targets, figures, course=course_of(store, targets), ahead=ahead, as_of=as_of)
    if is_guarded(access):
        few = of_few(store, period)
        figures = figures[~_is_in(figures, few)]
        judged.loc[_is_in(judged, few), list(_TOLD)] = (*[None] * 7, "few", "")
    return Goals(
        as_of=as_of,
        month=month_to_look_at(as_of),
        forecast_until=None if ahead is None else ahead.last,
        goals=judged,
        figures=_long(figures, store.meta.first_day),
        channels=_channels(sold, as_of),
        last_sold=_last_sold(sold, {each[2] for each in targets} - {WHOLE}),
    )


def _is_in(rows: pd.DataFrame, few: set[tuple[date, str]]) -> pd.Series[bool]:
    cells = zip(rows["month"], rows["sales_channel"], strict=True)
    return pd.Series([each in few for each in cells], rows.index, dtype=bool)


def month_end(month: date) -> date:
    """The last day of a month.

    >>> month_end(date(2028, 2, 1))
    datetime.date(2028, 2, 29)
    """
    return month.replace(day=monthrange(month.year, month.month)[1])


def month_to_look_at(as_of: date) -> date:
    """The month that runs, or that begins where the log ends."""
    return (as_of + timedelta(1)).replace(day=1)


def course_of(store: Store, targets: Iterable[Target]) -> dict[str, Usual]:
    """Which share of the running month is usually there by now, of each metric with a goal in it
    that adds up; of the whole shop, whose course its channels are taken to share."""
    as_of = store.meta.as_of
    month = as_of.replace(day=1)
    if as_of == month_end(month):
        return {}
    wanted = {metric for metric, of, _, _ in targets if of == month}
    names = [name for name in ADDED if name in wanted]
    if not names:
        return {}
    since = month - timedelta(_SHAPE_DAYS)
    days = daily(store, names, Selection(), since=since).loc[: pd.Timestamp(as_of)]
    return {name: usual_share(days[name], as_of) for name in names}


def judge(
    targets: Iterable[Target],
    figures: pd.DataFrame,
    *,
    course: Mapping[str, Usual],
    ahead: Outlook | None,
    as_of: date,
) -> pd.DataFrame:
    """A row a goal: what was reached of it, and what is to be expected (columns: `COLUMNS`).

    `figures` are those of `month_figures`, the month of `as_of` up to it.
    """
    first = None if figures.empty else figures["month"].min()
    cells = figures.set_index(["month", "sales_channel"])
    rows: list[dict[str, object]] = []
    for metric, month, channel, target in targets:
        status = _status(month, as_of)
        row: dict[str, object] = {"metric": metric, "month": month, "sales_channel": channel}
        row |= {"target": target, "status": status, "verdict": "", "reason": ""}
        actual = None
        if status != "ahead" and first is not None and month >= first:
            actual = _cell(cells, metric, month, channel)
        row["actual"] = actual
        if status == "past":
            row |= _past(metric, target, actual)
        else:
            row |= _coming(metric, month, channel, target, actual or 0.0, ahead, as_of)
        if status == "running":
            row |= _running(metric, target, actual, course.get(metric), row)
        elif actual is not None and metric in ADDED:
            row["reached"] = actual / target
        rows.append(row)
    told = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = ("target", "actual", "reached", "usual", "landing", "low", "high", "chance")
    return told.astype(dict.fromkeys(numbers, "float64"))


def _status(month: date, as_of: date) -> str:
    if month_end(month) <= as_of:
        return "past"
    return "running" if month <= as_of else "ahead"


def _cell(cells: pd.DataFrame, metric: str, month: date, channel: str) -> float | None:
    """A month's figure; nothing sold is zero of what adds up, and no ratio."""
    if (month, channel) not in cells.index:
        return 0.0 if metric in ADDED else None
    value = float(cells.loc[(month, channel), metric])  # pyright: ignore[reportArgumentType]
    return None if value != value else value


def _past(metric: str, target: float, actual: float | None) -> dict[str, object]:
    if actual is None:
        return {"verdict": "no_data"}
    return {"verdict": "hit" if is_hit(actual, target, good=METRICS[metric].good) else "missed"}


def _coming(
    metric: str,
    month: date,
    channel: str,
    target: float,
    actual: float,
    ahead: Outlook | None,
    as_of: date,
) -> dict[str, object]:
    """Where a month not over lands, or why that is not known."""
    if metric not in ADDED:
        return {"reason": "ratio", "verdict": "open"}
    if ahead is None:
        return {"reason": "no_forecast", "verdict": "open"}
    start = max(month, as_of + timedelta(1))
    told = ahead.of(metric, channel, start, month_end(month))
    if isinstance(told, str):
        return {"reason": told, "verdict": "open"}
    lands = landing(actual, told)
    likely = chance(lands, target, good=METRICS[metric].good)
    return {
        "landing": lands.value,
        "low": lands.low_80,
        "high": lands.high_80,
        "chance": likely,
        "verdict": chance_word(likely),
    }


def _running(
    metric: str,
    target: float,
    actual: float | None,
    usual: Usual | None,
    row: Mapping[str, object],
) -> dict[str, object]:
    """How far the month is, and whether that is far enough where no forecast tells more."""
    if actual is None:
        return {"verdict": "no_data"} if row["reason"] else {}
    if metric not in ADDED:
        hit = is_hit(actual, target, good=METRICS[metric].good)
        return {"verdict": "so_far_met" if hit else "so_far_missed"}
    reached = actual / target
    told: dict[str, object] = {"reached": reached, "usual": usual.share if usual else None}
    if row["reason"] and usual is not None:
        told["verdict"] = pace(reached, usual)
    return told


def _since(store: Store, months: Iterable[date]) -> date:
    """The first month to measure: that of the first goal, or two years for what was a year ago."""
    as_of = store.meta.as_of
    two_years = as_of.replace(year=as_of.year - 2, month=1, day=1)
    return max(min([two_years, *months]), store.meta.first_day)


def _channels(sold: pd.DataFrame, as_of: date) -> tuple[str, ...]:
    latest = pd.Period(as_of, "M") - (_QUIET_MONTHS - 1)
    rows = sold[sold["month"] >= latest.start_time.date()]
    orders = rows.groupby("sales_channel")["orders"].sum()
    return tuple(str(code) for code in orders.sort_values(ascending=False, kind="stable").index)


def _last_sold(sold: pd.DataFrame, named: Iterable[str]) -> dict[str, date | None]:
    found = sold.groupby("sales_channel")["month"].max()
    return {**dict.fromkeys(named), **{str(code): month for code, month in found.items()}}


def _long(figures: pd.DataFrame, first_day: date) -> pd.DataFrame:
    """A row a figure; a first month that the log does not hold from its first day is left out."""
    whole = figures[figures["month"] >= first_day]
    told = whole.melt(
        ["month", "sales_channel"], list(GOAL_METRICS), var_name="metric", value_name="value"
    )
    return told.astype({"value": "float64"})


def of_month(rows: pd.DataFrame, month: date, channels: Sequence[str] = (WHOLE,)) -> pd.DataFrame:
    """The goals of a month that are of these channels, in the order of the metrics."""
    found = rows[(rows["month"] == month) & rows["sales_channel"].isin(channels)]
    order = {name: place for place, name in enumerate(GOAL_METRICS)}
    return found.sort_values("metric", key=lambda names: names.map(order), ignore_index=True)
