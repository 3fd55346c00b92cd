"""Campaigns for schedules: what one is, sealing it, its lists, its next round."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from crm_core.audiences import with_extras
from crm_core.cli.leaving import ads_consent, columns_for, extra_options, extras_of, leave, told_of
from crm_core.cli.process import language, now, user
from crm_core.errors import CrmError
from crm_core.pipeline import jobs
from crm_core.pipeline.campaign_steps import result
from crm_core.pipeline.campaigns import (
    draw,
    first_day_of,
    held_back,
    kept_out,
    leavers,
    listed,
    next_round,
    people_in_each,
    rule_in,
    seal,
    terms_of,
)
from crm_core.privacy.export import CODE_COLUMN
from crm_core.privacy.platforms import FORMATS, PLAIN
from crm_core.privacy.policy import Access
from crm_core.records import Campaign, Records
from crm_core.settings import Settings
from crm_core.store import Store

Answer = dict[str, Any]
LISTS = ("treatment", "holdout", "leavers")


def options(parser: argparse.ArgumentParser) -> None:
    """What may be asked of a campaign."""
    parser.add_argument("name", help="the campaign's name")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--seal", action="store_true", help="draw the arms, for good")
    what.add_argument("--next", metavar="NAME", help="make and seal the next round of its list")
    parser.add_argument("--list", choices=LISTS, default=LISTS[0], help="which list --out holds")
    parser.add_argument("--for", dest="format", choices=FORMATS, default=PLAIN[0])
    extra_options(parser)
    ads_consent(parser)
    parser.add_argument("--out", type=Path, help="a file or folder for the list")


def campaign(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """A campaign's state, people and lists; with `--seal` or `--next` what that made of it."""
    access = Access("single_user", user())
    with jobs.opened(settings, arguments.store) as (store, records):
        kept = records.campaign(arguments.name)
        told: Answer = {}
        if arguments.next:
            told, kept = _next(store, records, kept, arguments.next, access)
        elif arguments.seal:
            kept = seal(store, records, kept, access=access, now=now())
    # Opened anew: who is in which arm is joined to the store as it is opened.
    with jobs.opened(settings, arguments.store) as (store, records):
        told |= _told(store, records, kept)
        if kept.sealed_at is not None:
            told["result"] = result(store, records, kept.plan.name)
        if arguments.out is not None:
            told["list"] = _leave(store, records, kept, arguments)
    return told


def _next(
    store: Store, records: Records, kept: Campaign, name: str, access: Access
) -> tuple[Answer, Campaign]:
    """The next round, sealed, where anybody is new; else the round there is. How many are new and
    how many left is told either way."""
    gone = leavers(store, records, kept)
    left = int(store.fetch(gone.agg(people=gone.count()))["people"].iloc[0])
    starts_on = max(first_day_of(store), kept.plan.starts_on + timedelta(days=1))
    plan = next_round(kept, name, starts_on)
    new = len(draw(store, plan, terms_of(records, plan, 0)).keys)
    told: Answer = {"new": new, "leavers": left}
    if not new:
        return told, kept
    draft = records.add_campaign(plan, owner=access.user, now=now())
    try:
        return told, seal(store, records, draft, access=access, now=now())
    except CrmError:
        records.remove_campaign(draft.id)  # a schedule that tries again finds its name free
        raise


def _told(store: Store, records: Records, kept: Campaign) -> Answer:
    plan = kept.plan
    if kept.sealed_at is None:
        drawn = draw(store, plan, terms_of(records, plan, kept.id))
        arms, left_out = drawn.counts(), dict(drawn.left_out)
    else:
        arms = people_in_each(store, [kept.id]).get(kept.id, {})
        left_out = dict(kept.left_out)
    return {
        "campaign": plan.name,
        "state": kept.status(store.meta.as_of),
        "contact_channel": plan.contact_channel,
        "from": plan.starts_on,
        "to": plan.ends_on,
        "sealed_at": kept.sealed_at,
        "snapshot": kept.snapshot,
        "as_of": kept.as_of,
        "people": sum(arms.values()),
        "arms": arms,
        "left_out": left_out,
    }


def _leave(store: Store, records: Records, kept: Campaign, arguments: argparse.Namespace) -> Answer:
    """One of the campaign's lists, through the guarded door."""
    which, plan = arguments.list, kept.plan
    wanted: Answer = {"file_format": arguments.format, "confirmed_everyone": True}
    if which == LISTS[0]:
        extras = extras_of(arguments)
        return leave(
            store,
            records,
            arguments.out,
            members=with_extras(store, listed(store, kept), extras, language()),
            name=plan.name,
            contact_channel=plan.contact_channel,
            columns=columns_for(arguments.format, plan.contact_channel, store, extras),
            leave_out=kept_out(store, kept),
            ads_consent_covers_use=arguments.ads_consent_covers_use,
            **told_of(rule_in(plan), store),
            **wanted,
        )
    makers: dict[str, Callable[[], Any]] = {
        "holdout": lambda: held_back(store, kept),
        "leavers": lambda: leavers(store, records, kept),
    }
    return leave(
        store, records, arguments.out, members=makers[which](), name=f"{plan.name} {which}",
        contact_channel=None, columns=[CODE_COLUMN], **wanted,
    )  # fmt: skip
