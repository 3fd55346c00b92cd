"""What is told of an export beside its rows: the same when it leaves and whenever it is asked
for again, since it is made of the line in the log."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from crm_core.privacy.audit import blotted
from crm_core.records import AuditLine

_LONGEST_RULE = 20_000
_LONGEST_WORDS = 2_000
_TOLD = (
    "list",
    "contact_channel",
    "format",
    "rule_in_words",
    "rule",
    "as_of",
    "snapshot",
    "without_set_aside",
    "decisions_revision",
    "members",
    "excluded",
    "left_empty",
    "ads_consent_covers_use",
    "columns",
    "files",
)


def manifest(
    subject: Mapping[str, Any], *, export_id: str, at: datetime, rows: int
) -> dict[str, Any]:
    """The manifest of an export: `subject` is what its line in the log says of it.

    rows + all of `excluded` = `members`: the control total of the screen.
    """
    told = {name: subject[name] for name in _TOLD if name in subject}
    moment = at.astimezone(UTC).isoformat(timespec="seconds")
    return {"export_id": export_id, "written_at": moment, "rows": rows, **told}


def manifest_of(line: AuditLine) -> dict[str, Any]:
    """The manifest of an export in the log."""
    return manifest(
        line.subject, export_id=line.export_id or "", at=line.at, rows=int(line.rows or 0)
    )


def rule_told(
    rule: Mapping[str, Any] | None, words: str, untold: Sequence[str] = ()
) -> dict[str, Any]:
    """Whom a list was of, in words and as the rule, without what could name a customer; nothing
    where that would name one of the `untold` categories."""
    told: dict[str, Any] = {}
    whole = (words + json.dumps(rule, default=str, ensure_ascii=False)).lower()
    if any(name.strip().lower() in whole for name in untold):
        return told
    if words:
        told["rule_in_words"] = blotted(words, _LONGEST_WORDS)
    if rule is not None and len(json.dumps(rule, default=str)) <= _LONGEST_RULE:
        told["rule"] = blotted(rule)
    return told
