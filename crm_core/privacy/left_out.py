"""Who must stay out of a list whatever they agreed to, and for which reason first."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

LEFT_OUT = "left_out"


def marked(table: ir.Table, leave_out: Mapping[str, ir.Table]) -> ir.Table:
    """The table with `left_out`: the place of each member's first reason to stay out, or nothing."""
    if not leave_out:
        return table.mutate(**{LEFT_OUT: ibis.null("int64")})
    parts = [
        people.select(customer_key=people.customer_key.cast("int64"), place=ibis.literal(place))
        for place, people in enumerate(leave_out.values())
    ]
    together = ibis.union(*parts)
    barred = together.group_by("customer_key").agg(**{LEFT_OUT: together.place.min()})
    columns = table.columns
    return table.left_join(barred, "customer_key").select(*columns, LEFT_OUT)
