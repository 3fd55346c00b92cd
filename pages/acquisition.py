"""What winning customers cost, when it was paid back, and what they are worth beside it."""

from crm_core.ui.acquisition_parts import draw_months, draw_parts, draw_whole
from crm_core.ui.page import columns, current, empty_state, header, show, switch_choice
from crm_core.views.acquisition import CURVES, SPLITS, acquisition

session = current()
left, right = columns(1, 1)
with left:
    split = switch_choice(
        "acquisition.by", SPLITS, key="acquisition_split", prefix="acquisition.split"
    )
with right:
    months = int(
        switch_choice(
            "acquisition.curve_months",
            CURVES,
            key="acquisition_curve",
            prefix="acquisition.in",
            value="12",
        )
    )
view = show(acquisition, session.selection, split=split, curve_months=months)
header("acquisition", as_of=view.as_of)
if view.parts.empty:
    empty_state("acquisition")
else:
    draw_whole(view)
    part = draw_parts(view)
    draw_months(show(acquisition, session.selection, split=split, part=part, curve_months=months))
