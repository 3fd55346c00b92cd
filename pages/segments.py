"""Who the customers are: by life-cycle and value, or divided in another way."""

from crm_core.charts import bars, heat
from crm_core.text.formats import day
from crm_core.ui.page import (
    caption,
    card,
    columns,
    current,
    details_box,
    empty_state,
    go,
    header,
    note,
    panel,
    part,
    row,
    show,
)
from crm_core.ui.past_day import asked_past_day, draw_page_as_of
from crm_core.ui.segment_parts import (
    about_way,
    draw_trials,
    grid_words,
    open_cell,
    segment_cards,
    segment_table,
    way_switch,
)
from crm_core.ui.segment_rules import draw_rules
from crm_core.ui.segment_words import segment_words
from crm_core.views.segments import segments

session = current()
header("segments")
with row():
    by = way_switch()
    past = asked_past_day(by)
if past is not None:
    with part():
        draw_page_as_of(past, by)
else:
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
                cell = card(
                    f"segments.grid.{by}",
                    heat(grid_words(view, by), session.numbers("count")),
                    key=f"segments_grid_{by}",
                    on_click=True,
                    help_key="rfm.score.note" if by == "rfm" else None,
                    note_key=f"segments.grid_note.{by}",
                )
            if cell:
                open_cell(cell, by)
            with panel("segments.table"):
                opened = segment_table(view, by)
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
