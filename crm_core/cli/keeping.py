"""Commands that keep a store: undo, backup, restore, and a watched folder."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crm_core.cli.process import document, language, now, progress, user
from crm_core.errors import CrmError
from crm_core.pipeline import backup, jobs, loading
from crm_core.pipeline.watch import How, watch
from crm_core.privacy.policy import Access
from crm_core.settings import Settings
from crm_core.store.imports import Said
from crm_core.store.parquet_folder import write_folder
from crm_core.text import error_text

Answer = dict[str, Any]


def _undo(arguments: argparse.Namespace, settings: Settings) -> Answer:
    return loading.undo(
        settings,
        arguments.store,
        arguments.batch,
        refresh=not arguments.no_refresh,
        now=now(),
        progress=progress(arguments),
    )


def _backup(arguments: argparse.Namespace, settings: Settings) -> Answer:
    return backup.back_up(
        jobs.url_of(settings, arguments.store),
        arguments.file,
        settings=settings,
        now=now(),
        progress=progress(arguments),
    )


def _restore(arguments: argparse.Namespace, settings: Settings) -> Answer:
    return backup.restore(
        jobs.own_url(settings, arguments.store),
        arguments.file,
        settings=settings,
        replace=arguments.replace,
        access=Access("single_user", user()),
        now=now(),
        progress=progress(arguments),
    )


def _watch(arguments: argparse.Namespace, settings: Settings) -> Answer:
    def tell(said: Answer) -> None:
        if "error" in said:
            error = CrmError(said["error"], **said.pop("facts"))
            said = {**said, "message": error_text(error, language())}
        line = "  ".join(f"{name}={value}" for name, value in said.items())
        print(document(said) if arguments.json else line, flush=True)

    return watch(
        arguments.folder,
        settings=settings,
        store=arguments.store,
        how=How(
            format_name=arguments.format,
            mapping=tuple(arguments.mapping),
            said=said(arguments),
            wishes=loading.Wishes(
                name=arguments.name,
                currency=arguments.currency,
                timezone=arguments.timezone,
                user=user(),
            ),
            refresh=not arguments.no_refresh,
        ),
        seconds=arguments.seconds,
        once=arguments.once,
        now=now,
        sleep=time.sleep,
        tell=tell,
        progress=progress(arguments),
    )


def _publish(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Writes facts and scores as Parquet, for engines that read files."""
    with jobs.opened(settings, arguments.store) as (store, _):
        return write_folder(store, arguments.to, progress=progress(arguments))


COMMANDS = {
    "undo": _undo,
    "backup": _backup,
    "restore": _restore,
    "watch": _watch,
    "publish": _publish,
}


def add_commands(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Adds these commands' arguments to the command line."""
    undo = command("undo", "Take an import back, as if it had never come in")
    undo.add_argument("batch", type=int, help="the import's number, as status and the page say")
    undo.add_argument("--no-refresh", action="store_true", help="leave the scores as they are")

    save = command("backup", "Write store and records into one file")
    save.add_argument("file", type=Path)
    load = command("restore", "Bring back store and records from a backup")
    load.add_argument("file", type=Path)
    load.add_argument("--replace", action="store_true", help="in place of what is there")

    look = command("watch", "Import every new file of a folder")
    look.add_argument("folder", type=Path)
    look.add_argument("--once", action="store_true", help="one round, for schedules")
    look.add_argument("--seconds", type=float, default=10.0, help="between two looks")
    look.add_argument("--no-refresh", action="store_true", help="leave the scores as they are")
    reading_options(look)

    publish = command("publish", "Write facts and scores as Parquet that names nobody")
    publish.add_argument("--to", type=Path, required=True, help="a folder of these tables alone")


def said(arguments: argparse.Namespace) -> Said:
    """What was said of how a file's values are written."""
    return Said(arguments.date_order or "", arguments.decimal or "")


def reading_options(parser: argparse.ArgumentParser) -> None:
    """Adds what may be said of files beyond themselves."""
    parser.add_argument("--format")
    parser.add_argument(
        "--mapping",
        type=Path,
        action="append",
        default=[],
        help="a TOML file that names the columns; several, where each tells its fingerprint",
    )
    parser.add_argument("--date-order", choices=("dmy", "mdy", "ymd"))
    parser.add_argument("--decimal", choices=("dot", "comma"), help="how decimals are written")
    parser.add_argument("--name", help="what to call the shop")
    parser.add_argument("--currency")
    parser.add_argument("--timezone")
