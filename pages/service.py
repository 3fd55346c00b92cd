"""How well customers are served: waiting, answers, parcels, and whether care pays."""

from crm_core.ui.page import current, empty_state, header, part, show
from crm_core.ui.service_more import draw_delivery, draw_products
from crm_core.ui.service_parts import draw_numbers, draw_split, draw_trend, draw_waiting
from crm_core.ui.service_pays import draw_pays
from crm_core.ui.service_rules import draw_rules
from crm_core.ui.service_words import current_rules
from crm_core.views.service import service

session = current()
header("service", as_of=session.store.meta.as_of)
view = show(service, session.selection, rules=current_rules())
if not view.has_any:
    empty_state("service", page="imports", action_key="service.to_imports")
else:
    draw_numbers(view)
    with part():
        draw_waiting()
    with part():
        draw_trend(view)
    with part():
        draw_split(view)
    with part():
        draw_pays()
    with part():
        draw_products()
with part():
    draw_delivery()
if view.has_any:
    with part():
        draw_rules(view)
