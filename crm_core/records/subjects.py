"""What a note or a task is about: a kind and a code, never words and never personal data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select, update

from crm_core.errors import CrmError
from crm_core.records.customer_codes import SECRET, customer_code, customer_key
from crm_core.records.models import NoteRow, Secret, TaskRow

SUBJECT_KINDS: Final = ("metric", "customer", "page", "campaign", "chart")
NOTE_LENGTH: Final = 2_000
_CODE = re.compile(r"[a-z0-9_.:-]{1,120}")
_CUSTOMER = re.compile(r"[a-z2-7]{26}")
_JOINERS = "\u200c\u200d"  # several scripts and emoji are spelled with them


@dataclass(frozen=True)
class Subject:
    """A metric, page or chart by its name, a campaign by its number, a customer by the keyed code
    of addresses."""

    kind: str
    code: str


def checked_subject(subject: Subject) -> Subject:
    """A subject as it may be kept.

    Raises: CrmError("records_subject_invalid") for an unknown kind or what is no code.
    """
    form = _CUSTOMER if subject.kind == "customer" else _CODE
    if subject.kind not in SUBJECT_KINDS or not form.fullmatch(subject.code):
        raise CrmError("records_subject_invalid")
    return subject


def checked_text(text: str) -> str:
    """Words as they are kept: trimmed, lines as they are, without invisible characters.

    Raises: CrmError("records_note_invalid") when empty or above 2,000 characters.
    """
    lines = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    kept = "".join(char for char in lines if char == "\n" or char in _JOINERS or _visible(char))
    if not kept.strip() or len(kept) > NOTE_LENGTH:
        raise CrmError("records_note_invalid", length=NOTE_LENGTH)
    return kept.strip()


def _visible(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def notes_follow(connection: Connection, survivors: Mapping[int, int]) -> int:
    """Notes and tasks follow customers: what was written on one is now on whoever has the key in
    the end, and back on that one where two are two after all. How many rows changed.

    `subject` alone says whose a row is, so that all about a customer can be found by it.
    """
    secret = connection.execute(select(Secret.value).where(Secret.name == SECRET)).scalar()
    if secret is None:
        return 0  # no code of a customer was ever given
    changed = 0
    for table in (NoteRow, TaskRow):
        about = select(table.told_subject, table.subject).where(table.subject_kind == "customer")
        for told, subject in connection.execute(about.distinct()).all():
            try:
                key = customer_key(secret, told)
            except CrmError:
                continue  # a code that no page of this shop ever wrote
            home = customer_code(secret, survivors.get(key, key))
            if home != subject:
                mine = (table.subject_kind == "customer", table.told_subject == told)
                follow = update(table).where(*mine).values(subject=home)
                changed += connection.execute(follow).rowcount
    return changed
