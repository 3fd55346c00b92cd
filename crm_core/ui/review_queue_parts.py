"""The review queue: what needs a look, case by case and row by row, and the decision about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.errors import CrmError
from crm_core.records import Item
from crm_core.text import error_text, formats
from crm_core.ui.door import OF_ONE_SHOP
from crm_core.ui.fields import button, choice_field, switch_choice, switch_field, text_field
from crm_core.ui.kpi import figures
from crm_core.ui.layout import columns, link, panel, row
from crm_core.ui.people import go_customer
from crm_core.ui.review_decisions import keep, make_numbers, name_of, propose
from crm_core.ui.review_words import counters, points_apart, reasons
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, cell_sign, column_config, data_table, pager, shown_frame
from crm_core.ui.words import caption, flash, note, paragraph, plain, warning
from crm_core.views.review_queue import (
    KINDS,
    MOST_AT_ONCE,
    MOST_CASES,
    STATES,
    Queue,
    Rows,
    queue_rows,
    review_queue,
)

REASONS = ("made_up", "bought", "test", "other")
_SIZE = 25
_CASE = f"{OF_ONE_SHOP}review_case"
_NAME = f"{OF_ONE_SHOP}review_name"
_CASES = (
    Column("product", label_key="review_queue.product", width="medium"),
    Column("starts_on", "date", "review_queue.from_day"),
    Column("ends_on", "date", "review_queue.to_day"),
    Column("orders", "count", "review_queue.orders"),
    Column("reviews", "count", "review_queue.reviews"),
    Column("revenue", "money", "review_queue.revenue", help_key="review_queue.revenue_about"),
    Column("points", "number", "review_queue.points", help_key="review_queue.points_about"),
)
_FOR = Column("why", label_key="review_queue.for", help_key="review_queue.for_about", width="large")
_AGAINST = Column(
    "not_why",
    label_key="review_queue.against",
    help_key="review_queue.against_about",
    width="large",
)
_POINTS = Column("points", "number", "review_queue.points", help_key="review_queue.points_about")
_PRODUCT = Column("product", label_key="review_queue.product")
_ROWS = {
    "order": (
        Column("id", label_key="review_queue.order_id"),
        Column("at", "time", "review_queue.at"),
        _PRODUCT, _POINTS, _FOR, _AGAINST,
        Column("revenue", "money", "review_queue.revenue"),
        Column("channel", "code", "review_queue.channel", prefix="filters.sales_channel"),
    ),
    "review": (
        Column("id", label_key="review_queue.review_id"),
        Column("day", "date", "review_queue.day"),
        Column("stars", "count", "review_queue.stars"),
        Column("body", label_key="review_queue.body", width="large"),
        _PRODUCT, _POINTS, _FOR, _AGAINST,
    ),
}  # fmt: skip


def known_queue() -> Queue | None:
    """What the last refresh found; None where it found nothing to look at, and why is told."""
    session = current()
    try:
        return show(review_queue, session.selection)
    except CrmError as error:
        with panel("review_queue.empty_title"):
            plain(error_text(error, session.language))
            link("imports", "nav.page.imports", icon="upload_file")
    return None


def draw_numbers(view: Queue) -> None:
    """How many need a look, wait for a second person, and are set aside."""
    session = current()
    orders, reviews = view.kinds
    figures(
        [
            ("review_queue.open_orders", orders.states["open"], "count"),
            ("review_queue.open_reviews", reviews.states["open"], "count"),
            (
                "review_queue.waiting",
                orders.states["proposed"] + reviews.states["proposed"],
                "count",
            ),
            (
                "review_queue.set_aside",
                orders.states["approved"] + reviews.states["approved"],
                "count",
            ),
        ]
    )
    numbers = {
        "day": formats.day(view.as_of, session.language),
        "orders": session.write(orders.seen, "count"),
        "reviews": session.write(reviews.seen, "count"),
        "false_orders": session.write(max(round(orders.expected), 1), "count"),
        "false_reviews": session.write(max(round(reviews.expected), 1), "count"),
    }
    caption("review_queue.false_alarms", **numbers)


def draw_cases(view: Queue) -> None:
    """Rows of one product and a few weeks together; a click shows the rows of one."""
    with panel("review_queue.cases", help_key="review_queue.cases_about"):
        if view.cases.empty:
            note("review_queue.nothing_open")
            return
        opened = data_table(
            view.cases, _CASES, key="review_cases", alt_key="review_queue.cases", on_click=True
        )
        if opened:
            st.session_state[_CASE] = (int(opened["case"]), str(opened["product"]))
            st.session_state["review_state"] = "open"
            st.rerun()
        caption("review_queue.cases_hint")
        if len(view.cases) >= MOST_CASES:
            caption("review_queue.most_cases", limit=MOST_CASES)


def draw_rows(view: Queue) -> None:
    """The rows of a kind and state with their evidence, and what can be decided about them."""
    session = current()
    case, product = st.session_state.get(_CASE, (0, ""))
    with panel("review_queue.rows", help_key="review_queue.rows_about"):
        with row():
            kind = switch_choice(
                "review_queue.kind", KINDS, key="review_kind", prefix="review_queue.kinds"
            )
            state = switch_choice(
                "review_queue.state", STATES, key="review_state", prefix="review_queue.states"
            )
        if case and _shows_all(product):
            case = 0
        asked = {"kind": kind, "state": state, "case": case}
        first = show(queue_rows, session.selection, **asked, page=1, size=_SIZE)
        if not first.total:
            caption("review_queue.no_rows")
            return
        if state == "hint":
            warning("review_queue.hint_about")
        place = st.container()
        page, size = 1, _SIZE
        if first.total > _SIZE:
            page, size = pager(first.total, key=f"review_{kind}_{state}_{case}", size=_SIZE)
        found = show(queue_rows, session.selection, **asked, page=page, size=size)
        with place:
            caption("review_queue.tick_hint")
            chosen = _table(found, kind, f"{kind}_{state}_{case}_{page}", session)
        if len(chosen) == 1:
            _one(found.rows.iloc[chosen[0]], kind, session)
        ids = [str(found.rows["id"].iloc[at]) for at in chosen] or list(first.ids)
        picked = bool(chosen)
        _decide(kind, state, ids, case=case, picked=picked, total=first.total)


def _shows_all(product: str) -> bool:
    """Says which case is shown, and whether all are to be shown again."""
    with row(align="center"):
        caption("review_queue.of_case", product=product)
        if button("review_queue.all_cases", key="review_all_cases", icon="close"):
            st.session_state.pop(_CASE, None)
            return True
    return False


def _table(found: Rows, kind: str, key: str, session: Session) -> list[int]:
    """The rows; the places of those that are ticked."""
    told = found.rows.assign(
        why=[" · ".join(reasons(kind, each, session)) for each in found.rows["signs"]],
        not_why=[" · ".join(counters(kind, each, session)) for each in found.rows["against"]],
    )
    wanted = _ROWS[kind]
    shown = shown_frame(told, wanted, session)
    sign = cell_sign(shown, wanted, session)
    event: Any = st.dataframe(
        shown,
        hide_index=True,
        column_config={each.name: column_config(each, session, sign) for each in wanted},
        key=f"review_rows_{key}",
        on_select="rerun",
        selection_mode="multi-row",
        row_height=36,
        height=36 + 36 * min(len(shown), 15),
        placeholder="–",
        alt=session.t("review_queue.rows"),
    )
    return [int(place) for place in event.selection.rows if int(place) < len(shown)]


def _one(row_told: pd.Series, kind: str, session: Session) -> None:
    """All that is known of one row, a line a reason."""
    with st.container(border=True, key="review_one"):
        paragraph(f"review_queue.one_{kind}", id=str(row_told["id"]))
        left, right = columns(1, 1)
        with left:
            caption("review_queue.for")
            for words in reasons(kind, row_told["signs"], session):
                plain(f"+ {words}")
        with right:
            caption("review_queue.against")
            told = counters(kind, row_told["against"], session)
            for words in told or [session.t("review_queue.nothing_against")]:
                plain(f"− {words}")
        if kind == "review" and isinstance(row_told["body"], str):
            caption("review_queue.body")
            plain(row_told["body"])
        caption(
            "review_queue.sum",
            points=points_apart(row_told["signs"], row_told["against"], session),
        )
        key = row_told["customer_key"]
        if pd.notna(key) and button("review_queue.customer", key="review_customer", icon="person"):
            go_customer(int(key))


def _decide(
    kind: str, state: str, ids: Sequence[str], *, case: int, picked: bool, total: int
) -> None:
    """The decision about the ticked rows, or all of the list."""
    session = current()
    count = session.write(len(ids), "count")
    caption("review_queue.ticked" if picked else "review_queue.all_of_list", count=count)
    if not picked and total > MOST_AT_ONCE:
        caption("review_queue.most_at_once", limit=session.write(MOST_AT_ONCE, "count"))
    items = [Item(kind, each) for each in ids]  # pyright: ignore[reportArgumentType]
    if state == "proposed":
        caption("review_queue.see_approval")
        return
    if case and state == "open" and not picked:
        items += _of_the_case(kind, case)
    with row():
        user = name_of("review_queue.your_name", key=_NAME)
        reason = _reason() if state != "approved" else ""
    with row():
        if state == "approved":
            if button("review_queue.bring_back", key="review_back", icon="undo"):
                done = keep(items, "", user)
                make_numbers("review_queue.brought_back", count=done)
                st.rerun()
            return
        if button("review_queue.propose", key="review_propose", main=True, icon="outbox"):
            flash("review_queue.proposed", count=propose(items, reason, user))
            st.rerun()
        if state != "kept" and button("review_queue.keep", key="review_keep", icon="check"):
            flash("review_queue.kept", count=keep(items, "", user))
            st.rerun()


def _of_the_case(kind: str, case: int) -> list[Item]:
    """The rows of the other kind in the same case, if they are wanted too."""
    other = "review" if kind == "order" else "order"
    found = show(queue_rows, current().selection, kind=other, state="open", case=case)
    if not found.total:
        return []
    if not switch_field(f"review_queue.also_{other}", key="review_also", value=True):
        return []
    return [Item(other, each) for each in found.ids]


def _reason() -> str:
    """Why: one of a few, or one's own words."""
    code = choice_field(
        "review_queue.reason", REASONS, key="review_reason", prefix="review_queue.reasons"
    )
    words = text_field("review_queue.reason_words", key="review_words", max_chars=150)
    if code == "other":
        return f"|{words}" if words else ""
    return f"{code}|{words}" if words else str(code or "")
