"""The orders and customers behind a number, and the customers as an audience."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from crm_core.metrics.exploration import Exploration
from crm_core.privacy.policy import allowed
from crm_core.rules import to_document
from crm_core.ui.explore_words import dimension_name, value_name
from crm_core.ui.fields import form, submit, text_field
from crm_core.ui.layout import columns, panel
from crm_core.ui.order_table import buyer_names
from crm_core.ui.people import go_customer
from crm_core.ui.rule_words import in_words
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, customer_table, data_table, pager
from crm_core.ui.words import caption, flash, note, plain
from crm_core.views.explore import audience_behind, customers_behind, orders_behind

_MONEY = [
    Column("revenue", "money", "metric.revenue.label", help_key="metric.revenue.about"),
    Column("refunds", "money", "metric.refunds.label", help_key="metric.refunds.about"),
]


def draw_orders(asked: Exploration) -> None:
    """The orders behind what is asked, a page at a time; a row opens its customer."""
    session = current()
    first = show(orders_behind, session.selection, asked=asked)
    with panel("explore.behind.orders"):
        if first.is_hidden:
            note("explore.too_few")
            return
        caption("explore.orders_about", total=session.write(first.total, "count"))
        (table,) = columns(1)
        page, size = pager(first.total, key="explore_orders")
        view = show(orders_behind, session.selection, asked=asked, page=page, size=size)
        rows = view.rows.assign(
            customer=buyer_names(view.rows["customer_key"].tolist() if len(view.rows) else []),
            sales_channel=[
                value_name("sales_channel", code or "", {})
                for code in view.rows.get("sales_channel", [])
            ],
        )
        with table:
            opened = data_table(
                rows,
                [
                    Column("customer", label_key="explore.column.customer"),
                    Column("order_id", label_key="explore.column.order_id"),
                    Column("day", "date", "explore.column.day"),
                    Column("sales_channel", label_key="dimension.sales_channel.label"),
                    Column("status", label_key="explore.column.status"),
                    *_MONEY,
                ],
                key="explore_orders",
                alt_key="explore.behind.orders",
                on_click=True,
                icon="person",
            )
        if opened and not pd.isna(opened["customer_key"]):
            go_customer(int(opened["customer_key"]))


def draw_customers(asked: Exploration) -> None:
    """The customers behind what is asked, and the way to an audience of them."""
    session = current()
    first = show(customers_behind, session.selection, asked=asked)
    with panel("explore.behind.customers"):
        if first.is_hidden:
            note("explore.too_few")
            return
        caption("explore.customers_about", total=session.write(first.total, "count"))
        (table,) = columns(1)
        page, size = pager(first.total, key="explore_customers")
        view = show(customers_behind, session.selection, asked=asked, page=page, size=size)
        with table:
            customer_table(
                view.rows,
                [
                    Column("orders", "count", "metric.orders.label"),
                    *_MONEY,
                    Column("last_day", "date", "explore.column.day"),
                ],
                key="explore_customers",
                alt_key="explore.behind.customers",
            )
    if first.total and allowed(session.access, "export"):
        _draw_audience(asked)


def _draw_audience(asked: Exploration) -> None:
    """The rule in words, what it cannot say, and its name."""
    session = current()
    behind = show(audience_behind, session.selection, asked=asked)
    with panel("explore.audience"):
        plain(in_words(behind.rule))
        for key, names in (("roughly", behind.roughly), ("unsaid", behind.unsaid)):
            if names:
                caption(f"explore.audience_{key}", dimensions=", ".join(map(dimension_name, names)))
        with form("explore_audience"):
            name = text_field("explore.audience_name", key="explore_audience_name", max_chars=120)
            is_sent = submit("explore.audience_save")
        if is_sent:
            session.records.add_audience(
                name, to_document(behind.rule), owner=session.access.user, now=datetime.now(UTC)
            )
            flash("explore.audience_saved", name=name)
            st.rerun()
