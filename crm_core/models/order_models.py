"""The models of when customers order that a shop's own past chooses among."""

from __future__ import annotations

from crm_core.models import bg_nbd, mbg_nbd, pareto_nbd
from crm_core.models.base import Fitted
from crm_core.models.order_model import OrderModel

ORDER_MODELS: dict[str, OrderModel] = {
    module.NAME: module.MODEL for module in (pareto_nbd, mbg_nbd, bg_nbd)
}


def order_model(fitted: Fitted) -> OrderModel:
    """The model that made a fit.

    >>> sorted(ORDER_MODELS)
    ['bg_nbd', 'mbg_nbd', 'pareto_nbd']
    """
    return ORDER_MODELS[fitted.model]
