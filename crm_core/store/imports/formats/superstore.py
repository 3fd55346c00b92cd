"""Sample Superstore: one row an order line, with discount and profit."""

from __future__ import annotations

from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.known import bundled

_ORDERS = bundled("superstore")

FORMAT = Mapped("superstore", 40, (Kind("orders", _ORDERS.fingerprint, (Reading(_ORDERS),)),))
