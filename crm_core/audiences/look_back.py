"""A rule tried on a past day: whom it would have picked, and what they did next beside others alike.

What is told is observed, not caused: nobody was given anything because of the rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crm_core.audiences.members import fetched
from crm_core.audiences.past import members_at
from crm_core.errors import CrmError
from crm_core.models.standing import standing
from crm_core.rules import Rule
from crm_core.store import Store

MOST_LOOK_DAYS: Final = 365
#: A kind of customer with fewer others is not compared.
LEAST_ALIKE: Final = 5
#: Where days since the last order and counts of purchase days begin anew: with the stage they say
#: who is alike.
RECENCY_FROM: Final = (0, 14, 30, 60, 90, 180, 365)
PURCHASES_FROM: Final = (0, 1, 2, 3, 5, 9)
_Z95: Final = 1.959964
_LONG: Final = 60.0
_KIND: Final = ["stage", "recency", "purchases"]
#: In what others may be alike, the closest first; a rule that picks by one of them leaves nobody
#: alike in it, so the first that compares most of its people is taken.
LIKENESS: Final = (
    ("stage", "recency", "purchases"),
    ("stage", "purchases"),
    ("stage",),
    ("purchases",),
    (),
)
_MOST_OF_THEM: Final = 0.8
_SUMS: Final = ["people", "buyers", "orders", "revenue", "squares"]


@dataclass(frozen=True)
class Outcome:
    """So many people, the share of them who ordered in the days, and orders and revenue of one."""

    people: int
    share: float | None
    orders: float | None
    revenue: float | None


@dataclass(frozen=True)
class Gap:
    """How much more (or less) of the rule's people did than others alike; 95 % interval."""

    difference: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out no difference."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class LookBack:
    """What became of the rule's people of `day` until `until`, both of them and others.

    `matched` are whom the rule picked, `shop` all who had bought by then. Others are alike in
    `likeness`, one of LIKENESS. `compared` are those of the rule's people of whose kind enough
    others were there; `alike` is what these did, weighed as the rule's people are divided. `share`
    and `revenue` are the gaps between the two, nothing where nobody can be compared. `stages`:
    stage, people, share, others, other_share.
    """

    day: date
    until: date
    matched: Outcome
    shop: Outcome
    compared: Outcome
    alike: Outcome
    likeness: tuple[str, ...]
    share: Gap | None
    revenue: Gap | None
    stages: pd.DataFrame


def look_back(store: Store, rule: Rule, day: date, days: int) -> LookBack:
    """Tries a rule on a past day, by what was known then, over the `days` after it.

    Raises: CrmError("offer_look_days", most), ("offer_look_day", first, last), ("offer_look_short",
    days) for a log that is shorter than that, and as `members_at`.
    """
    if not 1 <= days <= MOST_LOOK_DAYS:
        raise CrmError("offer_look_days", most=MOST_LOOK_DAYS)
    first, last = look_back_days(store, days)
    if last < first:
        raise CrmError("offer_look_short", days=days)
    if not first <= day <= last:
        raise CrmError("offer_look_day", first=first, last=last)
    until = day + timedelta(days=days)
    rows = fetched(store, _counted(store, rule, day, until), _LONG)
    rows[_SUMS] = rows[_SUMS].astype(float)
    mine, others = rows[rows["is_member"]], rows[~rows["is_member"]]
    if not (mine["purchases"] == 0).any():
        others = others[others["purchases"] > 0]  # who never bought is no match for who did
    likeness, both = _paired(mine, others)
    compared, alike, share, revenue = _compared(both)
    return LookBack(
        day=day,
        until=until,
        matched=_did(mine),
        shop=_did(rows[rows["purchases"] > 0]),
        compared=compared,
        alike=alike,
        likeness=likeness,
        share=share,
        revenue=revenue,
        stages=_by_stage(mine, others),
    )


def look_back_days(store: Store, days: int) -> tuple[date, date]:
    """The first and last day that can be looked back to: what follows has to be in the log."""
    return store.meta.first_day, store.meta.as_of - timedelta(days=days)


def _counted(store: Store, rule: Rule, day: date, until: date) -> ir.Table:
    """People by kind, and whether the rule picks them: their number, how many ordered, orders,
    revenue and the sum of its squares."""
    known = standing(store, day, "stage")
    quiet = ibis.literal(day).delta(known.last_day, unit="day")
    kinds = known.select(
        "customer_key",
        stage=known.code,
        recency=_band(quiet, RECENCY_FROM).fill_null(-1),
        purchases=_band(known.purchase_days, PURCHASES_FROM).fill_null(0),
    )
    picked = members_at(store, rule, day).select("customer_key")
    kinds = _left(kinds, picked.mutate(is_picked=ibis.literal(True)))
    orders = store.table("order_facts")
    after = ibis.literal(day + timedelta(days=1))
    bought = orders.filter(
        orders.order_no.notnull() & orders.day.between(after, ibis.literal(until))
    )
    bought = bought.group_by("customer_key").agg(
        orders=bought.count(), revenue=bought.revenue.sum().cast("float64")
    )
    told = _left(kinds, bought)
    told = told.mutate(
        is_member=told.is_picked.notnull(),
        orders=told.orders.fill_null(0),
        revenue=told.revenue.fill_null(0.0),
    )
    return told.group_by(*_KIND, "is_member").agg(
        people=told.count(),
        buyers=(told.orders > 0).sum(),
        orders=told.orders.sum(),
        revenue=told.revenue.sum(),
        squares=(told.revenue * told.revenue).sum(),
    )


def _band(value: ir.Value, begins: tuple[int, ...]) -> ir.Value:
    """The place of the last of `begins` that a number reaches."""
    steps = [(value >= low, ibis.literal(at, "int64")) for at, low in enumerate(begins)]
    return ibis.cases(*reversed(steps), else_=ibis.null("int64"))


def _left(left: ir.Table, right: ir.Table) -> ir.Table:
    return left.left_join(right, "customer_key").drop("customer_key_right")


def _did(rows: pd.DataFrame) -> Outcome:
    sums = rows[_SUMS].sum()
    people = int(sums["people"])
    if not people:
        return Outcome(0, None, None, None)
    share, orders, revenue = (float(sums[n]) / people for n in ("buyers", "orders", "revenue"))
    return Outcome(people, share, orders, revenue)


def _paired(mine: pd.DataFrame, others: pd.DataFrame) -> tuple[tuple[str, ...], pd.DataFrame]:
    """The rule's people and others by kind, as close in kind as compares most of the people."""
    everybody = mine["people"].sum()
    likeness, both = LIKENESS[0], mine
    for likeness in LIKENESS:
        kind = list(likeness) or [lambda _: 0]
        sides = [rows.groupby(kind)[_SUMS].sum() for rows in (mine, others)]
        both = sides[0].merge(sides[1], left_index=True, right_index=True, suffixes=("", "_other"))
        both = both[both["people_other"] >= LEAST_ALIKE]
        if both["people"].sum() >= _MOST_OF_THEM * everybody:
            break
    return likeness, both


def _compared(both: pd.DataFrame) -> tuple[Outcome, Outcome, Gap | None, Gap | None]:
    """The rule's people of whom there are others alike, those others weighed as they are, and how
    far apart the two are."""
    mine = _did(both)
    if mine.share is None or mine.revenue is None:
        return mine, mine, None, None
    weight = both["people"] / both["people"].sum()
    n = both["people_other"]
    means = {name: both[f"{name}_other"] / n for name in ("buyers", "orders", "revenue")}
    alike = Outcome(int(n.sum()), *(float((weight * each).sum()) for each in means.values()))
    smooth = (both["buyers_other"] + 0.5) / (n + 1)
    noise = float((weight**2 * smooth * (1 - smooth) / n).sum())
    own = (mine.share * mine.people + 0.5) / (mine.people + 1)
    share = _gap(mine.share - float(alike.share or 0), own * (1 - own) / mine.people + noise)
    spread = np.maximum(both["squares_other"] / n - means["revenue"] ** 2, 0)
    noise = float((weight**2 * spread / (n - 1)).sum())
    variance = max(float(both["squares"].sum()) / mine.people - mine.revenue**2, 0.0)
    total = variance / max(mine.people - 1, 1) + noise
    return mine, alike, share, _gap(mine.revenue - float(alike.revenue or 0), total)


def _gap(difference: float, variance: float) -> Gap:
    half = _Z95 * sqrt(variance)
    return Gap(difference, difference - half, difference + half)


def _by_stage(mine: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """The rule's people by stage, and what the others of the stage did."""
    own = mine.groupby("stage")[["people", "buyers"]].sum()
    rest = others.groupby("stage")[["people", "buyers"]].sum().reindex(own.index).fillna(0)
    frame = pd.DataFrame(
        {
            "stage": own.index,
            "people": own["people"].astype(int).to_numpy(),
            "share": (own["buyers"] / own["people"]).to_numpy(),
            "others": rest["people"].astype(int).to_numpy(),
            "other_share": (rest["buyers"] / rest["people"].replace(0, np.nan)).to_numpy(),
        }
    )
    return frame.sort_values(["people", "stage"], ascending=[False, True], ignore_index=True)
