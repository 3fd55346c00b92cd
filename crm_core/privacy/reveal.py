"""Seeing one customer in full is an act: who did it, to whom and when stands in the log."""

from __future__ import annotations

from datetime import datetime

from crm_core.privacy import audit
from crm_core.privacy.policy import Access, Purpose, require, treatment
from crm_core.records import Records

ACTION = "revealed"
_CONTACTS = ("email", "phone", "address")


def is_revealed_already(access: Access) -> bool:
    """Whether this person sees every contact anyway, as who works alone does.

    >>> is_revealed_already(Access("single_user", "me")), is_revealed_already(Access("admin", "a"))
    (True, False)
    """
    return all(treatment(access, "view", column) == "clear" for column in _CONTACTS)


def reveal(records: Records, access: Access, code: str, *, now: datetime) -> Purpose:
    """Writes down that this person opened a customer (by the code that stands for one in an
    address), and gives the purpose to ask the gate for.

    Raises: CrmError("privacy_denied", action="call").
    """
    require(access, "call")
    audit.append(records, access, ACTION, {}, now=now, as_is={"customer": code})
    return "call"
