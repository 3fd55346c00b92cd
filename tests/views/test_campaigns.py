"""What the campaign pages say of people and money adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from crm_core.audiences import size
from crm_core.audiences.giving import Giving, giving
from crm_core.pipeline.campaign_budget import Choosable
from crm_core.pipeline.campaigns import first_day_of, rule_in, terms_of
from crm_core.privacy.policy import Access
from crm_core.records import CampaignPlan, OfferTerms, Records
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.campaign import campaign, money
from crm_core.views.campaign_offers import budget, loyalty
from crm_core.views.campaigns import campaigns
from crm_core.views.playbooks import playbooks

ME, ANY = Access("marketer", "ann"), Selection()
BUYERS = {"field": "orders", "operator": ">=", "value": 1}


@pytest.fixture
def plan(store: Store) -> CampaignPlan:
    return CampaignPlan(
        "Letters",
        BUYERS,
        "email",
        first_day_of(store),
        holdout_share=0.25,
        strata="value_tier",
        expected_lift=0.1,
        cost_per_contact=0.05,
        fixed_cost=20.0,
    )


def test_playbooks_count_whom_their_rules_pick(store: Store) -> None:
    plays = {play.playbook.code: play for play in playbooks(ANY, store=store, access=ME)}
    assert len(plays) == 6
    for code in ("second_order", "vip_thanks"):
        measured = size(store, plays[code].playbook.rule)
        assert plays[code].customers == measured.customers > 0
        assert plays[code].reachable == measured.reachable["email"]
        assert plays[code].expected > 0


def test_a_draft_accounts_for_everybody_who_fits(
    store: Store, records: Records, plan: CampaignPlan
) -> None:
    view = campaign(ANY, store=store, access=ME, plan=plan, terms=terms_of(records, plan, 1))
    inside = sum(view.arms.values())
    assert view.fitting == inside + view.left_out["people"].sum()
    assert view.strata[["treatment", "holdout"]].sum().to_dict() == {
        "treatment": view.arms["treatment"],
        "holdout": view.arms["holdout"],
    }
    assert view.outlook.people == inside
    assert 0 < view.sight.base < 1
    assert view.sight.rise is not None
    assert view.sight.rise > 0
    money = view.money
    assert money.cost == pytest.approx(20 + 0.05 * view.arms["treatment"])
    assert money.expected is not None
    assert money.forgone is not None
    assert money.expected + money.forgone == pytest.approx(0.1 * view.outlook.margin)
    assert money.profit == pytest.approx(money.expected - money.cost)
    unknown = replace(plan, expected_lift=None, holdout_share=0.0)
    bare = campaign(ANY, store=store, access=ME, plan=unknown, terms=terms_of(records, unknown, 1))
    assert (bare.money.expected, bare.sight.rise, bare.sight.needed) == (None, None, None)


@pytest.mark.slow
def test_a_longer_window_expects_more(store: Store, records: Records, plan: CampaignPlan) -> None:
    shares = [
        campaign(
            ANY,
            store=store,
            access=ME,
            plan=replace(plan, window_days=days),
            terms=terms_of(records, plan, 1),
        ).outlook.order_share
        for days in (7, 90)
    ]
    assert shares[0] < shares[1]


@pytest.mark.slow
def test_a_budget_goes_to_who_brings_most(
    store: Store, records: Records, plan: CampaignPlan
) -> None:
    terms = terms_of(records, plan, 1)
    alone = (Choosable(None, 0.1),)
    given = {"store": store, "access": ME, "plan": plan, "terms": terms}
    some = budget(ANY, **given, offers=alone, money=25.0)
    assert some.plan.verdict == "some"
    assert some.by_offer == (100,)
    assert some.spent <= 25.0 + 1e-9
    assert some.least is not None
    kept = replace(plan, rule={"all": [BUYERS, {
        "field": "expected_contribution", "operator": ">=", "value": some.least,
    }]})  # fmt: skip
    view = campaign(ANY, store=store, access=ME, plan=kept, terms=terms_of(records, kept, 1))
    assert sum(view.arms.values()) == 100
    dear = Choosable(OfferTerms("Half", "percent", 50.0), 0.01)
    assert budget(ANY, **given, offers=(dear,), money=1e9).plan.verdict == "none"
    both = budget(ANY, **given, offers=(alone[0], dear), money=25.0)
    assert both.by_offer == (100, 0)
    assert [step.spent for step in some.curve] == sorted(step.spent for step in some.curve)


@pytest.mark.slow
def test_what_an_offer_gives_away_comes_off_the_expected_money(
    store: Store, records: Records, plan: CampaignPlan
) -> None:
    view = campaign(
        ANY,
        store=store,
        access=ME,
        plan=plan,
        terms=terms_of(records, plan, 1),
        offer=OfferTerms("Gift", "gift", cost=2.0),
    )
    gift, bare = view.money, money(view.outlook, plan, view.arms)
    uses = view.outlook.order_share * view.arms["treatment"]
    assert (bare.given, bare.expected) == (0, gift.expected)
    # At most one use each, by somewhat more than would have ordered anyway.
    assert 2.0 * uses < gift.given < 2.0 * uses * 1.1
    assert (gift.profit, gift.expected) == pytest.approx((bare.profit - gift.given, bare.expected))
    assert gift.forgone is not None
    assert bare.forgone is not None
    assert gift.forgone < bare.forgone


@pytest.mark.slow
def test_an_offer_gives_no_more_than_an_order_and_its_cap_allow(
    store: Store, plan: CampaignPlan
) -> None:
    everybody = store.table("customer_facts").select("customer_key")

    def given(kind: str, value: float, **more: float) -> Giving:
        terms = OfferTerms("Off", kind, value, **more)
        return giving(store, rule_in(plan), everybody, 28, terms, lift=0.1)

    tenth, fifth, whole = (given("percent", part).each for part in (10.0, 20.0, 100.0))
    assert (fifth, whole) == pytest.approx((2 * tenth, 10 * tenth))
    assert given("amount", 1e6).each == pytest.approx(whole)
    assert given("gift", 0.0, cost=2.0, cap=3).of(5_000) == pytest.approx(6.0)
    assert given("free_shipping", 0.0).of(5_000) == 0.0


@pytest.mark.slow
def test_a_budget_limits_all_that_is_spent(
    store: Store, records: Records, plan: CampaignPlan
) -> None:
    given = {"store": store, "access": ME, "plan": plan, "terms": terms_of(records, plan, 1)}
    gift = (Choosable(OfferTerms("Gift", "gift", cost=2.0), 0.3),)
    free = budget(ANY, **given, offers=gift, money=1e9)
    tight = budget(ANY, **given, offers=gift, money=60.0)
    assert free.spent > 60 > tight.spent > tight.fixed == 20.0
    # Contacts alone would have left money for 800 people.
    assert 0 < sum(tight.by_offer) < 0.5 * 40 / plan.cost_per_contact
    assert tight.net == pytest.approx(tight.plan.gain - tight.spent)
    assert tight.least is None  # who uses a gift often is dear: no threshold tells who was chosen
    nobody = budget(ANY, **given, offers=gift, money=19.0)
    assert (nobody.plan.verdict, nobody.spent, nobody.net) == ("none", 0.0, 0.0)
    dear = {**given, "plan": replace(plan, fixed_cost=1e6)}
    assert budget(ANY, **dear, offers=gift, money=1e9).plan.verdict == "none"


def test_loyal_buyers_are_counted_by_tier(
    store: Store, records: Records, plan: CampaignPlan
) -> None:
    rows = loyalty(ANY, store=store, access=ME, plan=plan, terms=terms_of(records, plan, 1))
    assert rows["tier"].tolist() == ["member", "silver", "gold", "platinum"]
    assert rows["of_all"].sum() == pytest.approx(1)
    assert rows["of_people"].sum() == pytest.approx(1)
    assert (rows["people"] <= rows["customers"]).all()


def test_the_board_knows_the_shops_own_events(store: Store) -> None:
    first = first_day_of(store)
    board = campaigns(ANY, store=store, access=ME, spans=((1, first, first + timedelta(days=60)),))
    assert board.today == store.meta.as_of
    assert "Christmas" in set(board.events["name_en"])
    assert board.size(1) == 0
