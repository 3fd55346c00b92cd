"""One campaign before it leaves: who is in which arm, what that can show and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from crm_core.audiences.campaign_members import assigned, in_campaigns
from crm_core.audiences.eligible import judged
from crm_core.audiences.giving import Giving, giving
from crm_core.audiences.measured_lift import MeasuredLift, measured_lift
from crm_core.audiences.outlook import Outlook, outlook
from crm_core.audiences.playbooks import ASSUMED_LIFT
from crm_core.audiences.power import (
    Arms,
    detectable_mean,
    detectable_share,
    people_for_share,
    rounded_up,
)
from crm_core.pipeline.campaigns import Drawn, Terms, draw, rule_in
from crm_core.privacy.policy import Access
from crm_core.records import ARMS, CampaignPlan, OfferTerms
from crm_core.rules import All
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.people import is_scored

#: The rise of the share who order that "people needed" speaks of: a tenth of it.
ASKED_RISE = 0.1


@dataclass(frozen=True)
class Sight:
    """What a campaign of this size can show: the smallest rise of the share who order and of spend
    a person, in rounded figures (None: nothing), and the people needed to see a tenth more."""

    base: float
    rise: float | None
    spend: float | None
    needed: float | None


@dataclass(frozen=True)
class Money:
    """What is expected of writing at a lift: extra margin of who is written to before what the
    offer gives away, `given` of that (also to who would have bought anyway), what the holdout
    forgoes less what it would be given, and costs of contact. None where there is no lift."""

    expected: float | None
    forgone: float | None
    cost: float
    given: float = 0.0

    @property
    def profit(self) -> float | None:
        """Expected extra margin less what is given away and costs."""
        return None if self.expected is None else self.expected - self.given - self.cost


@dataclass(frozen=True)
class Preview:
    """A draft in numbers. `left_out` (reason, people), `strata` (stratum, and people by arm).
    `money` is at the lift typed, `at_measured` at the one measured on its channel, if there is one."""

    fitting: int
    arms: dict[str, int]
    left_out: pd.DataFrame
    strata: pd.DataFrame
    outlook: Outlook
    sight: Sight
    money: Money
    measured: MeasuredLift | None
    at_measured: Money | None


def can_plan(selection: Selection, *, store: Store, access: Access) -> bool:
    """Whether there are scored customers to make a campaign for."""
    del selection, access
    return is_scored(store)


def lift_to_begin_with(
    selection: Selection, *, store: Store, access: Access, contact_channel: str
) -> float:
    """The lift a new draft has: that of the shop's own campaigns on the channel where they are
    sure that messages add something, else the one assumed."""
    del selection, access
    found = measured_lift(store, contact_channel)
    return round(found.lift, 3) if found and found.is_sure else ASSUMED_LIFT


def campaign(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    plan: CampaignPlan,
    terms: Terms,
    offer: OfferTerms | None = None,
) -> Preview:
    """What a draft with this offer would be if it were sealed now.

    Raises: CrmError of `draw`.
    """
    del selection, access
    drawn = draw(store, plan, terms)
    table = judged(store, rule_in(plan), terms.limits)
    rule, free = rule_in(plan), table.filter(table.reason.isnull())
    expected = outlook(store, rule, free, plan.window_days)
    arms, found = drawn.counts(), measured_lift(store, plan.contact_channel)

    def at(lift: float | None) -> Money:
        given = Giving()
        if offer is not None:
            given = giving(store, rule, free, plan.window_days, offer, lift=lift or 0.0)
        return money(expected, replace(plan, expected_lift=lift), arms, given)

    return Preview(
        fitting=len(drawn.keys) + sum(drawn.left_out.values()),
        arms=arms,
        left_out=left_out_frame(drawn.left_out),
        strata=_strata(drawn),
        outlook=expected,
        sight=sight(expected, arms),
        money=at(plan.expected_lift),
        measured=found,
        at_measured=at(found.lift) if found else None,
    )


def left_out_frame(left_out: object) -> pd.DataFrame:
    """Who was left out, by reason, most people first."""
    rows = sorted(dict(left_out).items(), key=lambda pair: -pair[1])  # type: ignore[call-overload]
    return pd.DataFrame(rows, columns=["reason", "people"])


def _strata(drawn: Drawn) -> pd.DataFrame:
    rows = [{"stratum": name, **arms} for name, arms in drawn.by_stratum()]
    return pd.DataFrame(rows, columns=["stratum", *ARMS])


def sealed(
    selection: Selection, *, store: Store, access: Access, number: int
) -> tuple[dict[str, int], pd.DataFrame]:
    """How many are in each arm of a sealed campaign, and within each stratum."""
    del selection, access
    members = assigned(store, number)
    rows = store.fetch(members.group_by("stratum", "arm").agg(people=members.count()))
    wide = rows.pivot_table(
        index="stratum", columns="arm", values="people", aggfunc="sum", fill_value=0
    )
    table = wide.reindex(columns=list(ARMS), fill_value=0).reset_index()
    arms = {arm: int(table[arm].sum()) for arm in ARMS}
    return arms, table.sort_values("stratum", ignore_index=True)


def sealed_outlook(
    selection: Selection, *, store: Store, access: Access, number: int, plan: CampaignPlan
) -> Outlook:
    """What is expected of the members of a sealed campaign, as things stand now."""
    del selection, access
    return outlook(store, All(), in_campaigns(store, [number]), plan.window_days)


def sight(expected: Outlook, arms: dict[str, int]) -> Sight:
    """What arms of this size can show of people with this outlook."""
    sizes = Arms(arms["treatment"], arms["holdout"])
    rise = detectable_share(expected.order_share, sizes)
    spend = detectable_mean(expected.spend_deviation, sizes)
    share = sizes.holdout / max(sizes.treatment + sizes.holdout, 1)
    wanted = expected.order_share * ASKED_RISE
    can = 0 < share < 1 and 0 < wanted < 1 - expected.order_share
    return Sight(
        base=expected.order_share,
        rise=None if rise is None else rounded_up(rise),
        spend=None if spend is None else rounded_up(spend),
        needed=rounded_up(people_for_share(expected.order_share, wanted, share)) if can else None,
    )


def money(
    expected: Outlook, plan: CampaignPlan, arms: dict[str, int], given: Giving | None = None
) -> Money:
    """What the plan costs and may bring, each member taken to expect the mean of all."""
    people, given = sum(arms.values()), given or Giving()
    each = expected.margin / people if people else 0.0
    lift = plan.expected_lift
    treated, held = arms["treatment"], arms["holdout"] + arms["global_control"]
    return Money(
        expected=None if lift is None else each * lift * treated,
        forgone=None
        if lift is None
        else each * lift * held - (given.of(treated + held) - given.of(treated)),
        cost=plan.fixed_cost + plan.cost_per_contact * treated,
        given=given.of(treated),
    )
