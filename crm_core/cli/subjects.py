"""Commands about one person's rights, and about the log of who did what with personal data."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crm_core.cli.process import language, now, progress, user
from crm_core.pipeline import audited, jobs, subjects
from crm_core.privacy.policy import Access
from crm_core.privacy.subject import held_on
from crm_core.privacy.subject_file import export_subject
from crm_core.records import CORRECTED, RETAINED
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


def _restrict(arguments: argparse.Namespace, settings: Settings) -> Answer:
    return subjects.change_restriction(
        settings,
        arguments.store,
        arguments.customer,
        lift=arguments.lift,
        reason=arguments.reason,
        access=Access("single_user", user()),
        now=now(),
    )


def _correct(arguments: argparse.Namespace, settings: Settings) -> Answer:
    return subjects.change_field(
        settings,
        arguments.store,
        arguments.customer,
        field=arguments.field,
        value=None if arguments.undo else arguments.value,
        reason=arguments.reason,
        access=Access("single_user", user()),
        now=now(),
    )


def _retention(arguments: argparse.Namespace, settings: Settings) -> Answer:
    return subjects.retention(
        settings,
        arguments.store,
        keep=dict(arguments.keep),
        dry_run=arguments.dry_run,
        refresh=not arguments.no_refresh,
        access=Access("single_user", user()),
        now=now(),
        progress=progress(arguments),
    )


def _months(text: str) -> tuple[str, int | None]:
    kind, _, number = text.partition("=")
    if kind not in RETAINED or not (number == "all" or number.isdecimal()):
        raise argparse.ArgumentTypeError(f"KIND=MONTHS or KIND=all, of {', '.join(RETAINED)}")
    return kind, None if number == "all" else int(number)


def _audit(arguments: argparse.Namespace, settings: Settings) -> Answer:
    return audited.audit(settings, arguments.store, seen=arguments.seen)


COMMANDS: dict[str, Callable[[argparse.Namespace, Settings], Answer]] = {
    "subject": _subject,
    "erase": _erase,
    "restrict": _restrict,
    "correct": _correct,
    "retention": _retention,
    "audit": _audit,
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

    apart = command("restrict", "Keep a customer's data and use it for nothing else")
    apart.add_argument("customer", help="the customer's key or code")
    apart.add_argument("--reason", required=True, help="why, in a few words")
    apart.add_argument("--lift", action="store_true", help="let it be used again")

    right = command("correct", "Put a customer's name or contact detail right, whatever files tell")
    right.add_argument("customer", help="the customer's key or code")
    right.add_argument("field", choices=CORRECTED)
    what = right.add_mutually_exclusive_group(required=True)
    what.add_argument("value", nargs="?", help='what is right; "" says that there is none')
    what.add_argument("--undo", action="store_true", help="let files count again")
    right.add_argument("--reason", required=True, help="why, in a few words")

    old = command("retention", "Let go of what is older than the shop keeps it; nothing by itself")
    old.add_argument("--dry-run", action="store_true", help="count what would go, change nothing")
    old.add_argument(
        "--keep",
        action="append",
        default=[],
        type=_months,
        metavar="KIND=MONTHS",
        help=f"keep a kind ({', '.join(RETAINED)}) for so many months, or `all`; saved, nothing goes",
    )
    old.add_argument("--no-refresh", action="store_true", help="leave the scores as they are")

    log = command("audit", "Whether the log of who did what is as it was written; exit 1 if not")
    log.add_argument(
        "--seen",
        action="append",
        default=[],
        metavar="NUMBER:SEAL",
        help="a line that this command told before and you kept elsewhere",
    )
