"""What each row of a list can be reached by: a mark a contact, or why there is none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crm_core.privacy import normalise
from crm_core.privacy.gate import COUNTRY, EMAIL, KNOWN_PHONE, PHONE_DIGITS
from crm_core.privacy.platforms import Platform, columns_read

#: Why a contact is not told, the most telling last; the first says nothing is at fault.
FAULTS = (
    "",
    "no_contact",
    "phone_invalid",
    "phone_no_country",
    "email_invalid",
    "contact_left_out",
    "same_contact",
)
_CODE = {fault: place for place, fault in enumerate(FAULTS)}


@dataclass(frozen=True)
class Contact:
    """One kind of contact of a batch of rows.

    `marks`: two rows with the same contact have the same number; 0 is nobody's. A phone's mark is
    the number itself. `faults`: the place in `FAULTS` of why a mark is 0.
    """

    marks: NDArray[np.int64]
    faults: NDArray[np.uint8]


def plain_contact(batch: pa.RecordBatch, contact_channel: str) -> dict[str, Contact]:
    """What a plain list reaches people by: all its columns as one contact."""
    names = columns_read(contact_channel)
    rows = zip(*(batch[name].to_pylist() for name in names), strict=True)
    marks = [_plain_mark(contact_channel, names, row) for row in rows]
    return {"contact": _contact(marks, ["no_contact"] * len(marks))}


def _plain_mark(channel: str, names: Sequence[str], row: Sequence[str | None]) -> int:
    usable = [_usable(name, text) for name, text in zip(names, row, strict=True)]
    enough = bool(usable[0] and any(usable[1:])) if channel == "post" else any(usable)
    return hash(tuple(usable)) or 1 if enough else 0


def _usable(column: str, text: str | None) -> str:
    """A contact in the form in which two are the same, or nothing."""
    tidy = unicodedata.normalize("NFKC", text or "").strip().casefold()
    if column == "email":
        return tidy if re.fullmatch(EMAIL, tidy) else ""
    if column == "phone":
        digits = "".join(char for char in tidy if char.isdecimal())
        return digits if len(digits) >= PHONE_DIGITS else ""
    return " ".join(tidy.split())


def platform_contacts(
    batch: pa.RecordBatch, platform: Platform, home: str | None
) -> dict[str, Contact]:
    """What a tool matches people by, e-mails and phones apart, in the tool's own form."""
    found: dict[str, Contact] = {}
    for kind in platform.contacts:
        if kind == "email":
            found[kind] = _emails(batch, platform)
        elif kind == "phone":
            found[kind] = phones(batch, home)
        else:
            found |= plain_contact(batch, kind)
    return found


def _emails(batch: pa.RecordBatch, platform: Platform) -> Contact:
    form = normalise.FORMS[platform.cell("email").form]
    told: list[str | None] = batch["email"].to_pylist()
    tidy = [form(text or "") for text in told]
    return _contact(
        [hash(text) or 1 if text else 0 for text in tidy],
        ["email_invalid" if (text or "").strip() else "no_contact" for text in told],
    )


def phones(batch: pa.RecordBatch, home: str | None) -> Contact:
    """The phone numbers of a batch, as numbers in E.164."""
    told, known, countries = (batch[name].to_pylist() for name in ("phone", KNOWN_PHONE, COUNTRY))
    rows = list(zip(told, known, countries, strict=True))
    read = [normalise.phone(raw, number, country, home) for raw, number, country in rows]
    return _contact(
        [int(number) if number else 0 for number in read],
        [
            "" if number else normalise.phone_fault(raw, country, home)
            for number, (raw, _, country) in zip(read, rows, strict=True)
        ],
    )


def _contact(marks: list[int], why: list[str]) -> Contact:
    faults = [0 if mark else _CODE[fault] for mark, fault in zip(marks, why, strict=True)]
    return Contact(np.array(marks, np.int64), np.array(faults, np.uint8))
