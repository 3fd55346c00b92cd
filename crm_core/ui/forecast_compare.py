"""Up to four parts of a forecast on one chart, and its numbers as a table and as a file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.charts import forecasts_beside
from crm_core.pipeline.series_days import TOTAL
from crm_core.privacy.policy import allowed
from crm_core.ui.export_button import TableOrder, export_button
from crm_core.ui.forecast_controls import member_name
from crm_core.ui.layout import details_box, draw, panel
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption
from crm_core.views.forecast import Forecast
from crm_core.views.forecast_beside import beside

MOST = 4
_NUMBERS = ("actual", "median", "low_80", "high_80", "low_95", "high_95")


def draw_beside(view: Forecast) -> None:
    """The part looked at and up to three others on one chart; the address keeps which."""
    session = current()
    others = [code for code in view.members if code != view.member]
    if view.dimension == TOTAL or not others:
        return
    with panel("forecast.beside", help_key="forecast.beside_about"):
        chosen = _others(view, others)
        asked = {"of": view.measure, "by": view.dimension, "grain": view.grain}
        rows = show(beside, session.selection, **asked)
        shown = [view.member, *chosen]
        frame = rows[rows["member"].isin(shown)]
        frame = frame.assign(
            series=[member_name(view.dimension, code) for code in frame["member"]],
            order=[shown.index(code) for code in frame["member"]],
        ).sort_values(["order", "day"], kind="stable")
        unit = "number" if view.unit == "count" else view.unit
        draw(forecasts_beside(frame, session.numbers(unit)), key="forecast_beside",
             title=session.t("forecast.beside"))  # fmt: skip


def _others(view: Forecast, others: list[str]) -> list[str]:
    """Which other parts: those of the address, at first the two largest."""
    session = current()
    names = {code: member_name(view.dimension, code) for code in others}
    said = st.query_params.get_all("with")
    at_first = [code for code in said if code in names][: MOST - 1] if said else others[:2]
    found = st.multiselect(
        session.md("forecast.with"),
        others,
        default=at_first,
        format_func=names.__getitem__,
        max_selections=MOST - 1,
        placeholder=session.t("forecast.with_hint"),
        key=f"forecast_with_{view.measure}_{view.dimension}_{view.member}",
    )
    if found == others[:2]:
        st.query_params.pop("with", None)
    elif found != said:
        st.query_params["with"] = found or [""]
    return [str(code) for code in found]


def draw_numbers(view: Forecast) -> None:
    """The series as a table, day by day or period by period, and as a file with its control total."""
    session = current()
    rows = view.days.sort_values("day", ascending=False, ignore_index=True)
    kind = "cents" if view.unit == "money" else "number"
    with details_box("forecast.numbers"):
        shown = [Column("day", "date", f"forecast.period.{view.grain}", pinned=True)]
        shown += [Column(name, kind, f"forecast.numbers_of.{name}") for name in _NUMBERS]
        data_table(rows, shown, key="forecast_numbers", alt_key="forecast.numbers")
        if not allowed(replace(session.access, present=False), "export"):
            return
        order = _order(view, rows)
        export_button("forecast.export", order, key="forecast_numbers")
        caption("forecast.control", total=session.write(order.totals[view.measure], view.unit))


def _order(view: Forecast, rows: pd.DataFrame) -> TableOrder:
    """The table as it is shown, the oldest first; its control total is the sum of what is expected,
    of periods that do not add up a mere check."""
    session = current()
    name = session.t(f"metric.{view.measure}.label")
    part = member_name(view.dimension, view.member) if view.member else ""
    headings = [session.t(f"forecast.period.{view.grain}")]
    headings += [session.t(f"forecast.numbers_of.{column}") for column in _NUMBERS]
    cells: list[list[Any]] = [
        [pd.Timestamp(row["day"]).date(), *(_cell(row[column]) for column in _NUMBERS)]
        for row in rows[::-1].to_dict("records")
    ]
    return TableOrder(
        " · ".join(filter(None, (session.t("forecast.title"), name, part))),
        headings,
        cells,
        {
            "measure": [view.measure],
            "by": [view.dimension],
            "member": [view.member],
            "grain": [view.grain],
        },
        {view.measure: round(float(rows["median"].sum()), 2)},
    )


def _cell(value: Any) -> float | None:
    return None if value is None or value != value else float(value)
