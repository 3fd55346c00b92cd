"""One block of customers from the first draw to the canonical tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crm_core.demo.after import Refunds, Stars, Talks, give_back, star, talk
from crm_core.demo.basket import Lines, fill_baskets
from crm_core.demo.calendar import Calendar
from crm_core.demo.checkout import REFUNDED, Checkout, check_out
from crm_core.demo.coupons import Use, use_coupons
from crm_core.demo.extras import with_extras
from crm_core.demo.identities import (
    Identities,
    Signed,
    hostile_people,
    make_identities,
    order_numbers,
    sign_orders,
)
from crm_core.demo.people import (
    People,
    make_people,
)
from crm_core.demo.process import (
    Orders,
    Touches,
    campaign_orders,
    leave_after_slow_replies,
    ordinary_orders,
)
from crm_core.demo.seeds import stream
from crm_core.demo.shop import stock_outs
from crm_core.demo.visits import Visits, make_visits

Ints = NDArray[np.int64]

PEOPLE_STEP = 60_000
ORDER_STEP = 1_000_000


@dataclass
class Block:
    """Everything drawn for some customers; `number` counts each person's orders from 0."""

    place: int
    calendar: Calendar
    people: People
    who: Identities
    orders: Orders
    number: Ints
    signed: Signed
    use: Use
    lines: Lines
    checkout: Checkout
    refunds: Refunds
    talks: Talks
    stars: Stars
    touches: Touches
    visits: Visits


def make_block(seed: int, place: int, customers: int, calendar: Calendar) -> Block:
    """Draws one block; blocks do not depend on each other."""

    def draw(topic: str) -> np.random.Generator:
        return stream(seed, place, topic)

    people = make_people(draw("people"), calendar, customers, 1 + place * PEOPLE_STEP)
    hostile = hostile_people(people, calendar.days) if place == 0 else np.zeros(0, dtype=np.int64)
    orders = ordinary_orders(draw("process"), calendar, people)
    orders = leave_after_slow_replies(draw("slow"), calendar, people, orders)
    orders, touches = campaign_orders(draw("campaigns"), calendar, people, orders)
    orders = with_extras(draw("extras"), calendar, people, orders)
    number = order_numbers(orders)
    use = use_coupons(draw("coupons"), calendar, people, orders, number == 0)
    out = stock_outs(calendar)
    lines = fill_baskets(draw("baskets"), calendar, people, orders, use, out)
    checkout = check_out(draw("checkout"), calendar, people, orders, lines)
    refunds = give_back(draw("refunds"), calendar, orders, lines, checkout)
    _mark_refunded(orders, lines, checkout, refunds)
    who = make_identities(draw("identities"), people, hostile, lookalikes=place == 0)
    return Block(
        place=place,
        calendar=calendar,
        people=people,
        who=who,
        orders=orders,
        number=number,
        signed=sign_orders(draw("sign"), people, orders, number, who),
        use=use,
        lines=lines,
        checkout=checkout,
        refunds=refunds,
        talks=talk(draw("talks"), calendar, orders, checkout, refunds),
        stars=star(draw("stars"), calendar, orders, lines, checkout, refunds),
        touches=touches,
        visits=make_visits(draw("visits"), calendar, people, orders, lines, checkout),
    )


def _mark_refunded(orders: Orders, lines: Lines, checkout: Checkout, refunds: Refunds) -> None:
    """An order whose whole value went back is in the state `refunded`."""
    back = np.bincount(refunds.order, weights=refunds.amount, minlength=len(orders))
    checkout.status[(back >= checkout.revenue) & (checkout.revenue > 0)] = REFUNDED
