"""What each campaign changed, and what it taught."""

from crm_core.ui.campaign_results import draw_result
from crm_core.ui.page import current, empty_state, header, part, show
from crm_core.ui.result_list import campaign_choice, draw_lessons, sealed_terms
from crm_core.views.results import results

session = current()
header("results")
view = show(results, session.selection, terms=sealed_terms(session.records))
if view.rows.empty:
    empty_state("results")
else:
    draw_lessons(view)
    name = campaign_choice(view)
    with part():
        draw_result(name)
