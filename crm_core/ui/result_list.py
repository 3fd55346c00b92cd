"""The measured campaigns with what each taught."""

from __future__ import annotations

import pandas as pd

from crm_core.audiences.campaign_result import Terms
from crm_core.pipeline.campaign_steps import terms_of
from crm_core.records import Records
from crm_core.text import formats
from crm_core.ui.campaign_results import lesson
from crm_core.ui.fields import choice_field
from crm_core.ui.layout import panel
from crm_core.ui.session import current
from crm_core.ui.words import caption, paragraph
from crm_core.views.results import Results


def draw_lessons(view: Results) -> None:
    """Each campaign with its people and money, and what it taught."""
    with panel("results.learned", help_key="results.learned_about"):
        for _, row in view.rows.iterrows():
            paragraph("results.name", name=str(row["name"]))
            caption("results.line", **_facts(row))
            lesson(str(row["said"]), row)


def _facts(row: pd.Series) -> dict[str, str]:
    session = current()
    sizes = {name: formats.number(row[name], session.language) for name in ("treated", "control")}
    day = formats.day(row["first"].date(), session.language)
    return {"day": day, "money": _money(row), **sizes}


def _money(row: pd.Series) -> str:
    """Extra margin with its bounds; a dash where it is not known."""
    session = current()
    names = {"money": "margin", "low": "margin_low", "high": "margin_high"}
    words = {name: session.write(row[column], "money") for name, column in names.items()}
    if pd.isna(row["margin"]):
        return words["money"]
    key = "results.no_interval" if pd.isna(row["margin_low"]) else "results.between"
    return session.t(key, **words)


def sealed_terms(records: Records) -> tuple[tuple[str, Terms], ...]:
    """What was decided of each campaign that was drawn here."""
    sealed = [each.plan.name for each in records.campaigns() if each.sealed_at is not None]
    found = [(name, terms_of(records, name)) for name in sealed]
    return tuple((name, terms) for name, terms in found if terms is not None)


def campaign_choice(view: Results) -> str:
    """Which campaign is looked at; the latest at first."""
    names = [*view.rows["name"], *view.others]
    return choice_field("results.choose", names, key="results_campaign") or names[0]
