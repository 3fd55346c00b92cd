"""Where each customer stands between the first order and the last, by their own rhythm of buying."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.models.base import Fitted, need
from crm_core.store import StoreAt, Tables

NAME: Final = "lifecycle"
COLUMNS: Final = ("customer_key", "stage", "rhythm_days", "silent_days")

#: In the order in which a page lists them.
PROSPECT: Final = "prospect"
STAGES: Final = (
    "first_order",
    "active",
    "won_back",
    "at_risk",
    "lapsed",
    "one_and_done",
    PROSPECT,
)

AT_RISK: Final = 2.0
LAPSED: Final = 4.0
_PRIOR_GAPS: Final = 2.0
NOBODY_CAME_TWICE_DAYS: Final = 91.0


@dataclass(frozen=True, slots=True)
class ShopRhythm:
    """The shop's usual days from a first to a second purchase day, and between later ones (the
    middle of its customers' own middles). A quarter of a year where nobody came twice."""

    second_days: float
    gap_days: float


def shop_rhythm(past: StoreAt) -> ShopRhythm:
    """The rhythm that a shop's customers had by `past.as_of`."""
    gaps = _gaps(past.table("customer_days"))
    own = gaps.group_by("customer_key").agg(
        middle=gaps.gap.median().cast("float64"),
        second=gaps.gap.max(where=gaps.place == 1).cast("float64"),
    )
    row = past.store.fetch(own.agg(gap=own.middle.median(), second=own.second.median())).iloc[0]
    gap, second = (
        float(days) if days == days and days is not None else NOBODY_CAME_TWICE_DAYS
        for days in (row["gap"], row["second"])
    )
    return ShopRhythm(second_days=second, gap_days=gap)


def lifecycle(past: StoreAt, shop: ShopRhythm) -> ir.Table:
    """One row a person known by `past.as_of`: the stage, and what it follows from.

    Columns: customer_key, stage (one of STAGES), rhythm_days (the gap between purchase days to
    expect of this customer), silent_days (since the last one); both NULL for prospects.

    A customer's rhythm is the middle of their own gaps, as if two more of the shop's usual gaps
    had been seen; who bought once has the shop's usual days to a second order. Silent for up to
    twice the rhythm is `first_order` (one purchase day) or `active`; up to four times `at_risk`;
    longer `one_and_done` (one purchase day) or `lapsed`. Who came back after a silence that
    counted as lapsed or one-and-done is `won_back` instead of `active`, by the rhythm of before,
    until the next order. A `prospect` is known to the shop and has not bought.
    Two orders on one day are one purchase day. Only time and orders change a stage.
    """
    buyers = stages_of(past.table("customer_days"), past.as_of, shop)
    others = _prospects(past)
    return buyers if others is None else buyers.union(others)


def fit(store: Tables, *, as_of: date) -> Fitted:
    """The shop's rhythm, and how many customers are in each stage (`customers_<stage>`).

    Raises: CrmError("not_enough_data") where nobody has bought by then.
    """
    past = StoreAt(store, as_of)
    shop = shop_rhythm(past)
    stages = lifecycle(past, shop)
    counted = store.fetch(stages.group_by("stage").agg(people=stages.count()))
    people: dict[str, int] = dict(
        zip(counted["stage"].tolist(), counted["people"].tolist(), strict=True)
    )
    buyers = sum(count for stage, count in people.items() if stage != PROSPECT)
    need(NAME, buyers=(buyers, 1))
    parameters = {
        "second_days": shop.second_days,
        "gap_days": shop.gap_days,
        **{f"customers_{stage}": float(people.get(stage, 0)) for stage in STAGES},
    }
    made = hashlib.sha256(repr(sorted(parameters.items())).encode()).hexdigest()
    return Fitted(
        model=NAME,
        as_of=as_of,
        time_unit="day",
        parameters=parameters,
        standard_errors={},
        log_likelihood=0.0,
        customers=buyers,
        distinct=len(people),
        fingerprint=made[:16],
    )


def _gaps(days: ir.Table) -> ir.Table:
    """Each gap between two purchase days of a customer: its days, its place (1 is from the first
    to the second), and whether no purchase day followed it."""
    window = ibis.window(group_by="customer_key", order_by="day")
    known = days.filter(days.customer_key.notnull())
    placed = known.select(
        "customer_key",
        place=ibis.row_number().over(window),
        gap=known.day.delta(known.day.lag().over(window), unit="day"),
        is_last=known.day.lead().over(window).isnull(),
    )
    return placed.filter(placed.gap.notnull())


def stages_of(days: ir.Table, as_of: date, shop: ShopRhythm) -> ir.Table:
    """The rows of `lifecycle` of buyers, from any table of customer_key and day, a purchase day
    once each, that has no future."""
    known = days.filter(days.customer_key.notnull())
    people = known.group_by("customer_key").agg(last_day=known.day.max(), purchases=known.count())
    gaps = _gaps(days)
    # Spark takes no condition in a median
    gaps = gaps.mutate(before=ibis.ifelse(gaps.is_last, ibis.null("int64"), gaps.gap))
    own = gaps.group_by("customer_key").agg(
        middle=gaps.gap.median().cast("float64"),
        middle_before=gaps.before.median().cast("float64"),
        last_gap=gaps.gap.max(where=gaps.is_last),
    )
    seen = people.left_join(own, "customer_key").drop("customer_key_right")
    usual = {name: ibis.literal(days) for name, days in asdict(shop).items()}
    return staged(seen.mutate(as_of=ibis.literal(as_of), **usual)).select(*COLUMNS)


def staged(seen: ir.Table) -> ir.Table:
    """Customers with the columns of `lifecycle` beside their own: last_day, purchases (purchase
    days), middle and middle_before (of the gaps between them, all and all but the last) and
    last_gap, NULL where there are none; as_of, second_days and gap_days, of the shop."""
    repeats = (seen.purchases - 1).cast("float64")
    before = _shrunk(seen.middle_before, repeats - 1.0, seen.gap_days)
    expected = ibis.ifelse(seen.purchases == 2, seen.second_days, before)
    came_back = (seen.last_gap.cast("float64") > expected * LAPSED).fill_null(False)
    rhythm = ibis.cases(
        (seen.purchases == 1, seen.second_days),
        (came_back, before),
        else_=_shrunk(seen.middle, repeats, seen.gap_days),
    )
    told = seen.mutate(
        came_back=came_back,
        rhythm_days=rhythm.cast("float64"),
        silent_days=seen.as_of.delta(seen.last_day, unit="day").cast("int64"),
    )
    return told.mutate(stage=_stage(told))


def _shrunk(own: ir.Value, gaps: ir.Value, usual: ir.Value) -> ir.Value:
    """A customer's own middle gap, as if two more of the shop's had been seen."""
    seen = own.fill_null(0.0) * gaps + usual * _PRIOR_GAPS
    return seen / (gaps + _PRIOR_GAPS).nullif(0.0)


def _stage(told: ir.Table) -> ir.Value:
    silent, is_first = told.silent_days.cast("float64"), told.purchases == 1
    is_quiet, is_gone = (silent > told.rhythm_days * limit for limit in (AT_RISK, LAPSED))
    return ibis.cases(
        (is_gone & is_first, "one_and_done"),
        (is_gone, "lapsed"),
        (is_quiet, "at_risk"),
        (is_first, "first_order"),
        (told.came_back, "won_back"),
        else_="active",
    )


def _prospects(past: StoreAt) -> ir.Table | None:
    people = people_seen(past.store)
    if people is None:
        return None
    return before_buying(people.mutate(as_of=ibis.literal(past.as_of))).select(
        "customer_key",
        stage=ibis.literal(PROSPECT),
        rhythm_days=ibis.null("float64"),
        silent_days=ibis.null("int64"),
    )


def people_seen(store: Tables) -> ir.Table | None:
    """Everybody the shop knows with first_seen_at and first_day, of the first purchase; None where
    a store keeps no list of people."""
    if not store.has("customers") or not store.has("customer_facts"):
        return None
    people = store.table("customers")
    people = people.filter(~people.is_internal.fill_null(False))
    facts = store.table("customer_facts").select("customer_key", "first_day")
    return people.select("customer_key", "first_seen_at").join(facts, "customer_key")


def before_buying(people: ir.Table) -> ir.Table:
    """Who of `people_seen` was known by the end of their `as_of` without having bought: prospects.

    Somebody without a day of first being seen counts as known only while no order ever came.
    """
    is_seen = ibis.ifelse(
        people.first_seen_at.notnull(),
        people.first_seen_at.cast("date") <= people.as_of,
        people.first_day.isnull(),
    )
    has_bought = (people.first_day <= people.as_of).fill_null(False)
    return people.filter(is_seen & ~has_bought)
