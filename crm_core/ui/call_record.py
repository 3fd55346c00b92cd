"""The record of whoever is on the phone: who, parcels, orders, what was said, what they wrote."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from crm_core.text import formats
from crm_core.ui.call_search import Opened, end_call
from crm_core.ui.contact_line_parts import draw_contact_line
from crm_core.ui.customer_history import draw_order
from crm_core.ui.customer_parts import called, draw_person
from crm_core.ui.kpi import figures
from crm_core.ui.layout import columns, details_box, panel, row
from crm_core.ui.people import go_customer
from crm_core.ui.reveal import may_read_words
from crm_core.ui.rights_parts import draw_rights, tell_rights
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, warning
from crm_core.views.call import MOST_ORDERS, Record, call

_ORDERS = (
    Column("order_id", label_key="customer.column.reference", pinned=True, width=120),
    Column("at", "date", "call.column.ordered", width=100),
    Column("parcel", label_key="call.column.parcel", help_key="call.parcel_about", width=100),
    Column("promised", "date", "call.column.promised", width=100),
    Column("delivered", "date", "call.column.delivered", width=100),
    Column("amount", "cents", "call.column.amount", help_key="metric.revenue.about", width=90),
    Column("given_back", "cents", "call.column.given_back", width=90),
    Column("status", "code", "call.column.state", prefix="customer.status"),
)


def known_record(opened: Opened) -> Record:
    """The record that is open."""
    asked: dict[str, Any] = {"key": opened.key, "order_key": opened.order_key}
    if opened.key is not None:
        asked["order_key"] = None  # which of their orders led here is no matter
    words = may_read_words(opened.key)
    return show(call, current().selection, "call", words=words, **asked)


def draw_head(opened: Opened, view: Record) -> None:
    """Who it is, that the log tells of it, the end of the call, and the record in numbers."""
    session = current()
    left, right = columns(3, 2, align="bottom")
    with left:
        if opened.key is None:
            name = session.md("call.order_of_nobody", order=opened.order_id)
        else:
            name = session.md("call.who_is", name=called(opened.key))
        st.header(name, anchor=False)
        day = formats.day(view.as_of, session.language)
        caption("call.opened", day=day)
    with right, row():
        if st.button(session.md("call.end"), key="call_end", icon=":material/call_end:"):
            end_call()
        key = opened.key
        if key is not None and st.button(
            session.md("call.whole"), key="call_whole", icon=":material/open_in_full:"
        ):
            go_customer(key)
    if opened.key is not None:
        tell_rights(opened.key)
    if view.late:
        warning("call.late_orders", late=view.late, promised=view.promised)
    figures(
        [
            ("call.figure.orders", float(view.orders_total), "count"),
            ("call.figure.late", float(view.late), "count"),
            ("call.figure.expected", float(len(view.expected)), "count"),
            ("call.figure.given_back", view.given_back, "money"),
        ]
    )


def draw_who(opened: Opened) -> None:
    """Name and contact details, as clearly as the role may see them."""
    with panel("customer.who"):
        if opened.key is None:
            caption("call.nobody_known")
            return
        draw_person(opened.key)
        draw_rights(opened.key)


def draw_expected(view: Record) -> None:
    """Parcels that were promised and are not here; nothing where there are none."""
    if view.expected.empty:
        return
    session = current()
    with panel("call.expected", help_key="call.expected_about"):
        for order in view.expected.to_dict("records"):
            facts = {
                "order": str(order["order_id"]),
                "day": formats.day(order["promised"].date(), session.language),
            }
            caption(f"call.promise.{order['delivery']}", **facts)


def draw_orders(opened: Opened, view: Record) -> None:
    """Orders, the newest first; opening one shows what was in it."""
    with panel("call.orders", help_key="call.orders_about"):
        if view.orders.empty:
            caption("call.no_orders")
            return
        session = current()
        rows = view.orders.assign(
            parcel=pd.Series(
                [_parcel(o, session) for o in view.orders.to_dict("records")], view.orders.index
            )
        )
        told = [
            each for each in _ORDERS if each.name == "order_id" or rows[each.name].notna().any()
        ]
        clicked = data_table(
            rows, told, key="call_orders", alt_key="call.orders", on_click=True,
            height=None if len(rows) < 8 else 36 * 9,
        )  # fmt: skip
        if view.orders_total > MOST_ORDERS:
            caption("call.more_orders", most=MOST_ORDERS, total=view.orders_total)
        if opened.key is not None:
            draw_order(opened.key, clicked)
        if not view.refunds.empty:
            _draw_refunds(view.refunds)


def _parcel(order: dict[Any, Any], session: Session) -> str | None:
    if not order["delivery"]:
        return None
    if order["delivery"] == "late" and not pd.isna(order["days_late"]):
        days = int(order["days_late"])
        return session.t("call.day_late" if days == 1 else "call.days_late", days=days)
    return session.t(f"call.parcel.{order['delivery']}")


def _draw_refunds(refunds: pd.DataFrame) -> None:
    with details_box("call.refunds", count=len(refunds)):
        data_table(
            refunds,
            [
                Column("at", "date", "customer.column.at"),
                Column("order_id", label_key="customer.column.reference"),
                Column("amount", "cents", "call.column.given_back"),
                Column("reason", "code", "call.column.reason", prefix="call.reason"),
            ],
            key="call_refunds",
            alt_key="call.refunds_alt",
        )


def draw_contacts(opened: Opened) -> None:
    """What was said, through every channel."""
    with panel("call.line", help_key="call.line_about"):
        order = opened.order_key if opened.key is None else None
        draw_contact_line(opened.key, place="call_line", order_key=order, needs="call")


def draw_reviews(view: Record) -> None:
    """What the customer wrote about products; nothing where they wrote nothing."""
    if view.reviews.empty:
        return
    told = [
        Column("at", "date", "customer.column.at"),
        Column("product", label_key="customer.column.product"),
        Column("stars", "count", "call.column.stars"),
    ]
    if "body" in view.reviews:
        told.append(Column("body", label_key="call.column.words", width="large"))
    with panel("call.reviews"):
        data_table(view.reviews, told, key="call_reviews", alt_key="call.reviews")
