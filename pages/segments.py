"""Who the customers are, by how recently, often and for how much they buy."""

from crm_core.charts import bars, heat
from crm_core.text.formats import day
from crm_core.ui.customer_parts import segment_cards, segment_words
from crm_core.ui.page import (
    Column,
    caption,
    card,
    columns,
    current,
    data_table,
    empty_state,
    go,
    header,
    panel,
    show,
)
from crm_core.views.segments import segments

session = current()
view = show(segments, session.selection)
header("segments")
if view.as_of is None:
    empty_state("segments")
else:
    share = session.write(view.known_buyer_share, "rate")
    caption("segments.scores_of", day=day(view.as_of, session.language), share=share)
    codes = view.rows["segment"]
    named = view.rows.assign(code=codes, label=segment_words(codes))
    left, right = columns(1, 1)
    with left:
        clicked = card(
            "segments.by_customers",
            bars(named.assign(value=named["customers"]), session.numbers("count")),
            key="segments_customers",
            on_click=True,
            note_key="segments.by_customers_note",
        )
    with right:
        card(
            "segments.by_revenue",
            bars(named.assign(value=named["net_revenue"]), session.numbers("money")),
            key="segments_revenue",
            help_key="metric.net_revenue.about",
            note_key="segments.where_about" if view.is_somewhere else None,
        )
    with panel("segments.table"):
        rows = view.with_total()
        opened = data_table(
            rows.assign(name=[*named["label"], session.t("segments.total")]),
            [
                Column("name", label_key="segments.column.segment", pinned=True),
                Column("customers", "count", "segments.column.customers"),
                Column("share", "rate", "segments.column.share"),
                Column("revenue", "money", "segments.column.revenue"),
                Column("net_revenue", "money", "segments.column.net_revenue"),
                Column("average_order_value", "money", "segments.column.average_order_value"),
                Column(
                    "recency_days",
                    "days",
                    "segments.column.recency_days",
                    help_key="segments.column.recency_help",
                ),
                Column(
                    "expected_contribution",
                    "money",
                    "segments.column.expected_contribution",
                    help_key="segments.column.expected_help",
                ),
                Column("p_no_order", "rate", "segments.column.p_no_order"),
            ],
            key="segments_table",
            on_click=True,
            alt_key="segments.table",
        )
        if view.quiet_days is None:
            caption("segments.no_value")
        else:
            caption("customers.quiet_note", days=view.quiet_days)
    chosen = clicked or (opened or {}).get("segment")
    if chosen:
        go("customers", segment=chosen)
    grid = view.grid.assign(
        row=[session.t("segments.recency_score", score=score) for score in view.grid["r"]],
        column=[session.t("segments.frequency_score", score=score) for score in view.grid["f"]],
        value=view.grid["customers"],
    )
    card(
        "segments.grid",
        heat(grid, session.numbers("count")),
        key="segments_grid",
        help_key="rfm.score.note",
        note_key="segments.grid_note",
    )
    segment_cards(view.rows)
