"""The command that splits a move between two periods."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any

from crm_core.cli.process import user
from crm_core.errors import CrmError
from crm_core.pipeline import jobs
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.settings import Settings
from crm_core.views import changes as view

Answer = dict[str, Any]
_AGAINST = ("previous", "year", "event")


def options(parser: argparse.ArgumentParser, day: Callable[[str], date]) -> None:
    """What is to be split, by what, and the days."""
    parser.add_argument("--metric", choices=view.NAMES, default=view.NAMES[0])
    parser.add_argument("--by", choices=view.BY, default=view.BY[0])
    parser.add_argument("--from", dest="start", type=day, help="default: 30 days up to the last")
    parser.add_argument("--to", dest="end", type=day)
    parser.add_argument("--against", choices=_AGAINST, default=_AGAINST[0])
    parser.add_argument("--against-from", type=day, help="days of your own to compare with")
    parser.add_argument("--against-to", type=day)


def changes(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """The bars of the move, whole and by group, as the page shows them."""
    days = arguments.start or arguments.end
    selection = Selection(
        period="custom" if days else "30d",
        start=arguments.start,
        end=arguments.end,
        compare="year" if arguments.against == "year" else "previous",
    )
    with jobs.opened(settings, arguments.store) as (store, _):
        found = view.changes(
            selection,
            store=store,
            access=Access("single_user", user()),
            name=arguments.metric,
            by=arguments.by,
            against="event" if arguments.against == "event" else "bar",
            own=_own(arguments),
        )
    state = found.pair.completeness
    return {
        "metric": found.name,
        "by": found.by,
        "from": found.pair.now.start,
        "to": found.pair.now.end,
        "against_from": found.pair.before.start,
        "against_to": found.pair.before.end,
        "before": found.before,
        "now": found.now,
        "change": found.change,
        "bars": dict(found.bars),
        "groups": [] if found.by == "whole" else _groups(found),
        "complete_until": state.until,
        "cut_days": state.cut_days,
        "unripe_days": state.unripe_days,
        "missing": [asdict(spell) for spell in state.missing],
        "late": [each.source for each in state.sources if each.is_late],
    }


def _own(arguments: argparse.Namespace) -> Period | None:
    """Raises: CrmError("period_is_empty") for half a period or one that ends before it starts."""
    start, end = arguments.against_from, arguments.against_to
    if start is None and end is None:
        return None
    if start is None or end is None or start > end:
        raise CrmError("period_is_empty", start=start, end=end)
    return Period(start, end)


def _groups(found: view.Changes) -> list[Answer]:
    """One row a group, the largest move first; an unknown group is null."""
    names = ("before", "now", "change", *view.BARS)
    return [
        {"group": None if row["code"] == view.UNKNOWN else row["code"],
         **{name: round(float(row[name]), 2) for name in names}}
        for row in found.groups.to_dict("records")
    ]  # fmt: skip
