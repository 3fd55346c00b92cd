"""The people of the shop: where they come from, how often and how much they buy, when they leave."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from crm_core.demo.calendar import Calendar
from crm_core.demo.parameters import (
    ACQUISITION,
    CATEGORY_WEIGHTS,
    CONTACT_CHANNELS,
    ODDITIES,
    PROCESS,
    REPLENISHED,
    SEASON,
    SOURCES,
)
from crm_core.demo.seeds import pick

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ACCOUNT, GUEST, GUEST_FIRST, TWO_ACCOUNTS, SHARED_EMAIL, REGISTERED, INTERNAL, BRUSHER = range(8)
KINDS = (
    "account",
    "guest",
    "guest_then_account",
    "two_accounts",
    "shared_email",
    "registered_only",
    "internal",
    "brusher",
)
UNKNOWN, GRANTED, DENIED = range(3)
NEVER = 1_000_000.0

# Home sales channel by acquisition source (web, app, marketplace, phone, shop).
_HOME = {
    "marketplace": (0.10, 0.04, 0.84, 0.01, 0.01),
    "social_ads": (0.46, 0.46, 0.03, 0.01, 0.04),
    "": (0.64, 0.19, 0.04, 0.05, 0.08),
}
_REGION = (0.24, 0.15, 0.21, 0.19, 0.09, 0.12)
_LANGUAGE = (0.60, 0.20, 0.20)
# Share that said yes, and no, when asked; the rest was never asked.
_CONSENT = {
    "email": (0.60, 0.12),
    "sms": (0.20, 0.12),
    "phone": (0.16, 0.14),
    "post": (0.42, 0.06),
    "ads": (0.34, 0.22),
}
_WITHDRAWN = 0.09


@dataclass
class People:
    """One entry a person, in order of first sight. Days count from the start of the log."""

    number: Ints
    kind: Ints
    source: Ints
    home: Ints
    region: Ints
    language: Ints
    category: Ints
    payment: Floats
    first_day: Ints
    rate: Floats
    leaving: Floats
    left: Floats
    spend: Floats
    refill: Ints
    refill_phase: Floats
    consent: Ints
    consent_day: Ints
    withdrawn_day: Floats

    def __len__(self) -> int:
        return len(self.number)

    def take(self, where: NDArray[np.bool_] | Ints) -> People:
        """Only those people."""
        return People(**{f.name: getattr(self, f.name)[where] for f in fields(self)})

    @property
    def usual(self) -> NDArray[np.bool_]:
        """Those who buy by the true process; the rest is staff, brushers, never-buyers."""
        return self.kind < REGISTERED


def extra_people(customers: int) -> tuple[int, int, int]:
    """How many never bought, work for the shop, or brush, beside so many customers."""
    shares = (ODDITIES.registered_only, ODDITIES.internal, ODDITIES.brushers)
    return (
        round(customers * shares[0]),
        max(round(customers * shares[1]), 1),
        max(round(customers * shares[2]), 1),
    )


def make_people(
    rng: np.random.Generator, calendar: Calendar, customers: int, first_number: int
) -> People:
    """So many customers and the extra people beside them, numbered by first sight."""
    kind = np.concatenate(
        [_kinds(rng, customers)]
        + [
            np.full(count, code)
            for count, code in zip(
                extra_people(customers), (REGISTERED, INTERNAL, BRUSHER), strict=True
            )
        ]
    )
    n = len(kind)
    first_day = _first_days(rng, calendar, n)
    first_day[kind == INTERNAL] //= 8
    order = np.argsort(first_day, kind="stable")
    kind, first_day = kind[order], first_day[order]
    source = pick(rng, [ACQUISITION[name].share for name in SOURCES], n)
    source[kind == INTERNAL] = SOURCES.index("unknown")
    home = np.select(
        [source == SOURCES.index(name) for name in ("marketplace", "social_ads")],
        [pick(rng, _HOME[name], n) for name in ("marketplace", "social_ads")],
        pick(rng, _HOME[""], n),
    )
    rates = np.array([ACQUISITION[name].rate for name in SOURCES])
    spends = np.array([ACQUISITION[name].spend for name in SOURCES])
    rate = rng.gamma(PROCESS.r, 1 / PROCESS.alpha, n) * rates[source]
    leaving = rng.gamma(PROCESS.s, 1 / PROCESS.beta, n)
    stay = np.minimum(rng.exponential(1.0, n) / np.maximum(leaving, 1e-9), NEVER)
    spend = PROCESS.p / rng.gamma(PROCESS.q, 1 / PROCESS.v, n) * spends[source]
    consent, consent_day, withdrawn = _consents(rng, kind, first_day)
    # A shop's growing share of app users: the later someone comes, the likelier the app.
    late = (home == 0) & (rng.random(n) < 0.20 * first_day / calendar.days)
    return People(
        number=first_number + np.arange(n),
        kind=kind,
        source=source,
        home=np.where(late, 1, home),
        region=pick(rng, _REGION, n),
        language=np.where(kind == INTERNAL, 0, pick(rng, _LANGUAGE, n)),
        category=pick(rng, list(CATEGORY_WEIGHTS.values()), n),
        payment=rng.random(n),
        first_day=first_day,
        rate=rate,
        leaving=leaving,
        left=np.minimum(first_day + 1 + stay, NEVER),
        spend=spend,
        refill=np.where(
            (rng.random(n) < 0.45) & (rate > 0.03), pick(rng, [1] * len(REPLENISHED), n), -1
        ),
        refill_phase=rng.random(n),
        consent=consent,
        consent_day=consent_day,
        withdrawn_day=withdrawn,
    )


def _kinds(rng: np.random.Generator, size: int) -> Ints:
    shares = [ODDITIES.guest, ODDITIES.guest_then_account, ODDITIES.two_accounts]
    shares.append(ODDITIES.shared_email)
    return pick(rng, [1 - sum(shares), *shares], size)


def _first_days(rng: np.random.Generator, calendar: Calendar, size: int) -> Ints:
    """First orders follow the calendar, a launch, and slow growth."""
    day = np.arange(calendar.days)
    growth = (
        1 + SEASON.launch * np.exp(-day / SEASON.launch_days) + SEASON.growth_a_year * day / 365
    )
    flow = np.cumsum(calendar.factor[: calendar.days] ** 0.8 * growth)
    return np.searchsorted(flow, rng.random(size) * flow[-1]).astype(np.int64)


def _consents(rng: np.random.Generator, kind: Ints, first_day: Ints) -> tuple[Ints, Ints, Floats]:
    """Per person and contact channel: state when asked, the day, the day of a withdrawal."""
    shape = (len(kind), len(CONTACT_CHANNELS))
    yes = np.array([_CONSENT[name][0] for name in CONTACT_CHANNELS])
    no = np.array([_CONSENT[name][1] for name in CONTACT_CHANNELS])
    draw = rng.random(shape)
    state = np.where(draw < yes, GRANTED, np.where(draw < yes + no, DENIED, UNKNOWN))
    state[(kind == GUEST) | (kind == INTERNAL) | (kind == BRUSHER)] = UNKNOWN
    day = first_day[:, None] + (rng.random(shape) < 0.2) * rng.integers(1, 60, shape)
    leaves = (state == GRANTED) & (rng.random(shape) < _WITHDRAWN)
    withdrawn = np.where(leaves, day + 5 + rng.exponential(180, shape), NEVER)
    return state, day, withdrawn
