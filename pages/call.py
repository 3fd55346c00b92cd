"""One customer on the phone: found in a moment, the whole record, and what is done about it."""

from crm_core.ui.call_acts import draw_consent_and_pause, draw_goodwill, draw_notes
from crm_core.ui.call_record import (
    draw_contacts,
    draw_expected,
    draw_head,
    draw_orders,
    draw_reviews,
    draw_who,
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
    left, right = columns(1, 2)
    with left, part():
        draw_who(opened)
    with right, part():
        draw_expected(view)
        draw_orders(opened, view)
    with part():
        draw_contacts(opened)
    if opened.key is not None:
        left, middle, right = columns(1, 1, 1)
        with left:
            draw_notes(opened.key)
        with middle:
            draw_consent_and_pause(opened.key)
        with right:
            draw_goodwill(opened.key, view)
    draw_reviews(view)
