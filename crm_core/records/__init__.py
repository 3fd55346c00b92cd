"""What people decided: users, settings, audiences, consents, notes, the log of access."""

from crm_core.records.audit_log import FIRST, AuditEntry, AuditLine
from crm_core.records.campaign_policy import MOST_GLOBAL, CampaignPolicy
from crm_core.records.campaigns import (
    ARMS,
    MOST_HOLDOUT,
    MOST_WINDOW,
    STATUSES,
    Campaign,
    CampaignPlan,
    CampaignStatus,
    Sealing,
    last_day,
)
from crm_core.records.event_steps import StepDone
from crm_core.records.goals import WHOLE, Goal, GoalChange, GoalKey, GoalSaving
from crm_core.records.id_lists import MOST_LISTED, ListOfIds
from crm_core.records.identity_overrides import IdentityOverride
from crm_core.records.notes import Note
from crm_core.records.offer_rules import (
    ACTIONS,
    EVERY_CHANNEL,
    NAMED_ACTIONS,
    OfferBook,
    OfferRule,
)
from crm_core.records.offers import OFFER_KINDS, Offer, OfferTerms
from crm_core.records.people import ROLES
from crm_core.records.planned_events import EVENT_KINDS, MOST_UPLIFT, EventPlan, PlannedEvent
from crm_core.records.records import Mirror, Records, copy_records, open_records
from crm_core.records.repository import CONTACT_CHANNELS, PURPOSES
from crm_core.records.saved import Audience, Version, View
from crm_core.records.segment_settings import CUT_SCORES, PAID_TIERS, RFM_BY
from crm_core.records.set_aside import Approved, Decision, Item, LogLine
from crm_core.records.shop_settings import CHURN_DAYS, REFUND_DATES, SettingIssue, ShopSettings
from crm_core.records.subjects import NOTE_LENGTH, SUBJECT_KINDS, Subject
from crm_core.records.tasks import Task

__all__ = [
    "ACTIONS",
    "ARMS",
    "CHURN_DAYS",
    "CONTACT_CHANNELS",
    "CUT_SCORES",
    "EVENT_KINDS",
    "EVERY_CHANNEL",
    "FIRST",
    "MOST_GLOBAL",
    "MOST_HOLDOUT",
    "MOST_LISTED",
    "MOST_UPLIFT",
    "MOST_WINDOW",
    "NAMED_ACTIONS",
    "NOTE_LENGTH",
    "OFFER_KINDS",
    "PAID_TIERS",
    "PURPOSES",
    "REFUND_DATES",
    "RFM_BY",
    "ROLES",
    "STATUSES",
    "SUBJECT_KINDS",
    "WHOLE",
    "Approved",
    "Audience",
    "AuditEntry",
    "AuditLine",
    "Campaign",
    "CampaignPlan",
    "CampaignPolicy",
    "CampaignStatus",
    "Decision",
    "EventPlan",
    "Goal",
    "GoalChange",
    "GoalKey",
    "GoalSaving",
    "IdentityOverride",
    "Item",
    "ListOfIds",
    "LogLine",
    "Mirror",
    "Note",
    "Offer",
    "OfferBook",
    "OfferRule",
    "OfferTerms",
    "PlannedEvent",
    "Records",
    "Sealing",
    "SettingIssue",
    "ShopSettings",
    "StepDone",
    "Subject",
    "Task",
    "Version",
    "View",
    "copy_records",
    "last_day",
    "open_records",
]
