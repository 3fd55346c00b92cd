"""Who the customers are: by life-cycle and value, or divided in another way."""

from crm_core.charts import bars, heat
from crm_core.text.formats import day
from crm_core.ui.page import (
    Column,
    caption,
    card,
    columns,
    current,
    data_table,
    details_box,
    empty_state,
    go,
    header,
    note,
    panel,
    part,
    show,
)
from crm_core.ui.segment_parts import (
    about_way,
    draw_trials,
    grid_words,
    segment_cards,
    way_switch,
)
from crm_core.ui.segment_rules import draw_rules
from crm_core.ui.segment_words import segment_words
from crm_core.views.segments import segments

session = current()
header("segments")
by = way_switch()
with part():
    view = show(segments, session.selection, by=by)
    if view.as_of is None:
        empty_state("segments")
    elif view.rows.empty:
        note("clusters.none_holds")
    else:
        share = session.write(view.known_buyer_share, "rate")
        about_way(view, by)
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
                f"segments.grid.{by}",
                heat(grid_words(view, by), session.numbers("count")),
                key="segments_grid",
                help_key="rfm.score.note" if by == "rfm" else None,
                note_key=f"segments.grid_note.{by}",
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
                    Column("recency_days", "days", "segments.column.recency_days"),
                    Column(
                        "expected_contribution", "money", "segments.column.expected_contribution"
                    ),
                    Column("p_no_order", "rate", "segments.column.p_no_order"),
                ],
                key=f"segments_table_{by}",
                on_click=True,
                alt_key="segments.table",
            )
            if view.is_somewhere:
                caption("segments.where_about")
            quiet = {"days": view.quiet_days}
            caption("customers.quiet_note" if view.quiet_days else "segments.no_value", **quiet)
        chosen = clicked or (opened or {}).get("segment")
        if chosen:
            go("customers", segment=chosen)
        segment_cards(view.rows)
    if by == "cluster" and not view.trials.empty:
        with details_box("clusters.trials", is_open=view.rows.empty):
            draw_trials(view.trials)
draw_rules()
