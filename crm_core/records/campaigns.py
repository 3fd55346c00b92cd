"""Campaigns: a draft may be changed; once sealed, who is in which arm stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any, Final, Literal

import pyarrow as pa
from sqlalchemy import Connection, Row, delete, exists, insert, select, update

from crm_core.errors import CrmError
from crm_core.records.connection import reading, writing
from crm_core.records.models import CampaignMember, CampaignRow, OfferRow
from crm_core.records.offers import MOST_MONEY
from crm_core.records.repository import (
    Repository,
    bump,
    checked_channel,
    checked_moment,
    checked_name,
    load_new,
    name_key,
)
from crm_core.records.saved import checked_rule, names_apart

ARMS: Final = ("treatment", "holdout", "global_control")
CampaignStatus = Literal["draft", "sealed", "over"]
STATUSES: Final[tuple[CampaignStatus, ...]] = ("draft", "sealed", "over")
MOST_WINDOW: Final = 365
MOST_HOLDOUT: Final = 0.9


def last_day(starts_on: date, window_days: int) -> date:
    """The last day of a window.

    >>> last_day(date(2026, 7, 1), 28)
    datetime.date(2026, 7, 28)
    """
    return starts_on + timedelta(days=window_days - 1)


@dataclass(frozen=True)
class CampaignPlan:
    """What people may decide of a campaign. `rule` picks whom (a document of `crm_core.rules`),
    `audience` is what the rule was called, `strata` a field within whose values arms are drawn
    ("" for none), `expected_lift` what contact is thought to add to a margin (share), `follows`
    the campaign whose next round this is. The window is `window_days` from `starts_on` on."""

    name: str
    rule: Mapping[str, Any]
    contact_channel: str
    starts_on: date
    window_days: int = 28
    holdout_share: float = 0.1
    audience: str = ""
    audience_version: int | None = None
    offer_id: int | None = None
    cost_per_contact: float = 0.0
    fixed_cost: float = 0.0
    strata: str = ""
    playbook: str = ""
    expected_lift: float | None = None
    follows: int | None = None

    @property
    def ends_on(self) -> date:
        """The last day of the window."""
        return last_day(self.starts_on, self.window_days)


@dataclass(frozen=True)
class Campaign:
    """A campaign as it is kept. `left_out` counts by reason who fitted and has no arm."""

    id: int
    plan: CampaignPlan
    owner: str
    created_at: datetime
    version: int
    sealed_at: datetime | None = None
    snapshot: str | None = None
    as_of: date | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)

    def status(self, day: date) -> CampaignStatus:
        """A draft, sealed, or over once the shop's orders of its whole window are there."""
        if self.sealed_at is None:
            return "draft"
        return "over" if day >= self.plan.ends_on else "sealed"


@dataclass(frozen=True)
class Sealing:
    """What a sealing stood on: the data and day of the scores, and who was left out."""

    snapshot: str
    as_of: date
    left_out: Mapping[str, int]


class Campaigns(Repository):
    """The shop's campaigns and who is in them."""

    def campaigns(self) -> list[Campaign]:
        """All campaigns, the latest start first."""
        order = (CampaignRow.starts_on.desc(), CampaignRow.id.desc())
        with reading(self._engine) as connection:
            return [
                _campaign(row) for row in connection.execute(select(CampaignRow).order_by(*order))
            ]

    def campaign(self, wanted: int | str) -> Campaign:
        """One campaign by number or name.

        Raises: CrmError("campaign_unknown").
        """
        with reading(self._engine) as connection:
            return _find(connection, wanted)

    def add_campaign(self, plan: CampaignPlan, *, owner: str, now: datetime) -> Campaign:
        """Keeps a new draft.

        Raises: CrmError("campaign_no_window"), ("campaign_holdout_share"),
        ("campaign_invalid", field), ("offer_unknown"), ("records_channel_unknown"),
        ("records_rule_invalid"), ("records_name_taken"), ("records_name_invalid"),
        ("records_do_not_last").
        """
        self._must_last()
        made_by: dict[str, Any] = {"owner": owner, "created_at": checked_moment(now), "version": 1}
        row = _checked(plan) | made_by
        with names_apart(plan.name), writing(self._engine) as connection:
            _check_offer(connection, plan)
            made = connection.execute(
                insert(CampaignRow).values(**row, left_out={}).returning(CampaignRow.id)
            )
            bump(connection, "decisions")
            return _find(connection, made.scalar_one())

    def change_campaign(self, number: int, plan: CampaignPlan, *, version: int) -> Campaign:
        """Changes a draft, if nobody did since `version`.

        Raises: CrmError("campaign_sealed"), ("campaign_changed", name), and as `add_campaign`.
        """
        row = _checked(plan) | {"version": version + 1}
        with names_apart(plan.name), writing(self._engine) as connection:
            _draft(connection, number, version)
            _check_offer(connection, plan)
            connection.execute(update(CampaignRow).where(CampaignRow.id == number).values(**row))
            bump(connection, "decisions")
            return _find(connection, number)

    def remove_campaign(self, number: int) -> Campaign:
        """Forgets a draft, and returns what it was. What is sealed stays.

        Raises: CrmError("campaign_sealed").
        """
        with writing(self._engine) as connection:
            found = _draft(connection, number)
            connection.execute(delete(CampaignRow).where(CampaignRow.id == number))
            bump(connection, "decisions")
        return found

    def seal_campaign(
        self,
        number: int,
        members: Iterable[pa.RecordBatch],
        sealing: Sealing,
        *,
        version: int,
        now: datetime,
    ) -> Campaign:
        """Freezes who is in which arm: `members` of customer_key, arm, stratum. All or none.

        Raises: CrmError("campaign_sealed"), ("campaign_changed", name), ("records_do_not_last").
        """
        self._must_last()
        checked_moment(now)
        with writing(self._engine) as connection:
            found = _draft(connection, number, version)
            for batch in members:
                load_new(connection, CampaignMember, _rows(number, batch))
            frozen = {
                "sealed_at": now,
                "snapshot": sealing.snapshot,
                "as_of": sealing.as_of,
                "left_out": dict(sealing.left_out),
                "version": found.version + 1,
            }
            connection.execute(update(CampaignRow).where(CampaignRow.id == number).values(**frozen))
            bump(connection, "members")
            bump(connection, "decisions")
            return _find(connection, number)

    def replace_members(self, number: int, members: Iterable[pa.RecordBatch]) -> None:
        """Makes these the members of what is no campaign of anybody's: those of every campaign.

        Raises: CrmError("records_do_not_last").
        """
        self._must_last()
        with writing(self._engine) as connection:
            connection.execute(delete(CampaignMember).where(CampaignMember.campaign_id == number))
            for batch in members:
                load_new(connection, CampaignMember, _rows(number, batch))
            bump(connection, "members")
            bump(connection, "decisions")


def _rows(number: int, batch: pa.RecordBatch) -> pa.RecordBatch:
    keys, count = batch["customer_key"], batch.num_rows
    return pa.record_batch(
        {
            "campaign_id": pa.array([number] * count, pa.int64()),
            "assigned_key": keys,
            "customer_key": keys,
            "arm": batch["arm"],
            "stratum": batch["stratum"],
        }
    )


def _find(connection: Connection, wanted: int | str) -> Campaign:
    same = (
        CampaignRow.id == wanted
        if isinstance(wanted, int)
        else CampaignRow.name_key == name_key(wanted)
    )
    row = connection.execute(select(CampaignRow).where(same)).one_or_none()
    if row is None:
        raise CrmError("campaign_unknown")
    return _campaign(row)


def _draft(connection: Connection, number: int, version: int | None = None) -> Campaign:
    found = _find(connection, number)
    if found.sealed_at is not None:
        raise CrmError("campaign_sealed", name=found.plan.name)
    if version is not None and found.version != version:
        raise CrmError("campaign_changed", name=found.plan.name)
    return found


def _campaign(row: Row[Any]) -> Campaign:
    names = [*CampaignPlan.__dataclass_fields__]
    plan = CampaignPlan(**{name: getattr(row, name) for name in names})
    kept = ("id", "owner", "created_at", "version", "sealed_at", "snapshot", "as_of", "left_out")
    return Campaign(plan=plan, **{name: getattr(row, name) for name in kept})


def _check_offer(connection: Connection, plan: CampaignPlan) -> None:
    there = select(exists().where(OfferRow.id == plan.offer_id))
    if plan.offer_id is not None and not connection.execute(there).scalar_one():
        raise CrmError("offer_unknown")


def _checked(plan: CampaignPlan) -> dict[str, Any]:
    name = checked_name(plan.name)
    checked_channel(plan.contact_channel)
    if not 1 <= plan.window_days <= MOST_WINDOW:
        raise CrmError("campaign_no_window", most=MOST_WINDOW)
    if not 0 <= plan.holdout_share <= MOST_HOLDOUT:
        raise CrmError("campaign_holdout_share", most=round(MOST_HOLDOUT * 100))
    lift = plan.expected_lift
    faults = {
        "cost_per_contact": not _is_money(plan.cost_per_contact),
        "fixed_cost": not _is_money(plan.fixed_cost),
        "expected_lift": lift is not None and not (isfinite(lift) and -1 <= lift <= 100),
        "strata": len(plan.strata) > 40,
        "playbook": len(plan.playbook) > 40,
        "audience": len(plan.audience) > 120,
    }
    if bad := [field for field, wrong in faults.items() if wrong]:
        raise CrmError("campaign_invalid", field=bad[0])
    return asdict(plan) | {
        "name": name,
        "name_key": name_key(name),
        "rule": checked_rule(plan.rule),
    }


def _is_money(value: float) -> bool:
    return isfinite(value) and 0 <= value <= MOST_MONEY
