"""Parts of the service page: the figures, who waits, the months, the splits, the contacts behind."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from crm_core.charts import lines
from crm_core.metrics.care import WAITS
from crm_core.text import formats
from crm_core.ui.fields import choice_field, switch_choice
from crm_core.ui.kpi import figures, kpis
from crm_core.ui.layout import draw, panel
from crm_core.ui.order_table import buyer_names
from crm_core.ui.people import go_customer
from crm_core.ui.service_words import (
    cell_words,
    current_rules,
    hours_words,
    named_rows,
    share_ranges,
)
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table, pager
from crm_core.ui.words import caption, note
from crm_core.views.service import LEAST_TOLD, TRENDS, Service, service_split, service_trend
from crm_core.views.service_rows import service_contacts, service_waiting

_OPENED = "_service_opened"
_SIZE = 25
_FEW, _SHORT = 8, 36 * 9
_SPLIT = (
    Column("contacts", "count", "metric.contacts.label", help_key="metric.contacts.about"),
    Column("contact_rate", "rate", "metric.contact_rate.label", help_key="service.rate_about"),
    Column("reply_median", "number", "service.column.reply_median",
           help_key="metric.reply_median.about"),
    Column("reply_p90", "number", "service.column.reply_p90", help_key="metric.reply_p90.about"),
    Column("reply_in_time", "rate", "metric.reply_in_time.label",
           help_key="metric.reply_in_time.about"),
    Column("settle_median", "number", "service.column.settle_median",
           help_key="metric.settle_median.about"),
    Column("settle_p90", "number", "service.column.settle_p90",
           help_key="metric.settle_p90.about"),
    Column("reopen_rate", "rate", "metric.reopen_rate.label", help_key="metric.reopen_rate.about"),
    Column("csat", "rate", "metric.csat.label", help_key="metric.csat.about"),
    Column("csat_words", label_key="service.column.csat_range",
           help_key="service.csat_range_about"),
    Column("csat_n", "count", "service.column.csat_n", help_key="service.csat_n_about"),
    Column("cost_per_contact", "cents", "metric.cost_per_contact.label",
           help_key="metric.cost_per_contact.about"),
)  # fmt: skip
_CONTACT = (
    Column("customer", label_key="app.table.customer"),
    Column("day", "date", "service.column.day"),
    Column("channel_words", label_key="service.split_by.contact_channel"),
    Column("topic_words", label_key="service.split_by.topic"),
)
_BEHIND = (
    Column("reply_words", label_key="service.column.reply"),
    Column("settle_words", label_key="service.column.settle"),
    Column("state_words", label_key="service.column.state"),
    Column("rating", "count", "service.column.rating"),
)
_WORDS = (
    Column("agent", label_key="service.split_by.agent"),
    Column("message", label_key="service.column.message"),
)


def draw_numbers(view: Service) -> None:
    """The figures of the period, and on how many answers satisfaction rests."""
    session = current()
    kpis(view.cards, columns=5)
    start, end = (
        formats.day(day, session.language) for day in (view.period.start, view.period.end)
    )
    rules = current_rules()
    kind = "worked" if rules.has_hours else "clock"
    caption(
        f"service.period.{kind}",
        start=start,
        end=end,
        reply=rules.reply_hours,
        settle=rules.settle_hours,
    )
    if view.csat_range is not None:
        low, high = (session.write(each, "rate") for each in view.csat_range)
        rated = session.write(view.told["rated"], "count")
        share = session.write(view.told["rated"] / max(view.told["contacts"], 1.0), "rate")
        caption("service.csat_told", low=low, high=high, rated=rated, share=share)


def draw_waiting() -> None:
    """How many wait beyond what was promised, and who."""
    session, rules = current(), current_rules()
    first = show(service_waiting, session.selection, rules=rules, page=1, size=_SIZE)
    with panel("service.waiting", help_key="service.waiting_about"):
        if first.is_hidden:
            note("explore.too_few")
            return
        figures(
            [(f"service.wait.{name}", float(first.counts[name]), "count") for name in WAITS]
            + [("service.wait.open", float(first.open), "count")],
            columns=3,
        )
        day = formats.day(session.store.meta.as_of, session.language)
        caption("service.waiting_of", day=day, reply=rules.reply_hours, settle=rules.settle_hours)
        if first.forgotten:
            caption("service.forgotten", count=session.write(first.forgotten, "count"))
        if not first.total:
            caption("service.nobody_waits")
            return
        place = st.container()
        page, size = pager(first.total, key="service_waiting", size=_SIZE)
        found = show(service_waiting, session.selection, rules=rules, page=page, size=size)
        rows = found.rows.assign(
            waited_words=[hours_words(hours) for hours in found.rows["waited"]],
            wait_words=[cell_words("service.wait", code) for code in found.rows["wait_state"]],
        )
        extra = [
            Column("waited_words", label_key="service.column.waited"),
            Column("wait_words", label_key="service.column.waits_for"),
            *(_WORDS[:1] if "agent" in rows else ()),
        ]
        with place:
            _contact_table(
                rows, extra, key="service_waiting", alt_key="service.waiting", height=_SHORT
            )


def draw_trend(view: Service) -> None:
    """One of the measures over the period."""
    session = current()
    with panel("service.trend", help_key="service.trend_about"):
        shown = switch_choice(
            "service.trend_label", TRENDS, key="service_trend", prefix="service.trends"
        )
        asked = {"rules": current_rules(), "shown": shown, "step": view.step}
        rows = show(service_trend, session.selection, **asked)
        if rows.empty:
            caption("service.none_in_period")
            return
        unit = "hours" if shown in ("reply", "settle") else "rate"
        named = rows.assign(series=[session.t(f"metric.{name}.label") for name in rows["metric"]])
        chart = lines(named[["day", "value", "series"]], session.numbers(unit))
        draw(chart, key="service_trend", title=session.t(f"service.trends.{shown}"))


def draw_split(view: Service) -> None:
    """The contacts by what they were about, by channel, agent, region, product, …"""
    session = current()
    with panel("service.split", help_key="service.split_about"):
        by = choice_field("service.by", view.splits, key="service_by", prefix="service.split_by")
        by = by or view.splits[0]
        found = show(service_split, session.selection, rules=current_rules(), by=by)
        if found.rows.empty:
            caption("service.none_in_period")
            return
        rows = found.rows.assign(
            value_words=named_rows(by, found.rows),
            csat_words=share_ranges(found.rows["csat_low"], found.rows["csat_high"]),
        )
        opened = data_table(
            rows,
            [Column("value_words", label_key=f"service.split_by.{by}", width=190), *_SPLIT],
            key=f"service_split_{by}",
            alt_key="service.split",
            on_click=True,
        )
        if rows["is_few"].any():
            caption("service.few", least=LEAST_TOLD)
        if rows["is_hidden"].any():
            caption("explore.suppressed")
        if found.left_out:
            caption("service.left_out", count=session.write(found.left_out, "count"))
    if opened:
        st.session_state[_OPENED] = (by, str(opened["code"]), str(opened["value_words"]))
    draw_behind(by)


def draw_behind(by: str) -> None:
    """The contacts behind the row that was opened, a page at a time."""
    session = current()
    opened, code, name = st.session_state.get(_OPENED, ("", "", ""))
    if opened != by:
        caption("service.open_hint")
        return
    asked = {"rules": current_rules(), "by": by, "code": code}
    first = show(service_contacts, session.selection, **asked, page=1, size=_SIZE)
    with panel("service.behind", name=name):
        if first.is_hidden:
            note("explore.too_few")
            return
        place = st.container()
        page, size = pager(first.total, key="service_behind", size=_SIZE)
        found = show(service_contacts, session.selection, **asked, page=page, size=size)
        rows = found.rows.assign(
            reply_words=[hours_words(hours) for hours in found.rows["reply"]],
            settle_words=[hours_words(hours) for hours in found.rows["settle"]],
            state_words=[
                _state(resolved, again)
                for resolved, again in zip(
                    found.rows["resolved"], found.rows["reopened"], strict=True
                )
            ],
        )
        columns = [*_BEHIND, *(_WORDS if found.with_words else ())]
        with place:
            _contact_table(rows, columns, key="service_behind", alt_key="service.behind_alt")
        if not found.with_words:
            caption("service.no_words")


def _state(resolved: object, again: object) -> str:
    if resolved is None:
        return ""
    code = "again" if resolved and again else "solved" if resolved else "open"
    return current().t(f"service.state.{code}")


def _contact_table(
    rows: pd.DataFrame,
    columns: Sequence[Column],
    *,
    key: str,
    alt_key: str,
    height: int | None = None,
) -> None:
    """Contacts with who began them; a row opens the customer."""
    named = rows.assign(
        customer=buyer_names(rows["customer_key"].tolist() if len(rows) else []),
        channel_words=[
            cell_words("behaviour.value.contact_channel", code) for code in rows["contact_channel"]
        ],
        topic_words=[cell_words("behaviour.value.topic", code) for code in rows["topic"]],
    )
    opened = data_table(
        named,
        [*_CONTACT, *columns],
        key=key,
        alt_key=alt_key,
        on_click=True,
        icon="person",
        height=height if height is None or len(rows) > _FEW else None,
    )
    if opened and pd.isna(opened["customer_key"]):
        note("service.leads_nowhere")
    elif opened:
        go_customer(int(opened["customer_key"]))
