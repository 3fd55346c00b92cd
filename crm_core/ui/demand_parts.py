"""Demand by who and where: a matrix of regions and segments, and the way to the customers."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from crm_core.charts import heat
from crm_core.metrics.part_codes import UNKNOWN, is_rest, name_of
from crm_core.models.lifecycle import PROSPECT
from crm_core.pipeline.series_days import SEGMENT
from crm_core.selection import segment_code
from crm_core.ui.fields import button, switch_choice
from crm_core.ui.forecast_controls import member_name, segment_order
from crm_core.ui.layout import details_box, draw, go, panel, row
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, note
from crm_core.views.demand import FIGURES, Demand, demand

_DAYS = ("30", "90")
_UNITS = {"revenue": "money", "buyers": "number"}


def draw_demand() -> None:
    """The matrix for 30 or 90 days, its total, and a drill to the customers of a cell."""
    session = current()
    with panel("forecast.demand", help_key="forecast.demand_about"):
        with row():
            figure = switch_choice(
                "forecast.demand_of", FIGURES, key="demand_of", prefix="forecast.demand_by"
            )
            days = switch_choice(
                "forecast.demand_days", _DAYS, key="demand_days", prefix="forecast.demand_in"
            )
        view = show(demand, session.selection, days=int(days))
        if view.cells.empty:
            note("forecast.no_demand")
            return
        if not (view.cells[figure] > 0).any():  # all hidden
            note("forecast.left_out.few")
            return
        draw(
            heat(_matrix(view, figure), session.numbers(_UNITS[figure]), short=True),
            key="forecast_demand",
            title=session.t("forecast.demand"),
        )
        caption(
            "forecast.demand_total",
            revenue=session.write(view.total["revenue"], "money"),
            buyers=session.write(round(view.total["buyers"]), "count"),
            days=days,
        )
        with details_box("forecast.demand_table"):
            _table(view, figure)
        _drill(view)


def _matrix(view: Demand, figure: str) -> pd.DataFrame:
    """Cells in words, segments in the order of the life-cycle."""
    cells = view.cells[view.cells[figure].fillna(0) > 0]
    wide = cells.pivot_table(index="region", columns="segment", values=figure, aggfunc="sum")
    known = set(zip(cells["region"], cells["segment"], strict=True))
    rows = [
        {
            "row": member_name("region", region),
            "column": member_name(SEGMENT, segment),
            "value": wide.loc[region, segment],
        }
        for segment in segment_order(list(cells["segment"]))
        for region in dict.fromkeys(cells["region"])
        if (region, segment) in known
    ]
    return pd.DataFrame(rows)


def _table(view: Demand, figure: str) -> None:
    """The same as a table, with the sums of regions, segments and all."""
    session = current()
    together = session.t("forecast.demand_sum")
    wide = view.cells.pivot_table(index="region", columns="segment", values=figure, aggfunc="sum")
    order = segment_order(list(wide.columns))
    regions = list(dict.fromkeys(view.cells["region"]))
    wide = wide.reindex(index=[code for code in regions if code in wide.index], columns=order)
    wide.loc[""] = wide.sum()
    named = [member_name("region", code) if code else together for code in wide.index]
    shown = wide.assign(sum=wide.sum(axis=1)).reset_index(drop=True).assign(region=named)
    kind = "money" if figure == "revenue" else "number"
    columns = [Column("region", "text", "forecast.split.region", pinned=True)]
    columns += [Column(code, kind, _label_key(code)) for code in order]
    columns.append(Column("sum", kind, "forecast.demand_sum"))
    data_table(shown, columns, key="forecast_demand", alt_key="forecast.demand")


def _label_key(code: str) -> str:
    if code == UNKNOWN:
        return "forecast.rest._unknown.segment"
    return "forecast.newcomers" if code == PROSPECT else f"lifecycle.{code}.name"


def _drill(view: Demand) -> None:
    """Two fields and a button that lead to the customers of a region and segment."""
    known = view.cells[view.cells["customers"].fillna(0) > 0]
    regions = [code for code in dict.fromkeys(known["region"]) if not is_rest(code)]
    segments = [code for code in segment_order(list(known["segment"])) if code != PROSPECT]
    if not regions or not segments:
        return
    with row():
        region = _choice("region", regions)
        segment = _choice(SEGMENT, segments)
        if button("forecast.to_customers", key="demand_customers", icon="group"):
            go("customers", region=(name_of(region),), segment=(segment_code("stage", segment),))


def _choice(dimension: str, codes: list[str]) -> str:
    names = {code: member_name(dimension, code) for code in codes}
    found = st.selectbox(
        current().md(f"forecast.split.{dimension}"),
        codes,
        format_func=names.__getitem__,
        key=f"demand_{dimension}",
        width=220,
    )
    return found if found in names else codes[0]
