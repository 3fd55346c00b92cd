"""Commands that write a file of customers or rows: all through the guarded door."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crm_core.audiences import (
    EXTRAS,
    FIELDS,
    LIST_FACTS,
    extra_columns,
    list_columns,
    members,
    rule_of,
    with_extras,
)
from crm_core.cli.process import language, now, user
from crm_core.pipeline import jobs, loading
from crm_core.pipeline.told_scores import scores_of
from crm_core.privacy.export import CODE_COLUMN, export_list, export_set_aside
from crm_core.privacy.platforms import FEED, FORMATS, PLATFORMS
from crm_core.privacy.policy import CHANNEL_COLUMNS, Access
from crm_core.records import Records
from crm_core.rules import Rule, sentence, to_document
from crm_core.settings import Settings
from crm_core.store import Store

Answer = dict[str, Any]


def predict(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """A model's scores; with `--out` all of them in a file, customers by their code."""
    model, store = arguments.model, arguments.store
    if arguments.out is None:
        day, one = arguments.as_of, arguments.customer
        grain = arguments.grain
        return jobs.predict(settings, store, model, customer=one, as_of=day, grain=grain)
    with jobs.opened(settings, store) as (found, records):
        table = scores_of(found, model, arguments.as_of, grain=arguments.grain)
        about: Answer = {"model": model, "as_of": arguments.as_of or found.scores_as_of}
        if "customer_key" not in table.columns:
            rows = jobs.write_scores(found, table, arguments.out)
            return {**about, "rows": rows, "file": str(arguments.out)}
        names = (CODE_COLUMN, *(name for name in table.columns if name != "customer_key"))
        left = leave(
            found, records, arguments.out, members=table, name=model, contact_channel=None,
            columns={name: name for name in names}, file_format="csv", confirmed_everyone=True,
        )  # fmt: skip
        return {**about, **left}


def export(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Writes an audience's list through the guarded door, in the form of a tool or plain; a feed
    tells products and preferences unless told otherwise."""
    platform = PLATFORMS.get(arguments.format)
    channel = arguments.channel or (platform.contact_channel if platform else None)
    with jobs.opened(settings, arguments.store) as (store, records):
        rule = rule_of(arguments.rule, records)
        extras = extras_of(arguments)
        return leave(
            store,
            records,
            Path(arguments.out),
            members=with_extras(store, members(store, rule), extras, language()),
            name=arguments.rule if not arguments.rule.startswith("{") else "audience",
            contact_channel=channel,
            columns=columns_for(arguments.format, channel, store, extras),
            file_format=arguments.format,
            confirmed_everyone=arguments.everyone,
            **told_of(rule, store),
            ads_consent_covers_use=arguments.ads_consent_covers_use,
        )


def export_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked of an export."""
    parser.add_argument("rule", help="a rule (JSON), an audience's name, offer:RULE, segment:CODE")
    parser.add_argument("--for", dest="format", choices=FORMATS, default="csv")
    parser.add_argument(
        "--channel",
        choices=("email", "sms", "phone", "post", "ads"),
        help="of a plain file or feed; a tool's file has its own",
    )
    extra_options(parser)
    ads_consent(parser)
    parser.add_argument("--everyone", action="store_true", help="confirm a list of everyone")
    parser.add_argument("--out", required=True)


def ads_consent(parser: argparse.ArgumentParser) -> None:
    """The switch of commands that may write a list for Google."""
    parser.add_argument(
        "--ads-consent-covers-use",
        action="store_true",
        help="what customers agreed to for ads covers what Google asks where it asks",
    )


def extra_options(parser: argparse.ArgumentParser) -> None:
    """What a list may tell beside facts."""
    parser.add_argument(
        "--with",
        dest="extras",
        nargs="+",
        choices=tuple(EXTRAS),
        default=(),
        help="the next three products of each list with reasons, what each customer prefers; "
        "a json_feed has both unless one is named",
    )


def extras_of(arguments: argparse.Namespace) -> tuple[str, ...]:
    """The extras asked for; a feed has all unless some are named."""
    return tuple(arguments.extras) or (tuple(EXTRAS) if arguments.format == FEED else ())


def columns_for(
    file_format: str, contact_channel: str | None, store: Store, extras: Sequence[str]
) -> tuple[str, ...]:
    """What a list tells of each member; a tool's own columns come by themselves, a feed tells no
    facts. Extras that a tool's file has no room for are refused by `plan.planned`."""
    added = tuple(column for extra in extras for column in extra_columns(store, extra))
    platform = PLATFORMS.get(file_format)
    if file_format == FEED:
        return (CODE_COLUMN, *CHANNEL_COLUMNS[contact_channel], *added)
    if platform is None:
        return (*list_columns(contact_channel), *added)
    return (*LIST_FACTS, *added) if platform.facts else added


def told_of(rule: Rule, store: Store) -> Answer:
    """What the manifest tells of whom a list is of."""
    words = sentence(rule, fields=FIELDS, language="en", currency=store.meta.currency)
    return {"rule": to_document(rule), "rule_in_words": words}


def leave(store: Store, records: Records, out: Path, **wanted: Any) -> Answer:
    """A list leaves by the guarded door, on behalf of whoever runs the command."""
    access = Access("single_user", user())
    result = export_list(
        access=access, store=store, records=records, out=out, now=now(), language="en", **wanted
    )
    return {**asdict(result), "file": str(out / result.file_name if out.is_dir() else out)}


def quarantine(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Writes rows set aside through the guarded door, a file for each form they came in."""
    out = Path(arguments.out)
    with jobs.opened(settings, arguments.store) as (store, records):
        forms = loading.set_aside(store, arguments.batch, into_folder=out.is_dir())
        results = [
            export_set_aside(
                access=Access("single_user", user()),
                store=store,
                records=records,
                layout=form,
                now=now(),
                language=language(),
                out=out,
            )
            for form in forms
        ]
    files = [
        {**asdict(each), "file": str(out / each.file_name if out.is_dir() else out)}
        for each in results
    ]
    return {"rows": sum(each.rows for each in results), "files": files}
