"""Parts of the events page that prepare the next time: products, messages, what to do when."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from crm_core.privacy.policy import allowed, require
from crm_core.records import StepDone
from crm_core.text import formats
from crm_core.ui.campaign_words import window_words
from crm_core.ui.fields import number_field
from crm_core.ui.layout import columns, link, panel, row
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table, pager
from crm_core.ui.words import caption, note
from crm_core.views.attention_words import days_words
from crm_core.views.event_calendar import Occurrence
from crm_core.views.event_contacts import WRITING_DAYS, Step, event_contacts, steps
from crm_core.views.event_stock import MOST_PRODUCTS, event_stock
from crm_core.views.events import AROUND_DAYS, EventView

_HIGHEST_GROWTH = 20.0
_SIZE = 25


def draw_products(view: EventView) -> None:
    """What the last time sold by product, scaled, against the shelf."""
    session = current()
    with panel("events.products", help_key="events.products_about"):
        if not view.times:
            caption("events.no_products")
            return
        with columns(1, 3)[0]:
            growth = number_field(
                "events.growth",
                key=f"events_growth_{view.event.code}",
                value=round(min(view.growth, _HIGHEST_GROWTH), 2),
                low=0.0,
                high=_HIGHEST_GROWTH,
                step=0.1,
                help_key=f"events.growth_about.{view.growth_basis}",
            )
        last, coming = view.times[0].occurrence, view.event.coming
        found = show(
            event_stock,
            session.selection,
            first=last.first,
            last=last.last,
            until=coming.first if coming else None,
            growth=growth if growth is not None else 1.0,
        )
        if found is None:
            note("events.no_stock")
            link("imports", "stock.to_imports")
            return
        caption(
            "events.products_sum" if found.short else "events.products_enough",
            products=formats.number(found.products, session.language),
            short=formats.number(found.short, session.language),
            money=session.write(found.missing_money, "money"),
            when=days_words(last.first, last.last, session.language),
        )
        total = min(found.products, MOST_PRODUCTS)
        page, size = (
            pager(total, key="events_products", size=_SIZE) if total > _SIZE else (1, _SIZE)
        )
        data_table(
            found.rows.iloc[(page - 1) * size : page * size],
            [
                Column("name", label_key="stock.column.name", width=190),
                Column("pieces", "count", "events.column.pieces"),
                Column("wanted", "number", "events.column.wanted",
                       help_key="events.wanted_about"),
                Column("before", "number", "events.column.before",
                       help_key="events.before_about"),
                Column("on_hand", "count", "stock.column.on_hand",
                       help_key="stock.on_hand_about"),
                Column("incoming", "count", "stock.column.incoming",
                       help_key="stock.incoming_about"),
                Column("weeks_all", "number", "stock.column.weeks_all",
                       help_key="stock.weeks_all_about"),
                Column("missing", "number", "events.column.missing",
                       help_key="events.missing_about"),
                Column("missing_money", "money", "events.column.missing_money"),
            ],
            key="events_products",
            alt_key="events.products",
        )  # fmt: skip
        link("stock", "events.to_stock")


def draw_contacts(view: EventView) -> None:
    """Who was written to before the last time, what is planned for the next, and what limits it."""
    session = current()
    with panel("events.contacts", help_key="events.contacts_about"):
        if view.times:
            last = view.times[0].occurrence
            found = show(event_contacts, session.selection, first=last.first, last=last.last)
            day = formats.day(last.day, session.language)
            if found.empty:
                caption("events.nobody_written", day=day, days=WRITING_DAYS)
            else:
                caption("events.written", day=day, days=WRITING_DAYS)
                data_table(
                    found,
                    [
                        Column("campaign", label_key="events.column.campaign"),
                        Column("contact_channel", label_key="events.column.channel"),
                        Column("people", "count", "events.column.people"),
                        Column("first", "date", "events.column.first"),
                        Column("last", "date", "events.column.last"),
                    ],
                    key="events_written",
                    alt_key="events.contacts",
                )
        if view.event.coming is not None:
            _planned(view.event.coming)
        _limits()


def _planned(coming: Occurrence) -> None:
    """The campaigns whose window touches the days around the coming time."""
    session = current()
    near = [
        each
        for each in session.records.campaigns()
        if each.plan.starts_on <= coming.last
        and (coming.first - each.plan.ends_on).days <= AROUND_DAYS
    ]
    if not near:
        caption("events.no_campaign", day=formats.day(coming.day, session.language))
        return
    caption("events.campaigns", day=formats.day(coming.day, session.language))
    data_table(
        pd.DataFrame(
            [
                {
                    "name": each.plan.name,
                    "window": window_words(each),
                    "status": each.status(session.store.meta.as_of),
                }
                for each in near
            ]
        ),
        [
            Column("name", label_key="events.column.campaign"),
            Column("window", label_key="events.column.window"),
            Column("status", "code", "events.column.status", prefix="events.status"),
        ],
        key="events_campaigns",
        alt_key="events.contacts",
    )


def _limits() -> None:
    policy = current().records.campaign_policy()
    if policy.pressure_days:
        caption("events.pressure", most=policy.most_contacts, days=policy.pressure_days)
    if policy.exclusion_days:
        caption("events.exclusion", days=policy.exclusion_days)
    if policy.global_control_share:
        share = formats.percent(policy.global_control_share, current().language)
        caption("events.global_control", share=share)


def draw_steps(view: EventView) -> None:
    """What to do on which day."""
    session = current()
    coming = view.event.coming
    if coming is None:
        return
    told = steps(coming)
    event = view.event.code
    done = session.records.event_steps_done(event, coming.day)
    with panel("events.steps", help_key="events.steps_about"):
        caption("events.steps_done", done=sum(step.code in done for step in told), all=len(told))
        for step in told:
            _tick(view, coming, step, done.get(step.code))
        with row():
            for page in ("stock", "audiences", "playbooks", "campaigns"):
                link(page, f"nav.page.{page}")


def _tick(view: EventView, coming: Occurrence, step: Step, done: StepDone | None) -> None:
    """One thing to do, ticked off and taken back by who may plan."""
    session = current()
    event, state = view.event.code, "done" if done else "open"
    told = {
        "day": formats.day(step.day, session.language),
        "when": _when((step.day - view.as_of).days),
        "what": session.t(f"events.step.{step.code}"),
    }
    late = done is None and step.day < view.as_of
    words = session.md(f"events.step_line.{'late' if late else state}", **told)
    by = {"who": done.author, "day": formats.day(done.done_at.date(), session.language)} if done else {}  # fmt: skip
    ticked = st.checkbox(
        words,
        value=done is not None,
        key=f"events_step_{event}_{coming.day}_{step.code}_{state}",
        disabled=not allowed(session.access, "plan"),
        help=session.md("events.step_by", **by) if done else None,
    )
    if ticked == (done is not None):
        return
    require(session.access, "plan")
    if ticked:
        who, now = session.access.user, datetime.now(UTC)
        session.records.tick_event_step(event, coming.day, step.code, author=who, now=now)
    else:
        session.records.untick_event_step(event, coming.day, step.code)
    st.rerun()


def _when(days: int) -> str:
    return f"{days:+d}".replace("-", "\u2212") if days else current().t("events.today")
