"""Who is about to run out of what, the rhythm of what runs out, and how far to trust it."""

from crm_core.ui.page import header
from crm_core.ui.replenish_parts import (
    draw_lists,
    draw_numbers,
    draw_rhythm,
    draw_trust,
    known_clocks,
)

header("replenish")
view = known_clocks()
if view is not None:
    draw_numbers(view)
    draw_lists(view)
    draw_rhythm(view)
    draw_trust(view)
