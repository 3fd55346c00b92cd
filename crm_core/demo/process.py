"""When people order: the true purchase process, slow replies that end it, campaigns that add to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from crm_core.demo.calendar import Calendar, seconds_of_day
from crm_core.demo.catalog import load_catalog
from crm_core.demo.parameters import CAMPAIGNS, CONTACT_CHANNELS, PROCESS, SERVICE, Campaign
from crm_core.demo.people import GRANTED, People
from crm_core.demo.seeds import pick

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

ORDINARY, ANSWER, CANCELLED, UNPAID, TEST, BRUSHED, ANONYMOUS = range(7)
WEB, APP, MARKETPLACE, PHONE, SHOP = range(5)
BY_PHONE, BY_EMAIL, BY_CHAT, IN_SHOP = range(4)
TALK_CHANNELS = ("phone", "email", "chat", "shop")
_TALK_SHARE = (0.28, 0.46, 0.22, 0.04)
_OTHER_CHANNEL = (0.50, 0.24, 0.10, 0.07, 0.09)
NO_TALK = np.inf


@dataclass
class Orders:
    """One entry an order; `person` is -1 for nobody known. `lag` is days until delivery.

    `talk_after` is days from the order to a contact about it, infinite without one.
    """

    person: Ints
    day: Ints
    second: Ints
    origin: Ints
    channel: Ints
    promised: Ints
    lag: Floats
    late: Flags
    talk_after: Floats
    talk_channel: Ints
    reply: Floats

    def __len__(self) -> int:
        return len(self.person)

    def take(self, where: Flags | Ints) -> Orders:
        """Only those orders."""
        return Orders(**{f.name: getattr(self, f.name)[where] for f in fields(self)})


@dataclass
class Touches:
    """One entry a person of a campaign; `would_buy` and `buys` are within 30 days (the truth)."""

    campaign: Ints
    person: Ints
    treated: Flags
    day: Ints
    second: Ints
    opened: Flags
    clicked: Flags
    would_buy: Flags
    buys: Flags

    def __len__(self) -> int:
        return len(self.person)


def together(parts: Sequence[Orders]) -> Orders:
    """Several sets of orders as one, in order of time."""
    joined = Orders(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Orders)}
    )
    return joined.take(np.lexsort((joined.person, joined.second, joined.day)))


def ordinary_orders(rng: np.random.Generator, calendar: Calendar, people: People) -> Orders:
    """First orders and the repeats of the true process, until the log ends or a person left."""
    buyers = np.flatnonzero(people.usual)
    begin = calendar.cumulative[people.first_day[buyers] + 1]
    stop = np.minimum(people.left[buyers], calendar.days)
    finish = np.interp(stop, np.arange(len(calendar.cumulative)), calendar.cumulative)
    span = np.maximum(finish - begin, 0.0)
    who = np.repeat(np.arange(len(buyers)), rng.poisson(people.rate[buyers] * span))
    moment = begin[who] + rng.random(len(who)) * span[who]
    at = np.interp(moment, calendar.cumulative, np.arange(len(calendar.cumulative)))
    day = np.minimum(at.astype(np.int64), calendar.days - 1)
    person = np.concatenate((buyers, buyers[who]))
    day = np.concatenate((people.first_day[buyers], day))
    return dress(rng, calendar, people, person, day, ORDINARY)


def dress(
    rng: np.random.Generator,
    calendar: Calendar,
    people: People,
    person: Ints,
    day: Ints,
    origin: int,
) -> Orders:
    """Orders of given people on given days with their time, channel, delivery and contact."""
    n = len(person)
    home = people.home[person]
    away = pick(rng, _OTHER_CHANNEL, n)
    channel = np.where(rng.random(n) < PROCESS.home_channel_share, home, away)
    abroad = people.region[person] == 5
    promised = np.where(abroad, 5, 3)
    chance = np.where(calendar.month[day] == 12, SERVICE.late_december, SERVICE.late)
    late = (rng.random(n) < chance) & (channel != SHOP)
    in_time = 0.6 + rng.random(n) * (promised - 0.8)
    lag = np.where(late, promised + 1 + rng.exponential(2.5, n), in_time)
    lag[channel == SHOP] = 0.0
    talks = rng.random(n) < np.where(late, SERVICE.contact_late, SERVICE.contact)
    after = np.where(late, promised + 0.5, lag + rng.exponential(2.0, n))
    talk_channel = pick(rng, _TALK_SHARE, n)
    return Orders(
        person=person,
        day=day,
        second=seconds_of_day(rng, n),
        origin=np.full(n, origin),
        channel=channel,
        promised=promised,
        lag=lag,
        late=late,
        talk_after=np.where(talks, after, NO_TALK),
        talk_channel=talk_channel,
        reply=reply_minutes(rng, talk_channel),
    )


def reply_minutes(rng: np.random.Generator, channel: Ints) -> Floats:
    """How long people waited for an answer; about a third of the e-mails more than a day."""
    n = len(channel)
    typical = np.array([1.5, 210.0, 3.0, 0.5])[channel]
    quick = np.minimum(typical * rng.lognormal(0.0, 0.7, n), SERVICE.slow_minutes - 30.0)
    slow = SERVICE.slow_minutes + 60 + rng.exponential(1500, n)
    is_slow = (channel == BY_EMAIL) & (rng.random(n) < SERVICE.slow_email)
    return np.round(np.where(is_slow, slow, quick), 1).astype(np.float64)


def leave_after_slow_replies(
    rng: np.random.Generator, calendar: Calendar, people: People, orders: Orders
) -> Orders:
    """Some who waited more than a day for an answer never come back; `people.left` is updated."""
    at = orders.day + orders.talk_after
    upset = (orders.reply > SERVICE.slow_minutes) & (at < calendar.days)
    upset &= rng.random(len(orders)) < SERVICE.slow_leaves
    leaves = np.full(len(people), np.inf)
    np.minimum.at(leaves, orders.person[upset], at[upset])
    people.left = np.minimum(people.left, leaves)
    return orders.take(orders.day <= leaves[orders.person])


def campaign_orders(
    rng: np.random.Generator, calendar: Calendar, people: People, orders: Orders
) -> tuple[Orders, Touches]:
    """The messages of all campaigns, and all orders with those that the messages caused."""
    sent: list[Touches] = []
    for place, campaign in enumerate(CAMPAIGNS):
        touches, answers = _run(rng, calendar, people, orders, place, campaign)
        sent.append(touches)
        orders = together((orders, answers))
    joined = {f.name: np.concatenate([getattr(t, f.name) for t in sent]) for f in fields(Touches)}
    return orders, Touches(**joined)


def _run(
    rng: np.random.Generator,
    calendar: Calendar,
    people: People,
    orders: Orders,
    place: int,
    campaign: Campaign,
) -> tuple[Touches, Orders]:
    day = calendar.days - 1 - campaign.days_before_end
    person = _eligible(people, orders, campaign, day)
    n = len(person)
    treated = rng.random(n) < campaign.treated
    chance = _response(people, campaign)[person]
    answers = treated & (rng.random(n) < chance)
    soon = (orders.day > day) & (orders.day <= day + 30)
    would_buy = np.isin(person, orders.person[soon])
    opened = treated & (answers | (rng.random(n) < 0.41))
    clicked = opened & (answers | (rng.random(n) < 0.12))
    touches = Touches(
        campaign=np.full(n, place),
        person=person,
        treated=treated,
        day=np.full(n, day),
        second=9 * 3600 + rng.integers(0, 900, n),
        opened=opened,
        clicked=clicked,
        would_buy=would_buy,
        buys=would_buy | answers,
    )
    when = np.minimum(day + 1 + rng.integers(0, 13, n), calendar.days - 1)
    extra = dress(rng, calendar, people, person[answers], when[answers], ANSWER)
    return touches, extra


def _eligible(people: People, orders: Orders, campaign: Campaign, day: int) -> Ints:
    """Those who said yes to e-mail and last bought the right time ago."""
    if day < 0:
        return np.zeros(0, dtype=np.int64)
    last = np.full(len(people), -100_000)
    past = orders.day < day
    np.maximum.at(last, orders.person[past], orders.day[past])
    recency = day - last
    mail = CONTACT_CHANNELS.index("email")
    may = (people.consent[:, mail] == GRANTED) & (people.consent_day[:, mail] < day)
    may &= people.withdrawn_day[:, mail] > day
    may &= (recency >= campaign.min_recency) & (recency <= campaign.max_recency)
    return np.flatnonzero(may & people.usual)


def _response(people: People, campaign: Campaign) -> Floats:
    chance = np.zeros(len(people))
    for category, value in reversed(campaign.response):
        if category:
            chance[people.category == load_catalog().categories.index(category)] = value
        else:
            chance[:] = value
    return chance
