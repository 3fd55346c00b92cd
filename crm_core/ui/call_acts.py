"""What is done while a customer is on the phone: a note, a task, a pause of marketing, goodwill.

Nothing is written in a callback: those run before main has decided anew who may do what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import streamlit as st

from crm_core.privacy.call_acts import (
    PAUSE_DAYS,
    give_goodwill,
    lift_pause,
    pause_marketing,
    take_back_goodwill,
)
from crm_core.privacy.policy import allowed
from crm_core.records import GOODWILL_DAYS, GOODWILL_KINDS, Allowance, Gift, Goodwill
from crm_core.text import formats
from crm_core.ui.costs_form import is_shared_demo
from crm_core.ui.customer_parts import draw_consent
from crm_core.ui.layout import details_box, panel, part
from crm_core.ui.note_words import user_words
from crm_core.ui.notes import notes_here
from crm_core.ui.people import code_of
from crm_core.ui.session import Session, current
from crm_core.ui.words import caption, flash, note, plain
from crm_core.views.call import Record

_NEWEST = 50


def draw_notes(key: int) -> None:
    """Notes and tasks."""
    with panel("call.notes", help_key="call.notes_about"):
        notes_here("customer", code_of(key, current()))


def draw_consent_and_pause(key: int) -> None:
    """Whether the customer may be written to, and a pause."""
    with panel("customer.consent"), part():
        draw_consent(key)
        _draw_pause(key, current())


def _draw_pause(key: int, session: Session) -> None:
    pause = session.records.pause_of(key)
    if pause is None:
        with st.form("call_pause", border=False, clear_on_submit=True):
            reason = st.text_input(
                session.md("call.pause_reason"), key="call_pause_reason", max_chars=200
            )
            label = session.md("call.pause", days=PAUSE_DAYS)
            pressed = st.form_submit_button(
                label, icon=":material/notifications_paused:", help=session.md("call.pause_about")
            )
        if pressed:
            asked = (reason or "").strip() or session.t("call.pause_usual")
            now = datetime.now(UTC)
            code = code_of(key, session)
            pause_marketing(session.records, session.access, key, code, reason=asked, now=now)
            flash("call.paused_now", days=PAUSE_DAYS)
            st.rerun()
        return
    facts = {
        "day": _day(pause.ends_at, session),
        "user": user_words(pause.user, session),
    }
    note("call.paused", **facts)
    plain(pause.reason)
    if st.button(session.md("call.lift"), key="call_lift", icon=":material/notifications_active:"):
        lift_pause(
            session.records, session.access, key, code_of(key, session), now=datetime.now(UTC)
        )
        flash("call.lifted")
        st.rerun()


def _day(moment: datetime, session: Session) -> str:
    """A moment as the shop's day."""
    local = moment.astimezone(ZoneInfo(session.store.meta.timezone))
    return formats.day(local.date(), session.language)


def draw_goodwill(key: int, view: Record) -> None:
    """What was given beyond what was owed, how much more may be, and the form to give it."""
    session = current()
    with panel("call.goodwill", help_key="call.goodwill_about"), part():
        allowance = session.records.allowance(key, datetime.now(UTC))
        for given in session.records.goodwill(key)[:_NEWEST]:
            _draw_given(key, given, session)
        if allowance.limit:
            _draw_allowance(allowance, session)
            if allowance.left:
                _goodwill_form(key, allowance, list(view.orders["order_id"]), session)
            caption("call.goodwill_counted")
        else:
            caption("call.goodwill_none")
        if allowed(session.access, "settings") and not is_shared_demo():
            _limit_form(allowance, session)


def _limit_form(allowance: Allowance, session: Session) -> None:
    with details_box("call.limit"), st.form("call_limit", border=False):
        sign = formats.symbol(session.currency).strip()
        limit = st.number_input(
            session.md("call.limit_about", days=GOODWILL_DAYS, currency=sign),
            value=float(allowance.limit),
            min_value=0.0,
            step=5.0,
            format="%.2f",
            key="call_limit",
        )
        pressed = st.form_submit_button(session.md("call.limit_save"))
    if pressed:
        told = replace(session.records.shop_settings(), goodwill_limit=_cents(limit))
        session.records.save_shop_settings(told, session.access.user, datetime.now(UTC))
        flash("call.limit_saved")
        st.rerun()


def _cents(amount: float | None) -> Decimal:
    """What was typed as money, in whole cents."""
    return Decimal(str(amount or 0)).quantize(Decimal("0.01"))


def _draw_allowance(allowance: Allowance, session: Session) -> None:
    facts = {
        "left": _money(allowance.left, session),
        "limit": _money(allowance.limit, session),
        "days": GOODWILL_DAYS,
    }
    caption("call.goodwill_left", **facts)
    if not allowance.left and allowance.free_at is not None:
        caption("call.goodwill_free", day=_day(allowance.free_at, session))


def _money(amount: Decimal, session: Session) -> str:
    return formats.money(float(amount), session.currency, session.language, 2)


def _draw_given(key: int, given: Goodwill, session: Session) -> None:
    facts = {
        "amount": _money(given.amount, session),
        "kind": session.t(f"call.goodwill_kind.{given.kind}"),
        "reference": given.reference,
        "day": _day(given.at, session),
        "user": user_words(given.user, session),
    }
    with st.container(border=True, gap="xsmall"):
        caption("call.given" if given.taken_back_at is None else "call.given_not", **facts)
        plain(given.reason)
        if given.taken_back_at is None and st.button(
            session.md("call.take_back"),
            key=f"call_take_back_{given.id}",
            type="tertiary",
            icon=":material/undo:",
        ):
            take_back_goodwill(
                session.records, session.access, key, code_of(key, session), given.id,
                now=datetime.now(UTC),
            )  # fmt: skip
            flash("call.taken_back")
            st.rerun()


def _goodwill_form(key: int, allowance: Allowance, orders: Sequence[str], session: Session) -> None:
    kind = st.segmented_control(
        session.md("call.goodwill_what"),
        GOODWILL_KINDS,
        default=GOODWILL_KINDS[0],
        required=True,
        format_func=lambda code: session.t(f"call.goodwill_kind.{code}"),
        key="call_goodwill_kind",
    )
    with st.form(f"call_goodwill_{kind}", border=False, clear_on_submit=True):
        amount = st.number_input(
            session.md("call.goodwill_amount", currency=formats.symbol(session.currency).strip()),
            value=None,
            min_value=0.0,
            step=1.0,
            format="%.2f",
            key=f"call_goodwill_amount_{kind}",
            help=session.md("call.goodwill_most", most=float(allowance.left)),
        )
        reference = _reference(str(kind), orders, session)
        reason = st.text_input(
            session.md("call.goodwill_reason"), key=f"call_goodwill_reason_{kind}", max_chars=500
        )
        pressed = st.form_submit_button(
            session.md("call.give"), icon=":material/volunteer_activism:"
        )
    if not pressed:
        return
    gift = Gift(str(kind), _cents(amount), reference, reason or "")
    give_goodwill(
        session.records, session.access, key, code_of(key, session), gift, now=datetime.now(UTC)
    )
    flash("call.given_now")
    st.rerun()


def _reference(kind: str, orders: Sequence[str], session: Session) -> str:
    if kind == "refund":
        chosen = st.selectbox(
            session.md("call.goodwill_order"),
            list(orders)[:_NEWEST],
            index=None,
            key="call_goodwill_order",
            placeholder=session.t("call.goodwill_order_hint"),
        )
    else:
        chosen = st.text_input(
            session.md("call.goodwill_code"), key="call_goodwill_code", max_chars=120
        )
    return str(chosen or "")
