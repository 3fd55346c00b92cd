"""The two lists of offers that a refresh made, one under the other: how other programs read them."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crm_core.store.tables import Named


def offer_rows(tables: Named) -> ir.Table:
    """One row an offer: customer_key, list (`again` or `new`), rank, product_id, score; scores of
    the two lists are of different kinds."""
    again, new = (
        tables.table(f"offers_{name}").mutate(list=ibis.literal(name)) for name in ("again", "new")
    )
    columns = ("customer_key", "list", "rank", "product_id", "score")
    rows = again.select(*columns).union(new.select(*columns))
    return rows.order_by("customer_key", "list", "rank")
