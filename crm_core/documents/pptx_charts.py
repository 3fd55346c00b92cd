"""Charts of slides: the presentation program's own, with their numbers inside, to be changed there."""

from __future__ import annotations

from typing import Any

from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_TICK_LABEL_POSITION,
)
from pptx.enum.dml import MSO_LINE
from pptx.oxml.ns import qn
from pptx.util import Pt

from crm_core.documents.blocks import Bars, Lines, Steps
from crm_core.documents.look import (
    INK,
    LINES,
    PRIMARY,
    QUIET,
    RULE,
    signed,
    spans,
    step_colours,
    tidy,
)
from crm_core.text import formats
from crm_core.text.numbers import Numbers

_SIZE = Pt(11)
#: Chinese letters on computers of both kinds; a program without it takes one of its own.
CHINESE, LATIN = "Microsoft YaHei", "Arial"
_MOST_PLACES = 11


def rgb(colour: str) -> Any:
    """A colour of ours as theirs."""
    return RGBColor.from_string(colour.removeprefix("#"))


def number_format(numbers: Numbers) -> str:
    """How a spreadsheet writes such values.

    >>> number_format(Numbers("money", "en", "EUR"))
    '"€"#,##0'
    """
    if numbers.unit == "money":
        return f'"{formats.symbol(numbers.currency)}"#,##0'
    return "0.0%" if numbers.unit == "rate" else "#,##0"


def add_lines(slide: Any, block: Lines, box: tuple[int, int, int, int]) -> None:
    """Lines over the same places."""
    data: Any = CategoryChartData(number_format=number_format(block.numbers))
    data.categories = [tidy(place) for place in block.places]
    for each in block.series:
        data.add_series(tidy(each.name), each.values)
    chart = _added(slide, XL_CHART_TYPE.LINE, box, data)
    for line, each in zip(chart.plots[0].series, block.series, strict=True):
        line.smooth = False
        line.format.line.color.rgb = rgb(LINES[each.role])
        line.format.line.width = Pt(2.75 if each.role == "now" else 1.5)
        if each.role == "year":
            line.format.line.dash_style = MSO_LINE.DASH
    chart.has_legend = True
    chart.legend.position = XL_LEGEND_POSITION.TOP
    chart.legend.include_in_layout = False
    chart.value_axis.major_gridlines.format.line.color.rgb = rgb(RULE)
    chart.value_axis.format.line.fill.background()
    chart.value_axis.tick_labels.number_format = number_format(block.numbers)
    chart.value_axis.tick_labels.number_format_is_linked = False
    chart.category_axis.format.line.color.rgb = rgb(QUIET)
    every = -(-len(block.places) // _MOST_PLACES)
    if every > 1:
        axis = chart.category_axis._element
        skip = axis.makeelement(qn("c:tickLblSkip"), {"val": str(every)})
        axis.find(qn("c:noMultiLvlLbl")).addprevious(skip)


def add_bars(slide: Any, block: Bars, box: tuple[int, int, int, int]) -> None:
    """Horizontal bars, the first on top, their values at the end."""
    data: Any = CategoryChartData(number_format=number_format(block.numbers))
    data.categories = [tidy(label) for label in block.labels]
    data.add_series(tidy(block.title), block.values)
    chart = _added(slide, XL_CHART_TYPE.BAR_CLUSTERED, box, data)
    _sideways(chart)
    plot = chart.plots[0]
    plot.series[0].format.fill.solid()
    plot.series[0].format.fill.fore_color.rgb = rgb(PRIMARY)
    plot.has_data_labels = True
    plot.data_labels.position = XL_LABEL_POSITION.OUTSIDE_END
    plot.data_labels.number_format = number_format(block.numbers)
    plot.data_labels.number_format_is_linked = False


def add_steps(slide: Any, block: Steps, box: tuple[int, int, int, int]) -> None:
    """Steps as stacked bars: the part below each step has no colour."""
    reached = spans(block)
    below = [max(0.0, min(pair)) or min(0.0, max(pair)) for pair in reached]
    above_zero = [max(0.0, max(pair)) - max(0.0, min(pair)) for pair in reached]
    below_zero = [min(0.0, min(pair)) - min(0.0, max(pair)) for pair in reached]
    data: Any = CategoryChartData(number_format=number_format(block.numbers))
    words = zip(block.labels, signed(block), strict=True)
    data.categories = [f"{tidy(label)}  {value}" for label, value in words]
    # Values to the cent: what is left of adding up would stand in the cells otherwise.
    for values in (below, above_zero, below_zero):
        data.add_series(tidy(block.title), [round(value, 2) for value in values])
    chart = _added(slide, XL_CHART_TYPE.BAR_STACKED, box, data)
    _sideways(chart)
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    base, *shown = chart.plots[0].series
    base.format.fill.background()
    for series in shown:
        series.invert_if_negative = False
        for place, colour in enumerate(step_colours(block)):
            fill = series.points[place].format.fill
            fill.solid()
            fill.fore_color.rgb = rgb(colour)


def _added(slide: Any, kind: Any, box: tuple[int, int, int, int], data: Any) -> Any:
    chart = slide.shapes.add_chart(kind, *box, data).chart
    chart.has_title = False
    chart.has_legend = False
    chart.font.size = _SIZE
    chart.font.name = LATIN
    chart.font.color.rgb = rgb(INK)
    with_chinese(chart.font._rPr)
    return chart


def _sideways(chart: Any) -> None:
    chart.plots[0].gap_width = 45
    chart.category_axis.reverse_order = True
    chart.category_axis.format.line.fill.background()
    chart.category_axis.has_major_gridlines = False
    chart.value_axis.visible = False
    chart.value_axis.has_major_gridlines = False


def with_chinese(properties: Any) -> None:
    """Says which font Chinese letters of a piece of text have."""
    found = properties.find(qn("a:ea"))
    if found is None:
        found = properties.makeelement(qn("a:ea"), {})
        latin = properties.find(qn("a:latin"))
        if latin is not None:
            latin.addnext(found)
        else:
            properties.append(found)
    found.set("typeface", CHINESE)
