"""The shop as of one past day: its segments, and its customers with what was known of them."""

from __future__ import annotations

from datetime import date

from crm_core.charts import bars
from crm_core.text import formats
from crm_core.ui.fields import choice_field
from crm_core.ui.kpi import figures
from crm_core.ui.layout import card, panel
from crm_core.ui.movement_parts import code_words
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, customer_table, pager
from crm_core.ui.words import caption
from crm_core.views.past_shop import SORTS, past_customers, past_shop


def draw_past_day(day: date, name: str) -> None:
    """How many customers each segment had on a day, and a page of them as of it."""
    session = current()
    view = show(past_shop, session.selection, day=day, name=name)
    caption("movement.as_of", day=formats.day(day, session.language))
    figures(
        [
            ("movement.customers_then", view.customers, "count"),
            ("movement.net", view.net_revenue_365d, "money"),
        ]
    )
    named = view.sizes.assign(label=code_words(name, view.sizes["code"].tolist()))
    code = card(
        "movement.sizes",
        bars(named.assign(value=named["customers"]), session.numbers("count")),
        key=f"movement_sizes_{name}_{day}",
        on_click=True,
        note_key="movement.sizes_note",
    )
    chosen = named if code is None else named[named["code"] == code]
    with panel("movement.people"):
        sort = choice_field("movement.sort_by", SORTS, key="past_sort", prefix="movement.sort")
        if code is not None:
            caption("movement.only", name=str(chosen["label"].iloc[0]))
        total = int(chosen["customers"].sum())
        page, size = pager(total, key="past_people") if total else (1, 50)
        rows = show(
            past_customers,
            session.selection,
            day=day,
            name=name,
            code=code,
            sort=sort,
            page=page,
            size=size,
        )
        customer_table(
            rows.assign(segment=code_words(name, rows["code"].tolist())),
            [
                Column("segment", label_key=f"filters.segmentation.{name}"),
                Column("last_order_day", "date", "feature.last_order_day.label"),
                Column("orders", "count", "feature.orders.label"),
                Column("revenue", "money", "feature.revenue.label"),
                Column("refunds", "money", "feature.refunds.label"),
                Column("revenue_365d", "money", "feature.revenue_365d.label"),
                Column("average_gap_days", "days", "feature.average_gap_days.label"),
                Column("favourite_category", "text", "feature.favourite_category.label"),
            ],
            key="past_people",
            alt_key="movement.people",
        )
        caption("movement.today_note")
