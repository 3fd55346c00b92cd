"""Who may read and write what people note. What was written of a customer may say anything, so
it is shown to those alone who see such words clearly, and to nobody while identities are hidden."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from crm_core.errors import CrmError
from crm_core.privacy.policy import Access, allowed, treatment
from crm_core.records import Note, Task

Item = TypeVar("Item", Note, Task)


def may_read(access: Access, kind: str) -> bool:
    """Whether this person may read notes and tasks on a kind of subject.

    >>> may_read(Access("viewer", "ann"), "metric"), may_read(Access("viewer", "ann"), "customer")
    (True, False)
    """
    return kind != "customer" or treatment(access, "note", "note") == "clear"


def may_write(access: Access, kind: str) -> bool:
    """Whether this person may write, change and tick off what is noted on a kind of subject."""
    return allowed(access, "note") and may_read(access, kind)


def require_writing(access: Access, kind: str) -> None:
    """Stops who may not write.

    Raises: CrmError("privacy_denied", action).
    """
    if not may_write(access, kind):
        raise CrmError("privacy_denied", action="note")


def readable(access: Access, items: Iterable[Item]) -> list[Item]:
    """Those of some notes or tasks that this person may read, in their order."""
    return [item for item in items if may_read(access, item.subject.kind)]
