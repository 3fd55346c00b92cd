"""The command that writes the monthly review, for schedules and whoever reads on paper."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from crm_core.cli.process import language, now, user
from crm_core.documents import FORMATS
from crm_core.errors import CrmError
from crm_core.pipeline import jobs
from crm_core.privacy.export_report import ReportTold, export_report
from crm_core.privacy.policy import Access
from crm_core.selection import LANGUAGES, Selection
from crm_core.settings import Settings
from crm_core.views.report_made import report_made
from crm_core.views.report_words import report_name

Answer = dict[str, Any]


def options(parser: argparse.ArgumentParser) -> None:
    """Which month, how and where."""
    parser.add_argument("--month", type=_month, help="like 2026-10; default: the last whole one")
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0])
    parser.add_argument("--out", type=Path, required=True, help="a file, or a folder for one")
    parser.add_argument("--language", choices=LANGUAGES, help="default: that of the process")
    parser.add_argument("--comment", type=Path, help="a text file (UTF-8) with a commentary")


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise argparse.ArgumentTypeError("write months like 2026-10") from None


def report(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Writes the review; answers with its numbers and what was restated since earlier ones."""
    words, moment = arguments.language or language(), now()
    comment = _comment(arguments.comment)
    access = Access("single_user", user())
    with jobs.opened(settings, arguments.store) as (store, records):
        made = report_made(
            Selection(language=words, without_set_aside=bool(store.meta.without)),
            store=store,
            records=records,
            access=access,
            now=moment,
            month=arguments.month,
            comment=comment,
        )
        found = made.view
        left = export_report(
            access=access,
            records=records,
            told=ReportTold(report_name(found.month.start, words), made.document, made.reported),
            file_format=arguments.format,
            now=moment,
            out=arguments.out,
        )
    out: Path = arguments.out
    return {
        "month": f"{found.month.start:%Y-%m}",
        "from": found.month.start,
        "to": found.month.end,
        "as_of": found.as_of,
        "snapshot": found.snapshot,
        "language": words,
        "numbers": [
            {"metric": card.metric, "value": card.value, "previous": card.previous,
             "change": card.change, "state": card.state}
            for card in found.cards
        ],
        "earlier": [
            {"made_at": each.made_at.isoformat(), "snapshot": each.snapshot, "numbers": each.numbers}
            for each in made.earlier
        ],
        "export_id": left.export_id,
        "sha256": left.sha256,
        "file": str(out / left.file_name if out.is_dir() else out),
    }  # fmt: skip


def _comment(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeError):
        raise CrmError("report_comment_unreadable") from None
