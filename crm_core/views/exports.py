"""What left the shop: every export in the log, and one of them in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pandas as pd

from crm_core.privacy.policy import Access, require
from crm_core.records import AuditLine, Records
from crm_core.store import Store

KINDS = ("export", "export_table", "export_report", "export_set_aside", "export_denied")
NEWEST = 500
_COLUMNS = (
    "id", "kind", "at", "user", "list", "format", "channel", "rows", "left_out", "sha256",
    "export_id",
)  # fmt: skip


@dataclass(frozen=True)
class Exports:
    """The newest exports. `table`: one row each (id of the line, kind, at in the shop's time,
    user, list, format, channel, rows, left_out, sha256, export_id); `lines` by id."""

    table: pd.DataFrame
    lines: dict[int, AuditLine]

    def found(self, *, kind: str | None, file_format: str | None, text: str) -> pd.DataFrame:
        """The rows of one kind and format whose list, user or export id holds the text."""
        table = self.table
        if kind:
            table = table[table["kind"] == kind]
        if file_format:
            table = table[table["format"] == file_format]
        wanted = text.casefold()
        names = table["list"] + "\n" + table["user"] + "\n" + table["export_id"]
        held = [wanted in name.casefold() for name in names]
        return table[held].reset_index(drop=True)


def exports(*, store: Store, records: Records, access: Access) -> Exports:
    """Reads the log as it stands now: it is not kept, since nothing it depends on tells its age.

    Raises: CrmError("privacy_denied", action="export") for who may not export.
    """
    require(access, "export")
    lines = [line for kind in KINDS for line in records.audit_lines(action=kind, limit=NEWEST)]
    newest = sorted(lines, key=lambda line: line.id, reverse=True)[:NEWEST]
    return Exports(
        _table(newest, ZoneInfo(store.meta.timezone)), {line.id: line for line in newest}
    )


def _table(lines: Sequence[AuditLine], zone: ZoneInfo) -> pd.DataFrame:
    rows = [
        (
            line.id,
            line.action,
            line.at.astimezone(zone).replace(tzinfo=None),
            line.user,
            str(line.subject.get("list") or ", ".join(line.subject.get("files", ())[:3])),
            line.subject.get("format"),
            line.subject.get("contact_channel"),
            line.rows,
            sum(line.subject.get("excluded", {}).values()) if line.rows is not None else None,
            line.sha256 or "",
            line.export_id or "",
        )
        for line in lines
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS))
