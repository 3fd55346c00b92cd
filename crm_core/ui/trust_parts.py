"""Parts about trust: a badge, all models at a glance, and one model's trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd
import streamlit as st

from crm_core.errors import CrmError
from crm_core.selection import Selection
from crm_core.text import error_text, formats
from crm_core.ui.layout import grid, panel
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, note, paragraph, plain, warning
from crm_core.views.trust import Drift, Trusted, verdict_of

_COLOURS: dict[str, Literal["green", "orange", "red", "gray"]] = {
    "rely": "green",
    "care": "orange",
    "do_not": "red",
    "untested": "gray",
}
_ICONS = {"rely": "verified", "care": "balance", "do_not": "block", "untested": "hourglass_empty"}
_KINDS = {
    "spend_error": "rate",
    "purchases_error": "rate",
    "mae": "money",
    "top_decile": "rate",
    "wape": "rate",
    "coverage_80": "rate",
    "calibration_error": "rate",
    "smallest_share": "rate",
    "separation": "rate",
    "accuracy": "rate",
    "balanced_accuracy": "rate",
    "balanced_accuracy_en": "rate",
    "balanced_accuracy_zh": "rate",
}


def badge(verdict: str) -> None:
    """The verdict as a small sign: its words, an icon and a colour."""
    if verdict:
        words = current().t(f"trust.badge.{verdict}")
        st.badge(words, icon=f":material/{_ICONS[verdict]}:", color=_COLOURS[verdict])


def model_badge(model: str) -> None:
    """How far to trust what stands beside it, by the model that said it."""
    badge(show(verdict_of, Selection(), model=model))


def draw_verdict(of: str, verdict: str) -> None:
    """The verdict as a sign, and the sentence that says why."""
    badge(verdict)
    paragraph(f"trust.verdict.{of}.{verdict}")


def draw_overview(models: Sequence[Trusted]) -> None:
    """One card a model: its name, how far to trust it, and why in a sentence."""
    session = current()
    with grid(len(models), min_width=240):
        for model in models:
            with st.container(border=True, height="stretch"):
                st.markdown(f"**{session.md(f'trust.model.{model.model}')}**")
                badge("" if model.problem else model.verdict)
                st.caption(_sentence(model))


def _sentence(model: Trusted) -> str:
    session = current()
    if model.problem:
        return session.md("trust.no_scores")
    return session.md(f"trust.verdict.{model.said_of or model.model}.{model.verdict}")


def draw_drift(drift: Drift) -> None:
    """What came since the scores were made, beside what was foreseen then."""
    session = current()
    with panel("trust.drift", help_key="trust.drift_about"):
        if not drift.days:
            caption("trust.fresh")
            return
        paragraph(
            "trust.drift_words",
            days=drift.days,
            came=session.write(drift.came, "money"),
            foreseen=session.write(drift.foreseen, "money"),
            held=session.write(drift.held, "rate"),
        )


def draw_model(model: Trusted) -> None:
    """The untouched period, method by method, and the periods that chose."""
    session = current()
    with panel(f"trust.model.{model.model}", help_key=f"trust.model_about.{model.model}"):
        if model.problem:
            plain(error_text(CrmError(model.problem, **model.problem_facts), session.language))
            return
        draw_verdict(model.said_of or model.model, model.verdict)
        if model.chosen:
            paragraph(f"trust.chosen.{model.model}", method=_method(model, model.chosen))
        for code in model.warnings:
            warning(f"{_TEXTS[model.model]}.warning.{code}")
        if model.tested.empty:
            note("trust.no_trial")
            return
        _tested(model)
        if not model.choosing.empty:
            _choosing(model)
        if not model.beginnings.empty:
            _beginnings(model)


_TEXTS = {
    "lifetime_value": "value",
    "forecast": "forecast",
    "churn": "churn",
    "clusters": "trust",
    "reviews": "reviews",
}


def _method(model: Trusted, code: str) -> str:
    if model.model == "clusters":
        return code
    session = current()
    return session.word("trust.method", code)


def _tested(model: Trusted) -> None:
    session = current()
    if model.tested_from is not None:
        since = formats.day(model.tested_from, session.language)
        caption("trust.untouched", day=since, days=model.tested_days)
    rows = model.tested
    names = [_method(model, str(code)) for code in rows["method"]]
    marks = [session.t("trust.used") if used else "" for used in rows["is_used"]]
    shown = rows.assign(method=names, used=marks)
    data_table(
        shown,
        [
            Column("method", "text", f"trust.method_label.{model.model}", pinned=True),
            Column("used", "text", "trust.used_label"),
            *(
                Column(
                    name,
                    _KINDS.get(name, "score"),
                    f"trust.measure.{name}",
                    help_key=f"trust.measure_about.{name}",
                )
                for name in model.measures
            ),
        ],
        key=f"trust_{model.model}",
        alt_key=f"trust.model.{model.model}",
    )


def _choosing(model: Trusted) -> None:
    """One row a method, one column a period that chose; the measure is in the caption."""
    session = current()
    caption("trust.choosing", measure=session.t(f"trust.measure.{model.by}"))
    wide = model.choosing.pivot_table(index="method", columns="origin", values="value")
    days = [formats.day(pd.Timestamp(day).date(), session.language) for day in wide.columns]
    told = {day: list(wide[column]) for day, column in zip(days, wide.columns, strict=True)}
    names = [_method(model, str(code)) for code in wide.index]
    data_table(
        pd.DataFrame({"method": names, **told}),
        [
            Column("method", "text", f"trust.method_label.{model.model}", pinned=True),
            *(Column(day, _KINDS.get(model.by, "score")) for day in days),
        ],
        key=f"trust_{model.model}_choosing",
        alt_key=f"trust.model.{model.model}",
    )


def _beginnings(model: Trusted) -> None:
    """Whether what customers began with ranks better: one row a fact, one column a period."""
    session = current()
    words = {fact: session.t(f"trust.beginning.{fact}") for fact in model.beginnings["fact"]}
    if model.begun:
        paragraph("trust.begun", fact=words[model.begun])
    else:
        paragraph("trust.not_begun")
    rows = model.beginnings.assign(
        method=[words[fact] for fact in model.beginnings["fact"]],
        told=[
            session.t("trust.range", value=value, low=low, high=high)
            for value, low, high in zip(
                *(_written(model.beginnings[name]) for name in ("gain", "low", "high")), strict=True
            )
        ],
    )
    wide = rows.pivot(index="method", columns="origin", values="told").fillna("")
    days = [formats.day(pd.Timestamp(day).date(), session.language) for day in wide.columns]
    told = {day: list(wide[column]) for day, column in zip(days, wide.columns, strict=True)}
    data_table(
        pd.DataFrame({"method": list(wide.index), **told}),
        [
            Column("method", "text", "trust.beginnings", pinned=True),
            *(Column(day) for day in days),
        ],
        key="trust_beginnings",
        alt_key="trust.beginnings",
    )


def _written(values: pd.Series[float]) -> list[str]:
    language = current().language
    return ["" if x != x else formats.number(float(x), language, 3) for x in values]
