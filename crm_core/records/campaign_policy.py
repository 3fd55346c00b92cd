"""What holds for all campaigns of a shop: how often people are written to, who never is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select

from crm_core.errors import CrmError
from crm_core.records.connection import reading, writing
from crm_core.records.models import Setting
from crm_core.records.repository import Repository, bump, checked_moment, upsert

_KEY = "campaign_policy"
MOST_GLOBAL = 0.5
_MOST_CONTACTS = 100
_MOST_DAYS = 365


@dataclass(frozen=True)
class CampaignPolicy:
    """A share of all customers that no campaign writes to; at most `most_contacts` in
    `pressure_days` on a channel; for `exclusion_days` after another campaign's start, nobody of
    that campaign is in a new one. 0 days switch a limit off."""

    global_control_share: float = 0.0
    most_contacts: int = 2
    pressure_days: int = 7
    exclusion_days: int = 0


class CampaignPolicies(Repository):
    """The one policy of a shop."""

    def campaign_policy(self) -> CampaignPolicy:
        """What holds now."""
        with reading(self._engine) as connection:
            query = select(Setting.value).where(Setting.key == _KEY)
            kept = connection.execute(query).scalar() or {}
        known = asdict(CampaignPolicy())
        return CampaignPolicy(**{name: kept.get(name, value) for name, value in known.items()})

    def save_campaign_policy(self, policy: CampaignPolicy, *, user: str, now: datetime) -> None:
        """Lets this hold from now on; what is sealed stays as it is.

        Raises: CrmError("campaign_policy_invalid", field), ("records_do_not_last").
        """
        self._must_last()
        allowed = {
            "global_control_share": 0 <= policy.global_control_share <= MOST_GLOBAL,
            "most_contacts": 1 <= policy.most_contacts <= _MOST_CONTACTS,
            "pressure_days": 0 <= policy.pressure_days <= _MOST_DAYS,
            "exclusion_days": 0 <= policy.exclusion_days <= _MOST_DAYS,
        }
        if bad := [name for name, held in allowed.items() if not held]:
            raise CrmError("campaign_policy_invalid", field=bad[0])
        row = {"key": _KEY, "value": asdict(policy), "changed_by": user}
        with writing(self._engine) as connection:
            upsert(connection, Setting, ["key"], {**row, "changed_at": checked_moment(now)})
            bump(connection, "decisions")
