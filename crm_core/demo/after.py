"""What comes after an order: refunds, contacts and stars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crm_core.demo.basket import Lines
from crm_core.demo.calendar import DAY_US, Calendar
from crm_core.demo.catalog import load_catalog
from crm_core.demo.checkout import Checkout
from crm_core.demo.parameters import BAD_PRODUCTS, SERVICE
from crm_core.demo.process import (
    ANONYMOUS,
    BRUSHED,
    BY_PHONE,
    IN_SHOP,
    TEST,
    Orders,
    reply_minutes,
)
from crm_core.demo.seeds import pick, pick_rows

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

REASONS = ("changed_mind", "not_as_described", "damaged", "wrong_size", "late", "goodwill")
GOODWILL = 5
TOPICS = ("delivery", "return", "product", "payment", "complaint", "advice", "offer")
DELIVERY, RETURN = 0, 1
_TALK_COST = np.array([620, 360, 280, 150])


@dataclass(frozen=True)
class Refunds:
    """One entry a refund, in order of time; `line` is -1 for a whole order."""

    order: Ints
    line: Ints
    at: Ints
    amount: Ints
    quantity: Ints
    restocked: Flags
    reason: Ints


@dataclass(frozen=True)
class Talks:
    """One entry a contact, in order of time; `order` is -1 and `rating` 0 where there is none."""

    person: Ints
    order: Ints
    at: Ints
    outbound: Flags
    channel: Ints
    topic: Ints
    reply: Floats
    resolved: Flags
    rating: Ints
    cost: Ints


@dataclass(frozen=True)
class Stars:
    """One entry a review, in order of time."""

    line: Ints
    at: Ints
    stars: Ints
    suspicious: Flags
    burst: Ints


def _end(calendar: Calendar) -> int:
    return int(calendar.utc(np.array([calendar.days]), np.array([0]))[0])


def give_back(
    rng: np.random.Generator,
    calendar: Calendar,
    orders: Orders,
    lines: Lines,
    checkout: Checkout,
) -> Refunds:
    """Refunds of lines, whole or in part, and small goodwill payments for late parcels."""
    catalog = load_catalog()
    chance = catalog.refund_rate[lines.product] * np.where(orders.late[lines.order], 1.7, 1.0)
    chance = chance * np.isin(catalog.names, BAD_PRODUCTS)[lines.product] * 2.5 + chance
    usual = checkout.arrived & ~np.isin(orders.origin, (BRUSHED, TEST, ANONYMOUS))
    back = np.flatnonzero((rng.random(len(lines)) < chance) & usual[lines.order])
    amount, quantity, part = _amounts(rng, lines, back)
    at = checkout.delivered_at[lines.order[back]] + _days(rng, 2, 9.0, len(back))
    reason = pick(rng, (0.38, 0.22, 0.20, 0.15, 0.05), len(back))
    sorry = np.flatnonzero(orders.late & usual & (checkout.revenue > 2000))
    sorry = sorry[rng.random(len(sorry)) < 0.08]
    sorry = sorry[~np.isin(sorry, lines.order[back])]
    made = Refunds(
        order=np.concatenate((lines.order[back], sorry)),
        line=np.concatenate((back, np.full(len(sorry), -1))),
        at=np.concatenate((at, checkout.delivered_at[sorry] + _days(rng, 0, 2.0, len(sorry)))),
        amount=np.concatenate((amount, np.full(len(sorry), 500))),
        quantity=np.concatenate((quantity, np.zeros(len(sorry), dtype=np.int64))),
        restocked=np.concatenate(
            ((rng.random(len(back)) < 0.72) & ~part & (reason != 2), np.zeros(len(sorry), bool))
        ),
        reason=np.concatenate((reason, np.full(len(sorry), GOODWILL))),
    )
    keep = np.flatnonzero((made.at < _end(calendar)) & (made.amount > 0))
    keep = keep[np.lexsort((made.order[keep], made.at[keep]))]
    return Refunds(**{name: values[keep] for name, values in vars(made).items()})


def _amounts(rng: np.random.Generator, lines: Lines, back: Ints) -> tuple[Ints, Ints, Flags]:
    """Most lines come back whole; some pieces of several; some keep the goods for less."""
    net, had = lines.net[back], lines.quantity[back]
    some = (had > 1) & (rng.random(len(back)) < 0.5)
    quantity = np.where(some, 1 + (rng.random(len(back)) * (had - 1)).astype(np.int64), had)
    amount = np.rint(net * quantity / had).astype(np.int64)
    part = rng.random(len(back)) < 0.13
    amount = np.where(part, np.rint(net * rng.uniform(0.15, 0.5, len(back))), amount)
    return amount.astype(np.int64), np.where(part, 0, quantity), part


def _days(rng: np.random.Generator, least: int, mean: float, size: int) -> Ints:
    minutes = (least + rng.exponential(mean, size)) * 1440
    return minutes.astype(np.int64) * 60_000_000


def talk(
    rng: np.random.Generator,
    calendar: Calendar,
    orders: Orders,
    checkout: Checkout,
    refunds: Refunds,
) -> Talks:
    """Contacts about orders and refunds, and calls of the shop to people."""
    about = np.flatnonzero(np.isfinite(orders.talk_after))
    returns = np.flatnonzero((rng.random(len(refunds.order)) < 0.22) & (refunds.reason != GOODWILL))
    returned = refunds.order[returns]
    called = np.flatnonzero((orders.person >= 0) & (rng.random(len(orders)) < 0.006))
    return_channel = pick(rng, (0.3, 0.44, 0.22, 0.04), len(returns))
    order = np.concatenate((about, returned, called))
    after = (np.where(np.isfinite(orders.talk_after), orders.talk_after, 0.0) * DAY_US).astype(
        np.int64
    )
    at = np.concatenate(
        (
            checkout.ordered_at[about] + after[about],
            refunds.at[returns] - 86_400_000_000,
            checkout.ordered_at[called] + _days(rng, 20, 60.0, len(called)),
        )
    )
    outbound = np.arange(len(order)) >= len(about) + len(returns)
    channel = np.concatenate(
        (orders.talk_channel[about], return_channel, np.full(len(called), BY_PHONE))
    )
    # A return is answered in time: the planted harm of slow replies is in the other contacts.
    reply = np.concatenate(
        (
            orders.reply[about],
            np.minimum(reply_minutes(rng, return_channel), SERVICE.slow_minutes - 60.0),
            np.zeros(len(called)),
        )
    )
    topic = np.where(
        orders.late[order], DELIVERY, 2 + pick(rng, (0.42, 0.16, 0.18, 0.24), len(order))
    )
    topic[len(about) : len(about) + len(returns)] = RETURN
    topic[outbound] = len(TOPICS) - 1
    return _rated(rng, calendar, orders, order, at, outbound, channel, topic, reply)


def _rated(
    rng: np.random.Generator,
    calendar: Calendar,
    orders: Orders,
    order: Ints,
    at: Ints,
    outbound: Flags,
    channel: Ints,
    topic: Ints,
    reply: Floats,
) -> Talks:
    n = len(order)
    slow = reply > SERVICE.slow_minutes
    resolved = rng.random(n) < np.where(slow, 0.62, 0.88)
    mood = 4.6 - 1.5 * slow - 0.7 * orders.late[order] - 1.0 * ~resolved + rng.normal(0, 0.7, n)
    rated = (rng.random(n) < 0.38) & ~outbound
    at = _when_open(rng, calendar, at // 60_000_000 * 60_000_000, channel)
    made = Talks(
        person=orders.person[order],
        order=np.where(outbound, -1, order),
        at=at,
        outbound=outbound,
        channel=channel,
        topic=topic,
        reply=reply,
        resolved=resolved,
        rating=np.where(rated, np.clip(np.rint(mood), 1, 5), 0).astype(np.int64),
        cost=np.rint(_TALK_COST[channel] * rng.lognormal(0, 0.25, n)).astype(np.int64),
    )
    keep = np.flatnonzero(at < _end(calendar))
    keep = keep[np.lexsort((order[keep], at[keep]))]
    return Talks(**{name: values[keep] for name, values in vars(made).items()})


def _when_open(rng: np.random.Generator, calendar: Calendar, at: Ints, channel: Ints) -> Ints:
    """Calls and visits to the shop between nine and seven; no earlier than they were due."""
    start = int(calendar.utc(np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64))[0])
    minute = rng.integers(9 * 60, 19 * 60, len(at))
    opened = calendar.utc((at - start) // DAY_US, minute * 60)
    opened = np.where(opened < at, opened + DAY_US, opened)
    return np.where(np.isin(channel, (BY_PHONE, IN_SHOP)), opened, at)


def star(
    rng: np.random.Generator,
    calendar: Calendar,
    orders: Orders,
    lines: Lines,
    checkout: Checkout,
    refunds: Refunds,
) -> Stars:
    """Reviews of lines: good and bad products, late parcels, refunds, and the bought ones."""
    catalog = load_catalog()
    fake_line = orders.origin[lines.order] == BRUSHED
    usual = checkout.arrived & ~np.isin(orders.origin, (TEST, ANONYMOUS))
    chance = np.where(fake_line, 0.75, SERVICE.review)
    bad = np.isin(catalog.names, BAD_PRODUCTS)
    chance = np.where(bad[lines.product], 2.5 * SERVICE.review, chance)
    line = np.flatnonzero((rng.random(len(lines)) < chance) & usual[lines.order])
    n, order = len(line), lines.order[line]
    quality = np.where(bad, 2.3, 4.45 + np.random.default_rng(20240503).normal(0, 0.2, len(bad)))
    returned = np.isin(line, refunds.line[refunds.line >= 0])
    mood = quality[lines.product[line]] + rng.normal(0, 0.85, n)
    mood -= 2.6 * (rng.random(n) < SERVICE.unhappy)
    mood += SERVICE.late_stars * orders.late[order] + SERVICE.refund_stars * returned
    fake = fake_line[line]
    stars = np.where(fake, 5, np.clip(np.rint(mood), 1, 5)).astype(np.int64)
    wait = np.where(fake, 3600_000_000 * rng.integers(2, 30, n), _days(rng, 1, 9.0, n))
    at = checkout.delivered_at[order] + wait
    keep = np.flatnonzero(at < _end(calendar))
    keep = keep[np.lexsort((line[keep], at[keep]))]
    burst = pick_rows(rng, np.ones((1, 6)), np.zeros(n, dtype=np.int64))
    return Stars(
        line=line[keep],
        at=at[keep],
        stars=stars[keep],
        suspicious=fake[keep],
        burst=burst[keep],
    )
