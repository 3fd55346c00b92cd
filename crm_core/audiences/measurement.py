"""What became of the people of a campaign, arm by arm: sums made in the engine.

Who was opened or clicked is never asked: it follows from the message, so that whoever adjusts or
picks by it compares other people.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.models.lift import COLUMNS, Moments
from crm_core.store import Store
from crm_core.store.marts import as_number

TREATMENT: Final = "treatment"
#: Arms that were sent nothing, the one that measures the campaign alone first.
CONTROLS: Final = ("holdout", "global_control")
#: Others of the same days, where nobody was drawn to get nothing.
UNTOUCHED: Final = "untouched"

BEFORE_DAYS: Final = 84
TOUCH_WINDOW_DAYS: Final = 30

Counts = dict[str, dict[str, int]]
"""People by stratum and arm."""

_ARMS = {"treated": TREATMENT, "control": CONTROLS[0]}
_WHOLE = "_all"
_PAIRS = [(a, b) for a in range(len(COLUMNS)) for b in range(a, len(COLUMNS))]


@dataclass(frozen=True)
class Assignment:
    """Who was drawn into which arm of a campaign, and the days that are measured.

    `assigned`: customer_key, arm, stratum, assigned_on (the day the message went, or would have);
    whom the shop found to be one person may stand there twice. The window is that day and those
    after it, `window_days` in all. What was known of people ends the day before `drawn_on`.
    """

    name: str
    assigned: ir.Table
    first: date
    last: date
    window_days: int
    drawn_on: date

    @property
    def members(self) -> ir.Table:
        """One row a person who is in one arm."""
        return _in_one_arm(self.assigned)

    @property
    def known_until(self) -> date:
        """The last day whose records may adjust anything."""
        return self.drawn_on - timedelta(1)

    @property
    def ends_on(self) -> date:
        """The last day of the last member's window."""
        return self.last + timedelta(self.window_days - 1)


@dataclass(frozen=True)
class Measured:
    """The people of each arm as sums, by stratum. `costs_known`: those of all goods sold to them
    in the window."""

    arms: Mapping[str, Mapping[str, Moments]]
    costs_known: bool


def touched_campaigns(store: Store) -> pd.DataFrame:
    """Campaigns that imported touches tell of: campaign, first and last day, touches, treated and
    control (people), the latest first."""
    table = store.table("touches")
    keyed = table.filter(table.customer_key.notnull())
    told = keyed.group_by("campaign").agg(
        first=keyed.day.min(),
        last=keyed.day.max(),
        touches=keyed.count(),
        treated=keyed.customer_key.nunique(where=keyed.arm == "treated"),
        control=keyed.customer_key.nunique(where=keyed.arm == "control"),
    )
    return store.fetch(told.order_by(told["last"].desc(), told.campaign.asc()), limit=5_000)


def touched(store: Store, campaign: str) -> ir.Table:
    """The arms of an imported campaign: customer_key, arm, stratum, assigned_on, one row a person.

    Who has touches in two arms is left out (see `assigned_counts`).
    """
    return _in_one_arm(_touches(store, campaign))


def _touches(store: Store, campaign: str) -> ir.Table:
    table = store.table("touches")
    mine = table.filter((table.campaign == campaign) & table.customer_key.notnull())
    known = [(mine.arm == told, arm) for told, arm in _ARMS.items()]
    return mine.select(
        "customer_key",
        arm=ibis.cases(*known, else_=mine.arm),
        stratum=ibis.literal(_WHOLE),
        assigned_on="day",
    )


def _in_one_arm(rows: ir.Table) -> ir.Table:
    """One row a person, less those in two arms: what they were drawn for is not known."""
    people = rows.group_by("customer_key").agg(
        arm=rows.arm.min(),
        other=rows.arm.max(),
        stratum=rows.stratum.min(),
        assigned_on=rows.assigned_on.min(),
    )
    return people.filter(people.arm == people.other).drop("other")


def assigned_counts(store: Store, assignment: Assignment) -> tuple[Counts, int]:
    """How many people were assigned to each arm of each stratum, and how many of them to two arms."""
    rows = assignment.assigned
    told = rows.group_by("stratum", "arm").agg(n=rows.customer_key.nunique())
    counts: Counts = {}
    for stratum, arm, n in store.fetch(told).itertuples(index=False):
        counts.setdefault(str(stratum), {})[str(arm)] = int(n)
    everyone = store.fetch(rows.agg(n=rows.customer_key.nunique()))["n"].iloc[0]
    return counts, sum(sum(arms.values()) for arms in counts.values()) - int(everyone)


def touched_assignment(
    store: Store, campaign: str, window_days: int = TOUCH_WINDOW_DAYS
) -> Assignment:
    """An imported campaign, ready to be measured.

    Raises: CrmError("no_such_campaign") with the closest name.
    """
    told = touched_campaigns(store)
    mine = told[told["campaign"] == campaign]
    if mine.empty:
        match = close_match(campaign, told["campaign"].tolist())
        raise CrmError("no_such_campaign", name=campaign, match=match)
    first, last = (mine[name].iloc[0].date() for name in ("first", "last"))
    return Assignment(campaign, _touches(store, campaign), first, last, window_days, first)


def sealed_assignment(store: Store, campaign: str) -> Assignment | None:
    """A campaign whose people were drawn here; None where no sealed one has that name."""
    if not (store.has("campaigns") and store.has("campaign_members")):
        return None
    table = store.table("campaigns")
    told = store.fetch(table.filter((table.name == campaign) & table.sealed_on.notnull()))
    if told.empty:
        return None
    row = told.sort_values("sealed_on").iloc[-1]
    first, end, sealed = (row[name].date() for name in ("starts_on", "ends_on", "sealed_on"))
    members = store.table("campaign_members")
    mine = members.filter(members.campaign_id == int(row["id"])).select(
        "customer_key", "arm", "stratum", assigned_on=ibis.literal(first)
    )
    return Assignment(campaign, mine, first, first, (end - first).days + 1, min(first, sealed))


def campaign_names(store: Store) -> list[str]:
    """Every campaign with people, drawn here or known from imported touches, the latest first."""
    days = dict(touched_campaigns(store)[["campaign", "last"]].itertuples(index=False))
    if store.has("campaigns") and store.has("campaign_members"):
        table = store.table("campaigns")
        sealed = table.filter(table.sealed_on.notnull()).select("name", "starts_on")
        days |= dict(store.fetch(sealed).itertuples(index=False))
    return sorted(days, key=lambda name: (days[name], name), reverse=True)


def assignment_of(store: Store, campaign: str) -> Assignment:
    """A campaign by its name, drawn here or known from imported touches.

    Raises: CrmError("no_such_campaign") with the closest name.
    """
    return sealed_assignment(store, campaign) or touched_assignment(store, campaign)


def with_untouched(store: Store, assignment: Assignment) -> Assignment:
    """The same with everybody else who had bought before, as arm UNTOUCHED: for a campaign without
    a control, whose difference from them is no lift."""
    facts = store.table("customer_facts")
    others = facts.filter(facts.first_day <= ibis.literal(assignment.known_until))
    others = others.anti_join(assignment.assigned, "customer_key").select(
        "customer_key",
        arm=ibis.literal(UNTOUCHED),
        stratum=ibis.literal(_WHOLE),
        assigned_on=ibis.literal(assignment.first),
    )
    columns = ("customer_key", "arm", "stratum", "assigned_on")
    everyone = assignment.assigned.select(*columns).union(others.select(*columns))
    return replace(assignment, assigned=everyone)


def outcomes(store: Store, assignment: Assignment, *, known_until: date | None = None) -> ir.Table:
    """One row a member with COLUMNS, 0 where nothing was bought: orders that count, and money by
    the day it was paid or given back; before, that of the 84 days up to `known_until`.

    Raises: CrmError("covariate_later") where that is the day of assignment or after it: what is
    recorded later may follow from the campaign.
    """
    until = known_until or assignment.known_until
    if until >= assignment.first:
        raise CrmError("covariate_later", day=until, assigned=assignment.first)
    members = assignment.members
    days = members.select("customer_key", "assigned_on")
    paid, bought = _paid(store, days, assignment, until), _bought(store, days, assignment, until)
    joined = _left(_left(members, bought), paid)
    orders, spend = joined.orders.fill_null(0), joined.spend.fill_null(0.0)
    return joined.select(
        "customer_key",
        "arm",
        "stratum",
        buyers=as_number(orders > 0).cast("float64"),
        orders=orders.cast("float64"),
        spend=spend,
        margin=joined.margin.fill_null(0.0),
        discount=joined.discount.fill_null(0.0),
        spend_before=joined.spend_before.fill_null(0.0),
        orders_before=joined.orders_before.fill_null(0).cast("float64"),
        uncosted=joined.uncosted.fill_null(0),
    )


def measure(store: Store, assignment: Assignment, by: ir.Table | None = None) -> Measured:
    """Sums of the members by arm and stratum; with `by` (customer_key, code) by that instead, and
    members without a code are left out."""
    found = store.fetch(sums(store, assignment, by))
    arms: dict[str, dict[str, Moments]] = {}
    for row in found.to_dict("records"):
        arms.setdefault(str(row["arm"]), {})[str(row["stratum"])] = _moments(row)
    return Measured(arms, costs_known=not found["uncosted"].fillna(0).any())


def sums(store: Store, assignment: Assignment, by: ir.Table | None = None) -> ir.Table:
    """What `measure` reads, one row an arm and stratum: n, uncosted, `s<i>` the sum of the i-th of
    COLUMNS, `p<i>_<j>` that of the products of two."""
    rows = outcomes(store, assignment)
    if by is not None:
        rows = rows.inner_join(by.filter(by.code.notnull()), "customer_key")
        rows = rows.mutate(stratum=rows.code)
    return (
        rows.group_by("arm", "stratum")
        .agg(
            n=rows.count(),
            uncosted=rows.uncosted.sum(),
            **{f"s{place}": rows[name].sum() for place, name in enumerate(COLUMNS)},
            **{f"p{a}_{b}": (rows[COLUMNS[a]] * rows[COLUMNS[b]]).sum() for a, b in _PAIRS},
        )
        .order_by("arm", "stratum")
    )


def offer_uses(store: Store, assignment: Assignment, code: str) -> dict[str, int]:
    """How often members of each arm used an offer in their window: orders with its code, or where
    it has none all orders, since any may have."""
    orders = store.table("order_facts").filter(lambda table: table.order_no.notnull())
    if code:
        orders = orders.filter(orders.coupon_code.upper() == code.upper())
    mine = orders.select("customer_key", "day").inner_join(assignment.members, "customer_key")
    mine = mine.filter(_within(mine.day, mine, assignment))
    told = store.fetch(mine.group_by("arm").agg(uses=mine.count()))
    return {str(arm): int(uses) for arm, uses in told.itertuples(index=False)}


def _moments(row: Mapping[Hashable, Any]) -> Moments:
    width = len(COLUMNS)
    totals = np.array([row[f"s{place}"] for place in range(width)], dtype=np.float64)
    products = np.zeros((width, width))
    for a, b in _PAIRS:
        products[a, b] = products[b, a] = row[f"p{a}_{b}"]
    return Moments(int(row["n"]), totals, products)


def _bought(store: Store, days: ir.Table, assignment: Assignment, until: date) -> ir.Table:
    orders = store.table("order_facts")
    orders = orders.filter(orders.order_no.notnull()).select("customer_key", "day")
    mine = orders.inner_join(days, "customer_key")
    return mine.group_by("customer_key").agg(
        orders=mine.count(where=_within(mine.day, mine, assignment)),
        orders_before=mine.count(where=_before(mine.day, until)),
    )


def _paid(store: Store, days: ir.Table, assignment: Assignment, until: date) -> ir.Table:
    ledger = store.table("ledger")
    ledger = ledger.filter(
        (ledger.known_on > ibis.literal(until - timedelta(BEFORE_DAYS)))
        & (ledger.known_on <= ibis.literal(assignment.ends_on))
    )
    rows = ledger.select(
        "customer_key",
        "known_on",
        "goods_cost",
        discount=ledger.discount.cast("float64"),
        paid=(ledger.gross - ledger.discount - ledger.refund).cast("float64"),
    )
    mine = rows.inner_join(days, "customer_key")
    within = _within(mine.known_on, mine, assignment)
    left = mine.paid - mine.goods_cost.cast("float64").fill_null(0.0)
    return mine.group_by("customer_key").agg(
        spend=mine.paid.sum(where=within),
        margin=left.sum(where=within),
        discount=mine.discount.sum(where=within),
        spend_before=mine.paid.sum(where=_before(mine.known_on, until)),
        uncosted=mine.count(where=within & mine.goods_cost.isnull()),
    )


def _within(day: ir.Value, rows: ir.Table, assignment: Assignment) -> ir.Value:
    """In the member's own window."""
    since = day.delta(rows.assigned_on, unit="day")
    return (since >= 0) & (since < assignment.window_days)


def _before(day: ir.Value, until: date) -> ir.Value:
    first = ibis.literal(until - timedelta(BEFORE_DAYS))
    return (day > first) & (day <= ibis.literal(until))


def _left(left: ir.Table, right: ir.Table) -> ir.Table:
    joined = left.left_join(right, "customer_key")
    return joined.drop("customer_key_right") if "customer_key_right" in joined.columns else joined
