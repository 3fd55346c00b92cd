"""Panels of the churn page: how far to trust it, curves of silence, who is silent in a young shop."""

from __future__ import annotations

from crm_core.charts import scatter_fit, survival_curves
from crm_core.text import formats
from crm_core.ui.fields import switch_choice
from crm_core.ui.layout import columns, draw, panel, part
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, customer_table, data_table
from crm_core.ui.trust_parts import draw_verdict
from crm_core.ui.words import caption, note, paragraph
from crm_core.views.churn import Churn, churn, silent, survival


def known_churn() -> Churn | None:
    """What the last refresh says; None where it says nothing, and why is told in place."""
    with part():
        return show(churn, current().selection)
    return None


def draw_trust(view: Churn) -> None:
    """The verdict, what was chosen among which methods, and chances said beside what came."""
    session = current()
    with panel("churn.trust", help_key="churn.trust_about"):
        draw_verdict("churn", view.verdict)
        if view.tried_from is None:
            note("churn.no_trial")
            return
        since = formats.day(view.tried_from, session.language)
        paragraph("churn.tried", day=since, days=view.tried_days)
        left, right = columns(1, 1)
        with left:
            chart = scatter_fit(
                view.reliability,
                session.numbers("rate"),
                x_title=session.t("churn.said"),
                y_title=session.t("churn.came_true"),
            )
            draw(chart, key="churn_reliability", title=session.t("churn.reliability"))
            caption("churn.reliability_about")
        with right:
            paragraph("churn.chosen", method=session.t(f"trust.method.{view.method}"))
            data_table(
                view.trials,
                [
                    Column("method", "code", "churn.method_label", prefix="trust.method"),
                    Column("brier", "score", "churn.brier", help_key="churn.brier_about"),
                    Column("last", "score", "churn.last", help_key="churn.last_about"),
                ],
                key="churn_trials",
                alt_key="churn.trust",
            )


def draw_survival() -> None:
    """Curves of the share still without an order."""
    session = current()
    with panel("churn.survival", help_key="churn.survival_about"):
        grouping = switch_choice(
            "churn.grouping", ("stage", "order"), key="churn_grouping", prefix="churn.by"
        )
        rows = show(survival, session.selection, grouping=grouping)
        if rows.empty:
            note("churn.no_survival")
            return
        if grouping == "stage":
            day = formats.day(rows["origin"].iloc[0].date(), session.language)
            caption("churn.survival_stage", day=day)
            words = [session.t(f"lifecycle.{code}.name") for code in rows["code"]]
        else:
            caption("churn.survival_order")
            words = [session.t(f"churn.order.{code}") for code in rows["code"]]
        curves = survival_curves(
            rows.assign(series=words),
            session.numbers("rate"),
            x_title=session.t("churn.days"),
        )
        draw(curves, key="churn_survival", title=session.t("churn.survival"))


def draw_silent() -> None:
    """What a young shop can be told all the same: who is late by their own rhythm."""
    session = current()
    with panel("churn.silent", help_key="churn.silent_about"):
        customer_table(
            show(silent, session.selection),
            [
                Column("orders", "count", "feature.orders.label"),
                Column("last_order_day", "date", "feature.last_order_day.label"),
                Column("recency_days", "days", "feature.recency_days.label"),
                Column("average_gap_days", "number", "feature.average_gap_days.label"),
                Column("revenue", "money", "feature.revenue.label"),
            ],
            key="churn_silent",
            alt_key="churn.silent",
        )
