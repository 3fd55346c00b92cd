"""What each person is truly worth: hidden rates, the day of leaving, and the year after the log."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crm_core.demo.arrow import words
from crm_core.demo.block import Block
from crm_core.demo.checkout import CANCELLED_STATE, PENDING, TEST_STATE
from crm_core.demo.parameters import PROCESS, SOURCES
from crm_core.demo.people import KINDS
from crm_core.demo.seeds import stream
from crm_core.demo.shop import epoch_days
from crm_core.demo.tables import customer_ids, order_ids

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HORIZON_DAYS = 365
_CHUNK = 5_000


def people_table(seed: int, block: Block) -> pa.Table:
    """One row a person who buys by the true process.

    `left_on` is empty for those who stay beyond ten years; `expected_*` is what the hidden rates
    promise for the 365 days after the log to somebody still there, `next_*` one way it goes on.
    Contribution is before marketing.
    """
    people, calendar = block.people, block.calendar
    who = np.flatnonzero(people.usual)
    mine = people.take(who)
    expected = _expected_orders(block, who)
    share = contribution_share(block)[who]
    coming, money = _next_year(seed, block, who)
    left = np.floor(mine.left).astype(np.int64)
    first = _first_orders(block)[who]
    return pa.table(
        {
            "person": pa.array(mine.number),
            "kind": words(mine.kind, KINDS),
            "customer_id": customer_ids(people, who),
            "first_order_id": order_ids(block, first),
            "acquisition_source": words(mine.source, SOURCES),
            "rate_per_day": _short(mine.rate),
            "leaving_rate_per_day": _short(mine.leaving),
            "left_on": pa.array(
                (left + epoch_days(calendar)).astype(np.int32), mask=left > 3650
            ).view(pa.date32()),
            "is_there_at_end": pa.array(mine.left > calendar.days),
            "mean_order_value": _short(mine.spend),
            "contribution_share": _short(share),
            "expected_orders_365": _short(expected),
            "expected_revenue_365": _short(expected * mine.spend),
            "expected_contribution_365": _short(expected * mine.spend * share),
            "next_orders_365": pa.array(coming, type=pa.int32()),
            "next_revenue_365": _short(money),
        }
    )


def contribution_share(block: Block) -> Floats:
    """What is left of a unit of revenue, by person: their home channel and favourite category.

    After goods, refunds, shipping, fees and service; measured over the block's own orders.
    """
    revenue, contribution = _order_money(block)
    people, orders = block.people, block.orders
    use = (orders.person >= 0) & ~np.isin(
        block.checkout.status, (PENDING, CANCELLED_STATE, TEST_STATE)
    )
    use &= people.usual[orders.person]
    cell = people.home * 10 + people.category
    at = cell[orders.person[use]]
    earned = np.bincount(at, weights=contribution[use], minlength=60)
    sold = np.bincount(at, weights=revenue[use], minlength=60)
    overall = float(earned.sum() / max(sold.sum(), 1.0))
    # A cell with few orders leans on the whole.
    return ((earned + overall * 200_000) / (sold + 200_000))[cell]


def _order_money(block: Block) -> tuple[Floats, Floats]:
    """Revenue and contribution of each order in cents, before marketing."""
    n, lines, back = len(block.orders), block.lines, block.refunds
    cost = np.rint(lines.unit_cost * lines.quantity / 100)
    goods = np.bincount(lines.order, weights=cost, minlength=n)
    refunded = np.bincount(back.order, weights=back.amount, minlength=n)
    kept = back.restocked & (back.line >= 0)
    returned = lines.unit_cost[back.line[kept]] * back.quantity[kept] / 100
    goods -= np.bincount(back.order[kept], weights=returned, minlength=n)
    talks = block.talks.order >= 0
    service = np.bincount(block.talks.order[talks], weights=block.talks.cost[talks], minlength=n)
    done = block.checkout
    money = done.revenue - refunded - goods + done.shipping_income - done.shipping_cost
    return done.revenue.astype(np.float64), (money - done.fees - service).astype(np.float64)


def _expected_orders(block: Block, who: Ints) -> Floats:
    """Rate times the calendar, thinned by the chance of still being there on each day."""
    people, calendar = block.people, block.calendar
    ahead = calendar.factor[calendar.days : calendar.days + HORIZON_DAYS]
    days = np.arange(HORIZON_DAYS) + 0.5
    made = np.zeros(len(who))
    for start in range(0, len(who), _CHUNK):
        some = who[start : start + _CHUNK]
        stays = np.exp(-people.leaving[some][:, None] * days)
        made[start : start + _CHUNK] = people.rate[some] * (stays @ ahead)
    return np.where(people.left[who] > calendar.days, made, 0.0)


def _next_year(seed: int, block: Block, who: Ints) -> tuple[Ints, Floats]:
    """One draw of the year after the log, until the day each person leaves."""
    rng = stream(seed, block.place, "next_year")
    people, calendar = block.people, block.calendar
    stop = np.clip(people.left[who], calendar.days, calendar.days + HORIZON_DAYS)
    at = np.interp(stop, np.arange(len(calendar.cumulative)), calendar.cumulative)
    span = at - calendar.cumulative[calendar.days]
    coming = rng.poisson(people.rate[who] * span)
    shape = np.maximum(coming * PROCESS.p, 1e-9)
    money = rng.gamma(shape, 1 / PROCESS.p) * people.spend[who]
    return coming, np.where(coming > 0, money, 0.0)


def _first_orders(block: Block) -> Ints:
    known = np.flatnonzero((block.number == 0) & (block.orders.person >= 0))
    first = np.full(len(block.people), -1)
    first[block.orders.person[known]] = known
    return first


def _short(values: Floats) -> pa.Array:
    return pa.array(values.astype(np.float32))
