"""The only way a list of customers leaves: consent asked again, a line in the log, then bytes."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import ibis.expr.types as ir
import pyarrow as pa

from crm_core.errors import CrmError, close_match
from crm_core.privacy import audit
from crm_core.privacy.consent import standing_now
from crm_core.privacy.files import appearing, file_name, open_list, plain_values
from crm_core.privacy.gate import (
    EMAIL,
    IDENTITY_COLUMNS,
    PHONE_DIGITS,
    customer_code,
    for_export,
)
from crm_core.privacy.left_out import LEFT_OUT, marked
from crm_core.privacy.policy import CHANNEL_COLUMNS, Access, require
from crm_core.privacy.set_aside import write_rows
from crm_core.records import Records
from crm_core.store import Store
from crm_core.store.quarantine import Layout, rows_of
from crm_core.text import has, t

CODE_COLUMN = "customer"
ASIDE = "set aside"
FORMATS = ("csv", "xlsx")
_DENIED = ("privacy_denied", "privacy_denied_present", "privacy_column_denied")
_BATCH_ROWS = 20_000
_TRIES = 3
_PHONE = re.compile(r"\+?[0-9]{7,15}")
_CONTACTS: Mapping[str, tuple[str, ...]] = {
    "email": ("email",),
    "sms": ("phone",),
    "phone": ("phone",),
    "post": ("address", "postal_code", "city"),
    "ads": ("email", "phone"),
}


def new_export_id() -> str:
    """An id no other list has: unguessable on purpose, it makes the file's address unique."""
    return secrets.token_hex(6)


def list_name(name: str, *, now: datetime, export_id: str, file_format: str) -> str:
    """The file name a list will get: safe, with the day and the export's own id.

    >>> list_name("VIP ann@shop.example", now=datetime(2026, 6, 30), export_id="x7", file_format="csv")
    'VIP-20260630-x7.csv'
    """
    title = str(audit.blotted(name))
    return file_name(title, now=now, export_id=export_id, file_format=file_format)


@dataclass(frozen=True)
class ExportResult:
    """What left: how many rows, who was left out and why, and how to find it in the log."""

    export_id: str
    rows: int
    excluded: Mapping[str, int]
    sha256: str
    file_name: str


@dataclass(frozen=True)
class _Plan:
    """A checked order for a list."""

    expr: ir.Table
    reasons: tuple[str, ...]
    columns: tuple[str, ...]
    headings: tuple[str, ...]
    contact_channel: str | None
    file_format: str
    title: str
    now: datetime
    export_id: str


@dataclass
class _Tally:
    """What happened to the rows so far."""

    rows: int = 0
    excluded: Counter[str] = field(default_factory=Counter[str])
    contacts: set[int] = field(default_factory=set[int])
    revision: int | None = None


class _DecisionsChanged(Exception):
    """Somebody changed consents while the list was being written."""


def export_list(
    *,
    access: Access,
    store: Store,
    records: Records,
    members: ir.Table,
    name: str,
    contact_channel: str | None,
    columns: Sequence[str] | Mapping[str, str],
    file_format: str,
    now: datetime,
    language: str,
    out: Path | BinaryIO,
    confirmed_everyone: bool = False,
    export_id: str | None = None,
    leave_out: Mapping[str, ir.Table] = {},
) -> ExportResult:
    """Writes a list of customers to a file or stream, after asking consent of the records anew.

    `members`: customer_key (one row a customer) and feature columns. `columns`: which to write,
    in order, or column -> heading: features, `customer` (the public code), and what
    `CHANNEL_COLUMNS` allows a list for this channel to tell of a person. A list for no channel
    names nobody. Rows come by customer_key; `out` is a folder (the file gets its own name), a
    file, or a stream. `export_id` is what `new_export_id` gave a caller that must name the file
    before it is written; used twice, it has two lines in the log. CSV text is escaped (`escape.unescape` undoes it), numbers are not.
    `leave_out`: reason -> customers (customer_key) that must not be in the file; who is there for
    several reasons counts for the first.
    Left out, and counted: suppressed, opted_out, no_consent, the reasons of `leave_out`,
    no_contact, same_contact.
    Raises: CrmError("privacy_denied", action), ("privacy_denied_present"),
    ("privacy_confirm_everyone", customers), ("privacy_column_unknown", column, match),
    ("privacy_column_not_for_channel", column), ("privacy_format_unknown"),
    ("privacy_channel_unknown"), ("privacy_too_many_rows"), ("privacy_decisions_changing").
    """
    title = str(audit.blotted(name))
    about: dict[str, Any] = {
        "list": title,
        "contact_channel": contact_channel,
        "format": file_format,
    }
    try:
        require(access, "export")
        wanted = _wanted(columns, members, contact_channel, language)
        joined = _joined(access, store, members, list(wanted), contact_channel)
        joined = marked(joined, leave_out).order_by("customer_key")
    except CrmError as error:
        if error.code in _DENIED:
            audit.append(records, access, "export_denied", about, now=now)
        raise
    if file_format not in FORMATS:
        raise CrmError("privacy_format_unknown", formats=", ".join(FORMATS))
    if not confirmed_everyone:
        _check_not_everyone(store, members)
    headings = tuple(wanted.values())
    named = export_id or new_export_id()
    plan = _Plan(
        joined, tuple(leave_out), tuple(wanted), headings, contact_channel, file_format, title,
        now, named,
    )  # fmt: skip
    with tempfile.TemporaryFile() as file:
        scratch = cast(BinaryIO, file)
        tally = _write(plan, scratch, store, records)
        result = _result(plan, tally, scratch)
        about |= {
            "columns": list(plan.columns),
            "excluded": dict(result.excluded),
            "snapshot": store.snapshot,
            "decisions_revision": tally.revision,
        }
        sealed: dict[str, Any] = {
            "rows": result.rows,
            "sha256": result.sha256,
            "export_id": result.export_id,
        }
        audit.append(records, access, "export", about, now=now, **sealed)
        _release(scratch, out, result.file_name)
    return result


def export_set_aside(
    *,
    access: Access,
    store: Store,
    records: Records,
    layout: Layout,
    now: datetime,
    language: str,
    out: Path | BinaryIO,
    export_id: str | None = None,
) -> ExportResult:
    """Writes rows set aside by imports as a CSV shaped like their file, to be mended.

    They are personal data whatever they hold: only who imports may have them.
    Raises: CrmError("privacy_denied", action), ("privacy_denied_present"), ("privacy_file_unwritable").
    """
    about: dict[str, Any] = {"files": [file for _, file in layout.files], "format": "csv"}
    try:
        require(access, "quarantine")
    except CrmError:
        audit.append(records, access, "export_denied", about, now=now)
        raise
    rows = store.stream(rows_of(store, layout), _BATCH_ROWS, purpose="export")
    with tempfile.TemporaryFile() as file:
        scratch = cast(BinaryIO, file)
        count = write_rows(scratch, layout, rows, language)
        sha256, named = _sha256(scratch), export_id or new_export_id()
        name = list_name(ASIDE, now=now, export_id=named, file_format="csv")
        sealed: dict[str, Any] = {"rows": count, "sha256": sha256, "export_id": named}
        audit.append(records, access, "export_set_aside", about, now=now, **sealed)
        _release(scratch, out, name)
    return ExportResult(named, count, {}, sha256, name)


def _wanted(
    columns: Sequence[str] | Mapping[str, str],
    members: ir.Table,
    contact_channel: str | None,
    language: str,
) -> dict[str, str]:
    """The columns to write, each with its heading; all that may be written if none is named."""
    if contact_channel not in CHANNEL_COLUMNS:
        raise CrmError("privacy_channel_unknown", channels=", ".join(_CONTACTS))
    told = CHANNEL_COLUMNS[contact_channel]
    features = [name for name in members.columns if name not in ("customer_key", *IDENTITY_COLUMNS)]
    known = (CODE_COLUMN, *told, *features)
    for column in columns:
        if column in IDENTITY_COLUMNS and column not in told:
            raise CrmError("privacy_column_not_for_channel", column=column)
        if column not in known:
            match = close_match(column, known)
            raise CrmError("privacy_column_unknown", column=column, match=match)
    if isinstance(columns, Mapping):
        return dict(columns)
    return {column: _heading(column, language) for column in columns or known}


def _heading(column: str, language: str) -> str:
    key = f"privacy.column.{column}"
    return t(key, language) if has(key, language) else column


def _joined(
    access: Access,
    store: Store,
    members: ir.Table,
    columns: Sequence[str],
    contact_channel: str | None,
) -> ir.Table:
    """Members with the identity columns asked for and those that tell whether one can be reached."""
    told = [name for name in columns if name in IDENTITY_COLUMNS]
    features = [name for name in columns if name not in (*told, CODE_COLUMN)]
    table = members.select("customer_key", *features)
    if contact_channel is not None:
        needed = list(dict.fromkeys((*told, *_CONTACTS[contact_channel])))
        people = for_export(store, access, needed)
        table = table.left_join(people, "customer_key").select("customer_key", *features, *needed)
    return table


def _check_not_everyone(store: Store, members: ir.Table) -> None:
    """Stops a list of all customers that nobody said was meant.

    Everyone is everyone a rule can pick: who never bought has no features, and is in no list.
    Raises: CrmError("privacy_confirm_everyone", customers).
    """
    known = store.table("features" if store.has("features") else "customer_facts")
    chosen, everyone = _count(store, members), _count(store, known)
    if chosen >= everyone > 0:
        raise CrmError("privacy_confirm_everyone", customers=chosen)


def _count(store: Store, table: ir.Table) -> int:
    counted = table.agg(customers=table.customer_key.nunique())
    return int(store.fetch(counted)["customers"].iloc[0])


def _write(plan: _Plan, scratch: BinaryIO, store: Store, records: Records) -> _Tally:
    """The whole file, by consents that held from its first row to its last.

    Raises: CrmError("privacy_decisions_changing") when they never hold still.
    """
    for _ in range(_TRIES):
        scratch.seek(0)
        scratch.truncate()
        try:
            return _write_once(plan, scratch, store, records)
        except _DecisionsChanged:
            continue
    raise CrmError("privacy_decisions_changing")


def _write_once(plan: _Plan, scratch: BinaryIO, store: Store, records: Records) -> _Tally:
    tally = _Tally(revision=records.decisions_revision())
    secret = records.secret("url_key") if CODE_COLUMN in plan.columns else b""
    file = open_list(plan.file_format, scratch, plan.headings, title=plan.title, now=plan.now)
    try:
        for batch in store.stream(plan.expr, _BATCH_ROWS, purpose="export"):
            kept = batch.take(pa.array(_kept(plan, batch, records, tally), pa.int64()))
            tally.rows += kept.num_rows
            file.write([_column(name, kept, secret) for name in plan.columns])
    finally:
        file.close()
    if records.decisions_revision() != tally.revision:
        raise _DecisionsChanged
    return tally


def _kept(plan: _Plan, batch: pa.RecordBatch, records: Records, tally: _Tally) -> list[int]:
    """The places of the rows that may be written; the others are counted by reason."""
    keys: list[int] = batch["customer_key"].to_pylist()
    left_out: list[int | None] = batch[LEFT_OUT].to_pylist()
    channel, barred, contacts = plan.contact_channel, {}, [()] * len(keys)
    if channel is not None:
        standing = standing_now(records, keys, channel)
        if standing.revision != tally.revision:
            raise _DecisionsChanged
        barred = standing.barred
        contacts = zip(*(batch[name].to_pylist() for name in _CONTACTS[channel]), strict=True)
    kept: list[int] = []
    for place, (key, out, contact) in enumerate(zip(keys, left_out, contacts, strict=True)):
        reason = barred.get(key) or (None if out is None else plan.reasons[out])
        if reason is None and channel is not None:
            reason = _contact_fault(channel, contact, tally.contacts)
        if reason:
            tally.excluded[reason] += 1
        else:
            kept.append(place)
    return kept


def _contact_fault(channel: str, contact: Sequence[str | None], seen: set[int]) -> str | None:
    """Why a contact cannot be used, if so: there is none, or it is in the list already."""
    usable = [_usable(name, text) for name, text in zip(_CONTACTS[channel], contact, strict=True)]
    enough = bool(usable[0] and any(usable[1:])) if channel == "post" else any(usable)
    if not enough:
        return "no_contact"
    mark = hash(tuple(usable))
    if mark in seen:
        return "same_contact"
    seen.add(mark)
    return None


def _usable(column: str, text: str | None) -> str:
    """A contact in the form in which two are the same, or nothing."""
    tidy = unicodedata.normalize("NFKC", text or "").strip().casefold()
    if column == "email":
        return tidy if re.fullmatch(EMAIL, tidy) else ""
    if column == "phone":
        digits = "".join(char for char in tidy if char.isdecimal())
        return digits if len(digits) >= PHONE_DIGITS else ""
    return " ".join(tidy.split())


def _column(name: str, batch: pa.RecordBatch, secret: bytes) -> list[Any]:
    if name == CODE_COLUMN:
        return [customer_code(secret, key) for key in batch["customer_key"].to_pylist()]
    values = plain_values(batch[name])
    return [_compact_phone(value) for value in values] if name == "phone" else values


def _compact_phone(text: str | None) -> str | None:
    """A phone number as mail and message tools take it: a plus sign and digits, if it is one."""
    bare = re.sub(r"[\s().\-/]+", "", text or "")
    return bare if _PHONE.fullmatch(bare) else text


def _result(plan: _Plan, tally: _Tally, scratch: BinaryIO) -> ExportResult:
    name = list_name(
        plan.title, now=plan.now, export_id=plan.export_id, file_format=plan.file_format
    )
    excluded = dict(sorted(tally.excluded.items()))
    return ExportResult(plan.export_id, tally.rows, excluded, _sha256(scratch), name)


def _sha256(scratch: BinaryIO) -> str:
    scratch.seek(0)
    return hashlib.file_digest(scratch, "sha256").hexdigest()  # pyright: ignore[reportArgumentType]


def _release(scratch: BinaryIO, out: Path | BinaryIO, name: str) -> None:
    """Hands the finished bytes over; a file appears whole or not at all."""
    scratch.seek(0)
    if not isinstance(out, Path):
        shutil.copyfileobj(scratch, out)
        return
    with appearing(out / name if out.is_dir() else out) as file:
        shutil.copyfileobj(scratch, file)
