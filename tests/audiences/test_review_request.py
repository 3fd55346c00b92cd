"""A request for reviews reaches every buyer of some days, content or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from crm_core.audiences import members
from crm_core.audiences.playbooks import PLAYBOOKS
from crm_core.audiences.review_request import PLAYBOOK, buyers_between, is_neutral
from crm_core.errors import CrmError
from crm_core.pipeline.campaigns import draw, terms_of
from crm_core.records import CampaignPlan, Records
from crm_core.rules import All, Any, Condition, Did, InAudience, Not, Rule, to_document
from crm_core.store import Store

WINDOW = buyers_between(7, 21)
GATES: tuple[Rule, ...] = (
    Condition("contact_rating", ">=", 4),
    Did("review", (Condition("stars", ">=", 4),)),
    Not(Did("refund")),
    Condition("value_tier", "is", "top"),
    Condition("p_no_order", "<", 0.5),
    InAudience(1),
)


def plan_of(rule: Rule, playbook: str, day: date) -> CampaignPlan:
    return CampaignPlan(
        "Reviews", to_document(rule), "email", day, holdout_share=0.0, playbook=playbook
    )


@pytest.mark.parametrize("gate", GATES)
def test_no_rule_of_a_request_leaves_out_who_is_not_content(
    gate: Rule, store: Store, records: Records
) -> None:
    assert not is_neutral(All((WINDOW, gate)))
    assert not is_neutral(Any((WINDOW, Not(gate))))
    day = store.meta.as_of + timedelta(1)
    gated = plan_of(All((WINDOW, gate)), PLAYBOOK, day)
    with pytest.raises(CrmError, match="campaign_review_gated"):
        draw(store, gated, terms_of(records, gated, 0))


def test_everybody_who_bought_and_may_be_written_to_is_asked(
    store: Store, records: Records
) -> None:
    playbook = PLAYBOOKS[PLAYBOOK]
    assert playbook.holdout_share == 0
    assert is_neutral(playbook.rule)
    plan = plan_of(playbook.rule, PLAYBOOK, store.meta.as_of + timedelta(1))
    drawn = draw(store, plan, terms_of(records, plan, 0))
    fitting = store.fetch(members(store, playbook.rule).select("customer_key"))
    assert len(drawn.keys) + sum(drawn.left_out.values()) == len(fitting)
    assert drawn.counts() == {"treatment": len(drawn.keys), "holdout": 0, "global_control": 0}
    assert set(drawn.left_out) <= {"suppressed", "opted_out", "no_consent", "no_contact"}


def test_other_campaigns_may_ask_whatever_they_like(store: Store, records: Records) -> None:
    plan = plan_of(All((WINDOW, GATES[0])), "", store.meta.as_of + timedelta(1))
    assert len(draw(store, replace(plan, name="Thanks"), terms_of(records, plan, 0)).keys) >= 0
