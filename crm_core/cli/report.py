"""The command that writes the monthly review, for schedules and whoever reads on paper."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from crm_core.cli.process import language, now, user
from crm_core.documents import FORMATS
from crm_core.errors import CrmError
from crm_core.pipeline import jobs
from crm_core.pipeline.waiting_results import waiting_results
from crm_core.privacy.export_report import ReportTold, export_report
from crm_core.privacy.policy import Access
from crm_core.selection import LANGUAGES, Selection
from crm_core.settings import Settings
from crm_core.views.report import report as view
from crm_core.views.report_filters import asked_of
from crm_core.views.report_words import Wording, document, report_name, reported

Answer = dict[str, Any]


def options(parser: argparse.ArgumentParser) -> None:
    """Which month, how and where."""
    parser.add_argument("--month", type=_month, help="like 2026-10; default: the last whole one")
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0])
    parser.add_argument("--out", type=Path, required=True, help="a file, or a folder for one")
    parser.add_argument("--lang", choices=LANGUAGES, help="default: that of the process")
    parser.add_argument("--comment", type=Path, help="a text file (UTF-8) with a commentary")


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise argparse.ArgumentTypeError("write months like 2026-10") from None


def report(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Writes the review; answers with its numbers and what was restated since earlier ones."""
    words, moment = arguments.lang or language(), now()
    comment = _comment(arguments.comment)
    with jobs.opened(settings, arguments.store) as (store, records):
        local = moment.astimezone(ZoneInfo(store.meta.timezone))
        found = view(
            Selection(language=words, without_set_aside=bool(store.meta.without)),
            store=store,
            access=Access("single_user", user()),
            month=arguments.month,
            ended=waiting_results(records, store.meta.as_of),
            targets=records.targets(),
            today=None if store.meta.kind == "demo" else local.date(),
        )
        earlier = records.reports_of(found.month.start, asked_of(found.selection))
        left = export_report(
            access=Access("single_user", user()),
            records=records,
            told=ReportTold(
                report_name(found.month.start, words),
                document(found, Wording(words, local, earlier, comment)),
                reported(found, user=user(), now=moment),
            ),
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
            for each in earlier
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
