"""Whose turn it is: order, consent, channels and caps decide who gets which of the fitting rules."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.audiences.campaign_members import written_to
from crm_core.privacy.gate import contactable
from crm_core.records import CONTACT_CHANNELS, EVERY_CHANNEL, OfferBook
from crm_core.store import Store

#: What becomes of somebody whom a rule fits. `gets` and `peace` (a rule that leaves people alone
#: and is theirs) are what was meant; the first that holds of the others says why not.
STATES: Final = (
    "gets",
    "peace",
    "off",
    "suppressed",
    "opted_out",
    "no_consent",
    "no_contact",
    "already",
    "left_in_peace",
    "rule_cap",
    "outranked",
    "person_cap",
)
_NEVER: Final = 1_000_000
_TURN: Final = ["customer_key", "contact_channel"]


def turns(store: Store, book: OfferBook, matched: ir.Table, day: date) -> ir.Table:
    """One row a customer and fitting rule: customer_key, place, state, by.

    In the book's order everybody gets at most one rule a channel, of those who may be written to
    there and were not given the same within its days, and at most what the caps leave. A rule
    whose cap is reached by those worth most frees the others for the rules after it. A rule that
    says nothing is to be done keeps all rules after it from its people, on its channel.
    """
    rows = _told(store, book, matched, day)
    rows = _in_peace(rows)
    free = (
        rows.is_on
        & ~rows.is_quiet
        & rows.reason.isnull()
        & ~rows.had_it
        & ~rows.is_blocked
        & (rows.left > 0)
    )
    rows = rows.mutate(is_free=free, is_over=ibis.literal(False))
    for place, each in enumerate(book.rules):
        if each.is_on and each.most_people is not None:
            rows = _capped(rows, place)
    rows = _winning(rows)
    best = _least(rows, rows.is_best, _TURN)
    rows = rows.mutate(best=best)
    state = ibis.cases(
        (~rows.is_on, ibis.literal("off")),
        (rows.is_quiet, ibis.literal("peace")),
        (rows.wins, ibis.literal("gets")),
        (rows.reason.notnull(), rows.reason),
        (rows.had_it, ibis.literal("already")),
        (rows.is_blocked, ibis.literal("left_in_peace")),
        (rows.is_over, ibis.literal("rule_cap")),
        (rows.is_free & ~rows.is_best, ibis.literal("outranked")),
        else_=ibis.literal("person_cap"),
    )
    rows = rows.mutate(state=state)
    by = ibis.cases(
        (rows.state == "left_in_peace", rows.peace),
        (rows.state == "outranked", rows.best),
        else_=ibis.null("int64"),
    )
    return rows.select("customer_key", "place", "state", by=by)


def _told(store: Store, book: OfferBook, matched: ir.Table, day: date) -> ir.Table:
    """The fitting rules with what the book says of each, and what is known of each customer."""
    places = range(len(book.rules))

    def by_place(name: str, kind: str) -> ir.Value:
        values = [(at, ibis.literal(getattr(book.rules[at], name), kind)) for at in places]
        return matched.place.cases(*values, else_=ibis.null(kind))

    quiet = [at for at in places if book.rules[at].action == "nothing"]
    rows = matched.select(
        "customer_key",
        "place",
        "worth",
        number=by_place("id", "int64"),
        contact_channel=by_place("contact_channel", "string"),
        is_on=by_place("is_on", "boolean"),
        is_quiet=matched.place.isin(quiet) if quiet else ibis.literal(False),
        most_people=by_place("most_people", "int64"),
    )
    rows = _with_reason(store, book, rows)
    rows = _with_rounds(store, book, rows, day)
    written = written_to(store, day, book.offer_days, apart_from=(), contact_channel=None)
    rows = _left(rows, written, ["customer_key"])
    left = ibis.literal(book.most_offers, "int64") - rows.times.fill_null(0).cast("int64")
    return rows.mutate(left=left)


def _with_reason(store: Store, book: OfferBook, rows: ir.Table) -> ir.Table:
    """With `reason`: why somebody must not be contacted on the rule's channel, else nothing."""
    if not (store.has("consents") and store.has("suppressions") and store.has("identities")):
        return rows.mutate(reason=ibis.literal("no_consent"))
    used = {each.contact_channel for each in book.rules}
    barred, said = store.table("suppressions"), store.table("consents")
    known = [
        contactable(store, channel)
        .select("customer_key")
        .distinct()
        .mutate(contact_channel=ibis.literal(channel), has_contact=ibis.literal(True))
        for channel in CONTACT_CHANNELS
        if channel in used
    ]
    if not known:
        return rows.mutate(reason=ibis.null("string"))
    everywhere = barred.filter(barred.contact_channel == EVERY_CHANNEL).select("customer_key")
    rows = _left(rows, everywhere.distinct().mutate(is_out=ibis.literal(True)), ["customer_key"])
    here = barred.select(*_TURN).distinct().mutate(is_out_here=ibis.literal(True))
    rows = _left(rows, here, _TURN)
    marketing = said.filter(said.purpose == "marketing").select(*_TURN, "state")
    rows = _left(rows, marketing, _TURN)
    rows = _left(rows, ibis.union(*known), _TURN)
    reason = ibis.cases(
        (rows.is_out.notnull() | rows.is_out_here.notnull(), ibis.literal("suppressed")),
        ((rows.state == "denied").fill_null(False), ibis.literal("opted_out")),
        ((rows.state != "granted").fill_null(True), ibis.literal("no_consent")),
        (rows.has_contact.isnull(), ibis.literal("no_contact")),
        else_=ibis.null("string"),
    )
    return rows.mutate(reason=reason).drop("is_out", "is_out_here", "state", "has_contact")


def _with_rounds(store: Store, book: OfferBook, rows: ir.Table, day: date) -> ir.Table:
    """With `had_it`, whether a campaign of the rule had them within its days, held out or not, and
    `room`, how many more its cap allows."""
    needed = ("offer_rounds", "campaigns", "campaign_members")
    known = book.rules and all(store.has(name) for name in needed)
    if not known or store.fetch(store.table("offer_rounds").limit(1)).empty:
        return rows.mutate(had_it=ibis.literal(False), room=rows.most_people)
    rounds, campaigns = store.table("offer_rounds"), store.table("campaigns")
    told = campaigns.select("starts_on", campaign_id=campaigns.id)
    made = rounds.join(told, "campaign_id")
    number = made.offer_rule_id
    near = {each.id: timedelta(days=each.again_days - 1) for each in book.rules}
    first = number.cases(*[(key, ibis.literal(day - days)) for key, days in near.items()])
    last = number.cases(*[(key, ibis.literal(day + days)) for key, days in near.items()])
    made = made.filter(made.starts_on.between(first, last).fill_null(False))
    made = made.select("campaign_id", number=made.offer_rule_id)
    members = store.table("campaign_members").select("campaign_id", "customer_key")
    had = members.join(made, "campaign_id").select("customer_key", "number").distinct()
    given = had.group_by("number").agg(given=had.count())
    rows = _left(rows, had.mutate(is_member=ibis.literal(True)), ["customer_key", "number"])
    rows = _left(rows, given, ["number"])
    return rows.mutate(
        had_it=rows.is_member.notnull(), room=rows.most_people - rows.given.fill_null(0)
    )


def _in_peace(rows: ir.Table) -> ir.Table:
    """With `peace`, the first place that leaves the customer alone on the channel, and whether it
    stands before the rule."""
    speaks = rows.is_on & rows.is_quiet
    here = _least(rows, speaks, _TURN)
    everywhere = _least(rows, speaks & (rows.contact_channel == EVERY_CHANNEL), ["customer_key"])
    rows = rows.mutate(peace=ibis.least(here, everywhere))
    return rows.mutate(is_blocked=~rows.is_quiet & (rows.peace < rows.place))


def _least(rows: ir.Table, wanted: ir.Value, group: list[str]) -> ir.Value:
    """The first place of the wanted rows in each group; one that is never reached for none."""
    place = wanted.ifelse(rows.place, ibis.literal(_NEVER, "int64"))
    return place.min().over(ibis.window(group_by=group))


def _winning(rows: ir.Table) -> ir.Table:
    """With `is_best`, the first free rule of a customer on a channel, and `wins`, those of them
    that the customer's own cap allows, in order."""
    on_channel = ibis.window(
        group_by=_TURN, order_by=[ibis.desc(rows.is_free), ibis.asc(rows.place)]
    )
    rows = rows.mutate(is_best=rows.is_free & (ibis.row_number().over(on_channel) == 0))
    of_all = ibis.window(
        group_by="customer_key", order_by=[ibis.desc(rows.is_best), ibis.asc(rows.place)]
    )
    return rows.mutate(wins=rows.is_best & (ibis.row_number().over(of_all) < rows.left))


def _capped(rows: ir.Table, place: int) -> ir.Table:
    """Without those whom the rule at a place would be given to beyond its cap, the least worth."""
    rows = _winning(rows)
    ranking = ibis.window(
        group_by=["place", "wins"], order_by=[ibis.desc(rows.worth), ibis.asc(rows.customer_key)]
    )
    beyond = (rows.place == place) & rows.wins & (ibis.row_number().over(ranking) >= rows.room)
    rows = rows.mutate(is_beyond=beyond.fill_null(False))
    return rows.mutate(
        is_free=rows.is_free & ~rows.is_beyond, is_over=rows.is_over | rows.is_beyond
    )


def _left(left: ir.Table, right: ir.Table, keys: list[str]) -> ir.Table:
    joined = left.left_join(right, keys)
    doubled = [f"{key}_right" for key in keys if f"{key}_right" in joined.columns]
    return joined.drop(*doubled) if doubled else joined
