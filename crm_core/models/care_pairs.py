"""Who is held against whom: each case beside others like it, who could have been one and were not.

Everything happens in the engine. A *case* had something happen (`EXPOSURES`) on its index day; those
beside it are as like it as the stratum says, nearest in time, still at risk on their own index day,
which lies as many days after their anchor as the case's after its own.
Source: Prentice & Breslow (1978), risk sets; Iacus, King & Porro (2012), coarsened exact matching.
"""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.metrics.care_rules import CareRules, passed
from crm_core.metrics.contact_topics import begun, with_topics
from crm_core.metrics.delivery import promise_days
from crm_core.metrics.shop_clock import local_minutes
from crm_core.store import StoreMeta, Tables
from crm_core.store.marts import as_number, without

EXPOSURES: Final = ("slow_reply", "late", "contact", "complaint")
HORIZONS: Final = (90, 180)
#: People are alike who bought as often in so many days before.
LIKE_DAYS: Final = 90
#: What is compared to check: purchases of so many days before those.
CHECK_DAYS: Final = 180
#: A contact so many days after an order, and before the next one, is taken to be about it.
ABOUT_DAYS: Final = 30
#: How far apart in time those beside each other may be.
NEAR_DAYS: Final = {"slow_reply": 60, "late": 10, "contact": 10, "complaint": 10}
COMPLAINT: Final = "complaint"
_BESIDE = 2
_PRIME, _FACTOR = 1_000_003, 387_671
#: Where the steps lie of orders in LIKE_DAYS and of days since the first: of few contacts roughly.
_OFTEN: Final = (1, 2, 3, 5, 8, 13, 21)
_OFTEN_ROUGHLY: Final = (1, 2, 5)
_KNOWN: Final = (30, 90, 180, 365)
_KNOWN_ROUGHLY: Final = (90, 365)


def pairs(tables: Tables, exposure: str, *, shop: StoreMeta, rules: CareRules) -> ir.Table:
    """Each case with those beside it: case (its number), case_key, other_key, case_day and other_day
    (index days), and of both sides (case_, other_) what OUTCOMES names and `known` (whether the
    person was there before the days on which they are alike)."""
    units = _units(tables, exposure, shop, rules)
    units = _told(tables, units, rough=exposure == "slow_reply")
    found = _beside(units, NEAR_DAYS[exposure])
    for side in ("case", "other"):
        found = _with_outcomes(tables, found, side)
    return found


#: Whether somebody bought within so many days after the index day, for how much, and on how many of
#: the CHECK_DAYS days.
OUTCOMES: Final = (
    *(f"bought_{days}" for days in HORIZONS),
    *(f"value_{days}" for days in HORIZONS),
    "before",
)


def cases(tables: Tables, exposure: str, *, shop: StoreMeta, rules: CareRules) -> ir.Table:
    """One row: how many cases there are."""
    units = _units(tables, exposure, shop, rules)
    return units.agg(n=as_number(units.is_case).sum().fill_null(0))


def _units(tables: Tables, exposure: str, shop: StoreMeta, rules: CareRules) -> ir.Table:
    """What could be a case or beside one: customer_key, anchor, lag (days from there to the index
    day of a case), is_case, is_open (may stand beside a case), risk_until (the first day on which
    it no longer may) and `kind`, in which both are alike."""
    if exposure == "slow_reply":
        return _contacts(tables, shop, rules)
    parcels = _deliveries(tables, shop)
    if exposure == "late":
        return _parcels(parcels)
    return _orders(tables, parcels, rules, COMPLAINT if exposure == "complaint" else "")


def _contacts(tables: Tables, shop: StoreMeta, rules: CareRules) -> ir.Table:
    """Answered contacts: slow or not, of one channel and topic."""
    table = with_topics(tables, begun(tables), rules.topics)
    table = table.filter(table.customer_key.notnull() & table.reply_minutes.notnull())
    began = local_minutes(shop, table.occurred_at)
    is_slow = passed(rules, began, table.reply_minutes) > rules.reply_minutes
    return table.select(
        "customer_key",
        anchor=table.day,
        lag=ibis.literal(0).cast("int64"),
        is_case=is_slow,
        is_open=~is_slow,
        risk_until=ibis.null("date"),
        kind=_joined(table.contact_channel, table.topic),
    )


def _parcels(parcels: ir.Table) -> ir.Table:
    """Orders with a promised and a known day of delivery, from the promised day on."""
    told = parcels.group_by("customer_key", "anchor").agg(
        is_case=as_number(parcels.is_late).max() > 0, kind=parcels.sales_channel.max().fill_null("")
    )
    return told.mutate(
        lag=ibis.literal(0).cast("int64"), is_open=~told.is_case, risk_until=ibis.null("date")
    ).select("customer_key", "anchor", "lag", "is_case", "is_open", "risk_until", "kind")


def _deliveries(tables: Tables, shop: StoreMeta) -> ir.Table:
    """Orders of customers that were promised and delivered: customer_key, day (of the order), anchor
    (the promised day), is_late, sales_channel."""
    orders, facts = tables.table("orders"), tables.table("order_facts")
    told = orders.filter(orders.promised_at.notnull() & orders.delivered_at.notnull())
    told = told.select("order_key", **promise_days(shop, told))
    told = told.select("order_key", anchor="promised", is_late=told.came > told.promised)
    counted = facts.filter(facts.order_no.notnull())
    counted = counted.select("order_key", "customer_key", "day", "sales_channel")
    return without(counted.join(told, "order_key"), "order_key_right")


def _orders(tables: Tables, parcels: ir.Table, rules: CareRules, topic: str) -> ir.Table:
    """Purchase days, with the first contact before the next one, if it is of this topic ("": any)."""
    days = tables.table("customer_days").select("customer_key", "day")
    window = ibis.window(group_by="customer_key", order_by="day")
    days = days.mutate(next_day=days.day.lead().over(window))
    talks = with_topics(tables, begun(tables), rules.topics)
    talks = talks.filter(talks.customer_key.notnull())
    talks = talks.group_by("customer_key", talk="day").agg(
        is_meant=as_number(talks.topic == topic).max() if topic else talks.count().cast("int64")
    )
    after = days.join(talks, "customer_key")
    is_after = (after.talk >= after.day) & (after.next_day.isnull() | (after.talk < after.next_day))
    after = after.filter(is_after)
    first = after.group_by("customer_key", "day").agg(talk=after.talk.min())
    meant = talks.filter(talks.is_meant > 0).select("customer_key", meant="talk")
    first = first.left_join(
        meant, [first.customer_key == meant.customer_key, first.talk == meant.meant]
    )
    first = without(first, "customer_key_right")
    late = parcels.group_by("customer_key", "day").agg(late=as_number(parcels.is_late).max())
    told = without(
        days.left_join(first, ["customer_key", "day"]), "customer_key_right", "day_right"
    )
    told = without(told.left_join(late, ["customer_key", "day"]), "customer_key_right", "day_right")
    lag = told.talk.delta(told.day, unit="day").cast("int64")
    return told.select(
        "customer_key",
        anchor=told.day,
        lag=lag.fill_null(0),
        is_case=(told.meant.notnull() & (lag <= ABOUT_DAYS)).fill_null(False),
        is_open=ibis.literal(True),
        risk_until=ibis.least(
            told.talk.fill_null(told.next_day), told.next_day.fill_null(told.talk)
        ),
        kind=told.late.cast("string").fill_null(""),
    )


def _joined(*parts: ir.Value) -> ir.Value:
    words = ibis.literal("")
    for part in parts:
        words = words + part.cast("string").fill_null("") + ibis.literal("|")
    return words


def _told(tables: Tables, units: ir.Table, *, rough: bool) -> ir.Table:
    """The units with their `stratum` (kind, orders of LIKE_DAYS, time since the first order) and
    `known`."""
    days = tables.table("customer_days").select("customer_key", bought="day")
    keys = units.select("customer_key", "anchor").distinct()
    joined = keys.join(days, "customer_key")
    ago = joined.anchor.delta(joined.bought, unit="day").cast("int64")
    recent = joined.filter((ago >= 0) & (ago < LIKE_DAYS))
    recent = recent.group_by("customer_key", "anchor").agg(times=recent.count())
    units = without(
        units.left_join(recent, ["customer_key", "anchor"]), "customer_key_right", "anchor_right"
    )
    seen = tables.table("customer_facts").select("customer_key", "first_day", "is_already_customer")
    units = without(units.join(seen, "customer_key"), "customer_key_right")
    age = units.anchor.delta(units.first_day, unit="day").cast("int64")
    often, stages = (_OFTEN_ROUGHLY, _KNOWN_ROUGHLY) if rough else (_OFTEN, _KNOWN)
    # Who was there before the log began has been there for long: how long is not known.
    stage = ibis.ifelse(units.is_already_customer, len(stages), _step(age, stages))
    stratum = _joined(units.kind, _step(units.times.fill_null(0), often), stage)
    return units.filter(age >= 0).select(
        "customer_key", "anchor", "lag", "is_case", "is_open", "risk_until",
        stratum=stratum, known=age >= LIKE_DAYS,
    )  # fmt: skip


def _step(value: ir.Value, bounds: tuple[int, ...]) -> ir.Value:
    """How many of the bounds a number is above."""
    return sum((as_number(value > bound) for bound in bounds), ibis.literal(0).cast("int64"))


def _beside(units: ir.Table, near_days: int) -> ir.Table:
    """Each case with the units of its stratum just before and after it that were still at risk."""
    # A number without order stands between those of one day: else older customers would come first.
    tie = (units.customer_key % _PRIME) * _FACTOR % _PRIME
    so_far = ibis.window(
        group_by="stratum", order_by=["anchor", "tie", "customer_key"], preceding=None, following=0
    )
    units = units.mutate(tie=tie, opened=as_number(units.is_open))
    units = units.mutate(place=units.opened.sum().over(so_far).cast("int64"))
    whole = ibis.window(order_by=["customer_key", "anchor", "tie"])
    had = units.filter(units.is_case)
    had = had.select(
        "stratum",
        case=ibis.row_number().over(whole),
        case_key=had.customer_key,
        case_anchor=had.anchor,
        case_known=had.known,
        lag=had.lag,
        at=had.place,
    )
    # A step of its own: Spark takes rows made of a row only as they are, in no sum.
    had = had.mutate(step=ibis.range(-_BESIDE, _BESIDE + 1).unnest())
    had = had.mutate(place=had["at"] + had.step.cast("int64")).drop("step", "at")
    pool = units.filter(units.is_open).select(
        "stratum",
        "place",
        "risk_until",
        other_key="customer_key",
        other_anchor="anchor",
        other_known="known",
    )
    met = without(had.join(pool, ["stratum", "place"]), "stratum_right", "place_right")
    apart = met.case_anchor.delta(met.other_anchor, unit="day").cast("int64").abs()
    free = met.risk_until.delta(met.other_anchor, unit="day").cast("int64") > met.lag
    met = met.filter((apart <= near_days) & (met.case_key != met.other_key) & free.fill_null(True))
    moved = {
        f"{side}_day": (met[f"{side}_anchor"].cast("timestamp") + met.lag.as_interval("D")).cast(
            "date"
        )
        for side in ("case", "other")
    }
    return met.mutate(**moved).drop("stratum", "place", "risk_until", "lag")


def _with_outcomes(tables: Tables, met: ir.Table, side: str) -> ir.Table:
    """What each person of one side did after their index day, and before the days of being alike."""
    key, anchor, day = f"{side}_key", f"{side}_anchor", f"{side}_day"
    days = tables.table("customer_days").select("customer_key", "revenue", bought="day")
    who = met.select(key, anchor, day).distinct()
    did = who.join(days, who[key] == days.customer_key)
    since = did.bought.delta(did[day], unit="day").cast("int64")
    ago = did[anchor].delta(did.bought, unit="day").cast("int64")
    is_before = (ago >= LIKE_DAYS) & (ago < LIKE_DAYS + CHECK_DAYS)
    sums: dict[str, ir.Value] = {"before": as_number(is_before).sum()}
    for length in HORIZONS:
        is_in = (since > 0) & (since <= length)
        sums[f"bought_{length}"] = as_number(is_in).max()
        sums[f"value_{length}"] = did.revenue.cast("float64").sum(where=is_in)
    told = did.group_by(key, anchor, day).agg(**{f"{side}_{n}": v for n, v in sums.items()})
    joined = met.left_join(told, [key, anchor, day])
    joined = without(joined, f"{key}_right", f"{anchor}_right", f"{day}_right")
    return joined.mutate(
        **{
            f"{side}_{name}": joined[f"{side}_{name}"].fill_null(0).cast("float64")
            for name in OUTCOMES
        }
    )
