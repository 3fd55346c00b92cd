"""How many more orders to expect from each customer, and how likely none at all: MBG/NBD.

As BG/NBD, but the first order may be the last: those who bought once and fell silent are not
taken for customers still here.
Source: Batislam, Denizel & Filiztekin (2007), Int. J. of Research in Marketing 24, 201-209.
"""

from __future__ import annotations

from crm_core.models.beta_geometric import BetaGeometric

NAME = "mbg_nbd"
MODEL = BetaGeometric(NAME, may_leave_at_once=True)

fit, fit_triples, validate = MODEL.fit, MODEL.fit_triples, MODEL.validate
expected_orders, expected_orders_new = MODEL.expected_orders, MODEL.expected_orders_new
p_no_order, p_never, p_alive = MODEL.p_no_order, MODEL.p_never, MODEL.p_alive
