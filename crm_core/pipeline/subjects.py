"""One person's rights, as the command line asks for them: by key or by code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from crm_core.errors import CrmError
from crm_core.pipeline.erasing import erase_customer
from crm_core.pipeline.jobs import Answer, Progress, own_url
from crm_core.pipeline.loading import score_if_needed
from crm_core.pipeline.upgrade import ensure_version
from crm_core.pipeline.workspace import is_empty, workspace
from crm_core.privacy import audit
from crm_core.privacy.erasure_key import erasure_key, key_id
from crm_core.privacy.policy import Access
from crm_core.privacy.subject import Held
from crm_core.records import Records, open_records
from crm_core.records.customer_codes import SECRET, customer_key
from crm_core.settings import Settings
from crm_core.store import engine_of


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
