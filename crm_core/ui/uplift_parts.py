"""Whom to send to next time, drawn: the verdict, each method's Qini, and the profit curve."""

from __future__ import annotations

import pandas as pd

from crm_core.charts import share_curves
from crm_core.text import formats
from crm_core.ui.fields import number_field
from crm_core.ui.layout import columns, draw, panel
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, customer_table, data_table
from crm_core.ui.words import caption, paragraph
from crm_core.views.uplift import LOT, PER, UpliftView, advice, next_people, uplift


def draw_uplift(name: str, cost_per_contact: float = 0.0) -> None:
    """What a campaign teaches about whom to write to, or why it teaches nothing."""
    view = show(uplift, current().selection, name=name)
    with panel("uplift.title", help_key="uplift.about"):
        if view is None:
            caption("uplift.not_learned")
            return
        facts = {"control_buyers": view.control_buyers, "needed": view.needed}
        paragraph(f"uplift.verdict.{view.verdict}", **facts)
        if view.methods.empty:
            return
        left, right = columns(1, 1)
        with left:
            _methods(view)
        with right:
            paragraph("uplift.buyers")
            _draw(view.buyers, view, "number", key="uplift_buyers")
            caption("uplift.buyers_note", per=_per())
        cost = number_field(
            "uplift.cost",
            key=f"uplift_cost_{name}",
            value=cost_per_contact,
            low=0.0,
            step=0.05,
            help_key="uplift.cost_about",
        )
        _profit(view, cost or 0.0)
        _people(name)


def _methods(view: UpliftView) -> None:
    session = current()
    words = [session.t(f"uplift.method.{code}") for code in view.methods["method"]]
    paragraph("uplift.qini")
    data_table(
        view.methods.assign(words=words),
        [
            Column("words", label_key="uplift.method_label", width="medium"),
            Column("qini", "count", "uplift.qini_label", help_key="uplift.qini_about"),
            Column("low", "count", "uplift.low"),
            Column("high", "count", "uplift.high"),
        ],
        key="uplift_methods",
        alt_key="uplift.qini",
    )
    caption("uplift.qini_about")


def _profit(view: UpliftView, cost: float) -> None:
    session = current()
    if not view.costs_known:
        paragraph("uplift.revenue", per=_per())
        _draw(view.profit(cost), view, "money", key="uplift_profit")
        caption("uplift.revenue_note")
        return
    told = advice(view, cost)
    profit = session.write(told.profit, "money")
    share = session.numbers("rate").short(told.share)
    if not view.is_order_known:
        paragraph("uplift.all_or_nobody")
    paragraph("uplift.profit", per=_per())
    _draw(view.profit(cost), view, "money", key="uplift_profit")
    sure = "sure" if told.is_sure or told.send == "none" else "unsure"
    paragraph(f"uplift.send.{told.send}", share=share, profit=profit, per=_per())
    caption(f"uplift.{sure}")


def _people(name: str) -> None:
    """Whom the method to use would choose now, where one is."""
    rows = show(next_people, current().selection, name=name)
    if rows.empty:
        return
    paragraph("uplift.people", count=len(rows))
    customer_table(
        rows,
        [
            Column("score", "rate", "uplift.score", help_key="uplift.score_about"),
            Column("orders", "count", "feature.orders.label"),
            Column("last_order_day", "date", "feature.last_order_day.label"),
            Column("favourite_category", label_key="feature.favourite_category.label"),
        ],
        key="uplift_people",
        alt_key="uplift.title",
    )


def _per() -> str:
    return formats.number(PER, current().language)


def _draw(rows: pd.DataFrame, view: UpliftView, unit: str, *, key: str) -> None:
    session = current()
    words = [session.t(f"uplift.method.{code}") for code in rows["method"]]
    main = session.t(f"uplift.method.{view.shown}")
    chart = share_curves(
        rows.assign(series=words),
        session.numbers(unit),
        x_title=session.t("uplift.share"),
        band=main,
        plain=session.t(f"uplift.method.{LOT}"),
    )
    draw(chart, key=key, title=session.t("uplift.title"))
