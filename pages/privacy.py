"""What is held of whom, why, for how long, who may see it, and what left."""

from crm_core.ui.held_panel import held_of_people, left_lately
from crm_core.ui.page import columns, current, header, show
from crm_core.ui.privacy_panel import held_uploads
from crm_core.ui.retention_panel import draw_log, draw_retention, draw_rights_used
from crm_core.views.privacy import privacy

view = show(privacy, current().selection)
header("privacy")
held_of_people(view)
left_lately()
left, right = columns(1, 1)
with left:
    draw_rights_used()
with right:
    draw_log()
draw_retention()
held_uploads(view)
