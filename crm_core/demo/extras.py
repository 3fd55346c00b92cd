"""Orders beside the true process: cancelled, unpaid, test, brushed and those of nobody known."""

from __future__ import annotations

import numpy as np

from crm_core.demo.calendar import Calendar, seconds_of_day
from crm_core.demo.parameters import ODDITIES
from crm_core.demo.people import BRUSHER, INTERNAL, People
from crm_core.demo.process import (
    ANONYMOUS,
    BRUSHED,
    CANCELLED,
    MARKETPLACE,
    NO_TALK,
    SHOP,
    TEST,
    UNPAID,
    WEB,
    Orders,
    dress,
    together,
)

BRUSH_BURSTS = 9


def with_extras(
    rng: np.random.Generator, calendar: Calendar, people: People, orders: Orders
) -> Orders:
    """All orders of the log, in order of time."""
    return together(
        (
            orders,
            _given_up(rng, orders, ODDITIES.cancelled, CANCELLED),
            _given_up(rng, orders, ODDITIES.unpaid, UNPAID),
            _anonymous(rng, orders),
            _tests(rng, calendar, people),
            _brushed(rng, calendar, people),
        )
    )


def _given_up(rng: np.random.Generator, orders: Orders, share: float, origin: int) -> Orders:
    """Tries shortly before an order that then went through, so the true process stays as it is."""
    twin = orders.take(np.flatnonzero(rng.random(len(orders)) < share))
    twin.second = np.maximum(twin.second - rng.integers(240, 5400, len(twin)), 0)
    twin.origin[:] = origin
    twin.talk_after[:] = NO_TALK
    twin.late[:] = False
    return twin


def _anonymous(rng: np.random.Generator, orders: Orders) -> Orders:
    """Sales over the counter of the shop: no account, no e-mail."""
    some = orders.take(np.flatnonzero(rng.random(len(orders)) < ODDITIES.anonymous))
    some.person[:] = -1
    some.second = rng.integers(10 * 3600, 19 * 3600, len(some))
    some.origin[:] = ANONYMOUS
    some.channel[:] = SHOP
    some.lag[:] = 0.0
    some.late[:] = False
    some.talk_after[:] = NO_TALK
    return some


def _tests(rng: np.random.Generator, calendar: Calendar, people: People) -> Orders:
    """Orders of staff: tries of the checkout, and real ones for themselves."""
    staff = np.repeat(np.flatnonzero(people.kind == INTERNAL), ODDITIES.internal_orders)
    first = people.first_day[staff]
    day = first + (rng.random(len(staff)) * (calendar.days - first)).astype(np.int64)
    # The first order stands at first sight.
    day[:: ODDITIES.internal_orders] = first[:: ODDITIES.internal_orders]
    made = dress(rng, calendar, people, staff, day, TEST)
    made.channel[:] = WEB
    made.talk_after[:] = NO_TALK
    return made


def _brushed(rng: np.random.Generator, calendar: Calendar, people: People) -> Orders:
    """Bought by the shop itself to lift its ranking: bursts of a few days, quick and silent."""
    brushers = np.flatnonzero(people.kind == BRUSHER)
    person = np.repeat(brushers, rng.poisson(ODDITIES.brushed_orders, len(brushers)))
    starts = np.linspace(0.12, 0.97, BRUSH_BURSTS) * calendar.days
    burst = rng.integers(0, BRUSH_BURSTS, len(person))
    day = starts[burst].astype(np.int64) + rng.integers(0, 4, len(person))
    made = dress(rng, calendar, people, person, np.minimum(day, calendar.days - 1), BRUSHED)
    made.second = rng.integers(1, 5, len(made)) * 3600 + seconds_of_day(rng, len(made)) % 3600
    made.channel = np.where(rng.random(len(made)) < 0.7, MARKETPLACE, WEB)
    made.talk_after[:] = NO_TALK
    made.late[:] = False
    made.lag = np.minimum(made.lag, 1.0 + rng.random(len(made)))
    people.first_day[brushers] = calendar.days
    np.minimum.at(people.first_day, person, made.day)
    return made
