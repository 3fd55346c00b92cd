"""Coupon codes, when they are valid, and who uses one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from crm_core.demo.calendar import Calendar
from crm_core.demo.parameters import CAMPAIGNS, SOURCES
from crm_core.demo.people import People
from crm_core.demo.process import ANONYMOUS, ANSWER, BRUSHED, TEST, Orders

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Event, code stem, percent off, share of that event's orders that use it.
_EVENT_CODES = {
    "tea_weeks": ("TEAWEEKS", 15, 0.45),
    "midyear": ("MID618-", 12, 0.40),
    "singles_day": ("SINGLES", 20, 0.60),
    "black_friday": ("BLACK", 15, 0.50),
}
_WELCOME, _FRIEND, _SORRY = 0.26, 0.60, 0.012


@dataclass(frozen=True)
class Coupon:
    """A code; `rate` is the percent off, `amount` cents off."""

    code: str
    rate: float
    amount: int
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class Use:
    """By order: the place of the code (-1 without), the share and the cents it takes off."""

    code: Ints
    rate: Floats
    amount: Ints


def make_coupons(calendar: Calendar) -> tuple[Coupon, ...]:
    """All codes of the shop; the lasting ones first."""
    first, last = calendar.start, calendar.end
    made = [
        Coupon("WELCOME10", 0.10, 0, first, last),
        Coupon("FRIEND10", 0.10, 0, first, last),
        Coupon("SORRY5", 0.0, 500, first, last),
        *(Coupon(_campaign_code(c.code), 0.12, 0, first, last) for c in CAMPAIGNS),
    ]
    for event in calendar.events:
        if event.code in _EVENT_CODES and event.starts_on <= last:
            stem, percent, _ = _EVENT_CODES[event.code]
            code = f"{stem}{event.starts_on:%y}"
            made.append(Coupon(code, percent / 100, 0, event.starts_on, event.ends_on))
    return tuple(made)


def use_coupons(
    rng: np.random.Generator, calendar: Calendar, people: People, orders: Orders, is_first: Ints
) -> Use:
    """Which order used which code: newcomers, friends, events, answers to campaigns."""
    coupons = make_coupons(calendar)
    n = len(orders)
    draw = rng.random(n)
    code = np.where(draw > 1 - _SORRY, 2, -1)
    newcomer = is_first & (orders.origin <= ANSWER)
    code = np.where(newcomer & (draw < _WELCOME), 0, code)
    friend = people.source[orders.person] == SOURCES.index("referral")
    code = np.where(newcomer & friend & (draw < _FRIEND), 1, code)
    by_day, share = _event_codes(calendar, coupons)
    code = np.where(draw < share[orders.day], by_day[orders.day], code)
    answer = (orders.origin == ANSWER) & (draw < 0.8)
    code = np.where(answer, _answer_code(calendar, orders.day), code)
    plain = np.isin(orders.origin, (ANONYMOUS, TEST, BRUSHED))
    code = np.where(plain, -1, code)
    rate = np.array([c.rate for c in coupons] + [0.0])
    amount = np.array([c.amount for c in coupons] + [0])
    return Use(code=code, rate=rate[code], amount=amount[code])


def _campaign_code(campaign: str) -> str:
    return campaign.split("_")[0].upper() + "12"


def _event_codes(calendar: Calendar, coupons: tuple[Coupon, ...]) -> tuple[Ints, Floats]:
    by_day, share = np.full(calendar.days, -1), np.zeros(calendar.days)
    shares = {stem: part for stem, _, part in _EVENT_CODES.values()}
    for place, coupon in enumerate(coupons):
        stem = coupon.code[:-2]
        if stem in shares:
            first = max(calendar.day(coupon.starts_on), 0)
            last = calendar.day(coupon.ends_on) + 1
            by_day[first:last], share[first:last] = place, shares[stem]
    return by_day, share


def _answer_code(calendar: Calendar, day: Ints) -> Ints:
    """The code of the campaign sent last before that day."""
    sent = np.array([calendar.days - 1 - c.days_before_end for c in CAMPAIGNS])
    return 3 + np.clip((day[:, None] > sent).sum(axis=1) - 1, 0, len(CAMPAIGNS) - 1)
