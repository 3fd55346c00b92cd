"""A campaign measured, as one document for the command line."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from crm_core.audiences.campaign_result import ArmLift, CampaignResult, Terms, campaign_result
from crm_core.audiences.measurement import assignment_of, campaign_names
from crm_core.errors import CrmError
from crm_core.models.lift import Lift
from crm_core.records import Records
from crm_core.records.repository import name_key
from crm_core.store import Store


def terms_of(records: Records, name: str) -> Terms | None:
    """What was decided of a campaign before; None for one that is only known from touches.

    Raises: CrmError("campaign_draft") where its people were not drawn yet.
    """
    try:
        found = records.campaign(name)
    except CrmError as error:
        if error.code != "campaign_unknown":
            raise
        return None
    if found.sealed_at is None:
        raise CrmError("campaign_draft", name=found.plan.name)
    plan = found.plan
    offer = None if plan.offer_id is None else records.offer(plan.offer_id).terms
    return Terms(plan.cost_per_contact, plan.fixed_cost, plan.holdout_share, offer)


def result(store: Store, records: Records, name: str) -> dict[str, Any]:
    """What became of a campaign, known from here or from imported touches; its name as anybody
    writes it.

    Raises: CrmError("no_such_campaign"), ("campaign_draft").
    """
    name = _as_written(store, name)
    terms = terms_of(records, name)
    told = campaign_result(store, assignment_of(store, name), terms=terms)
    return {
        "campaign": told.name,
        "verdict": told.verdict,
        "random_control": told.is_random,
        "first_day": told.first.isoformat(),
        "last_day": told.ends_on.isoformat(),
        "window_days": told.window_days,
        "over": told.is_over,
        "arms": [asdict(arm) for arm in told.arms],
        "lifts": [row for arm in told.lifts for row in _lifts(arm, told)],
        "money": [_money(arm) for arm in told.lifts] if told.is_random else [],
        "segments": {name: [asdict(row) for row in rows] for name, rows in told.segments.items()},
        "sample_ratio": asdict(told.split) if told.split else None,
        "in_two_arms": told.in_two_arms,
    }


def _as_written(store: Store, name: str) -> str:
    """The name as the campaign has it, whatever case it is asked in; the same where none has it."""
    names = campaign_names(store)
    if name in names:
        return name
    return next((each for each in names if name_key(each) == name_key(name)), name)


def _lifts(arm: ArmLift, told: CampaignResult) -> list[dict[str, Any]]:
    return [
        {
            "arm": arm.arm,
            "control": arm.control,
            "outcome": name,
            **_lift(one),
            "chance_alone": arm.chance if name == "buyers" else None,
            "kind": "lift" if told.is_random else "observed_difference",
        }
        for name, one in arm.lifts.items()
    ]


def _lift(one: Lift) -> dict[str, Any]:
    return {
        "difference": one.difference,
        "low": one.low,
        "high": one.high,
        "unadjusted": one.plain,
        "interval": one.method,
        "variance_reduction": one.variance_reduction,
    }


def _money(arm: ArmLift) -> dict[str, Any]:
    told: dict[str, Any] = {"arm": arm.arm, "control": arm.control}
    for outcome in ("spend", "margin"):
        if outcome in arm.lifts:
            told[outcome] = dict(zip(("extra", "low", "high"), arm.total(outcome), strict=True))
    if arm.spent is not None and arm.spent.uses is not None:
        told |= {"offer_uses": arm.spent.uses, "offer_cost": arm.spent.offer}
    return {**told, "cost": arm.cost, "gain": arm.gain, "return": arm.money_back}
