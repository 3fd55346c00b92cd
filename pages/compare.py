"""Two segments side by side."""

from crm_core.text.formats import day
from crm_core.ui.compare_parts import (
    chosen_pair,
    draw_facts,
    draw_metrics,
    draw_shares,
    draw_sides,
)
from crm_core.ui.page import caption, columns, current, empty_state, header, panel, show
from crm_core.views.audiences import choices
from crm_core.views.compare import compare

BACK = [("segments", "nav.page.segments"), ("customers", "nav.page.customers")]

session = current()
header("compare", breadcrumbs=BACK)
codes = show(choices, session.selection)
if not codes:
    empty_state("compare")
else:
    left, right = chosen_pair(codes)
    view = show(compare, session.selection, left=left, right=right)
    if view is None:
        empty_state("compare")
    else:
        caption("compare.scores_of", day=day(view.as_of, session.language))
        draw_sides(view, (left, right))
        one, other = columns(1, 1)
        with one, panel("compare.metrics"):
            draw_metrics(view)
        with other, panel("compare.facts"):
            draw_facts(view)
        with panel("compare.words"):
            draw_shares(view)
