"""Parts of the page of values: the headline, what to beware of, the best customers, the trust."""

from __future__ import annotations

from crm_core.text import formats
from crm_core.ui.kpi import figures
from crm_core.ui.layout import panel, part
from crm_core.ui.segment_words import default_words
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, customer_table, data_table
from crm_core.ui.trust_parts import draw_verdict
from crm_core.ui.words import caption, note, paragraph, warning
from crm_core.views.value import MONTHS, YEAR_DAYS, Value, value
from crm_core.views.value_trial import ValueTrial


def known_value(days: int) -> Value | None:
    """What is known of the days ahead; None where it says in its place what is missing."""
    with part():
        return show(value, current().selection, days=days)
    return None


def draw_headline(view: Value) -> None:
    """What is ahead, between what bounds, and how it is discounted."""
    session = current()
    known = view.worth == "value"
    money = ("value", "contribution") if known else ("revenue",)
    figures(
        [
            *((f"value.figure.{name}", view.totals[name], "money") for name in money),
            *([("value.figure.revenue", view.totals["revenue"], "money")] if known else []),
            ("value.figure.orders", view.totals["orders"], "count"),
            ("value.customers", float(view.customers), "count"),
        ],
        columns=5,
    )
    bounds = view.ranges.get(view.worth)
    facts = {
        "months": next(months for months, days in MONTHS.items() if days == view.days),
        "rate": session.write(view.rate, "rate"),
    }
    if bounds:
        low, high = (session.write(bound, "money") for bound in bounds)
        paragraph(f"value.between.{view.worth}", low=low, high=high, **facts)
    else:
        paragraph(f"value.without_range.{view.worth}", **facts)


def draw_cautions(view: Value) -> None:
    """Every warning of the fits, and what there is too little of to choose by the shop's past."""
    session = current()
    for code in view.warnings:
        warning(f"value.warning.{code}")
    missing = {**view.choice["ranking_missing"], **view.choice["missing"]}
    lacks = {name: pair for name, pair in missing.items() if name != "customers"}
    if lacks:
        words = [
            session.t(
                f"error.needed.{name}",
                have=formats.number(have, session.language),
                needed=formats.number(needed, session.language),
            )
            for name, (have, needed) in lacks.items()
        ]
        note("value.missing", words=" ".join(words))
    if view.worth == "revenue":
        note("value.no_costs")


def draw_top(view: Value) -> None:
    """The most valuable customers ahead, each with the range of a year."""
    with panel("value.most_valuable"):
        bounds = (
            Column("low", "money", "value.low", help_key="value.low_about"),
            Column("high", "money", "value.high", help_key="value.low_about"),
        )
        customer_table(
            view.top.assign(segment=default_words(view.top)),
            [
                Column("segment", label_key="feature.default_segment.label"),
                Column("worth", "money", f"value.figure.{view.worth}"),
                *(bounds if view.days == YEAR_DAYS else ()),
                Column("orders", "per", "value.figure.orders"),
                Column("so_far", "money", "value.so_far"),
                Column("last_order_day", "date", "feature.last_order_day.label"),
                Column("p_no_order", "rate", "feature.p_no_order.label"),
            ],
            key="value.most_valuable",
            alt_key="value.most_valuable",
        )


def draw_trust(view: Value) -> None:
    """How the model did on the shop's past, and why it is this one."""
    session = current()
    with panel("value.trust", help_key="value.trust_about"):
        tried = view.trial
        if tried.origin is None or tried.verdict == "untested":
            note("value.no_trial")
        else:
            day = formats.day(tried.origin, session.language)
            paragraph("value.trust_words", day=day, days=tried.days)
            draw_verdict("blend" if tried.used == "blend" else "lifetime_value", tried.verdict)
            _backtest(tried)
        model = session.t(f"model.{view.choice['order_model']}.label")
        caption(f"value.reason.{view.choice['reason']}", model=model)
        caption(f"value.ranking.{view.choice['ranking']}_{view.choice['ranking_reason']}")


def _backtest(tried: ValueTrial) -> None:
    kinds = {
        "spend_error": "rate",
        "purchases_error": "rate",
        "mae": "money",
        "spearman": "per",
        "gini": "per",
        "top_decile": "rate",
    }
    data_table(
        tried.rows,
        [
            Column("method", "code", "value.method_label", prefix="trust.method"),
            *(
                Column(name, kind, f"trust.measure.{name}", help_key=f"trust.measure_about.{name}")
                for name, kind in kinds.items()
                if name in tried.rows.columns
            ),
        ],
        key="value_backtest",
        alt_key="value.trust",
    )
