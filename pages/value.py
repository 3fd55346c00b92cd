"""What customers are expected to bring, what it is worth, and what was left of them so far."""

from crm_core.charts import bars, deciles
from crm_core.text.formats import day
from crm_core.ui.page import (
    caption,
    card,
    columns,
    current,
    go,
    header,
    switch_choice,
)
from crm_core.ui.segment_words import segment_words
from crm_core.ui.value_parts import draw_cautions, draw_headline, draw_top, draw_trust, known_value
from crm_core.ui.waterfall_parts import draw_group_money
from crm_core.views.value import MONTHS

session = current()
months = switch_choice(
    "value.months", tuple(MONTHS), key="value_months", prefix="value.in", value="12"
)
header("value")
view = known_value(MONTHS[months])
if view is None:
    draw_group_money()
else:
    caption("app.as_of", day=day(view.as_of, session.language))
    draw_headline(view)
    draw_cautions(view)
    left, right = columns(1, 1)
    with left:
        tenth = card(
            "value.deciles",
            deciles(view.deciles, session.numbers("rate")),
            key="value_deciles",
            on_click=True,
            help_key="value.deciles_about",
            note_key="value.deciles_note",
        )
        if tenth:
            go("customers", within=tenth)
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
    draw_top(view)
    draw_group_money()
    draw_trust(view)
    if view.quiet_days is not None:
        caption("value.quiet", days=view.quiet_days)
