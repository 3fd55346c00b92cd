"""What a customer may ask of the shop beside access and erasure: to be put right, and to be left
alone with their data kept. Each is decided by who may, with a reason, and stands in the log."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Final

from crm_core.errors import CrmError, close_match
from crm_core.privacy import audit
from crm_core.privacy.gate import EMAIL, PHONE_DIGITS
from crm_core.privacy.policy import Access, require
from crm_core.records import CORRECTED, VALUE_LENGTH, Records
from crm_core.store.phones import phone_number

#: What the log calls each act.
ACTS: Final = ("restricted", "unrestricted", "corrected", "correction_taken_back")


def restrict(
    records: Records, access: Access, key: int, code: str, *, reason: str, now: datetime
) -> bool:
    """Keeps a customer (`code` stands for one in an address) out of every list, file and score
    from now on; whether they were not before. Orders stay in the shop's sums.

    Raises: CrmError("privacy_denied", action="erase"), and as `Records.set_restricted`.
    """
    return _set_restricted(records, access, key, code, holds=True, reason=reason, now=now)


def lift_restriction(
    records: Records, access: Access, key: int, code: str, *, reason: str, now: datetime
) -> bool:
    """Lets a customer be used again as they agreed; whether they were restricted.

    Raises: as `restrict`.
    """
    return _set_restricted(records, access, key, code, holds=False, reason=reason, now=now)


def _set_restricted(
    records: Records,
    access: Access,
    key: int,
    code: str,
    *,
    holds: bool,
    reason: str,
    now: datetime,
) -> bool:
    require(access, "erase")
    changed = records.set_restricted(key, holds=holds, reason=reason, user=access.user, now=now)
    if changed:
        act = ACTS[0] if holds else ACTS[1]
        audit.append(records, access, act, {}, now=now, as_is={"customer": code})
    return changed


def correct(
    records: Records,
    access: Access,
    key: int,
    code: str,
    *,
    field: str,
    value: str,
    reason: str,
    now: datetime,
) -> bool:
    """Puts a customer's name or contact detail right, whatever files tell now and later; whether
    that is news. An empty value says that there is none.

    Raises: CrmError("privacy_denied", action="erase"), ("privacy_correction_invalid", field),
    ("unknown_choice"), and as `Records.correct`.
    """
    require(access, "erase")
    right = checked_value(field, value)
    changed = records.correct(key, field, right, reason=reason, user=access.user, now=now)
    if changed:
        told = {"customer": code, "field": field}
        audit.append(records, access, ACTS[2], {}, now=now, as_is=told)
    return changed


def take_back_correction(
    records: Records, access: Access, key: int, code: str, *, field: str, reason: str, now: datetime
) -> bool:
    """Lets files count again for a field; whether it had been put right.

    Raises: as `correct`.
    """
    require(access, "erase")
    _check_field(field)
    changed = records.correct(key, field, None, reason=reason, user=access.user, now=now)
    if changed:
        told = {"customer": code, "field": field}
        audit.append(records, access, ACTS[3], {}, now=now, as_is=told)
    return changed


def checked_value(field: str, value: str) -> str:
    """A value as it is kept: one line without what cannot be seen.

    >>> checked_value("name", "  Anna  Lee ")
    'Anna Lee'
    """
    _check_field(field)
    text = " ".join(unicodedata.normalize("NFC", value).split())
    hidden = any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") for char in text)
    digits = sum(char.isdecimal() for char in text)
    wrong = {"email": not re.fullmatch(EMAIL, text), "phone": digits < PHONE_DIGITS}
    if len(text) > VALUE_LENGTH or hidden or (text and wrong.get(field, False)):
        raise CrmError("privacy_correction_invalid", field=field)
    # In one form where it tells its country, so that a caller is found however they type it.
    return (phone_number(text, "") or text) if field == "phone" else text


def _check_field(field: str) -> None:
    if field not in CORRECTED:
        raise CrmError(
            "unknown_choice", name="field", value=field, match=close_match(field, CORRECTED)
        )
