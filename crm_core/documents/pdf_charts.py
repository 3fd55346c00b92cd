"""Charts of PDF documents, drawn as lines and letters: sharp at any size."""

from __future__ import annotations

from typing import Any

from reportlab.graphics import shapes
from reportlab.lib.colors import HexColor

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
    ticks,
)
from crm_core.documents.pdf_fonts import fitted, placed, width

# The types that come with it are not those that it takes.
_shapes: Any = shapes

_SIZE = 8.0
_LABELS, _LEGEND = 46.0, 20.0
_MOST_PLACES = 11
_ROW = 21.0


def lines_chart(chart: Lines, wide: float, high: float) -> Any:
    """Lines over days, the period told of in front, with a legend above."""
    drawing = _shapes.Drawing(wide, high)
    known = [v for each in chart.series for v in each.values if v is not None]
    marks = ticks(min(known, default=0.0), max(known, default=1.0), most=4)
    left, right, bottom, top = _LABELS, wide - 6, 18.0, high - _LEGEND
    scale = (top - bottom) / (marks[-1] - marks[0])

    def y(value: float) -> float:
        return bottom + (value - marks[0]) * scale

    for mark in marks:
        drawing.add(_rule(left, y(mark), right, y(mark), is_zero=mark == 0))
        _words(drawing, left - 6, y(mark) - 2.8, chart.numbers.short(mark), QUIET, anchor="end")
    step = (right - left) / max(len(chart.places) - 1, 1)
    every = -(-len(chart.places) // _MOST_PLACES)
    for place in range(0, len(chart.places), every):
        _words(drawing, left + place * step, 4, chart.places[place], QUIET, anchor="middle")
    for each in reversed(chart.series):
        points = [
            (left + place * step, y(value))
            for place, value in enumerate(each.values)
            if value is not None
        ]
        if len(points) > 1:
            flat = [number for point in points for number in point]
            drawing.add(
                _shapes.PolyLine(
                    flat,
                    strokeColor=HexColor(LINES[each.role]),
                    strokeWidth=2.0 if each.role == "now" else 1.1,
                    strokeLineJoin=1,
                    strokeLineCap=1,
                    strokeDashArray=[3, 2] if each.role == "year" else None,
                )
            )
    _legend(drawing, chart, left, high - 9)
    return drawing


def _legend(drawing: Any, chart: Lines, x: float, y: float) -> None:
    for each in chart.series:
        colour = HexColor(LINES[each.role])
        dashes = [3, 2] if each.role == "year" else None
        drawing.add(
            _shapes.Line(
                x, y + 3, x + 16, y + 3, strokeColor=colour, strokeWidth=2, strokeDashArray=dashes
            )
        )
        _words(drawing, x + 21, y, each.name, INK)
        x += 21 + width(each.name, _SIZE) + 18


def bars_chart(chart: Bars, wide: float) -> Any:
    """Horizontal bars with their names on the left and their values at the end."""
    labels = _label_room(chart.labels, wide)
    values = [chart.numbers.write(value) for value in chart.values]
    room = wide - labels - max((width(v, _SIZE) for v in values), default=0.0) - 12
    high = len(values) * _ROW + 4
    drawing = _shapes.Drawing(wide, high)
    scale = room / (max(chart.values, default=0.0) or 1.0)
    for place, (label, value, words) in enumerate(
        zip(chart.labels, chart.values, values, strict=True)
    ):
        y = high - (place + 1) * _ROW + 4
        _words(drawing, 0, y + 4, fitted(label, _SIZE, labels - 8), INK)
        drawing.add(_bar(labels, y, max(value * scale, 0.8), PRIMARY))
        _words(drawing, labels + value * scale + 6, y + 4, words, INK)
    return drawing


def steps_chart(chart: Steps, wide: float) -> Any:
    """Steps from top to bottom, each from where the one before ended, and their sum."""
    labels = _label_room(chart.labels, wide)
    reached, words = spans(chart), signed(chart)
    low = min(min(pair) for pair in reached)
    top = max(max(pair) for pair in reached)
    spare = max(width(each, _SIZE, is_bold=True) for each in words) + 12
    scale = (wide - labels - spare) / ((top - low) or 1.0)
    high = len(words) * _ROW + 4
    drawing = _shapes.Drawing(wide, high)
    zero = labels - low * scale
    drawing.add(_rule(zero, 0, zero, high, is_zero=True))
    last = len(words) - 1
    for place, ((start, end), colour) in enumerate(zip(reached, step_colours(chart), strict=True)):
        y = high - (place + 1) * _ROW + 4
        near, far = sorted((start, end))
        x, to_x = labels + (near - low) * scale, labels + (far - low) * scale
        drawing.add(_bar(x, y, max(to_x - x, 0.8), colour))
        is_bold = place == last
        label = fitted(chart.labels[place], _SIZE, labels - 8)
        _words(drawing, 0, y + 4, label, INK, is_bold=is_bold)
        _words(drawing, to_x + 6, y + 4, words[place], INK, is_bold=is_bold)
    return drawing


def _label_room(labels: tuple[str, ...], wide: float) -> float:
    longest = max((width(label, _SIZE) for label in labels), default=0.0)
    return min(longest + 12, wide * 0.42)


def _bar(x: float, y: float, wide: float, colour: str) -> Any:
    return _shapes.Rect(
        x, y, wide, 13, rx=1.5, ry=1.5, fillColor=HexColor(colour), strokeColor=None
    )


def _rule(x: float, y: float, to_x: float, to_y: float, *, is_zero: bool) -> Any:
    return _shapes.Line(
        x, y, to_x, to_y, strokeColor=HexColor(QUIET if is_zero else RULE), strokeWidth=0.5
    )


def _words(
    drawing: Any,
    x: float,
    y: float,
    words: str,
    colour: str,
    *,
    anchor: str = "start",
    is_bold: bool = False,
) -> None:
    whole = width(words, _SIZE, is_bold=is_bold)
    x -= {"start": 0.0, "middle": whole / 2, "end": whole}[anchor]
    for font, piece, at in placed(words, _SIZE, is_bold=is_bold):
        drawing.add(
            _shapes.String(
                x + at, y, piece, fontName=font, fontSize=_SIZE, fillColor=HexColor(colour)
            )
        )
