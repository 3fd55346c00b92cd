"""How far to rely on each model, by what it did on this shop's own past."""

from crm_core.ui.page import caption, current, empty_state, header, show
from crm_core.ui.trust_parts import draw_drift, draw_model, draw_overview
from crm_core.views.trust import trust

session = current()
view = show(trust, session.selection)
header("trust", as_of=view.scores_as_of)
if view.scores_as_of is None:
    empty_state("segments")
else:
    draw_overview(view.models)
    draw_drift(view.drift)
    for model in view.models:
        draw_model(model)
    caption("trust.definitions")
