"""How many more orders to expect from each customer, and how likely none at all: BG/NBD.

Assumes each customer buys at a steady personal rate and may leave, unseen, after any repeat
order. Whoever bought once counts as here still, so `p_alive` says nothing about them.
Source: Fader, Hardie & Lee (2005), Marketing Science 24, 275-284; equation 10 by quadrature.
"""

from __future__ import annotations

from crm_core.models.beta_geometric import BetaGeometric

NAME = "bg_nbd"
MODEL = BetaGeometric(NAME, may_leave_at_once=False)

fit, fit_triples, validate = MODEL.fit, MODEL.fit_triples, MODEL.validate
expected_orders, expected_orders_new = MODEL.expected_orders, MODEL.expected_orders_new
p_no_order, p_never, p_alive = MODEL.p_no_order, MODEL.p_never, MODEL.p_alive
