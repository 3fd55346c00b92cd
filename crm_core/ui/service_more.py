"""Parts of the service page: parcels against promises, and products that people write about."""

from __future__ import annotations

import pandas as pd

from crm_core.charts import lines
from crm_core.text import formats
from crm_core.ui.fields import choice_field
from crm_core.ui.kpi import kpis
from crm_core.ui.layout import columns, draw, go, panel
from crm_core.ui.service_words import named_rows, share_ranges
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption
from crm_core.views.service import LEAST_TOLD
from crm_core.views.service_delivery import SPLITS, delivery_split, service_delivery
from crm_core.views.service_products import LEAST_ORDERS, service_products

_LATE = (
    Column("promised_orders", "count", "service.column.promised_orders",
           help_key="metric.promised_orders.about"),
    Column("late_rate", "rate", "metric.late_rate.label", help_key="metric.late_rate.about"),
    Column("late_words", label_key="service.column.late_range",
           help_key="service.late_range_about"),
    Column("days_late_median", "number", "service.column.days_late_median",
           help_key="metric.days_late_median.about"),
    Column("days_late_p90", "number", "service.column.days_late_p90",
           help_key="metric.days_late_p90.about"),
    Column("overdue_orders", "count", "metric.overdue_orders.label",
           help_key="metric.overdue_orders.about"),
)  # fmt: skip
_PRODUCTS = (
    Column("orders", "count", "metric.orders.label"),
    Column("contacted", "count", "service.column.contacted", help_key="service.contacted_about"),
    Column("share", "rate", "service.column.share", help_key="service.share_about"),
    Column("likely", "rate", "service.column.likely", help_key="service.likely_about"),
    Column("range_words", label_key="service.column.range", help_key="service.range_about"),
    Column("before", "rate", "service.column.before", help_key="service.before_about"),
    Column("sign_words", label_key="service.column.sign", help_key="service.sign_about"),
)  # fmt: skip


def draw_delivery() -> None:
    """Whether parcels came as promised: figures, the period, and by where and what."""
    session = current()
    view = show(service_delivery, session.selection)
    if not view.has_any:
        with panel("service.delivery"):
            caption("service.no_promises")
        return
    with panel("service.delivery", help_key="service.delivery_about"):
        kpis(view.cards, columns=5)
        left, right = columns(2, 3)
        with left:
            if view.trend.empty:
                caption("service.none_in_period")
            else:
                frame = view.trend.assign(series=session.t("metric.late_rate.label"))
                chart = lines(frame[["day", "value", "series"]], session.numbers("rate"))
                draw(chart, key="service_late", title=session.t("metric.late_rate.label"))
        with right:
            _draw_late_split()


def _draw_late_split() -> None:
    session = current()
    by = choice_field("service.by", SPLITS, key="service_late_by", prefix="service.split_by")
    by = by or SPLITS[0]
    found = show(delivery_split, session.selection, by=by)
    if found.empty:
        caption("service.none_in_period")
        return
    rows = found.assign(
        value_words=named_rows(by, found),
        late_words=share_ranges(found["late_low"], found["late_high"]),
    )
    data_table(
        rows,
        [Column("value_words", label_key=f"service.split_by.{by}", width=120), *_LATE],
        key=f"service_late_{by}",
        alt_key="service.delivery",
    )
    if rows["is_few"].any():
        caption("service.few_orders", least=LEAST_TOLD)


def draw_products() -> None:
    """Products whose buyers write more often than the shop's, and those of which that changed."""
    session = current()
    view = show(service_products, session.selection)
    with panel("service.products", help_key="service.products_about"):
        if view.rows.empty:
            caption("service.no_products", least=LEAST_ORDERS)
            return
        start, end = (formats.day(day, session.language) for day in (view.first, view.last))
        caption(
            "service.products_of",
            start=start,
            end=end,
            share=session.write(view.shop_share, "rate"),
            products=session.write(view.looked_at, "count"),
        )
        rows = view.rows.assign(
            value_words=named_rows("product", view.rows),
            range_words=share_ranges(view.rows["low"], view.rows["high"]),
            sign_words=[_sign(row) for _, row in view.rows.iterrows()],
        )
        opened = data_table(
            rows,
            [Column("value_words", label_key="service.split_by.product", width=200), *_PRODUCTS],
            key="service_products",
            alt_key="service.products",
            on_click=True,
            height=400,
        )
        if not (rows["is_above"] | rows["is_moved"]).any():
            caption("service.nothing_stands_out")
    if opened:
        go("explore", m=["refund_rate", "orders"], by=["month"], f=[f"product:{opened['code']}"])


def _sign(row: pd.Series) -> str:
    """What is odd about a product, in words."""
    session = current()
    told = [session.t("service.sign.above")] if row["is_above"] else []
    if row["is_below"]:
        told.append(session.t("service.sign.below"))
    if row["is_moved"]:
        told.append(
            session.t(f"service.sign.{'rises' if row['share'] > row['before'] else 'falls'}")
        )
    return session.t("rules.comma").join(told)
