"""What coupon codes and other discounts give away, and who buys only with them.

An order is under a code, under a discount without a code (a price that was lowered), or at full
price: the three add up to all orders. A discount comes off the margin in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.metrics.definition import CountDistinct, Sum
from crm_core.metrics.last_message import CONTROL_ARMS
from crm_core.metrics.parts import of_ledger, parts_of
from crm_core.metrics.small_groups import FEWEST, PEOPLE
from crm_core.store import Tables
from crm_core.store.marts import as_number

#: What is measured of each code, of what is under none, and of all.
OFFERED: Final = (
    "orders",
    "buyers",
    "new_buyers",
    "revenue",
    "gross_sales",
    "discounts",
    "discount_rate",
    "refunds",
    "margin",
    "margin_rate",
)
#: A code that is shown, all the others, discounts without a code, full price.
KINDS: Final = ("code", "other_codes", "discount", "full")
#: Whether all orders of somebody had a discount, some, or none; and whether there is more than one.
HABITS: Final = ("always", "sometimes", "never")
TOUCH_DAYS: Final = 30
_HELD, _WRITTEN = "held", "written"


def is_discounted(orders: ir.Table) -> ir.BooleanValue:
    """Whether orders (or sums of them) had a code or a lower price."""
    has_code = orders.coupon_code.nullif("").notnull()
    return has_code | (orders.discount.fill_null(0) > 0)


def by_code(store: Tables, rows: ir.Table) -> ir.Table:
    """The ledger rows of orders, with `kind` ("code", "discount" or "full") and `code` ("" without)."""
    told = store.table("order_facts").select(
        "order_key", code=lambda t: t.coupon_code.nullif(""), order_discount=lambda t: t.discount
    )
    joined = rows.filter(rows.order_key.notnull()).left_join(told, "order_key")
    kind = ibis.cases(
        (joined.code.notnull(), "code"),
        (joined.order_discount > 0, "discount"),
        else_=ibis.literal("full"),
    )
    joined = joined.mutate(kind=kind, code=joined.code.fill_null(""))
    return joined.drop("order_key_right", "order_discount")


def first_codes(coded: ir.Table, top: int, *, guarded: bool = False) -> ir.Table:
    """The rows of `by_code` in which only the `top` codes that gave away most keep their name: the
    rest are "other_codes", and where `guarded` all codes of few people too."""
    codes = coded.filter(coded.kind == "code")
    (off, people) = (of_ledger(part, codes) for part in (*parts_of(["discounts"]), PEOPLE))
    given = codes.group_by("code").agg(off=off, people=people)
    is_few = (given.people > 0) & (given.people < FEWEST)
    hidden = ibis.ifelse(is_few, 1, 0) if guarded else ibis.literal(0)
    order = ibis.window(order_by=[hidden, ibis.desc(given.off), ibis.asc(given.code)])
    ranked = given.mutate(place=ibis.row_number().over(order), hidden=hidden)
    first = ranked.filter((ranked.place < top) & (ranked.hidden == 0))
    first = first.select("code", is_first=ibis.literal(True))
    joined = coded.left_join(first, "code").drop("code_right")
    is_rest = (joined.kind == "code") & joined.is_first.isnull()
    return joined.mutate(
        kind=ibis.ifelse(is_rest, ibis.literal("other_codes"), joined.kind),
        code=ibis.ifelse(is_rest, ibis.literal(""), joined.code),
        own_code=joined.code,
    ).drop("is_first")


def of_each(coded: ir.Table, *by: str) -> ir.Table:
    """What OFFERED is worked out from for each group of rows of `by_code`, with `people` and how many
    different `codes`."""
    parts = {part.name: _number(part, of_ledger(part, coded)) for part in parts_of(OFFERED)}
    own = coded.own_code if "own_code" in coded.columns else coded.code
    more = {"people": of_ledger(PEOPLE, coded), "codes": own.nullif("").nunique()}
    return coded.group_by(*by).agg(**parts, **more) if by else coded.agg(**parts, **more)


def _number(part: Sum | CountDistinct, value: ir.Value) -> ir.Value:
    return value.cast("float64" if isinstance(part, Sum) else "int64")


def discounted_people(coded: ir.Table) -> ir.Table:
    """One row: how many `people` rows of `by_code` under a code or a lower price are about."""
    given = coded.filter(coded.kind != "full")
    return given.agg(people=of_ledger(PEOPLE, given))


def order_costs(coded: ir.Table) -> ir.Table:
    """One row an order sold in rows of `by_code`: order_key, kind, code, paid (goods and postage),
    off (its discount), cost (goods, postage, fees; unknown where a line's is), left (paid - cost).

    Refunds are another matter: what came back was not sold below cost.
    """
    sold = coded.filter(coded.entry == "sale")
    uncosted = as_number(sold.goods_cost.isnull()).sum()
    cost = (sold.goods_cost.fill_null(0) + sold.shipping_cost + sold.fees).sum().cast("float64")
    paid = (sold.gross - sold.discount + sold.shipping_income).sum().cast("float64")
    found = sold.group_by("order_key", "kind", "code").agg(
        paid=paid,
        off=sold.discount.sum().cast("float64"),
        cost=ibis.ifelse(uncosted > 0, ibis.null("float64"), cost),
    )
    return found.mutate(left=found.paid - found.cost)


def below_cost(costs: ir.Table, *by: str) -> ir.Table:
    """Of orders of `order_costs`: how many have a known cost (costed), how many bring less than they
    cost (below), and how many of those only because of the discount (pushed)."""
    is_below = (costs.left < 0).fill_null(False)
    sums = {
        "costed": costs.left.count(),
        "below": as_number(is_below).sum(),
        "pushed": as_number(is_below & (costs.left + costs.off >= 0)).sum(),
    }
    return costs.group_by(*by).agg(**sums) if by else costs.agg(**sums)


def given_share(discounts: float, margin: float | None) -> float | None:
    """The share of the margin without discounts that the discounts gave away.

    >>> given_share(25.0, 75.0), given_share(25.0, None), given_share(0.0, 0.0)
    (0.25, None, None)
    """
    if margin is None or margin + discounts <= 0:
        return None
    return discounts / (margin + discounts)


def habits(store: Tables, orders: ir.Table, ledger: ir.Table) -> ir.Table:
    """Known buyers by HABITS and `once` (one order, or more): people, orders, revenue, margin, costed
    (people whose costs are all known; margin is theirs), gross, off, and where a model told of them
    expected (contribution, else revenue, of the next 365 days) of so many foreseen.

    `orders` and `ledger` are rows of the marts up to a day.
    """
    known = orders.filter(orders.order_no.notnull())
    people = known.group_by("customer_key").agg(
        orders=known.count(),
        discounted=as_number(is_discounted(known)).sum(),
        gross=known.gross.sum().cast("float64"),
        off=known.discount.sum().cast("float64"),
    )
    rows = ledger.filter(ledger.customer_key.notnull())
    left = rows.gross - rows.discount - rows.refund - rows.goods_cost.fill_null(0)
    kept = rows.group_by("customer_key").agg(
        left=left.sum().cast("float64"), uncosted=as_number(rows.goods_cost.isnull()).sum()
    )
    people = people.left_join(kept, "customer_key").drop("customer_key_right")
    people = people.mutate(
        margin=ibis.ifelse(people.uncosted > 0, ibis.null("float64"), people.left),
        habit=ibis.cases(
            (people.discounted == people.orders, "always"),
            (people.discounted == 0, "never"),
            else_=ibis.literal("sometimes"),
        ),
        once=people.orders == 1,
    )
    people = _expecting(store, people)
    return people.group_by("habit", "once").agg(
        people=people.count(),
        orders=people.orders.sum().cast("int64"),
        revenue=(people.gross - people.off).sum(),
        margin=people.margin.sum(),
        costed=people.margin.count(),
        gross=people.gross.sum(),
        off=people.off.sum(),
        expected=people.expected.sum(),
        foreseen=people.expected.count(),
    )


def _expecting(store: Tables, people: ir.Table) -> ir.Table:
    if not store.has("lifetime_value"):
        return people.mutate(expected=ibis.null("float64"))
    value = store.table("lifetime_value")
    expected = ibis.coalesce(value.expected_contribution, value.expected_revenue)
    told = value.select("customer_key", expected=expected)
    return people.left_join(told, "customer_key").drop("customer_key_right")


def campaign_codes(store: Tables, campaigns: Sequence[str]) -> ir.Table:
    """Codes used by people of these campaigns in their days, by whether they were written to:
    campaign, first (day), code, and of both sides (written_, held_) orders and people.

    Imported campaigns count for TOUCH_DAYS from the day of the message, the shop's own for their
    window. Who is in both sides of a campaign is left out: what they were drawn for is not known.
    """
    members = _sides(store)
    members = members.filter(members.campaign.isin(list(campaigns) or [""]))
    orders = store.table("order_facts").select("order_key", "customer_key", "day", "coupon_code")
    orders = orders.filter(orders.coupon_code.nullif("").notnull())
    used = orders.join(members, "customer_key")
    used = used.filter((used.day >= used.begins) & (used.day <= used.ends))
    sums: dict[str, ir.Value] = {}
    for side in (_WRITTEN, _HELD):
        mine = used.side == side
        sums[f"{side}_orders"] = used.order_key.nunique(where=mine)
        sums[f"{side}_people"] = used.customer_key.nunique(where=mine)
    return used.group_by("campaign", code="coupon_code").agg(first=used.begins.min(), **sums)


def campaign_sides(store: Tables) -> ir.Table:
    """How many people each campaign with people held out has on its two sides: campaign, first (its
    day), written, held."""
    members = _sides(store)
    counts = {
        side: members.customer_key.nunique(where=members.side == side) for side in (_WRITTEN, _HELD)
    }
    found = members.group_by("campaign").agg(first=members.begins.min(), **counts)
    return found.filter((found.held > 0) & (found.written > 0))


def _sides(store: Tables) -> ir.Table:
    """One row a member of a campaign who is on one side: customer_key, campaign, begins, ends, side."""
    touches = store.table("touches")
    touches = touches.filter(touches.customer_key.notnull())
    last = touches.day.cast("timestamp") + ibis.interval(days=TOUCH_DAYS - 1)
    found = touches.select("customer_key", "campaign", "arm", begins="day", ends=last.cast("date"))
    if store.has("campaign_members") and store.has("campaigns"):
        campaigns, members = store.table("campaigns"), store.table("campaign_members")
        sealed = campaigns.filter(campaigns.sealed_on.notnull())
        own = members.join(sealed.rename(campaign_id="id"), "campaign_id")
        days = {"begins": own.starts_on.cast("date"), "ends": own.ends_on.cast("date")}
        found = found.union(
            own.select("customer_key", "arm", campaign=own.name, **days).select(*found.columns)
        )
    held = found.arm.isin(CONTROL_ARMS)
    side = ibis.ifelse(held, ibis.literal(_HELD), ibis.literal(_WRITTEN))
    told = found.mutate(side=side)
    told = told.group_by("customer_key", "campaign").agg(
        side=told.side.min(), other=told.side.max(), begins=told.begins.min(), ends=told.ends.max()
    )
    return told.filter(told.side == told.other).drop("other")
