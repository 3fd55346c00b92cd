"""Campaigns whose test is over and whose result nobody has looked at, as far as notes tell."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from crm_core.records import Campaign, Records

#: What nobody noted anything on in so many days is let go.
WAITING_DAYS: Final = 28


def waiting_results(records: Records, as_of: date) -> tuple[tuple[int, str, date], ...]:
    """Number, name and last day of each; the one that ended last first.

    A note on the campaign of a day after its end, or a task made then, says that somebody looked.
    """
    since = as_of - timedelta(WAITING_DAYS)
    over = [
        each
        for each in records.campaigns()
        if each.status(as_of) == "over" and each.plan.ends_on >= since
    ]
    waiting = [each for each in over if not _is_looked_at(records, each)]
    waiting.sort(key=lambda each: (each.plan.ends_on, each.id), reverse=True)
    return tuple((each.id, each.plan.name, each.plan.ends_on) for each in waiting)


def _is_looked_at(records: Records, campaign: Campaign) -> bool:
    code, end = str(campaign.id), campaign.plan.ends_on
    if records.notes("campaign", code, since=end + timedelta(1)):
        return True
    return any(task.made_at.date() > end for task in records.tasks("campaign", code))
