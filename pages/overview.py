"""How the shop is doing."""

from crm_core.charts import bars, line_compare
from crm_core.text.formats import day
from crm_core.ui.attention_parts import draw_attention
from crm_core.ui.explore_saved import draw_pinned
from crm_core.ui.goal_line import draw_goals_and_notes
from crm_core.ui.page import (
    Column,
    ask_box,
    caption,
    card,
    columns,
    current,
    data_table,
    draw,
    draw_open_tasks,
    empty_state,
    go,
    header,
    kpis,
    link,
    note,
    notes_button,
    panel,
    part,
    row,
    show,
)
from crm_core.ui.report_box import draw_report_box
from crm_core.ui.segment_words import segment_words
from crm_core.views.overview import NO_CHANNEL, overview

session = current()
view = show(overview, session.selection)
header("overview")
caption(
    "overview.freshness",
    last_day=day(view.last_day, session.language),
    share=session.write(view.known_buyer_share, "rate"),
)
if view.as_of != view.last_day:
    note("overview.partial_day", as_of=day(view.as_of, session.language))
ask_box()
kpis(view.cards)
left, right = columns(2, 1)
with left, panel("overview.revenue_to_date", help_key="metric.net_revenue.about"):
    chart = line_compare(view.days, session.numbers("money"))
    draw(chart, key="overview_revenue", title=session.t("overview.revenue_to_date"))
    notes_button("chart", "overview.revenue_to_date")
with right:
    if view.segments.empty:
        empty_state("segments")
    else:
        frame = view.segments.assign(label=segment_words(view.segments["code"]))
        chosen = card(
            "overview.segments",
            bars(frame, session.numbers("count")),
            key="overview_segments",
            on_click=True,
            note_key="overview.segments_note",
        )
        if chosen:
            go("customers", segment=chosen)
draw_attention()
draw_goals_and_notes(view.cards)
with row(align="center"):
    link("explore", "overview.explore", m=[card.metric for card in view.cards])
    draw_report_box()
with part():
    draw_pinned()
draw_open_tasks()
with panel("overview.channels"):
    opened = data_table(
        view.channels,
        [
            Column(
                "sales_channel",
                "code",
                "overview.channel",
                pinned=True,
                prefix="overview.channels_named",
            ),
            Column("net_revenue", "money", "metric.net_revenue.label"),
            Column("change", "rate", "overview.change"),
            Column("contribution", "money", "metric.contribution.label"),
            Column("orders", "count", "metric.orders.label"),
            Column("average_order_value", "money", "metric.average_order_value.label"),
            Column("repeat_share", "rate", "metric.repeat_share.label"),
        ],
        key="overview_channels",
        on_click=True,
        alt_key="overview.channels",
    )
    if opened and opened["sales_channel"] != NO_CHANNEL:
        go("overview", sales_channel=opened["sales_channel"])
