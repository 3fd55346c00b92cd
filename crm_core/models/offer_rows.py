"""Each customer's next three products of both lists, side by side: how other programs read offers."""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.store.tables import Named

MOST: Final = 3


def next_three(tables: Named) -> ir.Table:
    """One row a customer with any offer: customer_key, `again_1` to `again_3` (product ids, the best
    first), `new_1` to `new_3`, and for each new one `because_1` to `because_3`, the product of
    theirs that speaks for it; empty where there are fewer."""
    again, new = tables.table("offers_again"), tables.table("offers_new")
    rows = again.select(
        "customer_key",
        "rank",
        again=again.product_id,
        new=ibis.null("string"),
        because=ibis.null("string"),
    ).union(
        new.select(
            "customer_key",
            "rank",
            again=ibis.null("string"),
            new=new.product_id,
            because=new.because_product_id,
        )
    )
    told = {
        f"{name}_{rank}": rows[name].max(where=rows["rank"] == rank)
        for name in ("again", "new", "because")
        for rank in range(1, MOST + 1)
    }
    return rows.group_by("customer_key").agg(**told).order_by("customer_key")
