"""Who must stay out of a list whatever they agreed to, and for which reason first."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

LEFT_OUT, OUTSIDE = "left_out", "outside"


def marked(members: ir.Table, leave_out: Mapping[str, ir.Table]) -> ir.Table:
    """Members as customer_key, `left_out` (the place of their first reason to stay out, or
    nothing) and `outside`: whoever must stay out and is no member stands here too, marked so,
    since their contacts are nobody else's either."""
    keys = members.select(customer_key=members.customer_key.cast("int64"))
    if not leave_out:
        return keys.mutate(**{LEFT_OUT: ibis.null("int64"), OUTSIDE: ibis.literal(False)})
    parts = [
        people.select(customer_key=people.customer_key.cast("int64"), place=ibis.literal(place))
        for place, people in enumerate(leave_out.values())
    ]
    together = ibis.union(*parts)
    barred = together.group_by("customer_key").agg(**{LEFT_OUT: together.place.min().cast("int64")})
    columns = ("customer_key", LEFT_OUT, OUTSIDE)
    inside = keys.left_join(barred, "customer_key").mutate(**{OUTSIDE: ibis.literal(False)})
    others = barred.anti_join(keys, "customer_key").mutate(**{OUTSIDE: ibis.literal(True)})
    return inside.select(*columns).union(others.select(*columns))
