"""Choose customers, see how many they are and what they are worth, take the list along."""

from crm_core.ui.audience_screen import draw_audience
from crm_core.ui.page import current, empty_state, header, show
from crm_core.views.audiences import can_choose

header("audiences")
if show(can_choose, current().selection):
    draw_audience()
else:
    empty_state("audiences")
