"""Where profit is made: the money of each product, category, channel, …, and of none of them.

Everything here adds up: the parts, the rest, what is unknown and what is not split are the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.metrics.definition import Sum
from crm_core.metrics.last_message import last_messages
from crm_core.metrics.parts import is_costed, of_ledger, parts_of
from crm_core.metrics.small_groups import FEWEST
from crm_core.store import Tables
from crm_core.store.marts import as_number

ANGLES: Final = ("product", "category", "sales_channel", "region", "segment", "campaign")
PROFIT: Final = (
    "revenue",
    "gross_sales",
    "discounts",
    "refunds",
    "net_revenue",
    "goods_cost",
    "shipping_income",
    "shipping_cost",
    "fees",
    "service_cost",
    "marketing_cost",
    "contribution",
    "units",
    "refund_rate",
    "contribution_rate",
    "known_cost_share",
)
ORDERS: Final = ("most", "least", "revenue")
#: What a row is: a part of the angle, all the parts beyond the first, money whose part is not known,
#: and costs that belong to no part.
KINDS: Final = ("part", "others", "unknown", "not_split")
_TOLD: Final = ("kind", "part", "is_costed", "is_hidden", "place")
_OWN_COSTS: Final = ("service", "cost")


def by_angle(store: Tables, rows: ir.Table, angle: str) -> ir.Table:
    """Ledger rows with `part` (a code of one of ANGLES or a `customer`, or NULL) and `kind` ("part", "unknown" or
    "not_split": a service contact or a lump sum that names none)."""
    rows = _PARTS[angle](store, rows)
    rows = rows.mutate(part=rows.part.nullif(""))
    is_cost = rows.entry.isin(_OWN_COSTS)
    kind = ibis.cases(
        (rows.part.notnull(), "part"), (is_cost, "not_split"), else_=ibis.literal("unknown")
    )
    return rows.mutate(kind=kind)


def each_part(rows: ir.Table, *, guarded: bool = False) -> ir.Table:
    """One row a part of `by_angle`: kind, part and what PROFIT is worked out from; `is_costed` (whether
    its contribution is known), `is_hidden` (where `guarded`: whether it is of so few customers that
    it is shown among the others alone)."""
    sums = {part.name: of_ledger(part, rows) for part in parts_of(PROFIT) if isinstance(part, Sum)}
    grouped = rows.group_by("kind", "part")
    if not guarded:
        found = grouped.agg(**sums)
        return found.mutate(is_costed=is_costed(found), is_hidden=ibis.literal(False))
    found = grouped.agg(people=rows.customer_key.nunique(), **sums)
    found = found.mutate(is_costed=is_costed(found), is_hidden=_is_hidden(found))
    return found.drop("people")


def _is_hidden(found: ir.Table) -> ir.Value:
    """The small parts, and with them always the smallest of the others: it makes them enough people,
    and it is the same one in whatever order and however many parts are shown."""
    people = found.people
    is_small = (people > 0) & (people < FEWEST)
    is_large = people >= FEWEST
    by_size = [ibis.ifelse(is_large, 0, 1), people, found.kind, found.part]
    is_least = is_large & (ibis.row_number().over(order_by=by_size) == 0)
    any_small = as_number(is_small).max().over() > 0
    return is_small | (is_least & any_small)


def first_parts(each: ir.Table, order: str, top: int) -> ir.Table:
    """The first `top` parts in an order, the rest of them added up, and what is no part: kind, part,
    parts (how many there are), place, and the sums; at most `top` and three rows.

    Parts whose contribution is unknown come last where that is the order. What is hidden is in the
    rest, whatever it is.
    """
    ranked = each.mutate(place=ibis.row_number().over(_window(each, order)))
    beyond = ranked.is_hidden | ((ranked.kind == "part") & (ranked.place >= top))
    ranked = ranked.mutate(
        part=ibis.ifelse(beyond, ibis.null("string"), ranked.part),
        kind=ibis.ifelse(beyond, ibis.literal("others"), ranked.kind),
    )
    sums = {name: ranked[name].sum().cast("float64") for name in _sums(each)}
    found = ranked.group_by("kind", "part").agg(
        parts=ranked.count(), place=ranked.place.min(), **sums
    )
    return found.order_by("place", "kind")


def losing_parts(each: ir.Table) -> ir.Table:
    """The parts with a known contribution below 0, those that lose most first; none that is hidden."""
    is_open = (each.kind == "part") & each.is_costed & ~each.is_hidden
    losing = each.filter(is_open & (each.contribution < 0))
    cast = {name: losing[name].cast("float64") for name in _sums(each)}
    return losing.mutate(**cast).order_by("contribution", "part")


def _sums(each: ir.Table) -> list[str]:
    return [name for name in each.columns if name not in _TOLD]


def _window(each: ir.Table, order: str) -> ir.Value:
    shown = ibis.asc(ibis.ifelse(each.is_hidden, 1, 0))
    known = ibis.desc(ibis.ifelse(each.is_costed, 1, 0))
    by: Mapping[str, list[ir.Value]] = {
        "most": [known, ibis.desc(each.contribution)],
        "least": [known, ibis.asc(each.contribution)],
        "revenue": [ibis.desc(each.revenue)],
    }
    return ibis.window(group_by="kind", order_by=[shown, *by[order], ibis.asc(each.part)])


def _column(name: str) -> Callable[[Tables, ir.Table], ir.Table]:
    return lambda store, rows: rows.mutate(part=rows[name].cast("string"))


def _segments(store: Tables, rows: ir.Table) -> ir.Table:
    """By life-cycle stage and value tier, `stage/tier`; the stage alone where there are no tiers."""
    if not store.has("lifecycle"):
        return rows.mutate(part=ibis.null("string"))
    people = store.table("lifecycle").select("customer_key", "stage")
    if store.has("value_tiers"):
        tiers = store.table("value_tiers").select("customer_key", "value_tier")
        people = people.left_join(tiers, "customer_key").drop("customer_key_right")
        tier = ibis.literal("/").concat(people.value_tier).fill_null("")
        people = people.mutate(stage=people.stage.concat(tier))
    told = people.select("customer_key", part=people.stage)
    return rows.left_join(told, "customer_key").drop("customer_key_right")


def _campaigns(store: Tables, rows: ir.Table) -> ir.Table:
    told = last_messages(store).rename(part="campaign")
    return rows.left_join(told, "order_key").drop("order_key_right")


_PARTS: Final[Mapping[str, Callable[[Tables, ir.Table], ir.Table]]] = {
    "product": _column("product_key"),
    "category": _column("category"),
    "sales_channel": _column("sales_channel"),
    "region": _column("region"),
    "segment": _segments,
    "campaign": _campaigns,
    "customer": _column("customer_key"),
}
