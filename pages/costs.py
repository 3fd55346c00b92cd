"""What the shop's files do not say: costs, tax and what counts as an order."""

from crm_core.ui.costs_form import costs_form
from crm_core.ui.page import current, figures, header, show
from crm_core.views.costs import costs

session = current()
view = show(costs, session.selection)
header("costs")
figures([("metric.known_cost_share.label", view.known_cost_share, "rate")])
costs_form(view)
