"""The file that a person may ask for: everything held on them, as JSON and as CSV, in a zip.

It leaves as lists do: a line in the log, then the bytes.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from crm_core.errors import CrmError
from crm_core.privacy import audit
from crm_core.privacy.export import ExportResult, new_export_id, release
from crm_core.privacy.files import CsvFile, file_name
from crm_core.privacy.gate import customer_code
from crm_core.privacy.packing import sha256_of, zip_entry
from crm_core.privacy.policy import Access, require
from crm_core.privacy.subject import Held, held_on
from crm_core.records import Records
from crm_core.schema import TABLES
from crm_core.store import Store
from crm_core.text import has, t

TITLE = "customer"


def subject_file_name(*, now: datetime, export_id: str) -> str:
    """What the file is called: it names nobody.

    >>> subject_file_name(now=datetime(2026, 6, 30), export_id="x7")
    'customer-20260630-x7.zip'
    """
    return file_name(TITLE, now=now, export_id=export_id, file_format="zip")


def export_subject(
    *,
    access: Access,
    store: Store,
    records: Records,
    key: int,
    now: datetime,
    language: str,
    out: Path | BinaryIO,
    export_id: str | None = None,
) -> ExportResult:
    """Writes everything held on one customer. `out` is a folder, a file or a stream.

    Raises: CrmError("privacy_denied", action), ("privacy_denied_present"), ("no_such_customer"),
    ("privacy_file_unwritable").
    """
    code = customer_code(records.secret("url_key"), key)
    about: dict[str, Any] = {"list": TITLE, "format": "zip"}
    try:
        require(access, "erase")
    except CrmError:
        audit.append(records, access, "subject_denied", about, now=now, as_is={"customer": code})
        raise
    held = held_on(store, records, key)
    if held.is_nobody:
        raise CrmError("no_such_customer")
    named = export_id or new_export_id()
    name = subject_file_name(now=now, export_id=named)
    with tempfile.TemporaryFile() as opened:
        scratch = cast(BinaryIO, opened)
        _pack(held, code, scratch, now=now, language=language)
        sealed: dict[str, Any] = {
            "rows": held.rows,
            "sha256": sha256_of(scratch),
            "export_id": named,
        }
        audit.append(records, access, "subject", about, now=now, as_is={"customer": code}, **sealed)
        release(scratch, out, name)
    return ExportResult(**sealed, excluded={}, file_name=name)


def _pack(held: Held, code: str, out: BinaryIO, *, now: datetime, language: str) -> None:
    whole = {
        "customer": code,
        "made_at": now.isoformat(timespec="seconds"),
        "came_with": held.files,
        "store": held.store,
        "records": held.records,
    }
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        moment = now.timetuple()[:6]

        def add(name: str, content: bytes) -> None:
            archive.writestr(zip_entry(name, moment), content)

        add("readme.txt", _readme(held, code, now=now, language=language).encode())
        text = json.dumps(whole, default=_plain, ensure_ascii=False, indent=1)
        add("everything.json", text.encode())
        for place, tables in (("store", held.store), ("records", held.records)):
            for table, rows in tables.items():
                add(f"{place}/{table}.csv", _csv(rows))


def _csv(rows: list[dict[str, Any]]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    stream = io.BytesIO()
    file = CsvFile(stream, names)
    file.write([[_cell(row.get(name)) for row in rows] for name in names])
    file.close()
    return stream.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, default=_plain, ensure_ascii=False)
    return _plain(value) if isinstance(value, bytes) else value


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _readme(held: Held, code: str, *, now: datetime, language: str) -> str:
    """What the files are, in the reader's language."""
    lines = [
        t("subject.readme", language, code=code, day=f"{now:%Y-%m-%d}"),
        "",
        *[f"store/{name}.csv  {_label(name, language)}" for name in held.store],
        *[f"records/{name}.csv  {_label(name, language)}" for name in held.records],
        "",
        t("subject.came_with", language),
        *[f"{row['batch_id']}  {_plain(row['imported_at'])}  {row['files']}" for row in held.files],
    ]
    return "\r\n".join(lines) + "\r\n"


def _label(table: str, language: str) -> str:
    for key in (f"import_history.tables.{table}", f"subject.table.{table}"):
        if has(key, language):
            return t(key, language)
    return t("subject.reckoned" if table not in TABLES else "subject.told", language)
