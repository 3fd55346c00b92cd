"""Parts of the Forecast page: the series, what it is made of, its parts, trust, events."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crm_core.charts import columns_chart, forecast_band, lines, stacked_columns
from crm_core.metrics.part_codes import is_rest
from crm_core.pipeline.series_days import SEGMENT, TOTAL
from crm_core.text import formats
from crm_core.ui.forecast_controls import member_name
from crm_core.ui.kpi import figures
from crm_core.ui.layout import card, columns, panel
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, note, paragraph, warning
from crm_core.views.forecast import Forecast
from crm_core.views.forecast_parts import layers, parts, regular_parts

_WEEK = 7


def draw_left_out(view: Forecast) -> None:
    """Why there is no such series, and what can be had."""
    note(f"forecast.left_out.{view.left_out}", days=view.history_days)


def draw_figures(view: Forecast) -> None:
    """What is expected, what came lately, and how often the interval held."""
    if view.is_distinct:
        _distinct_figures(view)
        return
    session = current()
    if view.is_mean:
        caption("forecast.daily_only" if view.dimension == SEGMENT else "forecast.daily_means")
    daily = "_daily.label" if view.is_mean else ""
    ahead, chosen = view.ahead or {}, view.chosen or {}
    unit = "number" if view.is_mean else view.unit
    told = [
        (f"forecast.next_30{daily}", ahead[30]["value"], unit),
        (f"forecast.last_30{daily}", view.last_30, unit),
        (f"forecast.next_90{daily}", ahead[90]["value"], unit),
        ("forecast.coverage", _known(chosen.get("coverage_80")), "rate"),
    ]
    figures([figure for figure in told if figure[1] is not None])
    if ahead[30]["low_80"] is not None:
        ranges = {
            f"{end}_{days}": session.write(ahead[days][f"{end}_80"], unit)
            for days in (30, 90)
            for end in ("low", "high")
        }
        caption("forecast.ranges", **ranges)


def _distinct_figures(view: Forecast) -> None:
    """Buyers of a week or month, each counted once; the range of the first one ahead."""
    session = current()
    grain, chosen = view.grain, view.chosen or {}
    near, far = (told["value"] for told in (view.ahead or {}).values())
    told = [
        (f"forecast.near.{grain}", near, "number"),
        (f"forecast.lately.{grain}", view.last_30, "number"),
        (f"forecast.far.{grain}", far, "number"),
        ("forecast.coverage", _known(chosen.get("coverage_80")), "rate"),
    ]
    figures([figure for figure in told if figure[1] is not None])
    first = view.days[view.days["median"].notna()].iloc[0]
    caption(
        f"forecast.distinct_range.{grain}",
        day=formats.day(pd.Timestamp(first["day"]).date(), session.language),
        low=session.write(first["low_80"], "number"),
        high=session.write(first["high_80"], "number"),
    )


def draw_band(view: Forecast) -> None:
    """What came and what is expected; events of the days shown are marked."""
    session = current()
    unit = "number" if view.unit == "count" else view.unit
    coming = view.events
    if view.grain != "day" and len(coming):
        coming = coming.head(0)
    marked = coming.assign(day=coming["starts_on"], label=event_words(coming))
    marked = _apart(marked[marked["extra"].notna()])
    frame = view.days.assign(day=pd.to_datetime(view.days["day"]))
    card(
        f"forecast.of.{view.grain}",
        forecast_band(frame, session.numbers(unit), events=marked[["day", "label"]]),
        key="forecast_band",
        help_key=f"metric.{view.measure}.about",
        note_key="forecast.stage_note" if view.dimension == SEGMENT else None,
    )


def _apart(events: pd.DataFrame) -> pd.DataFrame:
    """The events whose marks do not lie on one another."""
    days = pd.to_datetime(events["day"])
    return events[~(days.diff().dt.days < _WEEK)]


def event_words(events: pd.DataFrame) -> list[str]:
    """Events by name: the calendar's in the reader's language, the shop's own as it calls them."""
    session = current()
    return [session.word("forecast.event", name.removeprefix("own:")) for name in events["event"]]


def draw_warnings(view: Forecast) -> None:
    """What to know before relying on it."""
    chosen = view.chosen or {}
    for code in filter(None, str(chosen.get("warnings") or "").split(",")):
        warning(f"forecast.warning.{code}")


def draw_components(view: Forecast) -> None:
    """What Prophet adds up to net revenue: the level with its season, and the weekdays."""
    session = current()
    if view.trend.empty:
        return
    frame = view.trend
    left, right = columns(3, 2)
    level = frame.assign(value=frame["trend"], series=session.t("forecast.component.trend"))
    season = frame.assign(
        value=frame["trend"] + frame["year"], series=session.t("forecast.component.season")
    )
    shown = pd.concat([level, season]) if frame["year"].abs().max() > 0 else level
    with left:
        card(
            "forecast.components",
            lines(shown[["day", "value", "series"]], session.numbers("money")),
            key="forecast_trend",
            help_key="forecast.components_about",
        )
    share = frame["week"] / frame["trend"].where(frame["trend"] > 0)
    weekdays = share.groupby(pd.to_datetime(frame["day"]).dt.day_of_week).mean()
    names = [session.word("dimension.weekday.named", str(day + 1)) for day in weekdays.index]
    with right:
        card(
            "forecast.weekdays",
            columns_chart(
                pd.DataFrame({"label": names, "value": weekdays.to_list()}),
                session.numbers("rate"),
            ),
            key="forecast_weekdays",
            help_key="forecast.weekdays_about",
        )


def draw_parts(view: Forecast) -> None:
    """All parts of the measure, week by week and as a table."""
    session = current()
    if view.dimension == TOTAL:
        return
    if view.is_distinct:
        _regular_table(view)
        return
    asked = {"of": view.measure, "by": view.dimension}
    weeks = show(layers, session.selection, **asked)
    unit = "number" if view.unit == "count" else view.unit
    weeks = weeks[weeks["member"].isin(view.members)]
    if len(weeks):
        named = weeks.assign(
            series=[member_name(view.dimension, code) for code in weeks["member"]],
            is_rest=weeks["member"].map(is_rest),
        )
        order = {code: place for place, code in enumerate(view.members)}
        named = named.sort_values(["member", "day"], key=lambda c: c.map(order) if c.name == "member" else c)  # fmt: skip
        card(
            f"forecast.parts.{view.dimension}",
            stacked_columns(named, session.numbers(unit)),
            key="forecast_layers",
            note_key="forecast.parts_note",
        )
    _parts_table(view, show(parts, session.selection, **asked))


def _parts_table(view: Forecast, rows: pd.DataFrame) -> None:
    session = current()
    daily = "_daily.label" if view.is_mean else ""
    kind = "money" if view.unit == "money" else "number"
    named = rows.assign(label=[member_name(view.dimension, code) for code in rows["member"]])
    shown: list[Any] = [
        Column("label", "text", f"forecast.split.{view.dimension}", pinned=True),
        Column("next_30", kind, f"forecast.next_30{daily}"),
        Column("next_90", kind, f"forecast.next_90{daily}"),
        Column("share", "rate", "forecast.share"),
    ]
    if rows["before"].notna().any():
        shown += [
            Column("before", kind, "forecast.before", help_key="forecast.before_about"),
            Column("change", "rate", "forecast.change", help_key="forecast.before_about"),
        ]
    methods = [session.word("trust.method", code) for code in rows["method"]]
    named = named.assign(method=methods)
    shown += [
        Column("method", "text", "forecast.method_label"),
        Column("skill", "rate", "forecast.skill", help_key="forecast.skill_about"),
    ]
    with panel("forecast.parts_table", help_key="forecast.parts_about"):
        data_table(named, shown, key="forecast_parts", alt_key="forecast.parts_table")


def _regular_table(view: Forecast) -> None:
    """The parts of buyers by week or month, which need not add up."""
    session = current()
    asked = {"of": view.measure, "by": view.dimension, "grain": view.grain}
    rows = show(regular_parts, session.selection, **asked)
    named = rows.assign(
        label=[member_name(view.dimension, code) for code in rows["member"]],
        method=[session.word("trust.method", code) for code in rows["method"]],
    )
    naive = f"forecast.distinct_skill.{view.grain}"
    with panel("forecast.parts_table", help_key=f"forecast.distinct_parts.{view.grain}"):
        data_table(
            named,
            [
                Column("label", "text", f"forecast.split.{view.dimension}", pinned=True),
                Column("next", "number", f"forecast.near.{view.grain}"),
                Column("last", "number", f"forecast.lately.{view.grain}"),
                Column("change", "rate", "forecast.change"),
                Column("method", "text", "forecast.method_label"),
                Column("skill", "rate", naive, help_key="forecast.skill_about"),
            ],
            key="forecast_parts",
            alt_key="forecast.parts_table",
        )


def draw_trust(view: Forecast) -> None:
    """The method, why it was chosen, and how all of them did on the past."""
    session = current()
    chosen = view.chosen or {}
    with panel("forecast.trust", help_key="forecast.trust_about"):
        facts = {
            "method": session.word("trust.method", chosen.get("method")),
            "trials": view.trials,
            "days": formats.number(view.history_days, session.language),
            "skill": session.write(_known(chosen.get("skill")), "rate"),
            "error": session.write(
                _known(chosen.get("wape" if view.is_distinct else "total_error")), "rate"
            ),
        }
        tried = facts["skill"] != session.write(None, "rate")
        shown = f"forecast.distinct_shown.{view.grain}" if view.is_distinct else "forecast.shown"
        paragraph(shown if tried else "forecast.shown_untried", **facts)
        paragraph(f"forecast.reason.{chosen.get('reason')}", error=facts["error"])
        if tried:
            data_table(
                view.tried,
                [
                    Column("method", "code", "forecast.method_label", prefix="trust.method"),
                    Column("mase", "per", "forecast.mase"),
                    Column("wape", "rate", "forecast.wape"),
                    Column("coverage_80", "rate", "forecast.coverage_80"),
                    Column("coverage_95", "rate", "forecast.coverage_95"),
                ],
                key="forecast_backtest",
                alt_key="forecast.trust",
            )


def draw_events(view: Forecast) -> None:
    """Events ahead and of the past year, with what they added to the shop's net revenue."""
    with panel("forecast.events", help_key="forecast.events_about"):
        rows = view.events
        if rows.empty:
            note("forecast.no_events")
            return
        ahead = rows["is_past"].astype(bool).map({True: "past", False: "ahead"})
        data_table(
            rows.assign(label=event_words(rows), when=ahead).sort_values(["when", "starts_on"]),
            [
                Column("label", "text", "forecast.event_label", pinned=True),
                Column("when", "code", "forecast.event_when", prefix="forecast.when"),
                Column("extra", "money", "forecast.extra"),
                Column("times_seen", "count", "forecast.times_seen"),
                Column("starts_on", "date", "forecast.starts_on"),
                Column("ends_on", "date", "forecast.ends_on"),
            ],
            key="forecast_events",
            alt_key="forecast.events",
        )


def _known(value: Any) -> float | None:
    return None if value is None or value != value else float(value)
