"""What is held of whom, and for how long."""

from crm_core.ui.page import current, header, show
from crm_core.ui.privacy_panel import held_tables, held_uploads
from crm_core.views.privacy import privacy

view = show(privacy, current().selection)
header("privacy")
held_tables(view)
held_uploads(view)
