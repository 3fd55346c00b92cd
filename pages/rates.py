"""The four rates of a shop's customers, each by its definition."""

from crm_core.ui.page import choice_field, current, header, kpis, show
from crm_core.ui.rate_parts import draw_definitions, draw_parts, draw_sum, draw_trend
from crm_core.views.rates import BY, rates

session = current()
header("rates")
by = choice_field("rates.by", BY, key="rates_by", prefix="rates.by_part") or BY[0]
view = show(rates, session.selection, by=by)
kpis(view.cards)
draw_sum(view)
draw_trend(view)
draw_parts(view)
draw_definitions()
