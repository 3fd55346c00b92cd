"""Asking for reviews: everybody who bought, by a campaign; and one person in private, for a yes to be quoted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from crm_core.audiences.playbooks import PLAYBOOKS
from crm_core.audiences.review_request import DAYS, PLAYBOOK, buyers_between
from crm_core.errors import CrmError
from crm_core.privacy.consent import standing_now
from crm_core.privacy.free_text import free_text
from crm_core.privacy.notes import may_write, require_writing
from crm_core.privacy.policy import allowed
from crm_core.records import QUOTED_AS, TESTIMONIAL_NEXT, TOLD_BY, Subject, Testimonial
from crm_core.text import formats
from crm_core.ui.campaign_board import begin
from crm_core.ui.fields import button, choice_field, form, number_field, submit
from crm_core.ui.layout import columns, panel, part, row
from crm_core.ui.navigation import spec_of
from crm_core.ui.people import code_of
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, flash, note, paragraph
from crm_core.views.review_asking import CHANNEL, request_reach, reviews_by_id

_LONGEST = 365
_CELL = 200
_ROWS = (
    Column("state_words", label_key="reviews.testimonial.state", width=150),
    Column("quoted", label_key="reviews.testimonial.quoted_as", width=120),
    Column("told", label_key="reviews.testimonial.told_by", width=110),
    Column("stars", "count", "reviews.column.stars", width=70),
    Column("words", label_key="reviews.column.words", width="large"),
    Column("asked_at", "time", "reviews.testimonial.asked_at", width=150),
)


def draw_asking() -> None:
    """The two ways to ask, kept apart."""
    with part():
        _request()
    with part():
        _testimonials()


def _request() -> None:
    """A window of days, whom it reaches, and the campaign."""
    session = current()
    with panel("reviews.request.title", help_key="reviews.request.help"):
        paragraph("reviews.request.about")
        with row():
            first = number_field(
                "reviews.request.first", key="reviews_first", value=DAYS[0], low=0, high=_LONGEST,
                step=1,
            )  # fmt: skip
            last = number_field(
                "reviews.request.last", key="reviews_last", value=DAYS[1], low=0, high=_LONGEST,
                step=1,
            )  # fmt: skip
        days = sorted((int(first or 0), int(last or 0)))
        reached = show(request_reach, session.selection, first=days[0], last=days[1])
        if reached is None:
            note("reviews.request.unknown")
            return
        customers, reachable = (
            formats.number(count, session.language)
            for count in (reached.customers, reached.reachable)
        )
        paragraph(
            "reviews.request.reach",
            first=days[0], last=days[1], customers=customers, reachable=reachable,
        )  # fmt: skip
        spec = spec_of("campaigns")
        if spec is None or session.access.role not in spec.roles:
            caption("reviews.request.denied")
            return
        reason = None if reached.reachable else "playbooks.nobody"
        if button(
            "reviews.request.make", key="reviews_request", main=True, icon="campaign",
            disabled_reason_key=reason,
        ):  # fmt: skip
            begin(replace(PLAYBOOKS[PLAYBOOK], rule=buyers_between(days[0], days[1])))


def _testimonials() -> None:
    """Whom the shop asked and what they said."""
    session = current()
    with panel("reviews.testimonial.title", help_key="reviews.testimonial.help"):
        paragraph("reviews.testimonial.about")
        kept = session.records.testimonials()
        if not kept:
            caption("reviews.testimonial.none")
            return
        ids = tuple(each.review_id for each in kept)
        told = show(reviews_by_id, session.selection, ids=ids).set_index("review_id")
        frame = pd.DataFrame(_row(each, told, session) for each in kept)
        data_table(
            frame,
            [Column("product", label_key="reviews.column.product", width=190), *_ROWS],
            key="reviews_testimonials",
            alt_key="reviews.testimonial.title",
        )


def _row(each: Testimonial, told: pd.DataFrame, session: Session) -> dict[str, object]:
    known = told.loc[each.review_id].to_dict() if each.review_id in told.index else {}
    return {
        "product": str(known.get("product", each.review_id)),
        "state_words": session.t(f"reviews.testimonial.states.{each.state}"),
        "quoted": session.t(f"reviews.testimonial.as.{each.quoted_as}") if each.quoted_as else "",
        "told": session.t(f"reviews.testimonial.by.{each.told_by}") if each.told_by else "",
        "stars": known.get("stars"),
        "words": free_text(session.access, known.get("body") or "", _CELL),
        "asked_at": each.asked_at.replace(tzinfo=None),
    }


def offer_asking(review_id: str, key: int) -> None:
    """The button that asks a person in private, or what came of it."""
    session = current()
    if not may_write(session.access, "customer") or not allowed(session.access, "consent"):
        return
    kept = next((e for e in session.records.testimonials() if e.review_id == review_id), None)
    if kept is not None:
        _answer(kept, session)
        return
    if button("reviews.testimonial.ask", key="reviews_ask", icon="format_quote"):
        _ask(review_id, key, session)
    barred = standing_now(session.records, [key], CHANNEL).barred.get(key)
    if barred in ("restricted", "suppressed", "paused", "opted_out"):
        caption("reviews.testimonial.barred")


def _ask(review_id: str, key: int, session: Session) -> None:
    """A task to ask, and that somebody is to be asked."""
    require_writing(session.access, "customer")
    now = datetime.now(UTC)
    task = session.records.add_task(
        Subject("customer", code_of(key, session)),
        session.t("reviews.testimonial.task", review=review_id),
        owner=session.access.user,
        author=session.access.user,
        now=now,
    )
    try:
        session.records.ask_testimonial(
            review_id, key=key, task_id=task.id, user=session.access.user, now=now
        )
    except CrmError:
        session.records.remove_task(task.id)
        raise
    flash("reviews.testimonial.asked")
    st.rerun()


def _answer(kept: Testimonial, session: Session) -> None:
    """What was said so far, and the form that writes down the next."""
    day = formats.day((kept.answered_at or kept.asked_at).date(), session.language)
    words = session.t(f"reviews.testimonial.states.{kept.state}")
    with st.container():
        caption("reviews.testimonial.so_far", state=words, day=day)
        place = f"{kept.review_id}_{kept.state}"  # what was typed of one is not said of another
        with form(f"reviews_answer_{place}"):
            one, two, three = columns(1, 1, 1)
            with one:
                state = choice_field(
                    "reviews.testimonial.state", TESTIMONIAL_NEXT[kept.state], key=f"reviews_answer_state_{place}",
                    prefix="reviews.testimonial.states",
                )  # fmt: skip
            with two:
                told_by = choice_field(
                    "reviews.testimonial.told_by", TOLD_BY, key=f"reviews_answer_by_{place}",
                    prefix="reviews.testimonial.by",
                )  # fmt: skip
            with three:
                quoted_as = choice_field(
                    "reviews.testimonial.quoted_as", QUOTED_AS, key=f"reviews_answer_as_{place}",
                    prefix="reviews.testimonial.as", help_key="reviews.testimonial.quoted_about",
                )  # fmt: skip
            pressed = submit("reviews.testimonial.keep")
    if pressed and state and told_by:
        session.records.answer_testimonial(
            kept.review_id,
            state,
            told_by=told_by,
            quoted_as=quoted_as or "" if state == "granted" else "",
            user=session.access.user,
            now=datetime.now(UTC),
        )
        if kept.task_id is not None and kept.state == "asked":
            _finish(kept.task_id, session)
        flash("reviews.testimonial.kept")
        st.rerun()


def _finish(task_id: int, session: Session) -> None:
    """Ticks off the task to ask, if it is still there."""
    waiting = {task.id for task in session.records.open_tasks()}
    if task_id in waiting:
        session.records.finish_task(task_id, user=session.access.user, now=datetime.now(UTC))
