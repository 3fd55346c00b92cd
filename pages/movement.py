"""Who moved between segments between two days, and the shop as of any past day."""

from crm_core.charts import flow_bands
from crm_core.text.formats import day
from crm_core.ui.movement_parts import (
    ask_days,
    code_words,
    computing,
    draw_became,
    draw_figures,
    flow_frame,
    flow_matrix,
    money_table,
)
from crm_core.ui.movers import draw_movers
from crm_core.ui.page import caption, card, current, header, note, panel, show
from crm_core.ui.past_day import draw_past_day
from crm_core.views.movement import movement

session = current()
header("movement")
asked = ask_days()
if asked.mode == "day":
    with computing(asked):
        draw_past_day(asked.now, asked.name)
else:
    with computing(asked):
        view = show(movement, session.selection, **asked.flow)
    first, last = (day(each, session.language) for each in (view.then, view.now))
    caption("movement.between", first=first, last=last)
    draw_figures(view, asked.name)
    if not view.rows:
        note("movement.nobody")
    else:
        with panel("movement.matrix", help_key="movement.matrix_about"):
            cell = flow_matrix(view, asked.name)
            caption("movement.matrix_note")
        card(
            "movement.flows",
            flow_bands(
                flow_frame(view, asked.name),
                session.numbers("count"),
                sources=code_words(asked.name, view.rows),
                targets=code_words(asked.name, view.columns),
            ),
            key="movement_flows",
            note_key="movement.flows_note",
        )
        with panel("movement.movers"), computing(asked):
            draw_movers(view, asked, cell)
        with panel("movement.money", help_key="movement.money_about"):
            money_table(view, asked.name)
        with panel("movement.became", help_key="movement.became_about"):
            draw_became(asked.name)
