"""What people decided: users, settings, audiences, consents, notes, the log of access."""

from crm_core.records.aspect_words import ASPECT_CODES
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
from crm_core.records.consents import SERVED, Typed
from crm_core.records.erasures import Erasure
from crm_core.records.event_steps import StepDone
from crm_core.records.goals import WHOLE, Goal, GoalChange, GoalKey, GoalSaving
from crm_core.records.goodwill import (
    GOODWILL_DAYS,
    GOODWILL_KINDS,
    Allowance,
    Gift,
    Goodwill,
)
from crm_core.records.hand_over import KINDS_OWNED
from crm_core.records.id_lists import MOST_LISTED, ListOfIds
from crm_core.records.identity_overrides import IdentityOverride
from crm_core.records.improvements import IMPROVEMENT_KINDS, IMPROVEMENT_STATES, Improvement
from crm_core.records.kept_mappings import KeptMapping
from crm_core.records.notes import Note
from crm_core.records.offer_rules import (
    ACTIONS,
    EVERY_CHANNEL,
    NAMED_ACTIONS,
    OfferBook,
    OfferRule,
)
from crm_core.records.offers import OFFER_KINDS, Offer, OfferTerms
from crm_core.records.pauses import Pause
from crm_core.records.people import ROLES, Member, Standing
from crm_core.records.planned_events import EVENT_KINDS, MOST_UPLIFT, EventPlan, PlannedEvent
from crm_core.records.records import CORRECTED, Mirror, Records, copy_records, open_records
from crm_core.records.reports import Reported
from crm_core.records.repository import CONTACT_CHANNELS, PURPOSES
from crm_core.records.retention import MONTHS, RETAINED, LettingGo
from crm_core.records.rights import VALUE_LENGTH, Correction, Restriction
from crm_core.records.saved import Audience, Version, View
from crm_core.records.segment_settings import CUT_SCORES, PAID_TIERS, RFM_BY
from crm_core.records.set_aside import Approved, Decision, Item, LogLine
from crm_core.records.shop_settings import CHURN_DAYS, REFUND_DATES, SettingIssue, ShopSettings
from crm_core.records.subjects import NOTE_LENGTH, SUBJECT_KINDS, Subject
from crm_core.records.tasks import Task
from crm_core.records.testimonials import (
    QUOTED_AS,
    TESTIMONIAL_NEXT,
    TESTIMONIAL_STATES,
    TOLD_BY,
    Testimonial,
)

__all__ = [
    "ACTIONS",
    "ARMS",
    "ASPECT_CODES",
    "CHURN_DAYS",
    "CONTACT_CHANNELS",
    "CORRECTED",
    "CUT_SCORES",
    "EVENT_KINDS",
    "EVERY_CHANNEL",
    "FIRST",
    "GOODWILL_DAYS",
    "GOODWILL_KINDS",
    "IMPROVEMENT_KINDS",
    "IMPROVEMENT_STATES",
    "KINDS_OWNED",
    "MONTHS",
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
    "QUOTED_AS",
    "REFUND_DATES",
    "RETAINED",
    "RFM_BY",
    "ROLES",
    "SERVED",
    "STATUSES",
    "SUBJECT_KINDS",
    "TESTIMONIAL_NEXT",
    "TESTIMONIAL_STATES",
    "TOLD_BY",
    "VALUE_LENGTH",
    "WHOLE",
    "Allowance",
    "Approved",
    "Audience",
    "AuditEntry",
    "AuditLine",
    "Campaign",
    "CampaignPlan",
    "CampaignPolicy",
    "CampaignStatus",
    "Correction",
    "Decision",
    "Erasure",
    "EventPlan",
    "Gift",
    "Goal",
    "GoalChange",
    "GoalKey",
    "GoalSaving",
    "Goodwill",
    "IdentityOverride",
    "Improvement",
    "Item",
    "KeptMapping",
    "LettingGo",
    "ListOfIds",
    "LogLine",
    "Member",
    "Mirror",
    "Note",
    "Offer",
    "OfferBook",
    "OfferRule",
    "OfferTerms",
    "Pause",
    "PlannedEvent",
    "Records",
    "Reported",
    "Restriction",
    "Sealing",
    "SettingIssue",
    "ShopSettings",
    "Standing",
    "StepDone",
    "Subject",
    "Task",
    "Testimonial",
    "Typed",
    "Version",
    "View",
    "copy_records",
    "last_day",
    "open_records",
]
