"""Parts of the events page: which event, its days laid over each other, what it moved, whom it brought."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from crm_core.charts import around_event, day_pace
from crm_core.models.event_effect import NEAR_DAYS, Stretch
from crm_core.text import formats
from crm_core.ui.kpi import kpis
from crm_core.ui.layout import draw, panel
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, note, paragraph
from crm_core.views.card import Card
from crm_core.views.event_buyers import BACK_DAYS, SEASON_DAYS, event_buyers
from crm_core.views.event_calendar import KnownEvent, TypedEvent
from crm_core.views.event_hours import event_hours
from crm_core.views.events import AROUND_DAYS, EventView

_CHOSEN = "events_code"
_UNITS = {"net_revenue": "money", "orders": "count", "buyers": "count", "new_buyers": "count"}


def event_words(event: KnownEvent) -> str:
    """What an event is called in the viewer's language."""
    session = current()
    own = event.name_zh if session.language == "zh" else event.name_en
    return own or session.word("forecast.event", event.code)


def choose_event(known: list[KnownEvent]) -> KnownEvent:
    """One of the events: that of the address, else the next one at first."""
    session = current()
    by_code = {event.code: event for event in known}
    labels = {code: _dated(event) for code, event in by_code.items()}
    asked = st.query_params.pop("event", "")
    if asked in by_code:
        st.session_state[_CHOSEN] = asked
    code = st.selectbox(
        session.md("events.choose"),
        list(by_code),
        format_func=lambda code: labels.get(str(code), str(code)),
        key=_CHOSEN,
        persist_state="session",
    )
    return by_code.get(str(code), known[0])


def _dated(event: KnownEvent) -> str:
    words = event_words(event)
    if event.coming is None:
        return words
    return f"{words} · {formats.day(event.coming.day, current().language)}"


def draw_known(view: EventView) -> None:
    """When it is next, and what can be said of an event seen so often."""
    session = current()
    name, coming = event_words(view.event), view.event.coming
    if coming is None:
        paragraph("events.no_date", name=name)
    else:
        days = (coming.day - view.as_of).days
        first, last = (formats.day(day, session.language) for day in (coming.first, coming.last))
        span = "one_day" if coming.first == coming.last else "days"
        paragraph(
            f"events.{'next' if days > 0 else 'running'}.{span}",
            name=name,
            first=first,
            last=last,
            days=days,
        )
    if view.seen != "often":
        note(f"events.seen.{view.seen}", name=name)


def draw_cards(view: EventView) -> None:
    """The last time in numbers, and what is expected of the next."""
    unit = _UNITS[view.measure]
    last = view.times[0] if view.times else None
    told = [last.parts[part] for part in ("presale", "day") if part in last.parts] if last else []
    sold = sum(each.actual for each in told) if told else None
    extra = sum(each.extra for each in told) if told else None
    net = last.parts["net"].extra if last and "net" in last.parts else None
    values = [
        ("sold", sold, unit),
        ("multiplier", last.multiplier if last else None, "per"),
        ("extra", extra, unit),
        ("net", net, unit),
        ("expected", view.expected, unit),
    ]
    kpis(
        [
            Card(
                f"events.card.{name}",
                value,
                kind,
                definition_key=f"events.card_about.{name}",
                state="missing" if value is None else "changed",
            )
            for name, value, kind in values
        ]
    )
    if view.expected is None and view.event.coming is not None:
        _why_not_expected(view)
    elif view.event.uplift is not None:
        uplift = formats.number(view.event.uplift, current().language, 2)
        caption("events.uplift_typed", uplift=uplift)


def _why_not_expected(view: EventView) -> None:
    session = current()
    if view.forecast_until is None:
        caption("events.not_forecast", measure=session.t(f"metric.{view.measure}.label"))
    else:
        caption("events.beyond", day=formats.day(view.forecast_until, session.language))


def draw_lines(view: EventView) -> None:
    """Every time of the event by day from its own day on."""
    session = current()
    with panel(
        "events.lines",
        help_key=f"metric.{view.measure}.about",
        measure=session.t(f"metric.{view.measure}.label"),
    ):
        if view.lines.empty:
            caption("events.no_lines")
            return
        coming = view.event.coming
        now = str(coming.day.year) if coming else ""
        series = view.lines["series"]
        expected = session.t("events.expected", year=now)
        frame = view.lines.assign(
            role=["expected" if s == "expected" else "now" if s == now else "past" for s in series],
            series=[expected if s == "expected" else s for s in series],
            note=[formats.day(pd.Timestamp(d).date(), session.language) for d in view.lines["day"]],
        )
        draw(
            around_event(frame, session.numbers(_UNITS[view.measure]), spans=_shaded(view)),
            key="events_lines",
            title=session.t("events.lines", measure=session.t(f"metric.{view.measure}.label")),
        )
        caption("events.lines_note", days=AROUND_DAYS)


def _shaded(view: EventView) -> list[tuple[float, float, str]]:
    """The phases of the coming time, or of the last where none is known."""
    shown = view.event.coming or (view.times[0].occurrence if view.times else None)
    if shown is None:
        return []
    session = current()
    first, last = (shown.first - shown.day).days, (shown.last - shown.day).days
    if shown.presale_until is None:
        return [(first, last, session.t("events.part.day"))]
    until = (shown.presale_until - shown.day).days
    return [
        (first, until, session.t("events.part.presale")),
        (until + 1, last, session.t("events.part.day")),
    ]


def draw_effect(view: EventView) -> None:
    """What was sold before, on and after it against the same weekdays further away."""
    session = current()
    with panel("events.effect", help_key="events.effect_about"):
        rows = [
            {
                "time": str(time.occurrence.day.year),
                "part": each.part,
                "starts_on": each.starts_on,
                "ends_on": each.ends_on,
                "actual": each.actual,
                "usual": each.usual,
                "extra": each.extra,
                "range": _range(each, view.measure),
                "is_clear": session.t("events.clear.yes" if each.is_clear else "events.clear.no"),
            }
            for time in view.times
            for each in time.parts.values()
        ]
        if not rows:
            caption("events.no_effect", days=NEAR_DAYS)
            return
        unit = _UNITS[view.measure]
        data_table(
            pd.DataFrame(rows),
            [
                Column("time", label_key="events.column.time", width=70),
                Column("part", "code", "events.column.part", prefix="events.part"),
                Column("starts_on", "date", "events.column.starts_on"),
                Column("ends_on", "date", "events.column.ends_on"),
                Column("actual", unit, "events.column.actual"),
                Column("usual", unit, "events.column.usual", help_key="events.usual_about"),
                Column("extra", unit, "events.column.extra"),
                Column("range", label_key="events.column.range", help_key="events.range_about"),
                Column("is_clear", label_key="events.column.is_clear",
                       help_key="events.clear_about"),
            ],
            key="events_effect",
            alt_key="events.effect",
        )  # fmt: skip
        caption(_moved_key(view), days=NEAR_DAYS)


def _range(each: Stretch, measure: str) -> str:
    session = current()
    if _UNITS[measure] == "money":
        ends = [
            formats.money(end, session.currency, session.language, 0)
            for end in (each.low, each.high)
        ]
    else:
        ends = [formats.number(end, session.language) for end in (each.low, each.high)]
    return " … ".join(ends)


def _moved_key(view: EventView) -> str:
    """Whether the last time's neighbours lacked what it sold."""
    parts = view.times[0].parts
    near = [parts[name] for name in ("before", "after") if name in parts]
    if len(near) < 2:
        return "events.moved.unknown"
    moved = any(part.is_clear and part.extra < 0 for part in near)
    return "events.moved.some" if moved else "events.moved.none"


def draw_buyers(seen: EventView, planned: tuple[TypedEvent, ...]) -> None:
    """Whether the customers it brought come back like others."""
    session = current()
    asked = {"code": seen.event.code, "planned": planned, "unusual": seen.unusual}
    view = show(event_buyers, session.selection, **asked)
    with panel("events.buyers", help_key="events.buyers_about"):
        if view.skipped is not None:
            day = formats.day(view.skipped, session.language)
            caption("events.buyers_young", day=day, days=BACK_DAYS)
        if view.day is None:
            caption("events.no_buyers", days=BACK_DAYS)
            return
        rows = pd.DataFrame([vars(group) for group in view.groups])
        ranges = [
            "–" if group.low is None else " – ".join(
                formats.percent(end, session.language) for end in (group.low, group.high)
            )
            for group in view.groups
        ]  # fmt: skip
        data_table(
            rows.assign(range=ranges),
            [
                Column("kind", "code", "events.column.days_of", prefix="events.days_of"),
                Column("newcomers", "count", "metric.new_buyers.label",
                       help_key="metric.new_buyers.about"),
                Column("back", "count", "events.column.back", help_key="events.back_about"),
                Column("share", "rate", "events.column.share"),
                Column("range", label_key="events.column.range", help_key="events.range_95"),
            ],
            key="events_buyers",
            alt_key="events.buyers",
        )  # fmt: skip
        if any(group.newcomers is None for group in view.groups):
            caption("events.few")
        elif view.low is not None and view.high is not None:
            verdict = "more" if view.low > 0 else "less" if view.high < 0 else "alike"
            caption(
                f"events.back.{verdict}",
                low=session.numbers("points").write(view.low),
                high=session.numbers("points").write(view.high),
            )
        caption("events.buyers_note", day=formats.day(view.day, session.language),
                days=BACK_DAYS, season=SEASON_DAYS)  # fmt: skip


def draw_hours(code: str, planned: tuple[TypedEvent, ...]) -> None:
    """How its days' orders come in by the hour, and where today lands."""
    session = current()
    view = show(event_hours, session.selection, code=code, planned=planned)
    with panel("events.hours", help_key="events.hours_about"):
        if not view.has_times:
            note("events.no_times")
            return
        if view.shares.empty:
            caption("events.no_hours")
            return
        if view.today is not None:
            key = "events.pace_early" if view.landing is None else "events.pace"
            caption(
                key,
                orders=formats.number(view.so_far, session.language),
                share=formats.percent(view.by_now, session.language),
                landing=formats.number(view.landing, session.language),
            )
        frame = view.shares.assign(
            series=[_day_words(day, view.days) for day in view.shares["day"]],
            is_today=view.shares["day"] == view.today,
        )
        draw(
            day_pace(frame.dropna(subset=["share"]), session.numbers("rate")),
            key="events_hours",
            title=session.t("events.hours"),
        )
        caption("events.hours_note", zone=session.store.meta.timezone)


def _day_words(day: date | None, days: int) -> str:
    session = current()
    if day is None or pd.isna(day):
        return session.t("events.mean_of", days=days)
    return formats.day(day, session.language)
