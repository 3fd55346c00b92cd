"""The four rates of a shop's customers, each by its definition."""

from crm_core.ui.page import current, header, kpis, show, switch_choice
from crm_core.ui.rate_parts import draw_definitions, draw_parts, draw_sum, draw_trend
from crm_core.views.rates import BY, rates

session = current()
header("rates")
by = switch_choice("rates.by", BY, key="rates_by", prefix="rates.by_part")
view = show(rates, session.selection, by=by)
kpis(view.cards)
draw_sum(view)
draw_trend(view)
draw_parts(view)
draw_definitions()
