"""Visits of the last 90 days: views, carts, checkouts and purchases on the site and in the app."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crm_core.demo.basket import Lines
from crm_core.demo.calendar import Calendar, seconds_of_day
from crm_core.demo.checkout import CANCELLED_STATE, PENDING, TEST_STATE, Checkout
from crm_core.demo.people import People
from crm_core.demo.process import APP, WEB, Orders
from crm_core.demo.seeds import pick

Ints = NDArray[np.int64]

VISIT_DAYS = 90
STEPS = ("view", "cart", "checkout", "purchase")
VIEW, CART, CHECKOUT, PURCHASE = range(4)
VISIT_SOURCES = ("direct", "email", "search_ads", "organic", "social_ads", "affiliate", "referral")
# Visits without an order, for each with one; how far they come.
IDLE_VISITS = 9.0
IDLE_REACH = (0.79, 0.15, 0.06)
LOGGED_IN = 0.7
_STRANGER = 30_000_000


@dataclass(frozen=True)
class Visits:
    """One entry an event, in order of time; `person` and `product` are -1 where unknown."""

    person: Ints
    visitor: Ints
    at: Ints
    step: Ints
    product: Ints
    source: Ints


def make_visits(
    rng: np.random.Generator,
    calendar: Calendar,
    people: People,
    orders: Orders,
    lines: Lines,
    checkout: Checkout,
) -> Visits:
    """All events of the window; visits that end in an order carry its time and products."""
    parts = [
        _buying(rng, calendar, people, orders, lines, checkout),
        _idle(rng, calendar, people, orders, lines, len(orders)),
    ]
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])
    }
    end = int(calendar.utc(np.array([calendar.days]), np.array([0]))[0])
    inside = np.flatnonzero(joined["at"] < end)
    order = inside[
        np.lexsort((joined["step"][inside], joined["visitor"][inside], joined["at"][inside]))
    ]
    return Visits(**{name: values[order] for name, values in joined.items()})


def _window(calendar: Calendar) -> int:
    return max(calendar.days - VISIT_DAYS, 0)


def _buying(
    rng: np.random.Generator,
    calendar: Calendar,
    people: People,
    orders: Orders,
    lines: Lines,
    checkout: Checkout,
) -> Visits:
    bought = (orders.day >= _window(calendar)) & np.isin(orders.channel, (WEB, APP))
    bought &= ~np.isin(checkout.status, (PENDING, CANCELLED_STATE, TEST_STATE))
    bought &= orders.person >= 0
    order = np.flatnonzero(bought)
    n = len(order)
    starts = np.searchsorted(lines.order, np.arange(len(orders)))
    looked = 1 + np.minimum(rng.poisson(0.9, n), 4)
    view = np.repeat(np.arange(n), looked)
    some = np.concatenate((view, np.arange(n), np.arange(n), np.arange(n)))
    step = np.concatenate((np.full(len(view), VIEW), np.repeat([CART, CHECKOUT, PURCHASE], n)))
    seen = lines.product[rng.integers(0, len(lines), len(some))]
    first = np.concatenate(([True], view[1:] != view[:-1])) if n else np.zeros(0, dtype=bool)
    in_basket = np.concatenate((first, np.ones(n, bool), np.zeros(2 * n, bool)))
    product = np.where(in_basket, lines.product[starts[order[some]]], seen)
    product = np.where(step >= CHECKOUT, -1, product)
    before = np.select(
        [step == VIEW, step == CART, step == CHECKOUT],
        [rng.integers(300, 1500, len(some)), rng.integers(150, 290, len(some)), 75],
        0,
    )
    person = orders.person[order]
    shown = np.where(rng.random(n) < LOGGED_IN, person, -1)
    return Visits(
        person=shown[some],
        visitor=people.number[person][some],
        at=checkout.ordered_at[order[some]] - before * 1_000_000,
        step=step,
        product=product,
        source=pick(rng, (0.34, 0.17, 0.16, 0.18, 0.08, 0.04, 0.03), n)[some],
    )


def _idle(
    rng: np.random.Generator,
    calendar: Calendar,
    people: People,
    orders: Orders,
    lines: Lines,
    strangers: int,
) -> Visits:
    start = _window(calendar)
    recent = (orders.day >= start) & np.isin(orders.channel, (WEB, APP))
    n = int(recent.sum() * IDLE_VISITS)
    flow = np.cumsum(calendar.factor[start : calendar.days])
    day = start + np.searchsorted(flow, rng.random(n) * flow[-1])
    reach = pick(rng, IDLE_REACH, n)
    looked = 1 + np.minimum(rng.poisson(0.5, n), 5)
    view = np.repeat(np.arange(n), looked)
    cart, checkout = np.flatnonzero(reach >= CART), np.flatnonzero(reach >= CHECKOUT)
    some = np.concatenate((view, cart, checkout))
    step = np.repeat([VIEW, CART, CHECKOUT], [len(view), len(cart), len(checkout)])
    after = np.select(
        [step == VIEW, step == CART],
        [rng.integers(0, 600, len(some)), rng.integers(601, 700, len(some))],
        rng.integers(701, 900, len(some)),
    )
    at = calendar.utc(day, seconds_of_day(rng, n))[some] + after * 1_000_000
    who = np.where(rng.random(n) < 0.18, rng.integers(0, len(people), n), -1)
    who = np.where((who >= 0) & people.usual[who] & (people.first_day[who] <= day), who, -1)
    visitor = np.where(
        who >= 0, people.number[who], _STRANGER + people.number[0] * 10 + np.arange(n)
    )
    product = lines.product[rng.integers(0, len(lines), len(some))]
    return Visits(
        person=who[some],
        visitor=visitor[some],
        at=at,
        step=step,
        product=np.where(step == CHECKOUT, -1, product),
        source=pick(rng, (0.22, 0.08, 0.26, 0.20, 0.18, 0.04, 0.02), n)[some],
    )
