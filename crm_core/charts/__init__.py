"""One function a chart kind: a small frame in, a figure with its alternative text out."""

from __future__ import annotations

from crm_core.charts.bars import bars, columns_chart, deciles, share_bar, stacked_columns
from crm_core.charts.base import Chart, Numbers
from crm_core.charts.event_days import around_event, day_pace
from crm_core.charts.fields import heat, scatter_fit, timeline, treemap
from crm_core.charts.flows import flow_bands
from crm_core.charts.intervals import share_curves, whiskers
from crm_core.charts.lines import forecast_band, forecasts_beside, line_compare, lines, month_lines
from crm_core.charts.network import network
from crm_core.charts.ratings import rated_months
from crm_core.charts.survival import survival_curves
from crm_core.charts.waterfall import waterfall

__all__ = [
    "Chart",
    "Numbers",
    "around_event",
    "bars",
    "columns_chart",
    "day_pace",
    "deciles",
    "flow_bands",
    "forecast_band",
    "forecasts_beside",
    "heat",
    "line_compare",
    "lines",
    "month_lines",
    "network",
    "rated_months",
    "scatter_fit",
    "share_bar",
    "share_curves",
    "stacked_columns",
    "survival_curves",
    "timeline",
    "treemap",
    "waterfall",
    "whiskers",
]
