"""What sells together beyond chance, and what people buy instead of each other."""

from crm_core.ui.page import columns, current, header, note, part, show, switch_choice
from crm_core.ui.together_ideas_parts import draw_entries, draw_ideas
from crm_core.ui.together_map import draw_map
from crm_core.ui.together_parts import (
    draw_instead,
    draw_missing,
    draw_numbers,
    draw_pair,
    draw_pairs,
    draw_triples,
)
from crm_core.views.together import LEVELS, SHOWN, together

session = current()
header("together", as_of=session.store.scores_as_of)
left, right = columns(1, 1)
with left:
    level = switch_choice(
        "together.level_label", tuple(LEVELS), key="together_level", prefix="together.level"
    )
with right:
    shown = switch_choice(
        "together.shown_label", SHOWN, key="together_shown", prefix="together.shown"
    )
view = show(together, session.selection, level=level, shown=shown)
if view.missing:
    draw_missing(view)
elif level not in view.levels:
    note(f"together.no_level.{level}")
else:
    draw_numbers(view)
    draw_pairs(view)
    draw_map(view)
    with part():
        draw_pair(view)
    with part():
        draw_ideas(view)
    draw_instead(view)
    draw_triples(view)
    with part():
        draw_entries(view)
