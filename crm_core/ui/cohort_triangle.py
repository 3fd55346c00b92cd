"""The triangle of cohorts: a shaded table, one row a month or week, one column an age."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.metrics import RETENTION, STEPS
from crm_core.text import formats
from crm_core.ui.cohort_words import cohort_words
from crm_core.ui.session import Session, current
from crm_core.views.cohorts import Cohorts, Won

MOST_ROWS = 26
_SHADE, _PAID = "rgba(94, 114, 235, {:.2f})", "rgba(34, 160, 107, {:.2f})"
_NAME, _SIZE, _COST = "cohort", "customers", "cost"


def triangle(
    view: Cohorts, won: Won | None, unit: str, *, is_paying: bool
) -> tuple[date, int] | None:
    """The mean of all, then the newest cohorts, newest first; the cohort and age of the
    cell that was clicked. Cells that paid back what winning the cohort had cost are green."""
    session = current()
    cohorts = view.cohorts.head(MOST_ROWS)
    cells = view.cells.pivot(index="cohort", columns="age", values="value")
    cells = cells.reindex(index=list(cohorts["cohort"])).reset_index(drop=True)
    cells.columns = [str(age) for age in cells.columns]
    cost = _costs(cohorts, won) if is_paying else None
    shown = _with_mean(cells, view) * (100 if unit == "rate" else 1)
    names = [cohort_words(view, day) for day in cohorts["cohort"]]
    shown.insert(0, _NAME, [session.t("cohorts.mean"), *names])
    shown.insert(1, _SIZE, [view.customers, *cohorts["customers"]])
    if cost is not None:
        shown.insert(2, _COST, [won.cost if won else None, *cost])
    event: Any = st.dataframe(
        shown.style.apply(_shading(cells, cost), axis=None),
        hide_index=True,
        column_config=_config(view, unit, session, [*cells.columns]),
        key=f"triangle_{view.by}_{view.measure}_{view.split}_{view.part}",
        height=36 + 36 * min(len(shown), 16),
        row_height=36,
        placeholder="",
        on_select="rerun",
        selection_mode="single-cell",
        alt=session.t("cohorts.triangle"),
    )
    for place, column in event.selection.cells:
        if 0 < place <= len(cohorts):
            day = pd.Timestamp(cohorts["cohort"].iloc[place - 1]).date()
            return day, int(column) if str(column).isdecimal() else 0
    return None


def _costs(cohorts: pd.DataFrame, won: Won | None) -> list[float | None] | None:
    """What winning one customer of each cohort cost; None where no month's cost is known."""
    if won is None or won.months.empty:
        return None
    known = dict(zip(pd.to_datetime(won.months["name"]), won.months["cost"], strict=True))
    found = [known.get(pd.Timestamp(day)) for day in cohorts["cohort"]]
    return found if any(value is not None and value == value for value in found) else None


def _with_mean(cells: pd.DataFrame, view: Cohorts) -> pd.DataFrame:
    mean = {
        str(age): value for age, value in zip(view.mean["age"], view.mean["value"], strict=True)
    }
    first = pd.DataFrame([mean], columns=[*cells.columns], dtype="float64")
    return pd.concat([first, cells.astype("float64")], ignore_index=True)


def _config(view: Cohorts, unit: str, session: Session, ages: list[str]) -> dict[str, Any]:
    kinds = st.column_config
    sign = formats.symbol(session.currency).replace("%", "%%")
    number = {"rate": "%.1f%%", "money": f"{sign}%,.0f", "per": "%.2f"}[unit]
    shift = 0 if view.measure == RETENTION else 1
    days = STEPS[view.by].days
    config: dict[str, Any] = {
        _NAME: kinds.TextColumn(session.t(f"cohorts.column.{view.by}"), pinned=True, width=120),
        _SIZE: kinds.NumberColumn(session.t("cohorts.column.customers"), format="%,.0f", width=112),
        _COST: kinds.NumberColumn(
            session.t("acquisition.column.cost"),
            help=session.maybe("acquisition.cost_about"),
            format=f"{sign}%,.0f",
            width=80,
        ),
    }
    for age in ages:
        first, last = int(age) * days, int(age) * days + days - 1
        words = session.t(f"cohorts.age.{'after' if shift else 'in'}", first=first, last=last)
        config[age] = kinds.NumberColumn(str(int(age) + shift), help=words, format=number, width=62)
    return config


def _shading(cells: pd.DataFrame, cost: list[float | None] | None) -> Any:
    """Colours for the cells by their size; the first columns and the mean stay plain."""
    top = float(cells.max().max()) if cells.size else 0.0

    def colours(frame: pd.DataFrame) -> pd.DataFrame:
        plain = pd.DataFrame("", index=frame.index, columns=frame.columns)
        for place, line in cells.iterrows():
            for age, value in line.items():
                if value == value and value > 0 and top > 0:
                    level = cost[int(place)] if cost else None  # pyright: ignore[reportArgumentType]
                    paid = level is not None and value >= level
                    shade = (_PAID if paid else _SHADE).format(0.06 + 0.5 * value / top)
                    plain.loc[int(place) + 1, age] = f"background-color: {shade}"  # pyright: ignore[reportCallIssue, reportArgumentType]
        return plain

    return colours
