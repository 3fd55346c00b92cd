"""Drafts may change, what is sealed stays, and arms follow customers who turn out to be one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from crm_core.errors import CrmError
from crm_core.records import (
    Campaign,
    CampaignPlan,
    CampaignPolicy,
    OfferTerms,
    Records,
    Sealing,
    open_records,
)
from crm_core.records.connection import connect, migrate
from tests.records.conftest import NOW, by_hand

PLAN = CampaignPlan("Win back", {"all": []}, "email", date(2026, 7, 1), window_days=14)
SEALING = Sealing("facts-1", date(2026, 6, 30), {"opted_out": 3})


def arms(**keys: str) -> list[pa.RecordBatch]:
    numbers = [int(key.removeprefix("k")) for key in keys]
    columns = {"customer_key": pa.array(numbers, pa.int64()), "arm": list(keys.values())}
    return [pa.record_batch({**columns, "stratum": [""] * len(numbers)})]


def sealed(records: Records, plan: CampaignPlan = PLAN, **keys: str) -> Campaign:
    draft = records.add_campaign(plan, owner="ann", now=NOW)
    return records.seal_campaign(draft.id, arms(**keys), SEALING, version=draft.version, now=NOW)


def told(records: Records) -> list[tuple[int, int, str]]:
    rows = records.mirror_members().tables["campaign_members"].to_pylist()
    return [(row["campaign_id"], row["customer_key"], row["arm"]) for row in rows]


def test_a_draft_is_changed_and_what_is_sealed_is_not(records: Records) -> None:
    draft = records.add_campaign(PLAN, owner="ann", now=NOW)
    assert draft.status(date(2030, 1, 1)) == "draft"
    changed = records.change_campaign(draft.id, replace(PLAN, window_days=21), version=1)
    assert changed.plan.ends_on == date(2026, 7, 21)
    with pytest.raises(CrmError, match="campaign_changed"):
        records.change_campaign(draft.id, PLAN, version=1)
    kept = records.seal_campaign(draft.id, arms(k1="treatment"), SEALING, version=2, now=NOW)
    assert (kept.snapshot, kept.as_of, kept.left_out) == (
        "facts-1",
        date(2026, 6, 30),
        {"opted_out": 3},
    )
    assert [kept.status(date(2026, 7, day)) for day in (20, 21)] == ["sealed", "over"]
    for attempt in (
        lambda: records.change_campaign(draft.id, PLAN, version=3),
        lambda: records.remove_campaign(draft.id),
        lambda: records.seal_campaign(draft.id, arms(), SEALING, version=3, now=NOW),
    ):
        with pytest.raises(CrmError, match="campaign_sealed"):
            attempt()
    assert records.campaign("WIN BACK") == kept


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (replace(PLAN, window_days=0), "campaign_no_window"),
        (replace(PLAN, holdout_share=1.0), "campaign_holdout_share"),
        (replace(PLAN, cost_per_contact=-1.0), "campaign_invalid"),
        (replace(PLAN, cost_per_contact=float("nan")), "campaign_invalid"),
        (replace(PLAN, contact_channel="pigeon"), "records_channel_unknown"),
        (replace(PLAN, offer_id=99), "offer_unknown"),
        (replace(PLAN, name=" "), "records_name_invalid"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(
    records: Records, plan: CampaignPlan, code: str
) -> None:
    with pytest.raises(CrmError, match=code):
        records.add_campaign(plan, owner="ann", now=NOW)
    assert records.campaigns() == []


def test_two_campaigns_never_share_a_name(records: Records) -> None:
    records.add_campaign(PLAN, owner="ann", now=NOW)
    with pytest.raises(CrmError, match="records_name_taken"):
        records.add_campaign(replace(PLAN, name="win  BACK"), owner="bob", now=NOW)


def test_an_arm_follows_its_customer_and_comes_back(records: Records) -> None:
    sealed(records, k1="holdout", k2="treatment", k3="treatment")
    before = records.mirror().members
    records.move_customers([(2, 1), (3, 9)])
    # Two members who are one: the arm of the key that survived counts, once.
    assert told(records) == [(1, 1, "holdout"), (1, 9, "treatment")]
    assert records.mirror().members > before
    assert records.move_customers([(2, 1), (3, 9)]) == 0
    records.separate_customers([])
    assert told(records) == [(1, 1, "holdout"), (1, 2, "treatment"), (1, 3, "treatment")]


def test_a_consent_leaves_the_members_revision_alone(records: Records) -> None:
    sealed(records, k1="treatment")
    first = records.mirror()
    records.record_consent(1, "email", "denied", at=NOW, source="link")
    second = records.mirror()
    assert second.revision > first.revision
    assert second.members == first.members == 1


def test_the_mirror_tells_of_campaigns(records: Records) -> None:
    sealed(records, k1="treatment")
    records.add_campaign(replace(PLAN, name="Next"), owner="ann", now=NOW)
    first, second = records.mirror().tables["campaigns"].to_pylist()
    assert first == {
        "id": 1,
        "name": "Win back",
        "contact_channel": "email",
        "starts_on": date(2026, 7, 1),
        "ends_on": date(2026, 7, 14),
        "sealed_on": NOW.date(),
    }
    assert second["sealed_on"] is None


def test_offers_only_lower_prices(records: Records) -> None:
    terms = OfferTerms("Ten off", "percent", 10.0, code="TEN", categories=("Tea",), cap=500)
    offer = records.add_offer(terms, owner="ann", now=NOW)
    assert records.offers() == [offer]
    for bad, code in (
        (replace(terms, name="Dearer", value=-5.0), "offer_raises_price"),
        (replace(terms, name="More than all", value=120.0), "offer_invalid"),
        (replace(terms, name="Other", kind="surcharge"), "offer_invalid"),
        (replace(terms, name="Backwards", starts_on=NOW.date(), ends_on=date(2020, 1, 1)), "offer"),
    ):
        with pytest.raises(CrmError, match=code):
            records.add_offer(bad, owner="ann", now=NOW)
    records.add_campaign(replace(PLAN, offer_id=offer.id), owner="ann", now=NOW)
    with pytest.raises(CrmError, match="offer_in_use"):
        records.remove_offer(offer.id)
    records.remove_campaign(1)
    records.remove_offer(offer.id)
    assert records.offers() == []


def test_the_policy_holds_for_all_campaigns(records: Records) -> None:
    assert records.campaign_policy().global_control_share == 0.0
    policy = CampaignPolicy(global_control_share=0.05, most_contacts=3)
    records.save_campaign_policy(policy, user="ann", now=NOW)
    assert records.campaign_policy() == policy
    with pytest.raises(CrmError, match="campaign_policy_invalid"):
        records.save_campaign_policy(replace(policy, most_contacts=0), user="ann", now=NOW)


def test_a_backup_brings_campaigns_back_and_no_revision_twice(
    records: Records, tmp_path: Path
) -> None:
    records.add_offer(OfferTerms("Gift", "gift", ends_on=date(2026, 8, 1)), owner="ann", now=NOW)
    kept = sealed(records, replace(PLAN, offer_id=1), k1="treatment", k2="holdout")
    before, campaigns, offers = told(records), records.campaigns(), records.offers()
    records.dump(tmp_path / "rows")
    sealed(records, replace(PLAN, name="After"), k5="treatment")
    seen = records.mirror().members
    records.replace_all(tmp_path / "rows", records.version)
    assert (told(records), records.campaigns(), records.offers()) == (before, campaigns, offers)
    assert records.mirror().members > seen
    assert records.campaign(kept.id).sealed_at == NOW


def test_records_of_before_campaigns_are_brought_up(url: str, tmp_path: Path) -> None:
    engine = connect(url)
    migrate(engine, "r0004")
    engine.dispose()
    by_hand(url, "INSERT INTO suppressions VALUES (7, 'all', 'complaint', '2026-01-01 00:00:00')")
    records = open_records(url)
    assert records.suppressed([7], "email") == {7}
    assert records.mirror().members == 0
    assert sealed(records, k7="treatment").sealed_at == NOW
    records.close()


def test_a_backup_of_before_campaigns_is_brought_up(records: Records, tmp_path: Path) -> None:
    old = f"sqlite:///{tmp_path}/old.db"
    engine = connect(old)
    migrate(engine, "r0004")
    engine.dispose()
    by_hand(old, "INSERT INTO suppressions VALUES (7, 'all', 'complaint', '2026-01-01 00:00:00')")
    engine = connect(old)
    from crm_core.records.copying import _dump

    (tmp_path / "rows").mkdir()
    _dump(engine, tmp_path / "rows")
    engine.dispose()
    sealed(records, k1="treatment")
    records.replace_all(tmp_path / "rows", "r0004")
    assert records.suppressed([7], "email") == {7}
    assert records.campaigns() == []
    assert told(records) == []
    assert records.mirror().members > 1


def test_records_that_do_not_last_take_no_promises(tmp_path: Path) -> None:
    records = open_records(f"sqlite:///{tmp_path / 'gone.sqlite'}", lasts=False)
    for attempt in (
        lambda: records.add_campaign(PLAN, owner="ann", now=NOW),
        lambda: records.replace_members(0, arms(k1="global_control")),
        lambda: records.record_consent(1, "email", "granted", at=NOW, source="shop"),
        lambda: records.suppress([1], "all", reason="asked", now=NOW),
        lambda: records.save_campaign_policy(CampaignPolicy(), user="ann", now=NOW),
    ):
        with pytest.raises(CrmError, match="records_do_not_last"):
            attempt()
    assert records.campaigns() == []
    assert records.consent_states([1], "email") == {}
    records.close()
