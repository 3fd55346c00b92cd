"""Every list that left: who took it, when, for which tool, and who was left out."""

from crm_core.ui.exports_log import chosen_exports, exports_table
from crm_core.ui.page import current, empty_state, header
from crm_core.views.exports import exports

session = current()
header("exports")
view = exports(store=session.store, records=session.records, access=session.access)
if view.table.empty:
    empty_state("exports", page="audiences", action_key="exports.empty_action")
else:
    exports_table(view, chosen_exports(view))
