"""Who of a list stays in it: consent, those told to stay out, usable contacts, each contact once.

The whole list is gone through before a row is written, so that a contact of somebody who must
stay out is nobody else's either, wherever in the list it stands. A row takes some twenty bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crm_core.privacy.consent import Standing, standing_now
from crm_core.privacy.contacts import (
    FAULTS,
    Contact,
    phones,
    plain_contact,
    platform_contacts,
)
from crm_core.privacy.gate import COUNTRY
from crm_core.privacy.left_out import LEFT_OUT, OUTSIDE
from crm_core.privacy.normalise import region_of
from crm_core.privacy.platforms import Platform
from crm_core.records import Records

REGIONS = ("eea", "elsewhere", "unknown")
TEXTS = ("email", "email_sms")
#: What Google asks people in the EEA, the United Kingdom and Switzerland beside the channel.
AD_PURPOSES = ("ad_user_data", "ad_personalization")
_SAID_NO = ("restricted", "paused", "suppressed", "opted_out", "ad_use_denied")
_REASONS = ("", *_SAID_NO, "no_consent", "service_only", "ad_use_unknown")
_OTHERS, _SAME = FAULTS.index("contact_left_out"), FAULTS.index("same_contact")


@dataclass(frozen=True)
class Needs:
    """What decides who stays: the channel, the tool, the reasons of those told to stay out, the
    shop's home country, and whether what customers agreed to for ads covers what Google asks."""

    contact_channel: str | None
    platform: Platform | None = None
    reasons: tuple[str, ...] = ()
    home: str | None = None
    ads_consent_covers_use: bool = False


class DecisionsChanged(Exception):
    """Somebody changed consents while the list was being gone through."""


@dataclass
class Sifted:
    """Who stays. `kept`: the rows, in the order of the list. `cells`: for each kind of contact
    the rows that tell it. `phones`: numbers in E.164, 0 where none is told. `file`: the place of
    each row's file in `files`. `asked`: rows that may be contacted at all; `usable`: how many of
    them have each kind of contact, and `both`."""

    kept: NDArray[np.bool_]
    cells: dict[str, NDArray[np.bool_]]
    phones: NDArray[np.int64]
    file: NDArray[np.uint8]
    excluded: dict[str, int]
    left_empty: dict[str, int]
    asked: int
    usable: dict[str, int]
    revision: int

    @property
    def rows(self) -> int:
        """How many people stay."""
        return int(self.kept.sum())


@dataclass
class _Piece:
    """What one batch told: reasons by their place in `_REASONS` and those of `leave_out`, who is
    in `leave_out` whatever their reason, and who of them is no member. `texts`: who may be sent
    none, in the same way as reasons."""

    reasons: NDArray[np.uint8]
    out: NDArray[np.bool_]
    outside: NDArray[np.bool_]
    contacts: Mapping[str, Contact]
    phones: NDArray[np.int64]
    file: NDArray[np.uint8]
    texts: NDArray[np.uint8]


def sift(batches: Iterable[pa.RecordBatch], needs: Needs, records: Records) -> Sifted:
    """Goes through a list once, asking consent of the records as it goes.

    Raises: DecisionsChanged.
    """
    revision = records.decisions_revision()
    whole = _together([_piece(batch, needs, records, revision) for batch in batches])
    if records.decisions_revision() != revision:
        raise DecisionsChanged
    return _settled(whole, needs, revision)


def _piece(batch: pa.RecordBatch, needs: Needs, records: Records, revision: int) -> _Piece:
    keys: list[int] = batch["customer_key"].to_pylist()
    places: list[int | None] = batch[LEFT_OUT].to_pylist()
    reasons = ["" if place is None else needs.reasons[place] for place in places]
    file, numbers = np.zeros(len(keys), np.uint8), np.zeros(len(keys), np.int64)
    contacts: dict[str, Contact] = {}
    platform = needs.platform
    if needs.contact_channel is None:
        away = records.restricted(keys)
        reasons = [
            "restricted" if key in away else out for key, out in zip(keys, reasons, strict=True)
        ]
    else:
        barred = _standing(records, keys, needs.contact_channel, revision).barred
        reasons = [barred.get(key) or out for key, out in zip(keys, reasons, strict=True)]
        if platform is None:
            contacts = plain_contact(batch, needs.contact_channel)
        else:
            contacts = platform_contacts(batch, platform, needs.home)
    if "phone" in contacts:
        numbers = contacts["phone"].marks
    if platform and platform.split == "region":
        told = [region_of(text) for text in batch[COUNTRY].to_pylist()]
        file = np.array([REGIONS.index(region) for region in told], np.uint8)
        _ask_of_ad_use(keys, reasons, file, needs, records)
    texts = np.zeros(len(keys), np.uint8)
    if platform and platform.split == "texts":
        silent = _standing(records, keys, "sms", revision).barred
        numbers = phones(batch, needs.home).marks
        texts = np.array([_REASONS.index(silent.get(key, "")) for key in keys], np.uint8)
    known = (*_REASONS, *needs.reasons)
    codes = np.array([known.index(reason) for reason in reasons], np.uint8)
    out = np.array([place is not None for place in places], np.bool_)
    outside = np.array(batch[OUTSIDE].to_pylist(), np.bool_)
    return _Piece(codes, out, outside, contacts, numbers, file, texts)


def _standing(records: Records, keys: list[int], channel: str, revision: int) -> Standing:
    standing = standing_now(records, keys, channel)
    if standing.revision != revision:
        raise DecisionsChanged
    return standing


def _ask_of_ad_use(
    keys: list[int], reasons: list[str], region: NDArray[np.uint8], needs: Needs, records: Records
) -> None:
    """Adds to `reasons` whoever did not agree to what Google asks, where it asks; where somebody
    lives that nobody knows is no place where it does not ask."""
    there = np.flatnonzero(region != REGIONS.index("elsewhere")).tolist()
    asked = [place for place in there if not reasons[place]]
    people = [keys[place] for place in asked]
    said = [records.consent_states(people, "ads", purpose) for purpose in AD_PURPOSES]
    for place, key in zip(asked, people, strict=True):
        words = [states.get(key) for states in said]
        if "denied" in words:
            reasons[place] = "ad_use_denied"
        elif None in words and not needs.ads_consent_covers_use:
            reasons[place] = "ad_use_unknown"


def _together(pieces: list[_Piece]) -> _Piece:
    """All batches as one; they are let go, so that a list is in memory once."""
    kinds = list(pieces[0].contacts) if pieces else []
    return _Piece(
        _joined([piece.reasons for piece in pieces], np.uint8),
        _joined([piece.out for piece in pieces], np.bool_),
        _joined([piece.outside for piece in pieces], np.bool_),
        {
            kind: Contact(
                _joined([piece.contacts[kind].marks for piece in pieces], np.int64),
                _joined([piece.contacts[kind].faults for piece in pieces], np.uint8),
            )
            for kind in kinds
        },
        _joined([piece.phones for piece in pieces], np.int64),
        _joined([piece.file for piece in pieces], np.uint8),
        _joined([piece.texts for piece in pieces], np.uint8),
    )


def _settled(whole: _Piece, needs: Needs, revision: int) -> Sifted:
    """Each contact once, none of those who stay out; and everybody's reason."""
    known = (*_REASONS, *needs.reasons)
    reasons, inside = whole.reasons, ~whole.outside
    asked = reasons == 0
    said_no = np.isin(reasons, [known.index(name) for name in _SAID_NO]) | whole.out
    kinds = list(whole.contacts)
    marks = {kind: contact.marks for kind, contact in whole.contacts.items()}
    why = {
        kind: _why(contact.marks, contact.faults, asked, said_no)
        for kind, contact in whole.contacts.items()
    }
    cells = {kind: asked & (why[kind] == 0) for kind in kinds}
    kept = np.logical_or.reduce(list(cells.values())) if kinds else asked
    numbers, file, empty = whole.phones, whole.file, why
    if needs.platform and needs.platform.split == "texts":
        texts = whole.texts
        empty = {**why, "phone": _texts_why(numbers, texts, kept, said_no)}
        numbers[(texts != 0) | (empty["phone"] != 0)] = 0
        file = (numbers != 0).astype(np.uint8)
    numbers[~cells.get("phone", kept)] = 0
    usable = {kind: int((asked & (marks[kind] != 0)).sum()) for kind in kinds}
    every = [marks[kind] != 0 for kind in kinds]
    return Sifted(
        kept=kept[inside],
        cells={kind: told[inside] for kind, told in cells.items()},
        phones=numbers[inside],
        file=file[inside],
        excluded=_excluded(known, reasons, why, kept, inside),
        left_empty=_left_empty(empty, kept),
        asked=int(asked.sum()),
        usable={**usable, "all": int(np.logical_and.reduce([asked, *every]).sum())},
        revision=revision,
    )


def _joined(parts: list[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, kind)


def _why(
    marks: NDArray[np.int64],
    faults: NDArray[np.uint8],
    asked: NDArray[np.bool_],
    said_no: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """Why each row's contact is not told: its place in `FAULTS`, 0 where it is."""
    shut = np.isin(marks, np.setdiff1d(marks[said_no], [0]))
    free = np.flatnonzero(asked & (marks != 0) & ~shut)
    why = faults.copy()
    why[free] = _SAME
    why[_first_of_each(marks, free)] = 0
    why[shut] = _OTHERS
    return why


def _first_of_each(marks: NDArray[np.int64], rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of `rows`, the first with each mark; np.unique takes twice the memory for it."""
    ordered = rows[np.argsort(marks[rows], kind="stable")]
    is_first = np.ones(len(ordered), np.bool_)
    is_first[1:] = np.diff(marks[ordered]) != 0
    return ordered[is_first]


def _texts_why(
    numbers: NDArray[np.int64],
    texts: NDArray[np.uint8],
    kept: NDArray[np.bool_],
    said_no: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """Why a number that may be sent texts is not told: as of any contact, and none of somebody
    who said no to texts."""
    refused = np.isin(texts, [_REASONS.index(name) for name in _SAID_NO])
    may = texts == 0
    why = _why(numbers, np.zeros(len(numbers), np.uint8), kept & may, said_no | refused)
    return np.where(may, why, 0).astype(np.uint8)


def _excluded(
    known: tuple[str, ...],
    reasons: NDArray[np.uint8],
    why: Mapping[str, NDArray[np.uint8]],
    kept: NDArray[np.bool_],
    inside: NDArray[np.bool_],
) -> dict[str, int]:
    """Which members were left out, by reason."""
    counted = Counter(
        {known[code]: int(n) for code, n in enumerate(np.bincount(reasons[inside])) if code}
    )
    gone = (reasons == 0) & ~kept
    if gone.any():
        worst = np.maximum.reduce([codes[gone] for codes in why.values()])
        counted.update({FAULTS[c]: int(n) for c, n in enumerate(np.bincount(worst)) if n})
    return {reason: count for reason, count in sorted(counted.items()) if count}


def _left_empty(why: Mapping[str, NDArray[np.uint8]], kept: NDArray[np.bool_]) -> dict[str, int]:
    """Contacts not told of rows that stay, by reason; those that never were do not count."""
    counted: Counter[str] = Counter()
    for codes in why.values():
        for code, count in enumerate(np.bincount(codes[kept])):
            if code > FAULTS.index("no_contact") and count:
                counted[FAULTS[code]] += int(count)
    return dict(sorted(counted.items()))
