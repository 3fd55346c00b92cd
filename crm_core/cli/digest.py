"""The command that writes the digest, for schedules and mail programs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from crm_core.cli.digest_html import html
from crm_core.cli.digest_letter import letter
from crm_core.cli.digest_markdown import markdown
from crm_core.cli.process import language, now, user
from crm_core.pipeline import jobs
from crm_core.pipeline.waiting_results import waiting_results
from crm_core.privacy.files import appearing
from crm_core.privacy.policy import Access
from crm_core.records import Records, Task
from crm_core.selection import LANGUAGES, Selection
from crm_core.settings import Settings
from crm_core.views.attention import Finding
from crm_core.views.attention_words import reason, title
from crm_core.views.digest import Digest
from crm_core.views.digest import digest as view

Answer = dict[str, Any]
FORMATS = {"html": html, "md": markdown}
DUE_DAYS = 7


def options(parser: argparse.ArgumentParser, day: Callable[[str], date]) -> None:
    """What is to be written, how and where."""
    parser.add_argument("--language", choices=LANGUAGES, help="default: that of the process")
    parser.add_argument("--format", choices=list(FORMATS), default="html")
    parser.add_argument("--out", type=Path, help="a file; without it standard output")
    parser.add_argument("--as-of", type=day, help="fail unless the last refresh was for this day")
    parser.add_argument(
        "--base-url",
        type=_address,
        help="where the dashboard is, for links to its pages",
    )


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError("an address like https://shop.example is needed")
    return text


def digest(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Writes the digest; as facts with `--json`, whose `content` is there unless a file was named."""
    words = arguments.language or language()
    with jobs.opened(settings, arguments.store) as (store, records):
        today = now().astimezone(ZoneInfo(store.meta.timezone)).date()
        found = view(
            Selection(language=words),
            store=store,
            access=Access("viewer", user()),
            as_of=arguments.as_of,
            ended=waiting_results(records, store.meta.as_of),
            targets=records.targets(),
            # The demo's data ends on a day of its own: how old it is tells nothing.
            today=None if store.meta.kind == "demo" else today,
        )
        tasks = _due(records, today)
    told = letter(found, tasks, language=words, today=today, base_url=arguments.base_url or "")
    text = FORMATS[arguments.format](told)
    if arguments.out is not None:
        with appearing(arguments.out) as stream:
            stream.write(text.encode())
    elif not arguments.json:
        print(text, end="")
        return {}
    return _facts(found, tasks, words) | (
        {"content": text} if arguments.out is None else {"file": str(arguments.out)}
    )


def _due(records: Records, today: date) -> list[Task]:
    """Open tasks due within a week, or overdue. What is noted on a customer may name them: such
    tasks are in no digest."""
    until = today + timedelta(DUE_DAYS)
    return [
        task
        for task in records.open_tasks()
        if task.due is not None and task.due <= until and task.subject.kind != "customer"
    ]


def _facts(found: Digest, tasks: list[Task], words: str) -> Answer:
    looked = found.attention.looked
    return {
        "as_of": found.as_of,
        "language": words,
        "numbers": [
            {"metric": card.metric, "value": card.value, "previous": card.previous,
             "change": card.change, "state": card.state}
            for card in found.cards
        ],
        "attention": [_finding(each, found.currency, words) for each in found.findings],
        "looked": dict(looked),
        "expected": [vars(each) for each in found.expected],
        "events": [_finding(each, found.currency, words) for each in found.events],
        "tasks": [{"text": task.text, "due": task.due} for task in tasks],
    }  # fmt: skip


def _finding(found: Finding, currency: str, words: str) -> Answer:
    return {
        "kind": found.kind,
        "money": found.money,
        "from": found.starts_on,
        "to": found.ends_on,
        "title": title(found, currency, words),
        "reason": reason(found, currency, words),
        "page": found.page,
    }
