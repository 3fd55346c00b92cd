"""Targets by metric, month and channel: what was reached, and where the month lands."""

from crm_core.text.formats import day
from crm_core.ui.goals_form import draw_form
from crm_core.ui.goals_parts import choose_month, draw_gone, draw_metric, draw_month
from crm_core.ui.goals_words import targets_kept
from crm_core.ui.page import caption, current, empty_state, header, part, row, show
from crm_core.views.goals import goals

session = current()
view = show(goals, session.selection, targets=targets_kept())
header("goals", as_of=view.as_of)
if view.goals.empty:
    empty_state("goals")
else:
    draw_gone(view)
    with row():
        month = choose_month(view)
    with part():
        draw_month(view, month)
    with part():
        draw_metric(view, month)
    if view.forecast_until is not None:
        caption("goals.forecast_until", day=day(view.forecast_until, session.language))
draw_form(view)
