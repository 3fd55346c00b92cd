"""Commands about one person's rights: everything held on them, and erasing it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crm_core.cli.process import language, now, progress, user
from crm_core.pipeline import jobs, subjects
from crm_core.privacy.policy import Access
from crm_core.privacy.subject import held_on
from crm_core.privacy.subject_file import export_subject
from crm_core.settings import Settings

Answer = dict[str, Any]


def _subject(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """How much is held of a customer, by table; with `--out` all of it, in a file."""
    access = Access("single_user", user())
    with jobs.opened(settings, arguments.store) as (store, records):
        key = subjects.key_of(records, arguments.customer)
        if arguments.out is None:
            return subjects.counted(held_on(store, records, key))
        out = Path(arguments.out)
        result = export_subject(
            access=access, store=store, records=records, key=key, now=now(),
            language=language(), out=out,
        )  # fmt: skip
    return {
        "export_id": result.export_id,
        "rows": result.rows,
        "sha256": result.sha256,
        "file": str(out / result.file_name if out.is_dir() else out),
    }


def _erase(arguments: argparse.Namespace, settings: Settings) -> Answer:
    access = Access("single_user", user())
    if arguments.lost_key:
        return subjects.forget_lost_key(settings, arguments.store, access=access, now=now())
    return subjects.erase(
        settings,
        arguments.store,
        arguments.customer,
        access=access,
        refresh=not arguments.no_refresh,
        now=now(),
        progress=progress(arguments),
    )


COMMANDS: dict[str, Callable[[argparse.Namespace, Settings], Answer]] = {
    "subject": _subject,
    "erase": _erase,
}


def add_commands(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Adds these commands' arguments to the command line."""
    subject = command("subject", "Everything held on one customer, counted or in a file")
    subject.add_argument("customer", help="the customer's key or code")
    subject.add_argument("--out", help="a zip file, or a folder for it: JSON and CSV")

    erase = command("erase", "Erase a customer for good; the shop's sums stay")
    who = erase.add_mutually_exclusive_group(required=True)
    who.add_argument("customer", nargs="?", help="the customer's key or code")
    who.add_argument(
        "--lost-key",
        action="store_true",
        help="give up recognising those whose tombstones were made with a key that is lost",
    )
    erase.add_argument("--no-refresh", action="store_true", help="leave the scores as they are")
