"""The command about who may open the shop: the way in for its first administrator, too."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from crm_core.cli.process import now, user
from crm_core.pipeline import jobs
from crm_core.pipeline.workspace import workspace
from crm_core.privacy import team
from crm_core.privacy.policy import Access
from crm_core.records import ROLES, open_records
from crm_core.settings import Settings

Answer = dict[str, Any]


def people_command(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Lets in, hands over, removes, as asked; then everybody as they stand."""
    access = Access("single_user", user())
    records = open_records(workspace(settings, jobs.url_of(settings, arguments.store)).records_url)
    told: Answer = {}
    try:
        if arguments.let_in:
            team.save_role(records, access, arguments.let_in, arguments.role, now=now())
        if arguments.hand_over:
            giver, taker = arguments.hand_over
            told["moved"] = team.hand_over(records, access, giver, taker, now=now())
        if arguments.remove:
            team.remove(records, access, arguments.remove, now=now())
        people = [
            {"user": each.user, "role": each.role, "removed": each.removed_at is not None}
            for each in records.members()
        ]
    finally:
        records.close()
    return {**told, "people": people}


COMMANDS: dict[str, Callable[[argparse.Namespace, Settings], Answer]] = {"people": people_command}


def options(people: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    people.add_argument("--let-in", metavar="NAME", help="the address somebody signs in with")
    people.add_argument("--role", choices=ROLES, default=ROLES[0], help="of who is let in")
    people.add_argument("--hand-over", nargs=2, metavar=("FROM", "TO"), help="what one looks after")
    people.add_argument("--remove", metavar="NAME", help="who comes in no more")
