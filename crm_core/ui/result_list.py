"""The list of measured campaigns with what each taught."""

from __future__ import annotations

import pandas as pd

from crm_core.text import formats
from crm_core.ui.campaign_results import lesson
from crm_core.ui.fields import choice_field
from crm_core.ui.layout import panel
from crm_core.ui.session import current
from crm_core.ui.words import word_table
from crm_core.views.results import Results


def draw_lessons(view: Results) -> None:
    """Each campaign with its people, what it taught and the money."""
    with panel("results.learned", help_key="results.learned_about"):
        word_table([_words(row) for _, row in view.rows.iterrows()])


def _words(row: pd.Series) -> dict[str, str]:
    session = current()
    sizes = [formats.number(row[name], session.language) for name in ("treated", "control")]
    return {
        "results.campaign": str(row["name"]),
        "results.when": formats.day(row["first"].date(), session.language),
        "results.sizes": " / ".join(sizes),
        "results.lesson": lesson(str(row["said"]), row),
        "results.money": _money(row),
    }


def _money(row: pd.Series) -> str:
    """Extra margin with its bounds; a dash where it is not known."""
    session = current()
    names = {"money": "margin", "low": "margin_low", "high": "margin_high"}
    words = {name: session.write(row[column], "money") for name, column in names.items()}
    if pd.isna(row["margin"]):
        return words["money"]
    return session.t(
        "results.no_interval" if pd.isna(row["margin_low"]) else "results.between", **words
    )


def campaign_choice(view: Results) -> str:
    """Which campaign is looked at; the latest at first."""
    names = [*view.rows["name"], *view.others]
    return choice_field("results.choose", names, key="results_campaign") or names[0]
