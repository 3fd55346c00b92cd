"""The invented shop as a stream of canonical tables, of any size and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa

from crm_core.demo import shop
from crm_core.demo.block import Block, make_block
from crm_core.demo.calendar import make_calendar
from crm_core.demo.checkout import CANCELLED_STATE, PENDING, TEST_STATE
from crm_core.demo.seeds import stream
from crm_core.demo.tables import block_tables
from crm_core.demo.truths import Truths

BLOCK_CUSTOMERS = 50_000
END_DAY = date(2026, 10, 31)


def generate(
    customers: int = 5000,
    months: int = 30,
    seed: int = 7,
    end_day: date = END_DAY,
    *,
    truths: Truths | None = None,
) -> Iterator[tuple[str, pa.Table]]:
    """The shop's tables in parts: name and rows; a table comes once for each 50,000 customers.

    Everything is invented, and the same for the same arguments. `truths` is filled on the way
    with what was planted (keep it for small shops: it holds an entry a customer).
    """
    calendar = make_calendar(months, end_day)
    totals = shop.Totals(calendar)
    yield "products", shop.products()
    yield "coupons", shop.coupons(calendar)
    yield "events", shop.events(calendar)
    for place, first in enumerate(range(0, customers, BLOCK_CUSTOMERS)):
        size = min(BLOCK_CUSTOMERS, customers - first)
        block = make_block(seed, place, size, calendar)
        _add_up(totals, block)
        yield from block_tables(seed, block)
        if truths is not None:
            truths.add(seed, block)
    yield "costs", shop.costs(stream(seed, 0, "costs"), totals)
    yield "stock", shop.stock(stream(seed, 0, "stock"), totals)


def _add_up(totals: shop.Totals, block: Block) -> None:
    """What the shop as a whole needs from a block: newcomers, pieces sold and orders by day."""
    days = block.calendar.days
    counts = ~np.isin(block.checkout.status, (PENDING, CANCELLED_STATE, TEST_STATE))
    orders, lines = block.orders, block.lines
    new = (block.number == 0) & (orders.person >= 0) & counts
    new &= block.people.usual[orders.person]
    np.add.at(totals.new_buyers, (block.people.source[orders.person[new]], orders.day[new]), 1)
    sold = counts[lines.order]
    cell = lines.product[sold] * days + orders.day[lines.order[sold]]
    totals.units += (
        np.bincount(cell, weights=lines.quantity[sold], minlength=totals.units.size)
        .reshape(totals.units.shape)
        .astype(np.int64)
    )
    totals.orders += np.bincount(orders.day[counts], minlength=days)
