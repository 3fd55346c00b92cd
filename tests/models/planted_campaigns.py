"""Campaigns of generated shops, whose true lift is known.

Read from the generator's orders and touches (before they are dressed as files, which takes most of
the time of a shop). By what was known before: recency, orders of 84 and 365 days and of all time,
tenure, and the category a person favours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from crm_core.demo import END_DAY
from crm_core.demo.calendar import Calendar, make_calendar
from crm_core.demo.generate import BLOCK_CUSTOMERS
from crm_core.demo.parameters import CAMPAIGNS
from crm_core.demo.people import People, make_people
from crm_core.demo.process import (
    Orders,
    Touches,
    campaign_orders,
    leave_after_slow_replies,
    ordinary_orders,
)
from crm_core.demo.seeds import stream
from crm_core.models.lift import COLUMNS, Lift, Moments, lift
from crm_core.models.triples import Floats
from crm_core.models.uplift import Lesson

PEOPLE_STEP = 60_000


@dataclass(frozen=True)
class Sent:
    """The people of one campaign over all blocks, and its true lift."""

    lesson: Lesson
    orders_before: Floats
    true_lift: float


def block(seed: int, place: int, size: int, calendar: Calendar) -> tuple[People, Orders, Touches]:
    def draw(topic: str) -> np.random.Generator:
        return stream(seed, place, topic)

    people = make_people(draw("people"), calendar, size, 1 + place * PEOPLE_STEP)
    orders = ordinary_orders(draw("process"), calendar, people)
    orders = leave_after_slow_replies(draw("slow"), calendar, people, orders)
    orders, touches = campaign_orders(draw("campaigns"), calendar, people, orders)
    return people, orders, touches


def sent(seed: int, customers: int) -> list[Sent]:
    """Both campaigns of a shop, in the order of CAMPAIGNS."""
    calendar = make_calendar(30, END_DAY)
    parts: list[list[tuple]] = [[] for _ in CAMPAIGNS]
    for place in range(max(customers // BLOCK_CUSTOMERS, 1)):
        people, orders, touches = block(seed, place, min(BLOCK_CUSTOMERS, customers), calendar)
        for campaign, found in enumerate(parts):
            found.append(part(people, orders, touches, campaign))
    return [joined(found) for found in parts]


def joined(parts: list[tuple]) -> Sent:
    design, treated, buys, would, before = (np.concatenate(x) for x in zip(*parts, strict=True))
    bought = np.where(treated, buys, would).astype(float)
    lesson = Lesson(np.arange(len(bought)), design, treated, bought, 25.0 * bought)
    return Sent(lesson, before, float((buys & ~would)[treated].mean()))


def part(people: People, orders: Orders, touches: Touches, campaign: int) -> tuple:
    mine = touches.campaign == campaign
    person, day = touches.person[mine], int(touches.day[mine][0])
    past = orders.day < day
    who, when = orders.person[past], orders.day[past]
    known = who >= 0
    who, when = who[known], when[known]
    size = len(people)
    last, first = np.full(size, -1_000.0), np.full(size, 1_000.0)
    np.maximum.at(last, who, when)
    np.minimum.at(first, who, when)
    counts = [np.bincount(who[when >= day - days], minlength=size) for days in (84, 365, 10_000)]
    facts = [np.log1p(count[person]) for count in counts]
    facts += [np.log1p(day - last[person]), np.log1p(np.maximum(day - first[person], 0))]
    category = people.category[person]
    facts += [category == code for code in range(1, category.max() + 1)]
    design = np.column_stack(facts).astype(float)
    return (
        design,
        touches.treated[mine],
        touches.buys[mine],
        touches.would_buy[mine],
        counts[0][person].astype(float),
    )


def moments(one: Sent, arm: np.ndarray) -> dict[str, Moments]:
    rows = np.zeros((int(arm.sum()), len(COLUMNS)))
    rows[:, 0] = one.lesson.bought[arm]
    rows[:, COLUMNS.index("orders_before")] = one.orders_before[arm]
    return {"": Moments.of(rows)}


def measured(one: Sent) -> Lift:
    """The lift in buyers, as a result page would tell it."""
    treated = one.lesson.treated
    return lift(moments(one, treated), moments(one, ~treated), "buyers")


def null(lesson: Lesson, seed: int) -> Lesson:
    """Only people held out, their arms drawn anew."""
    held = ~lesson.treated
    drawn = np.random.default_rng(seed).random(int(held.sum())) < 0.6
    kept = {
        name: getattr(lesson, name)[held] for name in ("customer_key", "design", "bought", "margin")
    }
    return replace(lesson, treated=drawn, **kept)
