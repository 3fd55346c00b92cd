"""One shopping event: the last times laid over each other, and what to prepare for the next."""

from crm_core.ui.events_parts import (
    choose_event,
    draw_buyers,
    draw_cards,
    draw_effect,
    draw_hours,
    draw_known,
    draw_lines,
)
from crm_core.ui.events_plan import draw_contacts, draw_products, draw_steps
from crm_core.ui.events_typed import draw_typed, typed_events
from crm_core.ui.page import columns, current, header, part, show, switch_choice
from crm_core.views.events import MEASURES, events, list_events

session = current()
header("events", as_of=session.store.meta.as_of)
planned = typed_events()
left, right = columns(1, 1, align="bottom")
with left:
    event = choose_event(show(list_events, session.selection, planned=planned))
with right:
    measure = switch_choice("events.measure", MEASURES, key="events_measure", prefix="events.by")
view = show(events, session.selection, code=event.code, measure_name=measure, planned=planned)
draw_known(view)
draw_cards(view)
draw_lines(view)
with part():
    draw_effect(view)
with part():
    draw_steps(view)
with part():
    draw_products(view)
left, right = columns(1, 1)
with left, part():
    draw_buyers(view, planned)
with right, part():
    draw_hours(event.code, planned)
with part():
    draw_contacts(view)
with part():
    draw_typed()
