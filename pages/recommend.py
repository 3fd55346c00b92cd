"""What to offer whom: what to buy again and what is new to them, each with its reason."""

from crm_core.ui.page import current, header, part
from crm_core.ui.recommend_parts import (
    ask_filters,
    draw_numbers,
    draw_people,
    draw_products,
    draw_segments,
    draw_trials,
    known_lists,
)

header("recommend", as_of=current().store.scores_as_of)
view = known_lists()
if view is not None:
    draw_numbers(view)
    filters = ask_filters()
    draw_products(filters)
    with part():
        draw_people(filters)
    with part():
        draw_segments()
    draw_trials(view)
