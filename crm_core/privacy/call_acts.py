"""What is done for a customer on the phone: who may do it, and that it was done, stand in the log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from crm_core.privacy import audit
from crm_core.privacy.policy import Access, require
from crm_core.records import Gift, Goodwill, Pause, Records

PAUSE_DAYS: Final = 14


def pause_marketing(
    records: Records, access: Access, key: int, code: str, *, reason: str, now: datetime
) -> Pause:
    """Sends a customer (`code` stands for one in an address) no marketing for 14 days.

    Raises: CrmError("privacy_denied", action="call"), and as `Records.pause`.
    """
    require(access, "call")
    ends_at = now + timedelta(days=PAUSE_DAYS)
    pause = records.pause(key, ends_at=ends_at, reason=reason, user=access.user, now=now)
    told = {"customer": code, "until": pause.ends_at.isoformat()}
    audit.append(records, access, "marketing_paused", {}, now=now, as_is=told)
    return pause


def lift_pause(records: Records, access: Access, key: int, code: str, *, now: datetime) -> bool:
    """Ends a pause before its time; whether there was one.

    Raises: CrmError("privacy_denied", action="call").
    """
    require(access, "call")
    lifted = records.lift_pause(key)
    if lifted:
        audit.append(records, access, "pause_lifted", {}, now=now, as_is={"customer": code})
    return lifted


def give_goodwill(
    records: Records, access: Access, key: int, code: str, gift: Gift, *, now: datetime
) -> Goodwill:
    """Gives a customer something beyond what is owed, within the shop's limit.

    Raises: CrmError("privacy_denied", action="call"), and as `Records.give_goodwill`.
    """
    require(access, "call")
    given = records.give_goodwill(key, gift, user=access.user, now=now)
    _log(records, access, "goodwill_given", code, given, now)
    return given


def take_back_goodwill(
    records: Records, access: Access, key: int, code: str, number: int, *, now: datetime
) -> Goodwill:
    """Says that something was not given after all.

    Raises: CrmError("privacy_denied", action="call"), and as `Records.take_back_goodwill`.
    """
    require(access, "call")
    taken = records.take_back_goodwill(number, key, user=access.user, now=now)
    _log(records, access, "goodwill_taken_back", code, taken, now)
    return taken


def _log(
    records: Records, access: Access, action: str, code: str, given: Goodwill, now: datetime
) -> None:
    # The reason stays in the records: what people write may name somebody.
    told = {"customer": code, "kind": given.kind, "amount": str(given.amount), "number": given.id}
    audit.append(records, access, action, {}, now=now, as_is=told)
