"""The rows of one block in every canonical table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crm_core.demo.after import REASONS, TOPICS
from crm_core.demo.arrow import ids, table, words
from crm_core.demo.block import ORDER_STEP, Block
from crm_core.demo.care import AGENTS, care_of
from crm_core.demo.checkout import PAYMENTS, STATUSES
from crm_core.demo.coupons import make_coupons
from crm_core.demo.identities import SECOND_ACCOUNT
from crm_core.demo.parameters import (
    CAMPAIGNS,
    CONTACT_CHANNELS,
    CURRENCY,
    LANGUAGES,
    ODDITIES,
    REGIONS,
    SALES_CHANNELS,
    SOURCES,
)
from crm_core.demo.people import DENIED, GUEST, INTERNAL, REGISTERED, TWO_ACCOUNTS, UNKNOWN, People
from crm_core.demo.process import BRUSHED, TALK_CHANNELS
from crm_core.demo.reviews import TEST_SHARE, Written, write_reviews
from crm_core.demo.seeds import stream
from crm_core.demo.shop import product_ids
from crm_core.demo.visits import STEPS, VISIT_SOURCES

Ints = NDArray[np.int64]

_NOTES = (
    "刷单 勿发货",
    "brush order - empty parcel",
    "SD order, no goods",
    "补单，空包",
    "ranking order, refund by hand",
)
_CONSENT_SOURCES = ("checkout", "newsletter_form", "phone_call", "preference_page")


def block_tables(seed: int, block: Block) -> Iterator[tuple[str, pa.Table]]:
    """The block's rows of every canonical table, those that others point to first."""
    yield "customers", _customers(block)
    yield "identities", _identities(block)
    yield "orders", _orders(seed, block)
    yield "order_lines", _lines(block)
    yield "refunds", _refunds(block)
    yield "contacts", _contacts(seed, block)
    yield "reviews", _reviews(seed, block)
    yield "touches", _touches(block)
    yield "consents", _consents(seed, block)
    yield "web_events", _visits(block)


def order_ids(block: Block, orders: Ints) -> pa.Array:
    """Ids of orders; -1 becomes an empty cell."""
    return ids("O", orders + 1 + block.place * ORDER_STEP, orders < 0, width=8)


def review_ids(block: Block) -> pa.Array:
    """Ids of the block's reviews."""
    return _row_ids("R", block, len(block.stars.line))


def has_account(people: People) -> NDArray[np.bool_]:
    """Guests have none."""
    return people.kind != GUEST


def customer_ids(people: People, who: Ints) -> pa.Array:
    """Ids of people's (first) accounts; empty for guests and nobody."""
    return ids("C", people.number[who], (who < 0) | ~has_account(people)[who])


def _row_ids(prefix: str, block: Block, rows: int) -> pa.Array:
    return ids(prefix, np.arange(rows) + 1 + block.place * ORDER_STEP)


def first_seen(block: Block) -> Ints:
    """When each person came: minutes before the first order, or at registration."""
    people, calendar = block.people, block.calendar
    known = block.orders.person >= 0
    first = np.full(len(people), np.iinfo(np.int64).max)
    np.minimum.at(first, block.orders.person[known], block.checkout.ordered_at[known])
    registered = people.kind == REGISTERED
    day = calendar.utc(
        np.minimum(people.first_day, calendar.days - 1), 12 * 3600 + people.number % 9000
    )
    return np.where(registered, day, first - 180_000_000)


def _accounts(block: Block) -> tuple[Ints, Ints]:
    """Account numbers and their people: second accounts after all first ones."""
    people = block.people
    here = has_account(people) & (first_seen(block) < np.iinfo(np.int64).max // 2)
    first, second = np.flatnonzero(here), np.flatnonzero(here & (people.kind == TWO_ACCOUNTS))
    account = np.concatenate((people.number[first], people.number[second] + SECOND_ACCOUNT))
    return account, np.concatenate((first, second))


def _customers(block: Block) -> pa.Table:
    people = block.people
    account, who = _accounts(block)
    second = account > SECOND_ACCOUNT
    seen = first_seen(block)[who]
    end = block.calendar.utc(np.array([block.calendar.days]), np.array([0]))[0]
    seen = np.where(second, np.minimum(seen + 86_400_000_000 * 40, end - 60_000_000), seen)
    source = np.where(second, SOURCES.index("organic"), people.source[who])
    return table(
        "customers",
        {
            "customer_id": ids("C", account),
            "first_seen_at": seen,
            "acquisition_source": words(source, SOURCES, source == SOURCES.index("unknown")),
            "region": words(people.region[who], REGIONS),
            "country": block.who.country.take(pa.array(who)),
            "language": words(people.language[who], LANGUAGES),
            "is_internal": people.kind[who] == INTERNAL,
        },
    )


def _identities(block: Block) -> pa.Table:
    account, who = _accounts(block)
    at, second = pa.array(who), pa.array(account > SECOND_ACCOUNT)
    email = block.who.email.take(at)
    columns = {
        "customer_id": ids("C", account),
        "name": block.who.name.take(at),
        "email": pc.if_else(second, pc.utf8_upper(email), email),
        "phone": pc.if_else(second, pa.scalar(None, pa.string()), block.who.phone.take(at)),
        "address": block.who.address.take(at),
        "postal_code": block.who.postal_code.take(at),
        "city": block.who.city.take(at),
    }
    return table("identities", columns)


def _orders(seed: int, block: Block) -> pa.Table:
    orders, done, people = block.orders, block.checkout, block.people
    rng = stream(seed, block.place, "notes")
    n = len(orders)
    noted = (orders.origin == BRUSHED) & (rng.random(n) < ODDITIES.seller_note)
    harmless = ~noted & (rng.random(n) < 0.004)
    notes = np.where(noted, rng.integers(0, len(_NOTES), n), len(_NOTES) + rng.integers(0, 3, n))
    known = orders.person >= 0
    codes = [c.code for c in make_coupons(block.calendar)]
    return table(
        "orders",
        {
            "order_id": order_ids(block, np.arange(n)),
            "customer_id": ids("C", block.signed.account, block.signed.account == 0),
            "email": block.signed.email,
            "ordered_at": done.ordered_at,
            "status": words(done.status, STATUSES),
            "sales_channel": words(orders.channel, SALES_CHANNELS),
            "payment_method": words(done.payment, PAYMENTS),
            "coupon_code": words(block.use.code, codes, block.use.code < 0),
            "shipping_income": done.shipping_income,
            "shipping_cost": done.shipping_cost,
            "fees": done.fees,
            "region": words(np.where(known, people.region[orders.person], 0), REGIONS),
            "currency": words(np.zeros(n, dtype=np.int64), (CURRENCY,)),
            "promised_at": (done.promised_at, ~done.travels),
            "delivered_at": (done.delivered_at, ~done.arrived),
            "seller_note": words(
                notes,
                (*_NOTES, "gift wrap please", "ring twice", "请放门口"),
                ~(noted | harmless),
            ),
        },
    )


def _lines(block: Block) -> pa.Table:
    lines = block.lines
    return table(
        "order_lines",
        {
            "order_id": order_ids(block, lines.order),
            "line_id": ids("", lines.place, width=2),
            "product_id": product_ids(lines.product),
            "quantity": lines.quantity,
            "unit_price": lines.price * 100,
            "discount": lines.discount,
            "tax": lines.tax,
            "unit_cost": lines.unit_cost,
        },
    )


def _refunds(block: Block) -> pa.Table:
    back = block.refunds
    place = block.lines.place[back.line]
    return table(
        "refunds",
        {
            "refund_id": _row_ids("F", block, len(back.order)),
            "order_id": order_ids(block, back.order),
            "line_id": ids("", place, back.line < 0, width=2),
            "refunded_at": back.at,
            "amount": back.amount,
            "quantity": (back.quantity, back.quantity == 0),
            "restocked": back.restocked,
            "reason": words(back.reason, REASONS),
        },
    )


def _contacts(seed: int, block: Block) -> pa.Table:
    talks = block.talks
    end = int(block.calendar.utc(np.array([block.calendar.days]), np.array([0]))[0])
    rng = stream(seed, block.place, "care")
    care = care_of(rng, talks, block.people, end, first=block.place == 0)
    return table(
        "contacts",
        {
            "contact_id": _row_ids("T", block, len(talks.at)),
            "customer_id": customer_ids(block.people, talks.person),
            "occurred_at": talks.at,
            "direction": words(talks.outbound.astype(np.int64), ("in", "out")),
            "contact_channel": words(talks.channel, TALK_CHANNELS),
            "topic": words(talks.topic, TOPICS, ~care.named),
            "order_id": order_ids(block, talks.order),
            "reply_minutes": (care.reply, np.isnan(care.reply)),
            "resolved": care.resolved,
            "resolved_minutes": (care.resolved_minutes, np.isnan(care.resolved_minutes)),
            "reopened": (care.reopened, talks.outbound),
            "agent": words(care.agent, AGENTS),
            "message": care.message,
            "rating": (talks.rating, ~care.rated),
            "cost": talks.cost,
        },
    )


def written(seed: int, block: Block) -> Written:
    """What the block's reviews are about, and which are kept apart for tests."""
    rng = stream(seed, block.place, "review_kinds")
    stars, orders = block.stars, block.orders
    order = block.lines.order[stars.line]
    suspicious = stars.suspicious
    chinese = block.people.language[orders.person[order]] == 2
    chinese = np.where(suspicious, rng.random(len(order)) < 0.6, chinese)
    return Written(
        stars=stars.stars,
        product=block.lines.product[stars.line],
        chinese=chinese,
        late=orders.late[order],
        suspicious=suspicious,
        burst=stars.burst,
        test=rng.random(len(order)) < TEST_SHARE,
    )


def _reviews(seed: int, block: Block) -> pa.Table:
    about = written(seed, block)
    order = block.lines.order[block.stars.line]
    account = block.signed.account[order]
    return table(
        "reviews",
        {
            "review_id": review_ids(block),
            "customer_id": ids("C", account, account == 0),
            "product_id": product_ids(about.product),
            "order_id": order_ids(block, order),
            "reviewed_at": block.stars.at,
            "stars": about.stars,
            "body": write_reviews(stream(seed, block.place, "reviews"), about),
            "language": words(about.chinese.astype(np.int64), ("en", "zh")),
        },
    )


def _touches(block: Block) -> pa.Table:
    touches = block.touches
    return table(
        "touches",
        {
            "touch_id": _row_ids("M", block, len(touches)),
            "customer_id": customer_ids(block.people, touches.person),
            "campaign": words(touches.campaign, [c.code for c in CAMPAIGNS]),
            "arm": words(touches.treated.astype(np.int64), ("control", "treated")),
            "contact_channel": words(np.zeros(len(touches), dtype=np.int64), ("email",)),
            "sent_at": block.calendar.utc(touches.day, touches.second),
            "opened": (touches.opened, ~touches.treated),
            "clicked": (touches.clicked, ~touches.treated),
        },
    )


def _consents(seed: int, block: Block) -> pa.Table:
    """Yes and no as they were said; a later row takes an earlier one back."""
    people, calendar = block.people, block.calendar
    rng = stream(seed, block.place, "consents")
    state = np.where(has_account(people)[:, None], people.consent, UNKNOWN)
    asked = state != UNKNOWN
    who, channel = np.nonzero(asked & (people.consent_day < calendar.days))
    first = (people.number[who], channel, state[who, channel], people.consent_day[who, channel])
    who, channel = np.nonzero(asked & (people.withdrawn_day < calendar.days))
    day = people.withdrawn_day[who, channel].astype(np.int64)
    back = (people.number[who], channel, np.full(len(who), DENIED), day)
    # Some say no to e-mail with their second account only: the person said no.
    who = np.flatnonzero((people.kind == TWO_ACCOUNTS) & (people.first_day + 45 < calendar.days))
    who = who[rng.random(len(who)) < 0.5]
    mail = np.full(len(who), CONTACT_CHANNELS.index("email"))
    other = (
        people.number[who] + SECOND_ACCOUNT,
        mail,
        np.full(len(who), DENIED),
        people.first_day[who] + 45,
    )
    account, channel, state, day = (
        np.concatenate(parts) for parts in zip(first, back, other, strict=True)
    )
    source = np.where(np.arange(len(day)) >= len(first[0]), 3, rng.integers(0, 3, len(day)))
    at = calendar.utc(day, rng.integers(8 * 3600, 22 * 3600, len(day)))
    order = np.lexsort((channel, account, at))
    return table(
        "consents",
        {
            "customer_id": ids("C", account[order]),
            "contact_channel": words(channel[order], CONTACT_CHANNELS),
            "purpose": words(np.zeros(len(day), dtype=np.int64), ("marketing",)),
            "state": words((state[order] == DENIED).astype(np.int64), ("granted", "denied")),
            "at": at[order],
            "source": words(source[order], _CONSENT_SOURCES),
        },
    )


def _visits(block: Block) -> pa.Table:
    visits = block.visits
    return table(
        "web_events",
        {
            "event_id": ids("W", np.arange(len(visits.at)) + 1 + block.place * 5_000_000, width=9),
            "customer_id": customer_ids(block.people, visits.person),
            "visitor_id": ids("v", visits.visitor * 2_654_435 % 99_999_989),
            "occurred_at": visits.at,
            "event": words(visits.step, STEPS),
            "product_id": product_ids(visits.product),
            "source": words(visits.source, VISIT_SOURCES),
        },
    )
