"""What customers are expected to bring in the next year."""

from crm_core.charts import bars, deciles
from crm_core.text.formats import day
from crm_core.ui.page import (
    Column,
    caption,
    card,
    columns,
    current,
    customer_table,
    data_table,
    figures,
    go,
    header,
    note,
    panel,
    paragraph,
    show,
    warning,
)
from crm_core.ui.segment_words import default_words, segment_words
from crm_core.views.value import value

session = current()
view = show(value, session.selection)
header("value", as_of=view.as_of)
figures(
    [
        ("value.customers", view.customers, "count"),
        ("value.expected_orders", view.expected_orders, "count"),
        ("value.expected_revenue", view.expected_revenue, "money"),
        ("value.expected_contribution", view.expected_contribution, "money"),
    ]
)
for code in view.warnings:
    warning(f"value.warning.{code}")
if view.expected_contribution is None:
    note("value.no_costs")
left, right = columns(1, 1)
with left:
    card(
        "value.deciles",
        deciles(view.deciles, session.numbers("rate")),
        key="value_deciles",
        help_key="value.deciles_about",
    )
with right:
    frame = view.segments.assign(label=segment_words(view.segments["code"]))
    chosen = card(
        f"value.segments_by.{view.worth}",
        bars(frame, session.numbers("money")),
        key="value_segments",
        on_click=True,
        note_key="overview.segments_note",
    )
    if chosen:
        go("customers", segment=chosen)
with panel("value.top"):
    customer_table(
        view.top.assign(segment=default_words(view.top)),
        [
            Column("segment", label_key="feature.default_segment.label"),
            Column("last_order_day", "date", "feature.last_order_day.label"),
            Column("orders", "count", "feature.orders.label"),
            Column("revenue_365d", "money", "feature.revenue_365d.label"),
            Column("expected_orders", "per", "feature.expected_orders.label"),
            Column("expected_contribution", "money", "feature.expected_contribution.label"),
            Column("p_no_order", "rate", "feature.p_no_order.label"),
        ],
        key="value_top",
        alt_key="value.top",
    )
with panel("value.trust", help_key="value.trust_about"):
    if view.trial_from is None:
        note("value.no_trial")
    else:
        paragraph("value.trust_words", day=day(view.trial_from, session.language))
        paragraph(f"value.verdict.{view.verdict}")
        data_table(
            view.backtest,
            [
                Column("method", "code", "value.method_label", prefix="value.method"),
                Column("spend_error", "rate", "value.spend_error", help_key="value.total_about"),
                Column("purchases_error", "rate", "value.orders_error"),
                Column("mae", "money", "value.mae", help_key="value.mae_about"),
                Column("spearman", "per", "value.spearman", help_key="value.spearman_about"),
                Column("gini", "per", "value.gini", help_key="value.gini_about"),
                Column("top_decile", "rate", "value.top_decile"),
            ],
            key="value_backtest",
            alt_key="value.trust",
        )
caption("value.quiet", days=view.quiet_days)
