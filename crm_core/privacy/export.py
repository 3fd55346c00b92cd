"""The only way a list of customers leaves: consent asked again, a line in the log, then bytes."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from crm_core.errors import CrmError
from crm_core.privacy import audit
from crm_core.privacy.consent_age import consent_age, require_young
from crm_core.privacy.files import appearing, file_name, plain_values
from crm_core.privacy.gate import customer_code
from crm_core.privacy.list_names import sensitive_words, without_sensitive_words
from crm_core.privacy.list_rows import person_columns
from crm_core.privacy.manifest import manifest, rule_told
from crm_core.privacy.packing import FileTold, Order, Several, Single, packed, sha256_of
from crm_core.privacy.plan import CODE_COLUMN, Plan, Wish, planned
from crm_core.privacy.platforms import PLATFORMS, suffix_of
from crm_core.privacy.policy import Access, Purpose, require
from crm_core.privacy.set_aside import write_rows
from crm_core.privacy.sift import DecisionsChanged, Sifted, sift
from crm_core.records import Records
from crm_core.store import Store
from crm_core.store.quarantine import Layout, rows_of

ASIDE = "set aside"
NAMELESS = "list"
_DENIED = (
    "privacy_denied",
    "privacy_denied_present",
    "privacy_column_denied",
    "privacy_consents_old",
)
_BATCH_ROWS = 5_000
_TRIES = 3
_PHONE = re.compile(r"\+?[0-9]{7,15}")


def new_export_id() -> str:
    """An id no other list has: unguessable on purpose, it makes the file's address unique."""
    return secrets.token_hex(6)


def list_title(name: str, untold: Sequence[str]) -> str:
    """What a list is called wherever its name leaves: in file names, sheets, feeds, manifests and
    the log they are made of. Nobody is named, nor what no list's name should tell (`list_names`).

    >>> list_title("VIP ann@shop.example", ()), list_title("Tea", ["tea"])
    ('VIP •••', 'list')
    """
    return without_sensitive_words(str(audit.blotted(name)), untold) or NAMELESS


def list_name(
    name: str, *, now: datetime, export_id: str, file_format: str, untold: Sequence[str]
) -> str:
    """The file name a list will get: its title made safe, the day, the export's own id. `untold`:
    what the shop calls sensitive.

    >>> told = {"now": datetime(2026, 6, 30), "export_id": "x7", "file_format": "csv"}
    >>> list_name("VIP ann@shop.example", **told, untold=())
    'VIP-20260630-x7.csv'
    """
    title = list_title(name, untold)
    return file_name(title, now=now, export_id=export_id, file_format=suffix_of(file_format))


@dataclass(frozen=True)
class ExportResult:
    """What left: how many rows, who was left out and why, and how to find it in the log.

    `left_empty`: contacts of rows that stayed which could not be told, by reason. `name_without`:
    words of the list's name that did not leave. `too_few`: the least rows the tool asks for, if
    there are fewer. `consents_days`: how many days ago consents last came in, if that is long ago.
    """

    export_id: str
    rows: int
    excluded: Mapping[str, int]
    sha256: str
    file_name: str
    left_empty: Mapping[str, int] = field(default_factory=dict[str, int])
    manifest: Mapping[str, Any] = field(default_factory=dict[str, Any])
    name_without: tuple[str, ...] = ()
    too_few: int | None = None
    consents_days: int | None = None


@dataclass(frozen=True)
class Readiness:
    """What a list would hold if it were written now. `asked`: people who may be contacted and are
    not left out on purpose; `usable`: how many of them have each kind of contact, and `all`."""

    rows: int
    asked: int
    usable: Mapping[str, int]
    excluded: Mapping[str, int]
    left_empty: Mapping[str, int]


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
    rule: Mapping[str, Any] | None = None,
    rule_in_words: str = "",
    ads_consent_covers_use: bool = False,
) -> ExportResult:
    """Writes a list of customers to a file or stream, after asking consent of the records anew.

    `members`: customer_key (one row a customer) and feature columns. `file_format`: one of
    `platforms.FORMATS`; a tool's format has columns of its own, and leaves as a zip with its
    manifest where the tool needs several files. `columns`: which to write (beside a tool's own),
    in order, or column -> heading: features, `customer` (the public code), and in a plain list
    what `CHANNEL_COLUMNS` allows for this channel. A list for no channel names nobody. Rows come
    by customer_key; `out` is a folder (the file gets its own name), a file, or a stream.
    `export_id` is what `new_export_id` gave a caller that must name the file before it is
    written; used twice, it has two lines in the log. `leave_out`: reason -> customers
    (customer_key) that must not be in the file, nor their contacts; who is there for several
    reasons counts for the first. `rule` (a document) and `rule_in_words` tell the manifest whom
    the list is of. `ads_consent_covers_use`: the shop says that who agreed to ads was asked what
    Google asks. Plain CSV is escaped (`escape.unescape` undoes it), numbers are not.
    Left out, and counted: restricted, paused, suppressed, opted_out, service_only, no_consent, ad_use_denied,
    ad_use_unknown, the reasons of `leave_out`, and those of `contacts.FAULTS`.
    Raises: CrmError("privacy_denied", action), ("privacy_denied_present"),
    ("privacy_confirm_everyone", customers), ("privacy_too_many_rows"),
    ("privacy_decisions_changing"), ("privacy_consents_old", days, limit), those of `plan.planned`.
    """
    records.end_pauses(now)
    said, age = records.shop_settings(), None
    title = list_title(name, said.sensitive_categories)
    about: dict[str, Any] = {
        "list": title,
        "contact_channel": contact_channel,
        "format": file_format,
    }
    wish = Wish(
        members, contact_channel, columns, file_format, language, leave_out,
        ads_consent_covers_use, said.country, said.sensitive_categories,
    )  # fmt: skip
    try:
        require(access, "export")
        if contact_channel is not None:
            age = consent_age(store, records, now=now)
            require_young(age)
        plan = planned(access, store, wish)
    except CrmError as error:
        if error.code in _DENIED:
            audit.append(records, access, "export_denied", about, now=now)
        raise
    if not confirmed_everyone:
        _check_not_everyone(store, members)
    named = export_id or new_export_id()
    file = list_name(
        name, now=now, export_id=named, file_format=file_format, untold=said.sensitive_categories
    )
    order = Order(file_format, contact_channel, plan.headings, title, file, now)
    with tempfile.TemporaryFile() as opened:
        scratch = cast(BinaryIO, opened)
        sifted, files, emptied, finish = _written(plan, order, scratch, store, records)
        left_empty = {**sifted.left_empty, **({"formula": emptied} if emptied else {})}
        about |= {
            "columns": list(plan.headings),
            "members": len(sifted.kept),
            "excluded": sifted.excluded,
            "left_empty": left_empty,
            "ads_consent_covers_use": ads_consent_covers_use,
            "snapshot": store.snapshot,
            "as_of": store.scores_as_of.isoformat() if store.scores_as_of else None,
            "decisions_revision": sifted.revision,
            "consents_days": age.days if age else None,
            **({"without_set_aside": True} if store.meta.without else {}),
        }
        made = {
            **rule_told(rule, rule_in_words, said.sensitive_categories),
            "files": [asdict(each) for each in files],
        }
        told = manifest({**audit.blotted(about), **made}, export_id=named, at=now, rows=sifted.rows)
        finish(told)
        sealed: dict[str, Any] = {
            "rows": sifted.rows,
            "sha256": sha256_of(scratch),
            "export_id": named,
        }
        audit.append(records, access, "export", about, now=now, as_is=made, **sealed)
        release(scratch, out, file)
    platform = PLATFORMS.get(file_format)
    return ExportResult(
        **sealed,
        excluded=sifted.excluded,
        file_name=file,
        left_empty=left_empty,
        manifest=told,
        name_without=sensitive_words(str(audit.blotted(name)), said.sensitive_categories),
        consents_days=age.days if age and age.warns else None,
        too_few=platform.least_rows if platform and sifted.rows < platform.least_rows else None,
    )


def readiness(
    *,
    access: Access,
    store: Store,
    records: Records,
    members: ir.Table,
    contact_channel: str | None,
    file_format: str,
    leave_out: Mapping[str, ir.Table] = {},
    ads_consent_covers_use: bool = False,
) -> Readiness:
    """What `export_list` would write of these members now: the same rows gone through the same
    way, counted and not written.

    Raises: CrmError("privacy_denied", action), ("privacy_denied_present"),
    ("privacy_decisions_changing"), those of `plan.planned`.
    """
    require(access, "export")
    wish = Wish(
        members, contact_channel, (), file_format, "en", leave_out, ads_consent_covers_use,
        records.shop_settings().country,
    )  # fmt: skip
    sifted = _sifted(planned(access, store, wish), store, records)
    return Readiness(sifted.rows, sifted.asked, sifted.usable, sifted.excluded, sifted.left_empty)


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
    require_told(records, access, "quarantine", about, now=now)
    rows = store.stream(rows_of(store, layout), _BATCH_ROWS, purpose="export")
    with tempfile.TemporaryFile() as file:
        scratch = cast(BinaryIO, file)
        count = write_rows(scratch, layout, rows, language)
        sha256, named = sha256_of(scratch), export_id or new_export_id()
        name = list_name(ASIDE, now=now, export_id=named, file_format="csv", untold=())
        sealed: dict[str, Any] = {"rows": count, "sha256": sha256, "export_id": named}
        audit.append(records, access, "export_set_aside", about, now=now, **sealed)
        release(scratch, out, name)
    return ExportResult(named, count, {}, sha256, name)


def require_told(
    records: Records, access: Access, purpose: Purpose, about: Mapping[str, Any], *, now: datetime
) -> None:
    """Lets pass who may do this; of anybody else the log is told what they asked for.

    Raises: CrmError("privacy_denied", action), ("privacy_denied_present").
    """
    try:
        require(access, purpose)
    except CrmError:
        audit.append(records, access, "export_denied", about, now=now)
        raise


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


def _sifted(plan: Plan, store: Store, records: Records) -> Sifted:
    """Who stays, by consents that held from the first row to the last.

    Raises: CrmError("privacy_decisions_changing") when they never hold still.
    """
    for _ in range(_TRIES):
        rows = store.stream(plan.seen, _BATCH_ROWS, purpose="export")
        try:
            return sift(rows, plan.needs, records)
        except DecisionsChanged:
            continue
    raise CrmError("privacy_decisions_changing")


def _written(
    plan: Plan, order: Order, scratch: BinaryIO, store: Store, records: Records
) -> tuple[Sifted, tuple[FileTold, ...], int, Callable[[Mapping[str, Any]], None]]:
    """The rows of who stays, by consents that held until the last was written; and what is to be
    done with the manifest.

    Raises: CrmError("privacy_decisions_changing") when they never hold still.
    """
    for _ in range(_TRIES):
        scratch.seek(0)
        scratch.truncate()
        sifted = _sifted(plan, store, records)
        file = packed(order, scratch)
        try:
            _write_rows(plan, file, sifted, store, records)
        finally:
            files = file.close()
        if records.decisions_revision() == sifted.revision:
            finish = file.pack if isinstance(file, Several) else _nothing_more
            return sifted, files, file.emptied, finish
    raise CrmError("privacy_decisions_changing")


def _nothing_more(told: Mapping[str, Any]) -> None:
    del told


def _write_rows(
    plan: Plan, file: Single | Several, sifted: Sifted, store: Store, records: Records
) -> None:
    secret = records.secret("url_key") if CODE_COLUMN in plan.columns else b""
    begin = 0
    for batch in store.stream(plan.told, _BATCH_ROWS, purpose="export"):
        place = begin + np.flatnonzero(sifted.kept[begin : begin + batch.num_rows])
        begin += batch.num_rows
        kept = batch.take(pa.array(place - (begin - batch.num_rows), pa.int64()))
        own: list[list[Any]] = []
        if plan.needs.platform:
            cells = {kind: told[place] for kind, told in sifted.cells.items()}
            own = list(person_columns(plan.needs.platform, kept, cells, sifted.phones[place]))
        file.write([*own, *(_column(name, kept, secret) for name in plan.columns)], sifted, place)


def _column(name: str, batch: pa.RecordBatch, secret: bytes) -> list[Any]:
    if name == CODE_COLUMN:
        return [customer_code(secret, key) for key in batch["customer_key"].to_pylist()]
    values = plain_values(batch[name])
    return [_compact_phone(value) for value in values] if name == "phone" else values


def _compact_phone(text: str | None) -> str | None:
    """A phone number as mail and message tools take it: a plus sign and digits, if it is one."""
    bare = re.sub(r"[\s().\-/]+", "", text or "")
    return bare if _PHONE.fullmatch(bare) else text


def release(scratch: BinaryIO, out: Path | BinaryIO, name: str) -> None:
    """Hands the finished bytes over; a file appears whole or not at all."""
    scratch.seek(0)
    if not isinstance(out, Path):
        shutil.copyfileobj(scratch, out)
        return
    with appearing(out / name if out.is_dir() else out) as file:
        shutil.copyfileobj(scratch, file)
