"""What a campaign changed, as it may be said: arms, lift, money, where it worked, and what forbids
to believe it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import ibis.expr.types as ir

from crm_core.audiences.arms import held_out
from crm_core.audiences.measurement import (
    CONTROLS,
    TREATMENT,
    UNTOUCHED,
    Assignment,
    Counts,
    Measured,
    assigned_counts,
    measure,
    offer_uses,
    with_untouched,
)
from crm_core.features import build_features
from crm_core.models.lift import (
    COVARIATES,
    OUTCOMES,
    Lift,
    Moments,
    Split,
    chance_alone,
    imbalance,
    lift,
    split,
    together,
)
from crm_core.models.lift_segments import SegmentLift, found_among, segment_lifts
from crm_core.models.standing import standing
from crm_core.records import OfferTerms
from crm_core.store import Store, StoreAt

#: How people are told apart when asking where a campaign worked, by what was known before it.
BY: Final = ("stage", "favourite_category")
#: So many standard errors apart before the campaign: no lot does that (p < .001 with two tries).
UNLIKE: Final = 3.5

Verdict = Literal[
    "nobody",
    "not_begun",
    "broken",
    "unlike",
    "observational",
    "interim",
    "few",
    "worked",
    "harmed",
    "unclear",
]
"""What may be said: nobody was sent anything; the window has not begun; the lot was broken, or parted unlike people; no lot
at all; the window is not over; too few control buyers; it brought buyers, lost some, or cannot be
told from chance."""


@dataclass(frozen=True)
class Terms:
    """What was decided before: the cost of each treated member and of the whole, the share that
    was to be held out (None where that is not known), and what was offered."""

    cost_per_contact: float = 0.0
    fixed_cost: float = 0.0
    holdout_share: float | None = None
    offer: OfferTerms | None = None


@dataclass(frozen=True)
class Arm:
    """One arm in numbers, over its members' windows."""

    code: str
    members: int
    buyers: int
    orders: int
    spend: float
    margin: float | None


@dataclass(frozen=True)
class Spent:
    """What a treated arm cost: contacts and its share of what the whole cost, and what the offer
    cost beside lower prices, at each of its `uses`. Lower prices are in spend and margin already."""

    contact: float
    offer: float = 0.0
    uses: int | None = None

    @property
    def whole(self) -> float:
        """All of it."""
        return self.contact + self.offer


@dataclass(frozen=True)
class ArmLift:
    """One treated arm beside a control: a lift for each of OUTCOMES, and for its members in all
    the extra spend and margin, each with bounds where there is an interval.

    `chance`: how often chance alone parts the buyers so unevenly, where they are too few for an
    interval. `gain` is extra margin less cost. `full_price` is the lift of margin (of spend where
    costs are unknown) as if no price had been lowered: what a message adds before its offer.
    """

    arm: str
    control: str
    members: int
    lifts: Mapping[str, Lift]
    chance: float | None
    spent: Spent | None
    full_price: Lift

    @property
    def cost(self) -> float | None:
        """What contacts and the offer cost, beside lower prices."""
        return None if self.spent is None else self.spent.whole

    def total(self, outcome: str) -> tuple[float, float | None, float | None]:
        """Extra spend or margin of all members: expected, lowest, highest."""
        one = self.lifts[outcome]
        low, high = (None if x is None else x * self.members for x in (one.low, one.high))
        return one.difference * self.members, low, high

    @property
    def gain(self) -> float | None:
        """Extra margin less what the campaign cost."""
        if self.cost is None or "margin" not in self.lifts:
            return None
        return self.total("margin")[0] - self.cost

    @property
    def money_back(self) -> float | None:
        """Gain for each unit of money that was spent."""
        return self.gain / self.cost if self.gain is not None and self.cost else None


@dataclass(frozen=True)
class CampaignResult:
    """A campaign, measured. `split` is None where the planned shares are not known; `apart` is how
    far the arms were apart before, in standard errors; `in_two_arms` people count nowhere."""

    name: str
    first: date
    ends_on: date
    window_days: int
    is_over: bool
    is_random: bool
    arms: tuple[Arm, ...]
    lifts: tuple[ArmLift, ...]
    segments: Mapping[str, tuple[SegmentLift, ...]]
    split: Split | None
    apart: float
    in_two_arms: int
    verdict: Verdict


def campaign_result(
    store: Store, assignment: Assignment, *, terms: Terms | None = None, parts: bool = True
) -> CampaignResult:
    """Measures a campaign from later orders; with `parts` by segment, too.

    Without a control arm others of the same days stand beside it, and nothing is called a lift.
    """
    found = measure(store, assignment)
    treated = [arm for arm in sorted(found.arms) if arm not in CONTROLS]
    controls = [arm for arm in CONTROLS if arm in found.arms]
    is_random, is_over = bool(controls), assignment.ends_on <= store.meta.as_of
    if not is_random and treated:
        found = measure(store, with_untouched(store, assignment))
        controls = [UNTOUCHED] if UNTOUCHED in found.arms else []
    spent = _spent(store, assignment, terms, {arm: together(found.arms[arm]).n for arm in treated})
    lifts = tuple(
        _beside(found, arm, control, spent.get(arm), is_over=is_over)
        for control in controls
        for arm in treated
    )
    counts, in_two_arms = assigned_counts(store, assignment)
    parted = _split(counts, terms)
    apart = _apart(found.arms, treated, controls) if is_random else 0.0
    parted_by = BY if parts and is_random and is_over and treated else ()
    return CampaignResult(
        name=assignment.name,
        first=assignment.first,
        ends_on=assignment.ends_on,
        window_days=assignment.window_days,
        is_over=is_over,
        is_random=is_random,
        arms=tuple(_arm(found, code) for code in (*treated, *controls)),
        lifts=lifts,
        segments=found_among(
            {
                name: _segments(store, assignment, name, treated[0], controls[0])
                for name in parted_by
            }
        ),
        split=parted,
        apart=apart,
        in_two_arms=in_two_arms,
        verdict="not_begun"
        if lifts and assignment.first > store.meta.as_of
        else _verdict(lifts, parted, apart),
    )


def _beside(
    found: Measured, arm: str, control: str, spent: Spent | None, *, is_over: bool
) -> ArmLift:
    """A treated arm beside a control, or beside who was not contacted."""
    is_random = control != UNTOUCHED
    ours, theirs = found.arms[arm], found.arms[control]
    outcomes = OUTCOMES if found.costs_known else OUTCOMES[:-1]
    told = {
        name: lift(ours, theirs, name, is_over=is_over, is_random=is_random) for name in outcomes
    }
    full = [
        {name: people.before_discounts(outcomes[-1]) for name, people in strata.items()}
        for strata in (ours, theirs)
    ]
    whole = together(ours)
    alone = chance_alone(whole, together(theirs)) if is_random and is_over else None
    price = lift(full[0], full[1], outcomes[-1], is_over=is_over, is_random=is_random)
    return ArmLift(arm, control, whole.n, told, alone, spent, price)


def _spent(
    store: Store, assignment: Assignment, terms: Terms | None, sizes: Mapping[str, int]
) -> dict[str, Spent]:
    """What each treated arm cost; nothing where that is not known."""
    if terms is None:
        return {}
    offer, shared = terms.offer, terms.fixed_cost / max(len(sizes), 1)
    contact = {arm: shared + terms.cost_per_contact * size for arm, size in sizes.items()}
    if offer is None:
        return {arm: Spent(cost) for arm, cost in contact.items()}
    used = offer_uses(store, assignment, offer.code)
    whole = sum(used.values())
    most = whole if offer.cap is None else min(offer.cap, whole)  # the cap is shared by the arms
    uses = {arm: round(used.get(arm, 0) * most / (whole or 1)) for arm in sizes}
    return {arm: Spent(cost, uses[arm] * offer.cost, uses[arm]) for arm, cost in contact.items()}


def _split(counts: Counts, terms: Terms | None) -> Split | None:
    """Numbers assigned beside those the lot would give; within small strata it rounds."""
    if terms is None or terms.holdout_share is None:
        return None
    parts = [(arms.get(TREATMENT, 0), arms.get(CONTROLS[0], 0)) for arms in counts.values()]
    held = sum(held_out(treated + control, terms.holdout_share) for treated, control in parts)
    everyone = sum(treated + control for treated, control in parts)
    found = {TREATMENT: sum(t for t, _ in parts), CONTROLS[0]: sum(c for _, c in parts)}
    return split(found, {TREATMENT: float(everyone - held), CONTROLS[0]: float(held)})


def _arm(found: Measured, code: str) -> Arm:
    people = together(found.arms[code])
    return Arm(
        code=code,
        members=people.n,
        buyers=round(people.total("buyers")),
        orders=round(people.total("orders")),
        spend=people.total("spend"),
        margin=people.total("margin") if found.costs_known else None,
    )


def _apart(
    arms: Mapping[str, Mapping[str, Moments]], treated: list[str], controls: list[str]
) -> float:
    """The furthest that a treated arm was from the first control before, in standard errors."""
    pairs = [
        imbalance(together(arms[arm]), together(arms[controls[0]]), name)
        for arm in treated
        for name in COVARIATES
    ]
    return max(pairs, key=abs, default=0.0)


def _segments(
    store: Store, assignment: Assignment, name: str, treated: str, control: str
) -> tuple[SegmentLift, ...]:
    """Lift in buyers of a treated arm, by one of BY."""
    arms = measure(store, assignment, _codes(store, assignment, name)).arms
    return segment_lifts(arms.get(treated, {}), arms.get(control, {}))


def _codes(store: Store, assignment: Assignment, name: str) -> ir.Table:
    """Which segment each person was in when arms were drawn."""
    if name == "stage":
        return standing(store, assignment.known_until, name).select("customer_key", "code")
    people = build_features(StoreAt(store, assignment.known_until), [name])
    return people.select("customer_key", code=name)


def _verdict(lifts: Sequence[ArmLift], parted: Split | None, apart: float) -> Verdict:
    if not lifts:
        return "nobody"
    buyers = lifts[0].lifts["buyers"]
    if buyers.method == "observational":
        return "observational"
    if parted is not None and parted.is_broken:
        return "broken"
    if abs(apart) > UNLIKE:
        return "unlike"
    if buyers.method == "interim":
        return "interim"
    if not buyers.is_sure:
        return "few" if buyers.low is None else "unclear"
    return "worked" if buyers.difference > 0 else "harmed"
