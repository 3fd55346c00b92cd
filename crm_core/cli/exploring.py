"""Commands that look at numbers as the pages of Analyse do."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from crm_core.cli.process import user
from crm_core.pipeline import jobs
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.settings import Settings
from crm_core.views.cohorts import ALL, BY, MEASURES, SPLITS, cohorts

Answer = dict[str, Any]


def cohort_table(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Cohorts by month or week, or the curves of a split's parts; `rows` are the cells."""
    with jobs.opened(settings, arguments.store) as (store, _):
        view = cohorts(
            Selection(),
            store=store,
            access=Access("single_user", user()),
            by=arguments.by,
            measure=arguments.measure,
            split=arguments.split or SPLITS[0],
        )
    curves = view.curves if arguments.split else view.curves[view.curves["part"] == ALL]
    cells = view.cells.assign(cohort=view.cells["cohort"].dt.date)
    sizes = view.cohorts.assign(cohort=view.cohorts["cohort"].dt.date)
    return {
        "as_of": view.as_of,
        "by": view.by,
        "measure": view.measure,
        "kept_out": view.kept_out,
        "cohorts": [] if arguments.split else sizes.to_dict("records"),
        "rows": [] if arguments.split else cells.to_dict("records"),
        "mean": view.mean.to_dict("records"),
        "curves": curves.to_dict("records"),
    }


COMMANDS: dict[str, Callable[[argparse.Namespace, Settings], Answer]] = {"cohorts": cohort_table}


def add_commands(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The arguments of these commands."""
    table = command("cohorts", "New customers by when they came, age by age")
    table.add_argument("--by", choices=BY, default=BY[0])
    table.add_argument("--measure", choices=MEASURES, default=MEASURES[0])
    table.add_argument("--split", choices=SPLITS, help="curves of parts instead of cohorts")
