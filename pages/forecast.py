"""What to expect of the shop and its parts, how far to trust it, who will buy and where."""

from crm_core.text.formats import day
from crm_core.ui.demand_parts import draw_demand
from crm_core.ui.forecast_compare import draw_beside, draw_numbers
from crm_core.ui.forecast_controls import asked_series, choose_member
from crm_core.ui.forecast_parts import (
    draw_band,
    draw_components,
    draw_events,
    draw_figures,
    draw_left_out,
    draw_parts,
    draw_trust,
    draw_warnings,
)
from crm_core.ui.page import caption, current, header, part, show
from crm_core.ui.what_if_parts import draw_what_if
from crm_core.views.forecast import forecast

session = current()
header("forecast")
asked = asked_series()
view = show(
    forecast,
    session.selection,
    of=asked.of,
    by=asked.by,
    member=asked.member,
    grain=asked.grain,
)
if view.left_out:
    draw_left_out(view)
else:
    choose_member(view, asked)
    draw_figures(view)
    draw_warnings(view)
    draw_band(view)
    draw_numbers(view)
    with part():
        draw_beside(view)
    draw_parts(view)
    draw_components(view)
    draw_trust(view)
    draw_events(view)
with part():
    draw_demand()
with part():
    draw_what_if()
caption("forecast.fitted_on", day=day(view.as_of, session.language))
