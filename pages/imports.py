"""Order files in, what was read of them, and how fresh all that is."""

from crm_core.ui.import_history import freshness, history, last_change
from crm_core.ui.import_panel import import_panel
from crm_core.ui.page import columns, current, header, show
from crm_core.views.imports import imports

session = current()
header("imports")
import_panel()
if session.opened is not None:
    view = show(imports, session.selection)
    left, right = columns(1, 2)
    with left:
        freshness(view)
    with right:
        last_change(view)
    history(view)
