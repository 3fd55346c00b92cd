"""One person's rights, as the command line asks for them: by key or by code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from crm_core.errors import CrmError
from crm_core.pipeline.erasing import erase_customer
from crm_core.pipeline.jobs import Answer, Progress, opened, own_url
from crm_core.pipeline.loading import score_if_needed
from crm_core.pipeline.retention import due, let_go
from crm_core.pipeline.upgrade import ensure_version
from crm_core.pipeline.workspace import is_empty, workspace
from crm_core.privacy import audit, rights
from crm_core.privacy.erasure_key import erasure_key, key_id
from crm_core.privacy.gate import known_keys
from crm_core.privacy.policy import Access
from crm_core.privacy.subject import Held
from crm_core.records import Records, open_records
from crm_core.records.customer_codes import SECRET, customer_code, customer_key
from crm_core.settings import Settings
from crm_core.store import Store, engine_of


def key_of(records: Records, text: str) -> int:
    """The key that a person typed, or the one behind the code that they typed.

    Raises: CrmError("no_such_customer").
    """
    told = text.strip()
    try:
        return (
            int(told)
            if told.lstrip("-").isdecimal()
            else customer_key(records.secret(SECRET), told)
        )
    except CrmError:
        raise CrmError("no_such_customer") from None


def counted(held: Held) -> Answer:
    """How many rows are held of a person, by table.

    Raises: CrmError("no_such_customer") for nobody.
    """
    if held.is_nobody:
        raise CrmError("no_such_customer")
    return {
        "rows": held.rows,
        "store": {name: len(rows) for name, rows in held.store.items()},
        "records": {name: len(rows) for name, rows in held.records.items()},
        "came_with": held.files,
    }


def erase(
    settings: Settings,
    store: str | None,
    customer: str,
    *,
    access: Access,
    refresh: bool,
    now: datetime,
    progress: Progress,
) -> Answer:
    """Erases a customer and, unless told not to, refreshes the scores.

    Raises: CrmError of `erase_customer`, ("demo_is_read_only").
    """
    url = own_url(settings, store)
    with _records(settings, url) as records:
        ensure_version(url, settings=settings, records=records, progress=progress)
        told = erase_customer(
            engine_of(url, settings), key_of(records, customer), settings=settings,
            records=records, access=access, now=now, progress=progress,
        )  # fmt: skip
        if refresh and not is_empty(url, settings):
            told["seconds"] = score_if_needed(url, settings, records, progress)
    return told


def change_restriction(
    settings: Settings,
    store: str | None,
    customer: str,
    *,
    lift: bool,
    reason: str,
    access: Access,
    now: datetime,
) -> Answer:
    """Restricts a customer, or lifts that; whether anything changed.

    Raises: CrmError of `rights.restrict`, ("no_such_customer"), ("demo_is_read_only").
    """
    own_url(settings, store)
    with opened(settings, store) as (shop, records):
        key, code = _known(shop, records, customer)
        act = rights.lift_restriction if lift else rights.restrict
        changed = act(records, access, key, code, reason=reason, now=now)
        return {"customer": code, "restricted": not lift, "changed": changed}


def change_field(
    settings: Settings,
    store: str | None,
    customer: str,
    *,
    field: str,
    value: str | None,
    reason: str,
    access: Access,
    now: datetime,
) -> Answer:
    """Puts a field of a customer right, or with no value lets files count again.

    Raises: CrmError of `rights.correct`, ("no_such_customer"), ("demo_is_read_only").
    """
    own_url(settings, store)
    with opened(settings, store) as (shop, records):
        key, code = _known(shop, records, customer)
        if value is None:
            changed = rights.take_back_correction(
                records, access, key, code, field=field, reason=reason, now=now
            )
        else:
            changed = rights.correct(
                records, access, key, code, field=field, value=value, reason=reason, now=now
            )
        return {"customer": code, "field": field, "changed": changed}


def _known(store: Store, records: Records, text: str) -> tuple[int, str]:
    """Key and code of a customer of the store.

    Raises: CrmError("no_such_customer").
    """
    key = key_of(records, text)
    links = store.table("identity_links")
    leads = store.fetch(links.filter(links.customer_key == key).limit(1))
    if leads.empty and not known_keys(store, [key]):
        raise CrmError("no_such_customer")
    return key, customer_code(records.secret(SECRET), key)


def retention(
    settings: Settings,
    store: str | None,
    *,
    keep: Mapping[str, int | None],
    dry_run: bool,
    refresh: bool,
    access: Access,
    now: datetime,
    progress: Progress,
) -> Answer:
    """Says for how many months kinds are kept (`keep`, None for good), and with that alone what
    would go; else counts it (`dry_run`) or lets it go.

    Raises: CrmError of `let_go`, ("records_months_invalid"), ("demo_is_read_only").
    """
    url = own_url(settings, store)
    if keep:
        with _records(settings, url) as records:
            said = {**records.retention_months(), **keep}
            months = {kind: number for kind, number in said.items() if number is not None}
            records.save_retention(months, user=access.user, now=now)
    if keep or dry_run:
        with opened(settings, url) as (shop, records):
            found = due(shop, records, access, today=now.date())
        return {"would_go": [vars(each) for each in found]}
    with _records(settings, url) as records:
        ensure_version(url, settings=settings, records=records, progress=progress)
        engine = engine_of(url, settings)
        told = let_go(engine, records=records, access=access, now=now, progress=progress)
        if refresh and not is_empty(url, settings):
            told["seconds"] = score_if_needed(url, settings, records, progress)
    return told


def forget_lost_key(
    settings: Settings, store: str | None, *, access: Access, now: datetime
) -> Answer:
    """Lets go of tombstones whose key is not here, so that imports go on: whom they were of is
    recognised no more."""
    url = own_url(settings, store)
    with _records(settings, url) as records:
        key = erasure_key(settings)
        here = key_id(key) if key else ""
        lost = {name for name in records.tombstones().values() if name != here}
        gone = sum(records.forget_tombstones(name) for name in lost)
        audit.append(records, access, "erasure_key_lost", {"traces": gone}, now=now)
    return {"tombstones": gone}


@contextmanager
def _records(settings: Settings, url: str) -> Iterator[Records]:
    records = open_records(workspace(settings, url).records_url)
    try:
        yield records
    finally:
        records.close()
