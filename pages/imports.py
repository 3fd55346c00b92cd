"""Order files in, what was read of them, what they tell, and how fresh all that is."""

from crm_core.ui.import_aside import aside_panel
from crm_core.ui.import_feeds import shop_feeds
from crm_core.ui.import_history import freshness, history, last_change, rebuild_offer
from crm_core.ui.import_kept import kept_panel
from crm_core.ui.import_panel import import_panel
from crm_core.ui.import_telling import telling_panel
from crm_core.ui.page import columns, current, header, show
from crm_core.views.imports import imports
from crm_core.views.telling import telling

session = current()
header("imports")
is_importing = import_panel()
if not is_importing:
    kept_panel()
if session.opened is not None and not is_importing:
    rebuild_offer()
    view = show(imports, session.selection)
    aside_panel(view)
    telling_panel(show(telling, session.selection))
    left, right = columns(1, 2)
    with left:
        freshness(view)
    with right:
        last_change(view)
    shop_feeds(view)
    history(view)
