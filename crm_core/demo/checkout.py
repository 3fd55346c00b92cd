"""What an order earns and costs beside its goods: payment, fees, shipping, state, dates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crm_core.demo.basket import Lines
from crm_core.demo.calendar import DAY_US, Calendar
from crm_core.demo.catalog import load_catalog
from crm_core.demo.people import People
from crm_core.demo.process import (
    BRUSHED,
    CANCELLED,
    MARKETPLACE,
    PHONE,
    SHOP,
    TEST,
    UNPAID,
    WEB,
    Orders,
)
from crm_core.demo.seeds import pick_rows

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

STATUSES = (
    "pending",
    "paid",
    "shipped",
    "delivered",
    "completed",
    "cancelled",
    "refunded",
    "test",
)
PENDING, PAID, SHIPPED, DELIVERED, COMPLETED, CANCELLED_STATE, REFUNDED, TEST_STATE = range(8)
PAYMENTS = (
    "paypal",
    "card",
    "invoice",
    "direct_debit",
    "bank_transfer",
    "alipay",
    "marketplace",
    "cash",
)
BANK_TRANSFER, ALIPAY = 4, 5
# By sales channel: web, app, marketplace, phone, shop.
_PAYMENT_SHARE = np.array(
    [
        (0.36, 0.27, 0.20, 0.08, 0.05, 0.04, 0.0, 0.0),
        (0.40, 0.36, 0.12, 0.04, 0.01, 0.07, 0.0, 0.0),
        (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0),
        (0.0, 0.12, 0.63, 0.13, 0.12, 0.0, 0.0, 0.0),
        (0.0, 0.72, 0.0, 0.0, 0.0, 0.04, 0.0, 0.24),
    ]
)
# Share of what is paid, and cents an order.
_FEE_SHARE = np.array([0.0249, 0.0140, 0.0299, 0.004, 0.0, 0.0150, 0.165, 0.0])
_FEE_CENTS = np.array([35, 25, 59, 10, 0, 20, 39, 0])
_FREE_FROM = np.array([4900, 3900, 2900, 4900, 0])
_PHONE_HANDLING = 350
_HEAVY = ("Lamps and small furniture",)


@dataclass(frozen=True)
class Checkout:
    """By order; money in cents, times in microseconds UTC, `shipped` tells whether it travels."""

    revenue: Ints
    payment: Ints
    shipping_income: Ints
    shipping_cost: Ints
    fees: Ints
    status: Ints
    ordered_at: Ints
    promised_at: Ints
    delivered_at: Ints
    travels: Flags
    arrived: Flags


def check_out(
    rng: np.random.Generator, calendar: Calendar, people: People, orders: Orders, lines: Lines
) -> Checkout:
    """The money and dates of every order, as known at the end of the log's last day."""
    n = len(orders)
    revenue = np.bincount(lines.order, weights=lines.net, minlength=n).astype(np.int64)
    tax = np.bincount(lines.order, weights=lines.tax, minlength=n).astype(np.int64)
    payment = pick_rows(rng, _PAYMENT_SHARE, orders.channel)
    chinese = (orders.person >= 0) & (people.language[orders.person] == 2)
    payment = np.where((payment < 2) & chinese & (rng.random(n) < 0.45), ALIPAY, payment)
    live = ~np.isin(orders.origin, (CANCELLED, UNPAID, TEST))
    travels = (orders.channel != SHOP) & live
    abroad = (orders.person >= 0) & (people.region[orders.person] == 5)
    income = np.where(abroad, 890, 490) * (revenue < _FREE_FROM[orders.channel]) * travels
    cost = _shipping_cost(rng, lines, n, abroad) * travels
    fees = np.rint((revenue + tax + income) * _FEE_SHARE[payment]) + _FEE_CENTS[payment]
    fees = (fees + _PHONE_HANDLING * (orders.channel == PHONE)) * live
    ordered = calendar.utc(orders.day, orders.second)
    delivered = ordered + (orders.lag * DAY_US).astype(np.int64) // 60_000_000 * 60_000_000
    end = calendar.utc(np.array([calendar.days]), np.array([0]))[0]
    status, arrived = _status(rng, orders, payment, ordered, delivered, int(end))
    return Checkout(
        revenue=revenue,
        payment=payment,
        shipping_income=income,
        shipping_cost=cost * np.where(status == PENDING, 0, 1),
        fees=fees.astype(np.int64) * np.where(status == PENDING, 0, 1),
        status=status,
        ordered_at=ordered,
        promised_at=ordered + orders.promised * DAY_US,
        delivered_at=delivered,
        travels=travels & (status != PENDING),
        arrived=arrived & live,
    )


def _shipping_cost(rng: np.random.Generator, lines: Lines, n: int, abroad: Flags) -> Ints:
    """A parcel, more when heavy or abroad; brushed parcels are empty but travel too."""
    catalog = load_catalog()
    heavy = np.isin(catalog.category, [catalog.categories.index(name) for name in _HEAVY])
    weight = np.bincount(lines.order, weights=heavy[lines.product] * lines.quantity, minlength=n)
    base = 465 + 390 * np.minimum(weight, 4) + np.where(abroad, 520, 0)
    return np.rint(base * rng.uniform(0.93, 1.1, n)).astype(np.int64)


def _status(
    rng: np.random.Generator,
    orders: Orders,
    payment: Ints,
    ordered: Ints,
    delivered: Ints,
    end: int,
) -> tuple[Ints, Flags]:
    """The state at the end of the log, and whether the goods had arrived by then."""
    arrived = delivered < end
    status = np.where(arrived, np.where(delivered < end - 14 * DAY_US, COMPLETED, DELIVERED), PAID)
    sent = ~arrived & (ordered < end - DAY_US) & (orders.channel != SHOP)
    status = np.where(sent, SHIPPED, status)
    waiting = (payment == BANK_TRANSFER) & (ordered > end - 2 * DAY_US)
    waiting &= orders.channel == WEB
    status = np.where(waiting, PENDING, status)
    status = np.where(orders.origin == CANCELLED, CANCELLED_STATE, status)
    status = np.where(orders.origin == UNPAID, PENDING, status)
    # Staff also buys for itself: those orders look like any other.
    tries = (orders.origin == TEST) & (rng.random(len(orders)) < 0.6)
    status = np.where(tries, TEST_STATE, status)
    brushed_open = (orders.origin == BRUSHED) & (orders.channel == MARKETPLACE) & arrived
    return np.where(brushed_open, COMPLETED, status), arrived & (status != PENDING)
