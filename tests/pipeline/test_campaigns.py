"""A campaign from draft to list: consent first, then arms, then nothing moves any more."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from crm_core.audiences import eligible, list_columns
from crm_core.audiences.arms import assign
from crm_core.audiences.campaign_members import assigned
from crm_core.errors import CrmError
from crm_core.pipeline.campaigns import (
    Drawn,
    check_drawn,
    draw,
    first_day_of,
    globally_out,
    held_back,
    hold_globally,
    kept_out,
    leavers,
    listed,
    next_round,
    people_in_each,
    seal,
    terms_of,
)
from crm_core.pipeline.workspace import demo_url, open_workspace, workspace
from crm_core.privacy.export import export_list
from crm_core.privacy.gate import customer_code
from crm_core.privacy.policy import Access
from crm_core.records import Campaign, CampaignPlan, CampaignPolicy, Records
from crm_core.records.models import CampaignMember
from crm_core.settings import Settings
from crm_core.store import Store

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
ME = Access("single_user", "ann")
BUYERS = {"all": [{"field": "orders", "operator": ">=", "value": 1}]}
NOBODY = {"all": [{"field": "orders", "operator": ">=", "value": 1_000_000}]}


@dataclass
class Shop:
    """The demo in a folder of one's own, opened anew after every decision."""

    settings: Settings
    store: Store
    records: Records

    def again(self) -> None:
        self.store.close()
        self.records.close()
        place = workspace(self.settings, demo_url(self.settings))
        self.store, self.records = open_workspace(self.settings, place)

    def plan(self, name: str = "Letters", **told: object) -> CampaignPlan:
        plan = CampaignPlan(name, BUYERS, "email", first_day_of(self.store))
        return replace(plan, **told)  # type: ignore[arg-type]

    def draft(self, **told: object) -> Campaign:
        return self.records.add_campaign(self.plan(**told), owner="ann", now=NOW)  # type: ignore[arg-type]

    def sealed(self, **told: object) -> Campaign:
        kept = seal(self.store, self.records, self.draft(**told), access=ME, now=NOW)
        self.again()
        return kept

    def arms(self, campaign: Campaign) -> dict[int, str]:
        frame = self.store.fetch(assigned(self.store, campaign.id))
        return dict(zip(frame["customer_key"], frame["arm"], strict=True))

    def exported(self, campaign: Campaign) -> tuple[set[str], dict[str, int]]:
        out = io.BytesIO()
        result = export_list(
            access=ME,
            store=self.store,
            records=self.records,
            members=listed(self.store, campaign),
            leave_out=kept_out(self.store, campaign),
            confirmed_everyone=True,
            name=campaign.plan.name,
            contact_channel="email",
            columns=list_columns("email"),
            file_format="csv",
            now=NOW,
            language="en",
            out=out,
        )
        lines = out.getvalue().decode("utf-8-sig").splitlines()[1:]
        return {line.split(",")[0].strip('"') for line in lines}, dict(result.excluded)

    def code(self, key: int) -> str:
        return customer_code(self.records.secret("url_key"), key)


@pytest.fixture
def shop(copy_demo: Callable[[Path], Path], tmp_path: Path) -> Iterator[Shop]:
    settings = Settings(var=copy_demo(tmp_path / "var"))
    made = Shop(settings, *open_workspace(settings, workspace(settings, demo_url(settings))))
    yield made
    made.store.close()
    made.records.close()


def of_arm(arms: dict[int, str], *wanted: str) -> set[int]:
    return {key for key, arm in arms.items() if arm in wanted}


def test_who_withdraws_after_sealing_stays_in_the_arm_and_leaves_the_file(shop: Shop) -> None:
    kept = shop.sealed(holdout_share=0.2, strata="value_tier")
    arms = shop.arms(kept)
    treatment, holdout = of_arm(arms, "treatment"), of_arm(arms, "holdout")
    assert len(holdout) == pytest.approx(0.2 * len(arms), abs=3)
    leaver = min(treatment)
    shop.records.record_consent(leaver, "email", "denied", at=NOW, source="link")
    shop.again()
    codes, excluded = shop.exported(kept)
    assert excluded["opted_out"] == 1
    assert codes <= {shop.code(key) for key in treatment - {leaver}}
    assert excluded["holdout"] == len(holdout)
    assert len(codes) == len(arms) - sum(excluded.values())
    assert not codes & {shop.code(key) for key in holdout}
    assert shop.arms(kept) == arms


def test_nobody_without_consent_is_in_any_arm(shop: Shop) -> None:
    drawn = draw(shop.store, shop.plan(), terms_of(shop.records, shop.plan(), 1))
    states = shop.records.consent_states(drawn.keys.tolist(), "email")
    assert set(states.values()) == {"granted"}
    assert len(states) == len(drawn.keys)
    fitting = int(shop.store.fetch(shop.store.table("features").count().as_table()).iloc[0, 0])
    assert len(drawn.keys) + sum(drawn.left_out.values()) == fitting
    assert set(drawn.left_out) == {"opted_out", "no_consent", "no_contact"}


@pytest.mark.slow
def test_what_is_shown_before_is_what_is_sealed(shop: Shop) -> None:
    draft = shop.draft(strata="value_tier")
    drawn = draw(shop.store, draft.plan, terms_of(shop.records, draft.plan, draft.id))
    kept = seal(shop.store, shop.records, draft, access=ME, now=NOW)
    shop.again()
    assert people_in_each(shop.store, [kept.id])[kept.id] == {
        arm: people for arm, people in drawn.counts().items() if people
    }
    assert kept.left_out == drawn.left_out
    assert kept.as_of == shop.store.scores_as_of
    assert shop.records.audit_lines(action="campaign_sealed")[0].rows == len(drawn.keys)
    for _, arms in drawn.by_stratum():
        people = sum(arms.values())
        assert abs(arms["holdout"] - 0.1 * people) <= 0.5


@pytest.mark.slow
def test_two_campaigns_for_the_same_people_respect_the_pressure(shop: Shop) -> None:
    policy = CampaignPolicy(most_contacts=1, pressure_days=7)
    shop.records.save_campaign_policy(policy, user="ann", now=NOW)
    shop.again()
    first = shop.sealed()
    in_first = set(shop.arms(first))
    starts_on = first.plan.starts_on
    soon = shop.plan("Soon", starts_on=starts_on + timedelta(days=6))
    with_soon = draw(shop.store, soon, terms_of(shop.records, soon, 2))
    # Who was held out in the first is kept out of the second as well: no arm is thinned out.
    assert not in_first & set(with_soon.keys.tolist())
    assert with_soon.left_out["pressure"] >= len(in_first)
    with pytest.raises(CrmError, match="campaign_nobody"):
        seal(shop.store, shop.records, shop.draft(**vars(soon)), access=ME, now=NOW)
    for other in (
        replace(soon, name="Later", starts_on=starts_on + timedelta(days=7)),
        replace(soon, name="By post", contact_channel="sms"),
    ):
        drawn = draw(shop.store, other, terms_of(shop.records, other, 3))
        assert in_first & set(drawn.keys.tolist())


@pytest.mark.slow
def test_messages_that_files_tell_of_count_as_contacts(shop: Shop) -> None:
    touches = shop.store.table("touches")
    row = shop.store.fetch(touches.order_by("sent_at").limit(1)).iloc[0]
    policy = CampaignPolicy(most_contacts=1, pressure_days=1)
    shop.records.save_campaign_policy(policy, user="ann", now=NOW)
    shop.again()
    plan = shop.plan(starts_on=row["day"].date(), contact_channel=row["contact_channel"])
    drawn = draw(shop.store, plan, terms_of(shop.records, plan, 1))
    assert drawn.left_out["pressure"] > 0
    assert row["customer_key"] not in drawn.keys


@pytest.mark.slow
def test_an_exclusion_window_holds_on_every_channel(shop: Shop) -> None:
    policy = CampaignPolicy(pressure_days=0, exclusion_days=30)
    shop.records.save_campaign_policy(policy, user="ann", now=NOW)
    shop.again()
    first = shop.sealed()
    other = shop.plan("By text", contact_channel="sms")
    drawn = draw(shop.store, other, terms_of(shop.records, other, 2))
    assert not set(shop.arms(first)) & set(drawn.keys.tolist())
    assert drawn.left_out["excluded"] > 0


@pytest.mark.slow
def test_the_global_control_is_in_no_list(shop: Shop) -> None:
    policy = CampaignPolicy(global_control_share=0.3, pressure_days=0)
    shop.records.save_campaign_policy(policy, user="ann", now=NOW)
    shop.again()
    held = hold_globally(shop.store, shop.records)
    shop.again()
    out = set(shop.store.fetch(globally_out(shop.store))["customer_key"])
    assert len(out) == held
    one, two = shop.sealed(name="One"), shop.sealed(name="Two", holdout_share=0.0)
    for kept in (one, two):
        arms = shop.arms(kept)
        assert of_arm(arms, "global_control") == out & set(arms)
        codes, _ = shop.exported(kept)
        assert not codes & {shop.code(key) for key in out}
    back = set(shop.store.fetch(held_back(shop.store, one))["customer_key"])
    assert back == of_arm(shop.arms(one), "holdout", "global_control")


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"rule": NOBODY}, "campaign_nobody"),
        ({"rule": {"field": "shoe_size", "operator": ">=", "value": 40}}, "rule_no_field"),
        ({"strata": "shoe_size"}, "campaign_strata_unknown"),
        ({"starts_on": date(2026, 10, 31)}, "campaign_begun"),
    ],
)
def test_what_cannot_be_sealed_says_why(shop: Shop, told: dict[str, object], code: str) -> None:
    draft = shop.draft(**told)
    with pytest.raises(CrmError, match=code):
        seal(shop.store, shop.records, draft, access=ME, now=NOW)
    assert shop.records.campaign(draft.id).sealed_at is None
    assert people_in_each(shop.store, [draft.id]) == {}


def test_a_stratum_fits_where_members_are_kept(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL refuses a longer one, and a shop's own country names may be any text."""
    assert CampaignMember.__table__.columns["stratum"].type.length == eligible._LONGEST
    monkeypatch.setattr(eligible, "_LONGEST", 3)
    plan = shop.plan(strata="value_tier")
    drawn = draw(shop.store, plan, terms_of(shop.records, plan, 1))
    assert set(drawn.names) <= {"hig", "low", "mid", "top", "unk"}


def test_somebody_must_be_left_to_write_to() -> None:
    one, none = np.array([7]), np.zeros(0, np.int64)
    held = Drawn(one, assign(1, one, np.array([0]), 0.5), np.array([0]), ("",), {})
    with pytest.raises(CrmError, match="campaign_no_treatment"):
        check_drawn(held)
    with pytest.raises(CrmError, match="campaign_nobody"):
        check_drawn(Drawn(none, none.astype(np.int8), none, (), {"opted_out": 4}))


def test_sealed_is_sealed_and_a_draft_has_no_list(shop: Shop) -> None:
    draft = shop.draft()
    with pytest.raises(CrmError, match="campaign_draft"):
        listed(shop.store, draft)
    seal(shop.store, shop.records, draft, access=ME, now=NOW)
    for again in (draft, shop.records.campaign(draft.id)):
        with pytest.raises(CrmError, match=r"campaign_(sealed|changed)"):
            seal(shop.store, shop.records, again, access=ME, now=NOW)
    with pytest.raises(CrmError, match="privacy_denied"):
        seal(shop.store, shop.records, shop.draft(name="x"), access=Access("viewer", "v"), now=NOW)


@pytest.mark.slow
def test_a_next_round_takes_only_who_is_new_and_tells_who_left(shop: Shop) -> None:
    first = shop.sealed(rule={"field": "orders", "operator": ">=", "value": 3})
    plan = next_round(first, "Second", first.plan.starts_on + timedelta(days=40))
    drawn = draw(shop.store, plan, terms_of(shop.records, plan, 2))
    assert len(drawn.keys) == 0
    assert drawn.left_out["already"] == len(shop.arms(first))
    wider = replace(plan, rule={"field": "orders", "operator": ">=", "value": 2})
    second = shop.sealed(**vars(wider))
    assert not set(shop.arms(first)) & set(shop.arms(second))
    narrower = replace(first, plan=replace(first.plan, rule=NOBODY))
    gone = shop.store.fetch(leavers(shop.store, shop.records, narrower))
    assert set(gone["customer_key"]) == of_arm(shop.arms(first), "treatment")
    assert shop.store.fetch(leavers(shop.store, shop.records, first)).empty


@pytest.mark.slow
def test_a_person_found_to_be_another_keeps_the_arm(shop: Shop) -> None:
    kept = shop.sealed()
    arms = shop.arms(kept)
    key = max(of_arm(arms, "holdout"))
    shop.records.move_customers([(key, 10**12)])
    shop.again()
    assert shop.arms(kept)[10**12] == "holdout"
    assert key not in shop.arms(kept)


@pytest.mark.slow
def test_members_are_not_mirrored_again_for_a_consent(shop: Shop) -> None:
    kept = shop.sealed()
    folder = next(shop.settings.var.glob("demo"))
    mirrors = {path.name: path.stat().st_mtime_ns for path in folder.glob("members-*")}
    assert len(mirrors) == 1
    shop.records.record_consent(min(shop.arms(kept)), "sms", "denied", at=NOW, source="call")
    shop.again()
    assert {path.name: path.stat().st_mtime_ns for path in folder.glob("members-*")} == mirrors
    assert re.fullmatch(r"members-\d{9}\.duckdb", next(iter(mirrors)))
    assert len(shop.arms(kept)) > 100
