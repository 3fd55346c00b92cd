"""The command line: every number and list of the pages, for schedules and checks.

With `--json` one document goes to stdout and messages to stderr. Exit 0 is success, 1 a failed
job, 2 bad usage.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from crm_core.cli import (
    campaigns,
    changed,
    digest,
    exploring,
    keeping,
    leaving,
    offer_rules,
    planning,
    report,
    set_aside,
    subjects,
    team,
)
from crm_core.cli.process import document, language, now, progress, user
from crm_core.errors import CrmError, disk_error
from crm_core.pipeline import jobs, loading
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.settings import Settings
from crm_core.text import error_text
from crm_core.views.telling import telling

Answer = dict[str, Any]


def main(argv: Sequence[str]) -> int:
    """Runs one command and returns the process's exit code."""
    arguments = _parser().parse_args(argv)
    try:
        settings = Settings.from_env(os.environ)
        without = getattr(arguments, "without_set_aside", False)
        settings = replace(settings, without_set_aside=without)
        answer = _COMMANDS[arguments.command](arguments, settings)
    except CrmError as error:
        return _failed(arguments, error)
    except Exception as error:
        return _failed(arguments, disk_error(error) or CrmError(_place(error)))
    if without:
        answer["without_set_aside"] = True
    if arguments.json:
        print(document(answer))
    else:
        _show(answer)
    return 1 if answer.get(_ALARMS.get(arguments.command, "")) else 0


def _failed(arguments: argparse.Namespace, error: CrmError) -> int:
    message = error_text(error, language())
    if arguments.json:
        document = {"error": error.code, "message": message, "facts": error.facts}
        print(json.dumps(document, default=str, ensure_ascii=False))
    print(message, file=sys.stderr)
    return 1


def _place(error: Exception) -> str:
    """Kind and place of a failure nobody expected: its own words may hold personal data.

    >>> _place(ValueError("ann@example.com"))
    'ValueError'
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "crm_core" in frame.filename]
    where = f" {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{where}"


def _show(answer: Answer, indent: str = "") -> None:
    """An answer for people: one line a fact, tables as rows."""
    for name, value in answer.items():
        if isinstance(value, dict):
            print(f"{indent}{name}:")
            _show(value, indent + "  ")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            print(f"{indent}{name}:")
            for row in value:
                print(indent + "  " + "  ".join(f"{k}={_short(v)}" for k, v in row.items()))
        else:
            print(f"{indent}{name}: {_short(value)}")


def _short(value: object) -> str:
    return f"{value:,.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _demo(arguments: argparse.Namespace, settings: Settings) -> Answer:
    return jobs.demo(
        settings,
        arguments.store,
        customers=arguments.customers,
        seed=arguments.seed,
        now=now(),
        progress=progress(arguments),
    )


def _import(arguments: argparse.Namespace, settings: Settings) -> Answer:
    answer = loading.import_files(
        settings,
        arguments.store,
        [Path(path) for path in arguments.path],
        format_name=arguments.format,
        mapping=arguments.mapping,
        said=keeping.said(arguments),
        wishes=loading.Wishes(
            name=arguments.name,
            currency=arguments.currency,
            timezone=arguments.timezone,
            starts_with_shop=arguments.starts_with_shop,
            shop=arguments.shop,
            dry_run=arguments.dry_run,
            stop_on=arguments.stop_on,
            keep_originals=arguments.keep_originals,
            user=user(),
        ),
        refresh=not arguments.no_refresh,
        now=now(),
        progress=progress(arguments),
    )
    if answer["batch"] and not arguments.no_refresh:
        answer["telling"] = _telling(arguments, settings)
    return answer


def _telling(arguments: argparse.Namespace, settings: Settings) -> list[Answer]:
    """The most telling things in the store now, in words and as facts."""
    words = language()
    with jobs.opened(settings, arguments.store) as (store, _):
        access, currency = Access("single_user", user()), store.meta.currency
        return [
            {"code": each.code, "title": each.title(currency, words), "money": each.money,
             "from": each.period.start, "to": each.period.end, "page": each.page,
             "facts": dict(each.facts)}
            for each in telling(Selection(language=words), store=store, access=access)
        ]  # fmt: skip


def _pull(arguments: argparse.Namespace, settings: Settings) -> Answer:
    return loading.pull_source(
        settings,
        arguments.store,
        arguments.source,
        user=os.environ.get("USER", "command line"),
        wishes=loading.Wishes(name=arguments.name, shop=arguments.shop, dry_run=arguments.dry_run),
        everything=arguments.everything,
        refresh=not arguments.no_refresh,
        now=now(),
        progress=progress(arguments),
    )


def _status(arguments: argparse.Namespace, settings: Settings) -> Answer:
    return jobs.status(
        settings, arguments.store, today=now().date(), max_age_days=arguments.max_age_days
    )


def _refresh(arguments: argparse.Namespace, settings: Settings) -> Answer:
    return jobs.refresh(
        settings,
        arguments.store,
        as_of=arguments.as_of,
        rebuild=arguments.rebuild,
        now=now(),
        progress=progress(arguments),
    )


def _measure(arguments: argparse.Namespace, settings: Settings) -> Answer:
    return jobs.measure_metrics(
        settings,
        arguments.store,
        arguments.metric,
        by=arguments.by or [],
        start=arguments.start,
        end=arguments.end,
        rule=arguments.where,
        as_of=arguments.as_of,
    )


def _fit(arguments: argparse.Namespace, settings: Settings) -> Answer:
    return jobs.fit_model(
        settings,
        arguments.store,
        arguments.model,
        as_of=arguments.as_of,
        time_unit=arguments.time_unit,
    )


def _validate(arguments: argparse.Namespace, settings: Settings) -> Answer:
    return jobs.validate_model(
        settings,
        arguments.store,
        arguments.model,
        origin=arguments.origin,
        horizon_days=arguments.horizon,
    )


def _audience(arguments: argparse.Namespace, settings: Settings) -> Answer:
    return jobs.audience(settings, arguments.store, arguments.rule, as_of=arguments.as_of)


_COMMANDS: dict[str, Callable[[argparse.Namespace, Settings], Answer]] = {
    "demo": _demo,
    "import": _import,
    "pull": _pull,
    "status": _status,
    "refresh": _refresh,
    "measure": _measure,
    "changes": changed.changes,
    "digest": digest.digest,
    "report": report.report,
    "fit": _fit,
    "validate": _validate,
    "predict": leaving.predict,
    "audience": _audience,
    "export": leaving.export,
    "campaign": campaigns.campaign,
    "quarantine": leaving.quarantine,
    "set-aside": set_aside.set_aside,
    **exploring.COMMANDS,
    **keeping.COMMANDS,
    **planning.COMMANDS,
    **offer_rules.COMMANDS,
    **subjects.COMMANDS,
    **team.COMMANDS,
}
# What an answer may say that a schedule must hear of: the exit code is then 1.
_ALARMS = {"status": "stale", "watch": "failed"}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("write days like 2026-06-30") from None


def _shop(text: str) -> str:
    name = " ".join(text.split())
    if not 0 < len(name) <= 60:
        raise argparse.ArgumentTypeError("a name of at most 60 letters is needed")
    return name


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError("a whole number above zero is needed")
    return int(text)


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code.strip() for code in text.split(",") if code.strip())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m crm_core", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--store", help="store URL, e.g. duckdb:///var/shop (default: the demo)")
    shared.add_argument("--json", action="store_true", help="one JSON document on stdout")
    shared.add_argument("--progress", action="store_true", help="progress lines on stderr")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, parents=[shared])
        if name in set_aside.READING:
            made.add_argument(
                set_aside.FLAG, action="store_true", help="without orders and reviews set aside"
            )
        return made

    demo = command("demo", "Build the demo store, or one of any size")
    demo.add_argument("--customers", type=_count)
    demo.add_argument("--seed", type=int, default=7)

    load = command("import", "Recognise, check and merge files")
    load.add_argument("path", nargs="+")
    keeping.reading_options(load)
    load.add_argument("--shop", type=_shop, help="shop or brand of orders that tell none")
    load.add_argument("--starts-with-shop", action=argparse.BooleanOptionalAction)
    load.add_argument("--dry-run", action="store_true", help="check only, change nothing")
    load.add_argument(
        "--stop-on",
        type=_codes,
        default=(),
        metavar="CODE[,CODE]",
        help="change nothing when the "
        "bill holds this: codes, or stop, warn or info for findings as grave as that",
    )
    load.add_argument("--no-refresh", action="store_true", help="leave the scores as they are")

    load.add_argument(
        "--keep-originals", action="store_true", help="keep the files as long as the setting says"
    )

    pull = command("pull", "Import what changed in the shop's own database")
    pull.add_argument("source", help="a source's name in the file CLIENTELE_SOURCES names")
    pull.add_argument("--everything", action="store_true", help="from the beginning")
    pull.add_argument("--name", help="what to call the shop")
    pull.add_argument("--shop", type=_shop, help="shop or brand of orders that tell none")
    pull.add_argument("--dry-run", action="store_true", help="check only, change nothing")
    pull.add_argument("--no-refresh", action="store_true", help="leave the scores as they are")

    status = command("status", "What the store holds and how fresh it is; exit 1 when stale")
    status.add_argument("--max-age-days", type=_count, default=jobs.STALE_DAYS)
    refresh = command("refresh", "Marts, features and scores, with seconds a step")
    refresh.add_argument("--as-of", type=_day)
    refresh.add_argument(
        "--rebuild", action="store_true", help="first make the store anew from all its imports"
    )
    keeping.add_commands(command)
    subjects.add_commands(command)

    measure = command("measure", "Any number, as on the pages")
    measure.add_argument("metric", nargs="+")
    measure.add_argument("--by", nargs="+", metavar="DIM")
    measure.add_argument("--from", dest="start", type=_day)
    measure.add_argument("--to", dest="end", type=_day)
    measure.add_argument("--where", metavar="RULE", help="a rule (JSON) or a saved audience")
    measure.add_argument("--as-of", type=_day, help="by what was known on that day")

    changed.options(command("changes", "A move between two periods, split to the cent"), _day)
    digest.options(command("digest", "Numbers, what needs attention and what is expected"), _day)
    report.options(command("report", "A whole month as a document to take along"))
    exploring.add_commands(command)
    planning.add_commands(command)
    offer_rules.options(command("rules", "The rule book of offers"), _day)
    team.options(command("people", "Who may open the shop, and as what"))

    fit = command("fit", "A model's parameters")
    fit.add_argument("model")
    fit.add_argument("--as-of", type=_day)
    fit.add_argument("--time-unit", choices=("day", "week"), default="day")
    validate = command("validate", "A model on this shop's own past")
    validate.add_argument("model")
    validate.add_argument("--origin", type=_day)
    validate.add_argument("--horizon", type=_count)
    predict = command("predict", "A model's scores")
    predict.add_argument("model")
    predict.add_argument("--as-of", type=_day, help="another day: rfm and lifecycle only")
    predict.add_argument(
        "--grain",
        choices=("day", "week", "month"),
        default="day",
        help="of forecast: sums or buyers",
    )
    some = predict.add_mutually_exclusive_group()
    some.add_argument("--customer", type=int)
    some.add_argument("--out", type=Path, help="a CSV file for all scores, customers by code")

    audience = command("audience", "Who a rule picks, and how to reach them")
    audience.add_argument(
        "rule", help="a rule (JSON), an audience's name, offer:RULE, segment:CODE"
    )
    audience.add_argument("--count", action="store_true", help="kept for schedules: always so")
    audience.add_argument("--as-of", type=_day)
    leaving.export_options(
        command("export", "An audience as a file or feed, through the guarded door")
    )
    campaigns.options(command("campaign", "A campaign's arms, lists and rounds"))
    set_aside.options(
        command("set-aside", "Numbers without orders and reviews set aside, made anew if need be")
    )
    aside = command("quarantine", "Rows set aside by imports, as files to mend and import again")
    aside.add_argument("--batch", type=_count, help="of one import only")
    aside.add_argument("--out", required=True, help="a CSV file, or a folder for several")
    return parser
