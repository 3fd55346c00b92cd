"""What messages on a channel have added so far: the shop's own measured campaigns together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import Final

from crm_core.audiences.campaign_result import ArmLift, CampaignResult, campaign_result
from crm_core.audiences.measurement import assignment_of, campaign_names
from crm_core.store import Store

#: So many of the latest campaigns of a channel are asked.
MOST: Final = 12
#: Verdicts of campaigns whose arms can be compared.
_TOLD = ("worked", "harmed", "unclear")


@dataclass(frozen=True)
class MeasuredLift:
    """The share that contact added to what who was written to would have brought without it, with
    its bounds (95 %), and the campaigns that taught it, the latest first. It is what was added
    before the offers of these campaigns lowered prices: the next one has an offer of its own."""

    campaigns: tuple[str, ...]
    lift: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """Whether contact added something for certain, so that a plan may count on it."""
        return self.low > 0


def measured_lift(store: Store, contact_channel: str) -> MeasuredLift | None:
    """The lift of margin (of spend where costs are unknown) over all campaigns of a channel that
    have an interval, each by the people written to; None where none has.

    Taken as not sure is what the people held out would have brought: they are the fewer.
    """
    names = _names_of(store, contact_channel)[:MOST]
    told = [campaign_result(store, assignment_of(store, name), parts=False) for name in names]
    return _together([one for one in told if one.verdict in _TOLD])


def _together(told: Sequence[CampaignResult]) -> MeasuredLift | None:
    pairs = [(one, *_extra(one.lifts[0])) for one in told]
    # What lower prices took is no part of what people brought without a message.
    lowered = sum(mean - one.lifts[0].total(_outcome(one.lifts[0]))[0] for one, mean, _ in pairs)
    brought = sum(_brought(one) for one in told) + lowered
    extra = sum(mean for _, mean, _ in pairs)
    reach = hypot(*(one_reach for _, _, one_reach in pairs))
    if not pairs or brought - extra - reach <= 0:
        return None  # nobody is known to order unasked: no share of that can be told
    lift, low, high = (each / (brought - each) for each in (extra, extra - reach, extra + reach))
    return MeasuredLift(tuple(one.name for one in told), lift, low, high)


def _extra(one: ArmLift) -> tuple[float, float]:
    """What contact added in all before prices were lowered, and how far the truth may be from it."""
    price = one.full_price
    reach = 0.0 if price.low is None or price.high is None else (price.high - price.low) / 2
    return price.difference * one.members, reach * one.members


def _brought(one: CampaignResult) -> float:
    """What who was written to brought."""
    arm = next(arm for arm in one.arms if arm.code == one.lifts[0].arm)
    return arm.spend if arm.margin is None else arm.margin


def _outcome(one: ArmLift) -> str:
    return "margin" if "margin" in one.lifts else "spend"


def _names_of(store: Store, contact_channel: str) -> list[str]:
    """Campaigns of a channel, the latest first."""
    touches = store.table("touches")
    mine = touches.filter(touches.contact_channel == contact_channel)
    named = set(store.fetch(mine.select(name="campaign").distinct(), limit=5_000)["name"])
    if store.has("campaigns"):
        table = store.table("campaigns")
        sealed = table.filter(table.contact_channel == contact_channel)
        others = table.filter(table.contact_channel != contact_channel)
        named -= set(store.fetch(others.select("name"))["name"])
        named |= set(store.fetch(sealed.select("name"))["name"])
    return [name for name in campaign_names(store) if name in named]
