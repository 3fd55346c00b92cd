"""One customer on the phone: found in a moment, the whole record, and what is done about it."""

from crm_core.ui.call_acts import draw_acts, draw_goodwill
from crm_core.ui.call_record import (
    draw_contacts,
    draw_expected,
    draw_head,
    draw_orders,
    draw_person,
    draw_reviews,
    known_record,
)
from crm_core.ui.call_search import draw_matches, draw_strays, draw_waiting, look_up_caller
from crm_core.ui.page import columns, header, part

header("call")
opened = look_up_caller()
if opened is None:
    draw_matches()
    draw_waiting()
    draw_strays()
else:
    view = known_record(opened)
    draw_head(opened, view)
    left, right = columns(2, 3)
    with left, part():
        draw_person(opened)
    with right, part():
        draw_expected(view)
        draw_orders(opened, view)
    left, right = columns(2, 3)
    with left:
        draw_acts(opened)
        draw_goodwill(opened, view)
    with right, part():
        draw_contacts(opened)
        draw_reviews(view)
