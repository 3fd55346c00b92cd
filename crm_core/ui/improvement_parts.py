"""Parts of the reviews page about making things better: complaints with their money, the list, and
whether complaints fell after a fix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.errors import CrmError
from crm_core.privacy.policy import allowed
from crm_core.records import IMPROVEMENT_KINDS, IMPROVEMENT_STATES, Improvement
from crm_core.selection import Period
from crm_core.text import error_text, formats
from crm_core.ui.fields import (
    button,
    choice_field,
    day_field,
    form,
    submit,
    switch_choice,
    text_field,
)
from crm_core.ui.layout import columns, panel
from crm_core.ui.note_words import user_words
from crm_core.ui.ranges import range_cells
from crm_core.ui.reviews_found import ask_for
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, flash, note, paragraph, plain, warning
from crm_core.views.improvements import (
    AfterFix,
    Complaints,
    after_fixes,
    complaints,
    product_names,
)
from crm_core.views.review_rows import Asked

_CHOSEN, _EDITED, _REMOVED = "_reviews_complaint", "_reviews_improvement", "_shop_improvement_undo"
#: What can be made better about goods, and what is the shop's own doing.
_OF: Mapping[str, tuple[str, ...]] = {
    "goods": ("quality", "size", "price", "packaging"),
    "shop": ("delivery", "service"),
}
_COMPLAINTS = (
    Column("aspect", "code", "reviews.column.aspect", prefix="reviews.aspect", width=100),
    Column("blames", "count", "reviews.column.blames", help_key="reviews.blames_about"),
    Column("wishes", "count", "reviews.column.wishes", help_key="reviews.wishes_about"),
    Column("share", "rate", "reviews.column.share", help_key="reviews.share_about"),
    Column("range", label_key="reviews.column.range", help_key="reviews.range_about"),
    Column("at_stake", "money", "reviews.column.at_stake", help_key="reviews.at_stake_about"),
    Column("refunds", "money", "reviews.column.refunds", help_key="reviews.refunds_about"),
    Column("refund_rate", "rate", "metric.refund_rate.label"),
    Column("net_revenue", "money", "metric.net_revenue.label"),
    Column("listed", label_key="reviews.column.listed", width=110),
)
_KEPT = (
    Column("product", label_key="reviews.column.product", width=180),
    Column("aspect", "code", "reviews.column.aspect", prefix="reviews.aspect", width=100),
    Column("state", "code", "reviews.column.state", prefix="reviews.state", width=100),
    Column("owner", label_key="reviews.column.owner", width=120),
    Column("fixed_on", "date", "reviews.column.fixed_on", width=110),
    Column(
        "result", label_key="reviews.column.result", help_key="reviews.result_about", width="large"
    ),
)


def draw_improvements() -> None:
    """Complaints, the list, and the entry that was opened."""
    session = current()
    kept = session.records.improvements()
    try:
        found = show(complaints, session.selection)
    except CrmError as error:
        warning("reviews.unread")
        plain(error_text(error, session.language))
        return
    _draw_list(kept, session)
    _draw_complaints(kept, found, session)


def _draw_complaints(kept: Sequence[Improvement], found: Complaints, session: Session) -> None:
    with panel("reviews.complaints", help_key="reviews.complaints_about"):
        of = switch_choice("reviews.of_label", tuple(_OF), key="reviews_of", prefix="reviews.of")
        rows = found.rows[found.rows["aspect"].isin(_OF[of])].reset_index(drop=True)
        start, end = (
            formats.day(day, session.language) for day in (found.period.start, found.period.end)
        )
        usual = session.write(found.usual_refund_rate, "rate")
        caption("reviews.complaints_words", start=start, end=end, usual=usual)
        if rows.empty:
            note("reviews.no_complaints")
            return
        listed = {(each.product_id, each.aspect): each.state for each in kept}
        pairs = zip(rows["product_id"], rows["aspect"], strict=True)
        states = [listed.get((str(product), str(aspect)), "") for product, aspect in pairs]
        opened = data_table(
            rows.assign(
                range=range_cells(rows, "rate"),
                listed=[session.t(f"reviews.state.{state}") if state else "" for state in states],
            ),
            [Column("product", label_key="reviews.column.product", width=190), *_COMPLAINTS],
            key=f"reviews_complaints_{of}",
            alt_key="reviews.complaints",
            on_click=True,
            height=36 * 11,
        )
        if opened:
            told = {name: str(opened[name]) for name in ("product_id", "product", "aspect")}
            st.session_state[_CHOSEN] = told
            said = {"side": "blame"} if opened["blames"] else {"kind": "wish"}
            asked = Asked(product_id=told["product_id"], aspect=told["aspect"], days=found.period)
            ask_for(replace(asked, **said), told["product"])
        chosen = st.session_state.get(_CHOSEN)
        if chosen:
            _put_form(chosen, kept, session)
        else:
            caption("reviews.complaint_hint")


def _put_form(chosen: dict[str, str], kept: Sequence[Improvement], session: Session) -> None:
    """A short name for a complaint or wish, and the button that puts it on the list."""
    place = (chosen["product_id"], chosen["aspect"])
    there = {each.kind for each in kept if (each.product_id, each.aspect) == place}
    free = [kind for kind in IMPROVEMENT_KINDS if kind not in there]
    if not free or not allowed(session.access, "plan"):
        return
    aspect = session.t(f"reviews.aspect.{chosen['aspect']}")
    paragraph("reviews.put", product=chosen["product"], aspect=aspect)
    key = "_".join((*place, *free))
    with form(f"improvement_put_{key}"):
        one, two = columns(2, 1)
        with one:
            title = text_field(
                "reviews.column.title", key=f"improvement_title_{key}", max_chars=120,
                value=session.t("reviews.put_title", product=chosen["product"], aspect=aspect)[:120],
            )  # fmt: skip
        with two:
            kind = choice_field(
                "reviews.column.kind", free, key=f"improvement_kind_{key}",
                prefix="reviews.improvement_kind",
            )  # fmt: skip
        pressed = submit("reviews.put_button")
    if pressed:
        session.records.add_improvement(
            *place, kind=kind or free[0], title=title,
            author=session.access.user, now=datetime.now(UTC),
        )  # fmt: skip
        st.session_state.pop(_CHOSEN, None)
        flash("reviews.put_done")
        st.rerun()


def _draw_list(kept: Sequence[Improvement], session: Session) -> None:
    with panel("reviews.list", help_key="reviews.list_about"):
        _offer_undo(session)
        if not kept:
            caption("reviews.list_empty")
            return
        fixed = tuple(
            (each.id, each.product_id, each.aspect, each.fixed_on)
            for each in kept
            if each.fixed_on is not None
        )
        told = show(after_fixes, session.selection, fixed=fixed) if fixed else {}
        ids = tuple(sorted({each.product_id for each in kept}))
        names = show(product_names, session.selection, ids=ids)
        frame = pd.DataFrame(
            {
                "id": each.id,
                "title": each.title,
                "product": names.get(each.product_id, each.product_id),
                "aspect": each.aspect,
                "state": each.state,
                "owner": user_words(each.owner, session) if each.owner else "",
                "fixed_on": each.fixed_on,
                "result": _result(told.get(each.id), session),
            }
            for each in kept
        )
        opened = data_table(
            frame,
            [Column("title", label_key="reviews.column.title", width=230), *_KEPT],
            key="reviews_improvements",
            alt_key="reviews.list",
            on_click=True,
        )
        caption("reviews.list_words")
        if opened:
            st.session_state[_EDITED] = int(opened["id"])
        edited = next((e for e in kept if e.id == st.session_state.get(_EDITED)), None)
        if edited is not None:
            _edit(edited, told.get(edited.id), names, session)


def _result(found: AfterFix | None, session: Session) -> str:
    """Before, after and what it comes to, in one line."""
    if found is None:
        return ""
    sides = {
        f"{name}_{what}": formats.number(count, session.language)
        for name, side in (("before", found.before), ("after", found.after))
        for what, count in zip(("blames", "texts"), side, strict=True)
    }
    return session.t(f"reviews.result.{found.verdict}", **sides)


def _edit(
    each: Improvement, found: AfterFix | None, names: Mapping[str, str], session: Session
) -> None:
    """What becomes of one entry; its complaints before and after."""
    if button("reviews.to_reviews", key=f"improvement_reviews_{each.id}", icon="reviews"):
        days = Period(session.store.meta.first_day, session.store.meta.as_of)
        asked = Asked(product_id=each.product_id, aspect=each.aspect, side="blame", days=days)
        ask_for(asked, names.get(each.product_id, ""))
    _draw_after(found, session)
    if not allowed(session.access, "plan"):
        return
    place = f"{each.id}_{each.version}"
    with form(f"improvement_form_{place}"):
        one, two, three, four = columns(2, 1, 1, 1)
        with one:
            title = text_field(
                "reviews.column.title", key=f"improvement_title_{place}", value=each.title,
                max_chars=120,
            )  # fmt: skip
        with two:
            owner = text_field(
                "reviews.column.owner", key=f"improvement_owner_{place}", value=each.owner
            )
        with three:
            state = choice_field(
                "reviews.column.state", IMPROVEMENT_STATES, key=f"improvement_state_{place}",
                prefix="reviews.state", value=each.state,
            )  # fmt: skip
        with four:
            fixed_on = day_field(
                "reviews.column.fixed_on", key=f"improvement_day_{place}", value=each.fixed_on
            )
        pressed = submit("reviews.save")
    if pressed:
        session.records.change_improvement(
            each.id, version=each.version, title=title, owner=owner,
            state=state or each.state, fixed_on=fixed_on,
        )  # fmt: skip
        flash("reviews.saved")
        st.rerun()
    if button("reviews.remove", key=f"improvement_remove_{each.id}", icon="delete"):
        st.session_state[_REMOVED] = session.records.remove_improvement(each.id)
        st.session_state.pop(_EDITED, None)
        flash("reviews.removed")
        st.rerun()


def _draw_after(found: AfterFix | None, session: Session) -> None:
    """The shares before and after with their ranges, beside all other products."""
    if found is None:
        return
    if found.change is None or found.others is None or found.beyond is None:
        caption("reviews.after.early")
        return
    facts: dict[str, Any] = {}
    for name in ("change", "others", "beyond"):
        value, low, high = getattr(found, name)
        facts[name] = session.write(value, "points")
        facts[f"{name}_low"] = session.write(low, "points")
        facts[f"{name}_high"] = session.write(high, "points")
    paragraph("reviews.after.told", **facts)
    caption("reviews.after.associated")


def _offer_undo(session: Session) -> None:
    removed = st.session_state.get(_REMOVED)
    if not isinstance(removed, Improvement):
        return
    words = session.md("reviews.undo", title=removed.title)
    if st.button(words, key="improvement_undo", icon=":material/undo:"):
        session.records.bring_back_improvement(removed)
        st.session_state.pop(_REMOVED)
        flash("reviews.brought_back")
        st.rerun()
