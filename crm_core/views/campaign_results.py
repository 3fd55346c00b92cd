"""What one campaign changed, as its page shows it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from crm_core.audiences.campaign_result import CampaignResult, Terms, campaign_result
from crm_core.audiences.measurement import assignment_of
from crm_core.models.lift import INTERVAL_FROM
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store

_CERTAIN = 0.001


@dataclass(frozen=True)
class CampaignResults:
    """A campaign's result with its frames.

    `arms`: code, members, buyers, share, orders, spend, margin (money a member). `people`: arm,
    control, value, low, high (lift in buyers). `money`: arm, control, outcome and the same.
    `said` names the sentence that is true of it; `control_buyers`, of the arm with the fewer, stand
    in it.
    """

    result: CampaignResult
    said: str
    control_buyers: int
    arms: pd.DataFrame
    people: pd.DataFrame
    money: pd.DataFrame

    def segments(self, name: str) -> pd.DataFrame:
        """Lift in buyers by segment: code, value, low, high, seen, treated, control,
        control_buyers, is_found, is_best."""
        rows = self.result.segments.get(name, ())
        frame = pd.DataFrame([vars(row) for row in rows])
        return frame.rename(columns={"shrunk": "value", "difference": "seen"})


def campaign_results(
    selection: Selection, *, store: Store, access: Access, name: str, terms: Terms | None = None
) -> CampaignResults:
    """Measures a campaign by its name, drawn here or known from imported touches.

    Raises: CrmError("no_such_campaign").
    """
    del selection, access
    result = campaign_result(store, assignment_of(store, name), terms=terms)
    return CampaignResults(
        result=result,
        said=said_of(result),
        control_buyers=fewest_buyers(result),
        arms=_arms(result),
        people=_lifts(result, ("buyers",)),
        money=_lifts(result, ("spend", "margin")),
    )


def fewest_buyers(result: CampaignResult) -> int:
    """Who bought in the arm with the fewer of them, which decides what interval there is."""
    if not result.lifts:
        return result.arms[-1].buyers if result.arms else 0
    pair = (result.lifts[0].arm, result.lifts[0].control)
    return min(arm.buyers for arm in result.arms if arm.code in pair)


def said_of(result: CampaignResult) -> str:
    """The sentence that is true of a campaign: its verdict, and where control buyers are too few
    for an interval, whether chance alone would part the arms so."""
    if result.verdict != "few":
        return result.verdict
    chance = result.lifts[0].chance
    return "few_yet_sure" if chance is not None and chance < _CERTAIN else "few"


def _arms(result: CampaignResult) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "code": arm.code,
                "members": arm.members,
                "buyers": arm.buyers,
                "share": arm.buyers / arm.members,
                "orders": arm.orders,
                "spend": arm.spend / arm.members,
                "margin": None if arm.margin is None else arm.margin / arm.members,
            }
            for arm in result.arms
        ]
    )


def _lifts(result: CampaignResult, outcomes: tuple[str, ...]) -> pd.DataFrame:
    rows = [
        {
            "arm": beside.arm,
            "control": beside.control,
            "outcome": outcome,
            "value": beside.lifts[outcome].difference,
            "low": beside.lifts[outcome].low,
            "high": beside.lifts[outcome].high,
        }
        for beside in result.lifts
        for outcome in outcomes
        if outcome in beside.lifts
    ]
    columns = ["arm", "control", "outcome", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def needed() -> int:
    """Control buyers below which there is no interval."""
    return INTERVAL_FROM
