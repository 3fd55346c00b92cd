"""Commands about what is planned: goals, out of a file and as they stand."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crm_core.cli.process import language, now, user
from crm_core.pipeline import jobs
from crm_core.pipeline.goal_files import read_goals
from crm_core.privacy.policy import Access
from crm_core.records import Records
from crm_core.selection import Selection
from crm_core.settings import Settings
from crm_core.store import Store
from crm_core.views.goals import Goals, goals

Answer = dict[str, Any]


def goals_command(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Takes the goals of a file, if one is given; then every goal as it stands."""
    with jobs.opened(settings, arguments.store) as (store, records):
        told: Answer = {}
        if arguments.file is not None:
            told = _load(arguments.file, _standing(store, records), records)
        view = _standing(store, records)
    rows = view.goals.astype(object).where(view.goals.notna(), None)
    return {
        **told,
        "as_of": view.as_of,
        "forecast_until": view.forecast_until,
        "gone": sorted(view.gone),
        "goals": rows.to_dict("records"),
    }


def _standing(store: Store, records: Records) -> Goals:
    access = Access("single_user", user())
    return goals(Selection(), store=store, access=access, targets=records.targets())


def _load(file: Path, view: Goals, records: Records) -> Answer:
    found = read_goals(file, name=file.name, channels=view.last_sold)
    saving = records.save_goals(
        found.targets, origin="file", file=file.name, author=user(), now=now()
    )
    words = language()
    return {
        "rows": {
            "read": found.rows,
            "taken": found.taken,
            "changed": 0 if saving is None else len(saving.changes),
            "set_aside": found.refused,
        },
        "issues": [
            {
                **{name: value for name, value in asdict(issue).items() if name != "facts"},
                "message": issue.words(words),
                "remedy": issue.remedy(words),
            }
            for issue in found.issues
        ],
    }


COMMANDS: dict[str, Callable[[argparse.Namespace, Settings], Answer]] = {"goals": goals_command}


def add_commands(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The arguments of these commands."""
    told = command("goals", "Targets out of a file, and every goal as it stands")
    told.add_argument(
        "file", type=Path, nargs="?", help="CSV or workbook: metric, month, channel, target"
    )
