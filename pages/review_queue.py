"""Orders and reviews that need a look: evidence for and against, two people's decision, its effect."""

from crm_core.ui.page import columns, header, part
from crm_core.ui.review_approval import draw_effect, draw_log, draw_proposals, draw_trust
from crm_core.ui.review_queue_parts import draw_cases, draw_numbers, draw_rows, known_queue

header("review_queue")
view = known_queue()
if view is not None:
    draw_numbers(view)
    with part():
        draw_cases(view)
    with part():
        draw_rows(view)
    left, right = columns(3, 2)
    with left, part():
        draw_proposals(view)
    with right, part():
        draw_effect()
    with part():
        draw_log()
    draw_trust()
