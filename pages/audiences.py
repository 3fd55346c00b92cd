"""Choose customers, see how many they are and what they are worth, take the list along."""

from crm_core.charts import bars
from crm_core.text.formats import day
from crm_core.ui.audience_builder import chosen_audience, draw_nobody, in_words, save_audience
from crm_core.ui.audience_export import draw_export
from crm_core.ui.page import (
    Column,
    caption,
    card,
    columns,
    current,
    customer_table,
    empty_state,
    figures,
    header,
    panel,
    part,
    plain,
    show,
)
from crm_core.ui.segment_words import default_words
from crm_core.views.audiences import audiences, can_choose

session = current()
header("audiences")
if not show(can_choose, session.selection):
    empty_state("audiences")
else:
    with panel("audiences.choose"):
        choice = chosen_audience()
        if choice:
            plain(in_words(choice.rule))
    view = show(audiences, session.selection, rule=choice.document) if choice else None
    if choice and view and view.size.customers == 0:
        draw_nobody(view, choice.rule)
    elif choice and view:
        figures(
            [
                ("audiences.customers", view.size.customers, "count"),
                ("audiences.share", view.share, "rate"),
                ("audiences.revenue", view.size.revenue_365d, "money"),
                ("audiences.expected", view.size.expected_contribution, "money"),
            ]
        )
        caption("audiences.scores_of", day=day(view.as_of, session.language))
        left, right = columns(2, 3)
        with left:
            channels = [
                session.word("privacy.contact_channel", code) for code in view.reach["code"]
            ]
            card(
                "audiences.reach",
                bars(view.reach.assign(label=channels), session.numbers("count")),
                key="audiences_reach",
                note_key="audiences.reach_note",
            )
        with right, panel("audiences.preview"):
            customer_table(
                view.preview.assign(segment=default_words(view.preview)),
                [
                    Column("segment", label_key="feature.default_segment.label"),
                    Column("last_order_day", "date", "feature.last_order_day.label"),
                    Column("orders", "count", "feature.orders.label"),
                    Column("revenue", "money", "feature.revenue.label"),
                ],
                key="audiences_preview",
                alt_key="audiences.preview",
            )
        left, right = columns(3, 2)
        with left, panel("audiences.export"), part():
            draw_export(view, choice.rule, choice.name)
        with right, panel("audiences.save"), part():
            save_audience(choice.rule)
