"""Who works with this shop's Clientele, as what, and what each looks after."""

from crm_core.ui.page import current, header
from crm_core.ui.team_parts import draw_acts, draw_invite, draw_people, draw_rights
from crm_core.views.team import team

session = current()
header("team")
view = team(records=session.records, access=session.access)
draw_invite()
if not view.people.empty:
    draw_people(view)
draw_rights()
draw_acts(view)
