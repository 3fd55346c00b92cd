"""The second person's part: what is proposed, whose voice it would take away, and what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import streamlit as st

from crm_core.metrics import METRICS
from crm_core.records import Decision, Item
from crm_core.records.repository import name_key
from crm_core.ui.door import OF_ONE_SHOP
from crm_core.ui.fields import button
from crm_core.ui.layout import columns, panel, row
from crm_core.ui.opening import open_without
from crm_core.ui.review_decisions import approve, keep, make_numbers, name_of
from crm_core.ui.review_words import why_set_aside
from crm_core.ui.session import current
from crm_core.ui.show import show, show_of
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, flash, note, paragraph, plain, warning
from crm_core.views.review_queue import METRICS_TOLD, Queue, Stars, stars_set_aside, totals

_LOGGED = 100
_APPROVER = f"{OF_ONE_SHOP}review_approver"
_STARS = (
    Column("stars", "count", "review_queue.stars"),
    Column("reviews", "count", "review_queue.reviews"),
    Column("approved", "count", "review_queue.stars_aside"),
    Column("proposed", "count", "review_queue.stars_proposed"),
    Column("share", "rate", "review_queue.stars_share", help_key="review_queue.stars_share_about"),
)
_LOG = (
    Column("at", "time", "review_queue.when"),
    Column("action", "code", "review_queue.what", prefix="review_queue.actions"),
    Column("items", "count", "review_queue.how_many"),
    Column("kind", "code", "review_queue.kind", prefix="review_queue.kinds"),
    Column("user", label_key="review_queue.who"),
    Column("vouched", "code", "review_queue.vouched", help_key="review_queue.vouched_about", prefix="review_queue.vouched_of"),
    Column("reason", label_key="review_queue.reason"),
)  # fmt: skip
_UNITS = {"reviews": "count", "mean_stars": "per"}


def draw_proposals(view: Queue) -> None:
    """What waits for a second person: by whom and why, the stars it would take, the decision."""
    session = current()
    with panel("review_queue.approval", help_key="review_queue.approval_about"):
        if not sum(each.states["proposed"] for each in view.kinds):
            caption("review_queue.nothing_waits")
            return
        items = session.records.set_aside_in("proposed")
        known = session.records.set_aside_decisions(items)
        for (proposer, reason), counts in _grouped(known).items():
            plain(
                session.t(
                    "review_queue.proposal",
                    orders=session.write(counts["order"], "count"),
                    reviews=session.write(counts["review"], "count"),
                    who=proposer,
                    why=why_set_aside(reason, session),
                )
            )
        stars = show(stars_set_aside, session.selection)
        _draw_stars(stars)
        _draw_decision(items, known)


def _grouped(known: Mapping[Item, Decision]) -> dict[tuple[str, str], dict[str, int]]:
    found: dict[tuple[str, str], dict[str, int]] = {}
    for item, told in known.items():
        counts = found.setdefault((told.proposer, told.reason), {"order": 0, "review": 0})
        counts[item.kind] += 1
    return found


def _draw_stars(stars: Stars) -> None:
    """The share by stars; criticism that would go more than its part is warned of."""
    session = current()
    if not int(stars.rows[["proposed", "approved"]].to_numpy().sum()):
        return
    shares = {
        "low": session.write(stars.low_share, "rate"),
        "all": session.write(stars.share, "rate"),
    }
    if stars.buries:
        warning("review_queue.buries", **shares)
    else:
        caption("review_queue.stars_even", **shares)
    rows = stars.rows
    share = (rows["proposed"] + rows["approved"]) / rows["reviews"]
    data_table(
        rows.assign(share=share), _STARS, key="review_stars", alt_key="review_queue.approval"
    )


def _draw_decision(items: list[Item], known: Mapping[Item, Decision]) -> None:
    session = current()
    if not session.access.signed_in:
        note("review_queue.one_person")
    with row():
        user = name_of("review_queue.second_name", key=_APPROVER)
    mine = [item for item in items if name_key(known[item].proposer) == name_key(user)]
    others = [item for item in items if item not in set(mine)]
    if mine and others:
        caption("review_queue.own", count=session.write(len(mine), "count"))
    with row():
        if button("review_queue.approve", key="review_approve", main=True, icon="how_to_reg"):
            # One's own alone are refused, and why is said.
            done = approve(others or items, user)
            if done:
                make_numbers("review_queue.approved", count=done)
            st.rerun()
        if button("review_queue.turn_down", key="review_turn_down", icon="close"):
            flash("review_queue.turned_down", count=keep(items, "", user))
            st.rerun()


def draw_effect() -> None:
    """The shop's numbers with and without what is set aside."""
    session = current()
    found = session.set_aside
    with panel("review_queue.effect", help_key="review_queue.effect_about"):
        if found is None:
            caption("review_queue.no_effect")
            return
        if not found.is_made:
            warning("review_queue.not_made")
            if button("review_queue.make", key="review_make", main=True, icon="refresh"):
                make_numbers("review_queue.made")
                st.rerun()
            return
        selection = replace(session.selection, period="all")
        left_out = replace(session, opened=open_without(session, found))
        counted = show(totals, selection)
        without = show_of(left_out, totals, replace(selection, without_set_aside=True))
        rows: list[dict[str, str]] = []
        for name in (*METRICS_TOLD, "reviews", "mean_stars"):
            if name not in counted:
                continue
            label = f"metric.{name}.label" if name in METRICS_TOLD else f"review_queue.{name}"
            rows.append(
                {
                    "review_queue.number": session.t(label),
                    "review_queue.counted": _written(counted.get(name), name),
                    "review_queue.left_out": _written(without.get(name), name),
                }
            )
        st.table(
            {session.t(key): [each[key] for each in rows] for key in rows[0]},
            border="horizontal",
            hide_index=True,
        )
        caption("review_queue.effect_note")


def _written(value: float | None, name: str) -> str:
    session = current()
    if value is None:
        return "–"
    unit = _UNITS.get(name) or METRICS[name].unit
    return session.write(value, unit).replace("$", "\\$").replace("~", "\\~")


def draw_log() -> None:
    """Who did what and when; nothing leaves this list."""
    session = current()
    with panel("review_queue.log", help_key="review_queue.log_about"):
        lines = session.records.set_aside_log(_LOGGED)
        if not lines:
            caption("review_queue.no_log")
            return
        told = pd.DataFrame([vars(line) for line in lines])
        clock = pd.to_datetime(told["at"], utc=True).dt.tz_convert(session.store.meta.timezone)
        told["at"] = clock.dt.tz_localize(None)
        told["reason"] = [why_set_aside(str(each), session) for each in told["reason"]]
        told["vouched"] = told["vouched"].map({True: "yes", False: "no"})
        data_table(told, _LOG, key="review_log", alt_key="review_queue.log")


def draw_trust() -> None:
    """What finds what, as measured; what nobody finds."""
    with panel("review_queue.trust"):
        left, right = columns(1, 1)
        with left:
            paragraph("review_queue.trust_found")
        with right:
            paragraph("review_queue.trust_wrong")
