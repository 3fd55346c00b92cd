"""A campaign's people: who would be in which arm, and the moment from which that stays so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crm_core.audiences import FIELDS, members
from crm_core.audiences.arms import GLOBAL_CONTROL, HOLDOUT, TREATMENT, assign, globally_held
from crm_core.audiences.campaign_members import EVERY_CAMPAIGN, in_campaigns
from crm_core.audiences.eligible import REASONS, Limits, judged
from crm_core.audiences.review_request import check_neutral
from crm_core.errors import CrmError
from crm_core.privacy import audit
from crm_core.privacy.policy import Access, require
from crm_core.records import ARMS, Campaign, CampaignPlan, Records, Sealing
from crm_core.rules import All, Rule, from_document
from crm_core.store import Store

_BATCH_ROWS = 100_000
_SECRET = "global_control"  # noqa: S105  the name of a secret, not one


@dataclass(frozen=True)
class Drawn:
    """Who is in a campaign and in which arm: keys, arms (places in ARMS), strata (places in
    `names`), and how many fit and are left out, by reason."""

    keys: NDArray[np.int64]
    arms: NDArray[np.int8]
    strata: NDArray[np.int64]
    names: tuple[str, ...]
    left_out: Mapping[str, int]

    def counts(self) -> dict[str, int]:
        """How many are in each arm."""
        return {arm: int((self.arms == place).sum()) for place, arm in enumerate(ARMS)}

    def by_stratum(self) -> list[tuple[str, dict[str, int]]]:
        """The same within each stratum."""
        told: list[tuple[str, dict[str, int]]] = []
        for place, name in enumerate(self.names):
            mine = self.arms[self.strata == place]
            told.append((name, {arm: int((mine == at).sum()) for at, arm in enumerate(ARMS)}))
        return told


def rule_in(plan: CampaignPlan) -> Rule:
    """Whom a plan means.

    Raises: CrmError("rule_no_field", name) where it asks about a field that is no more.
    """
    return from_document(plan.rule, FIELDS)


def limits_of(records: Records, plan: CampaignPlan, campaign_id: int) -> Limits:
    """What keeps people out of this campaign by the shop's policy and by its earlier rounds."""
    policy = records.campaign_policy()
    return Limits(
        day=plan.starts_on,
        contact_channel=plan.contact_channel,
        most_contacts=policy.most_contacts,
        pressure_days=policy.pressure_days,
        exclusion_days=policy.exclusion_days,
        campaign_id=campaign_id,
        rounds=rounds_before(records, plan),
    )


def rounds_before(records: Records, plan: CampaignPlan) -> tuple[int, ...]:
    """The earlier rounds of a list that is made again and again."""
    kept = {campaign.id: campaign.plan for campaign in records.campaigns()}
    found: list[int] = []
    before = plan.follows
    while before in kept and before not in found:
        found.append(before)
        before = kept[before].follows
    return tuple(found)


@dataclass(frozen=True)
class Terms:
    """What arms are drawn under: limits, and the share that no campaign writes to with its salt."""

    limits: Limits
    global_share: float
    salt: bytes


def terms_of(records: Records, plan: CampaignPlan, campaign_id: int) -> Terms:
    """The terms that hold for a campaign now."""
    share = records.campaign_policy().global_control_share
    return Terms(limits_of(records, plan, campaign_id), share, records.secret(_SECRET))


def draw(store: Store, plan: CampaignPlan, terms: Terms) -> Drawn:
    """Who would be in which arm if the campaign were sealed now; nothing is kept.

    Consent, suppression, contacts and limits come first, the global control next, then arms within
    strata among whom is left.
    Raises: CrmError of the rules, ("no_scores"), ("campaign_strata_unknown"),
    ("campaign_review_gated") for a request for reviews that not every buyer gets.
    """
    rule = rule_in(plan)
    check_neutral(plan.playbook, rule)
    found = _streamed(store, judged(store, rule, terms.limits, plan.strata))
    keys, strata = found.keys, found.strata
    arms = np.full(len(keys), TREATMENT, np.int8)
    if terms.global_share:
        arms[globally_held(terms.salt, keys, terms.global_share)] = GLOBAL_CONTROL
    free = arms == TREATMENT
    number = terms.limits.campaign_id
    arms[free] = assign(number, keys[free], strata[free], plan.holdout_share)
    return replace(found, arms=arms)


def _streamed(store: Store, table: ir.Table) -> Drawn:
    """Who may be in it, by key, without arms yet; and how many may not."""
    places: dict[str, int] = {}
    out: Counter[str] = Counter()
    keys: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    strata: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    for batch in store.stream(table, _BATCH_ROWS, purpose="score"):
        reasons = pc.value_counts(batch["reason"]).to_pylist()
        out.update({told["values"]: told["counts"] for told in reasons if told["values"]})
        may = batch.filter(pc.is_null(batch["reason"]))
        words = may["stratum"].dictionary_encode()
        found = [places.setdefault(name, len(places)) for name in words.dictionary.to_pylist()]
        keys.append(may["customer_key"].to_numpy(zero_copy_only=False))
        strata.append(np.asarray(found, np.int64)[words.indices.to_numpy(zero_copy_only=False)])
    names = tuple(sorted(places))
    place = np.array([names.index(name) for name in places], np.int64)
    all_keys, all_strata = np.concatenate(keys), np.concatenate(strata)
    order = np.argsort(all_keys)
    told = {reason: out[reason] for reason in REASONS if reason in out}
    arms = np.zeros(len(all_keys), np.int8)
    return Drawn(all_keys[order], arms, place[all_strata[order]], names, told)


def check_drawn(drawn: Drawn) -> None:
    """Whether anybody is left to write to.

    Raises: CrmError("campaign_nobody", left_out), ("campaign_no_treatment", people).
    """
    counts = drawn.counts()
    if not len(drawn.keys):
        raise CrmError("campaign_nobody", left_out=sum(drawn.left_out.values()))
    if not counts["treatment"]:
        raise CrmError("campaign_no_treatment", people=len(drawn.keys))


def seal(
    store: Store,
    records: Records,
    campaign: Campaign,
    *,
    access: Access,
    now: datetime,
) -> Campaign:
    """Draws the arms and freezes them with data and window: from here on the list may leave.

    Who withdraws later stays in their arm and is not written to. A window that has begun is refused:
    its orders are there to be seen, and nobody may choose whom to hold out by them.
    Raises: CrmError("privacy_denied"), ("campaign_sealed"), ("campaign_changed"),
    ("campaign_begun", first, day), ("campaign_nobody"), ("campaign_no_treatment"), ("campaign_no_snapshot"), and of `draw`.
    """
    require(access, "export")
    if campaign.sealed_at is not None:
        raise CrmError("campaign_sealed", name=campaign.plan.name)
    plan = campaign.plan
    if plan.starts_on <= store.meta.as_of:
        raise CrmError("campaign_begun", first=plan.starts_on, day=store.meta.as_of)
    drawn = draw(store, plan, terms_of(records, plan, campaign.id))
    check_drawn(drawn)
    snapshot, as_of = store.scores_snapshot, store.scores_as_of
    if snapshot is None or as_of is None:
        raise CrmError("no_scores")
    sealing = Sealing(snapshot, as_of, drawn.left_out)
    kept = records.seal_campaign(
        campaign.id, _batches(drawn), sealing, version=campaign.version, now=now
    )
    about = {"campaign": campaign.plan.name, "arms": drawn.counts()}
    audit.append(records, access, "campaign_sealed", about, now=now, rows=len(drawn.keys))
    return kept


def _batches(drawn: Drawn) -> Iterator[pa.RecordBatch]:
    arms, names = np.array(ARMS, object), np.array(drawn.names, object)
    for start in range(0, len(drawn.keys), _BATCH_ROWS // 5):
        part = slice(start, start + _BATCH_ROWS // 5)
        yield pa.record_batch(
            {
                "customer_key": pa.array(drawn.keys[part], pa.int64()),
                "arm": pa.array(arms[drawn.arms[part]], pa.string()),
                "stratum": pa.array(names[drawn.strata[part]], pa.string()),
            }
        )


def listed(store: Store, campaign: Campaign) -> ir.Table:
    """Everybody who was drawn, with every field known of them now: a list is written from these
    less `kept_out`.

    Raises: CrmError("campaign_draft") before arms are drawn.
    """
    return _of_arms(store, campaign, *ARMS)


def kept_out(store: Store, campaign: Campaign) -> dict[str, ir.Table]:
    """Who was drawn to get nothing, by arm: for a list's `leave_out`, which keeps their contacts
    out with them."""
    arms = (ARMS[HOLDOUT], ARMS[GLOBAL_CONTROL])
    return {arm: in_campaigns(store, [campaign.id], arm) for arm in arms}


def held_back(store: Store, campaign: Campaign) -> ir.Table:
    """Who must not be written to by any other tool either: the arms held out.

    Raises: CrmError("campaign_draft").
    """
    return _of_arms(store, campaign, ARMS[HOLDOUT], ARMS[GLOBAL_CONTROL])


def _of_arms(store: Store, campaign: Campaign, *arms: str) -> ir.Table:
    if campaign.sealed_at is None:
        raise CrmError("campaign_draft", name=campaign.plan.name)
    keys = in_campaigns(store, [campaign.id], *arms)
    known = members(store, All())
    return keys.left_join(known, "customer_key").drop("customer_key_right")


def hold_globally(store: Store, records: Records) -> int:
    """Writes down whom no campaign writes to, for a file that other tools leave out; how many."""
    share = records.campaign_policy().global_control_share
    known = store.table("customer_facts").select("customer_key")
    parts = [
        batch["customer_key"].to_numpy(zero_copy_only=False)
        for batch in store.stream(known, _BATCH_ROWS, purpose="score")
    ]
    keys = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    held = np.sort(keys[globally_held(records.secret(_SECRET), keys, share)])
    arms = np.full(len(held), GLOBAL_CONTROL, np.int8)
    drawn = Drawn(held, arms, np.zeros(len(held), np.int64), ("",), {})
    records.replace_members(EVERY_CAMPAIGN, _batches(drawn))
    return len(held)


def globally_out(store: Store) -> ir.Table:
    """The customers that no campaign writes to, as they were last written down."""
    return in_campaigns(store, [EVERY_CAMPAIGN])


def next_round(campaign: Campaign, name: str, starts_on: date) -> CampaignPlan:
    """The plan of a list made again: whoever fits now and was in no earlier round.

    Raises: CrmError("campaign_draft") for a campaign whose own round has not left.
    """
    if campaign.sealed_at is None:
        raise CrmError("campaign_draft", name=campaign.plan.name)
    return replace(campaign.plan, name=name, starts_on=starts_on, follows=campaign.id)


def leavers(store: Store, records: Records, campaign: Campaign) -> ir.Table:
    """Who was written to in this round or an earlier one and no longer fits: to be taken off the
    list wherever it is kept."""
    rounds = (campaign.id, *rounds_before(records, campaign.plan))
    written = in_campaigns(store, rounds, ARMS[TREATMENT])
    return written.anti_join(members(store, rule_in(campaign.plan)), "customer_key")


def people_in_each(store: Store, campaign_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """How many are in each arm of each of these campaigns."""
    if not store.has("campaign_members") or not campaign_ids:
        return {}
    table = store.table("campaign_members")
    mine = table.filter(table.campaign_id.isin(campaign_ids))
    counted = store.fetch(mine.group_by("campaign_id", "arm").agg(people=mine.count()))
    found: dict[int, dict[str, int]] = {}
    for number, arm, people in counted.itertuples(index=False):
        found.setdefault(int(number), {})[str(arm)] = int(people)
    return found


def first_day_of(store: Store) -> date:
    """The day a campaign begins on unless somebody says another: the first without orders yet."""
    return store.meta.as_of + timedelta(days=1)
