"""Values over two dimensions: a matrix, a map of areas, marks on a time line, a fit."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from crm_core.charts.bars import codes_of
from crm_core.charts.base import (
    COMPARISON_GREY,
    PRIMARY,
    Chart,
    Numbers,
    canvas,
    check_size,
    day_axis,
    describe_parts,
    numeric,
    shorten,
    value_axis,
)
from crm_core.text import formats, t

_ROOM, _LARGEST = 0.05, 16
_HOVER = "%{hovertext}<extra></extra>"


def heat(frame: pd.DataFrame, numbers: Numbers, *, short: bool = False) -> Chart:
    """A matrix of shaded cells with their numbers, rows from top to bottom as given.

    Columns: row, column (finished words), value. A cell without a row in the frame stays
    empty. Numbers are written in the cells up to 15 columns, as an axis writes them where
    `short`; in full when pointed at. With code (what a click returns) each cell has a mark nobody
    sees: a browser tells of clicks on marks only.
    """
    check_size(len(frame))
    rows = list(dict.fromkeys(frame["row"]))
    columns = list(dict.fromkeys(frame["column"]))
    values = numeric(frame["value"])
    matrix = (
        frame.assign(value=values)
        .pivot_table(index="row", columns="column", values="value", aggfunc="sum", observed=True)
        .reindex(index=rows, columns=columns)
    )
    words = [[numbers.write(v) if v == v else "" for v in line] for line in matrix.to_numpy()]
    cells = words
    if short:
        cells = [[numbers.short(v) if v == v else "" for v in line] for line in matrix.to_numpy()]
    height = max(160, 34 * len(rows) + 50)
    figure = canvas(height)
    figure.add_trace(
        go.Heatmap(
            z=[[v if v == v else None for v in line] for line in matrix.to_numpy()],
            text=cells,
            hovertext=words,
            texttemplate="%{text}" if len(columns) <= 15 else None,
            **({"hoverinfo": "skip"} if "code" in frame else {"hovertemplate": _HOVER}),
            hoverongaps=False,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    _name_axis(figure, "x", [shorten(column) for column in columns])
    _name_axis(figure, "y", [shorten(row) for row in rows])
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(side="top")
    if "code" in frame:
        _clickable(figure, frame, rows, columns, words)
    labels = [f"{r} / {c}" for r, c in zip(frame["row"], frame["column"], strict=True)]
    return Chart(figure, describe_parts(labels, values.tolist(), numbers), height)


def _clickable(
    figure: go.Figure,
    frame: pd.DataFrame,
    rows: list[str],
    columns: list[str],
    words: list[list[str]],
) -> None:
    """A mark in the middle of each cell; the one nearest to a click is the cell's own."""
    y, x = frame["row"].map(rows.index).tolist(), frame["column"].map(columns.index).tolist()
    hidden = {"marker": {"opacity": 0}}
    figure.add_trace(
        go.Scatter(
            x=x,
            y=y,
            mode="markers",
            marker={"size": 20, "opacity": 0},
            selected=hidden,
            unselected=hidden,
            customdata=codes_of(frame),
            text=[words[down][right] for down, right in zip(y, x, strict=True)],
            hovertemplate="%{text}<extra></extra>",
        )
    )
    figure.update_layout(hoverdistance=-1)
    figure.update_xaxes(range=[-0.5, len(columns) - 0.5])
    figure.update_yaxes(range=[len(rows) - 0.5, -0.5])


def _name_axis(figure: go.Figure, axis: str, labels: list[str]) -> None:
    settings = {
        "tickmode": "array",
        "tickvals": list(range(len(labels))),
        "ticktext": labels,
        "showgrid": False,
    }
    figure.update_layout({f"{axis}axis": settings})


def treemap(frame: pd.DataFrame, numbers: Numbers) -> Chart:
    """Areas as large as their values, for parts of a whole such as segments.

    Columns: label, value (not negative); optionally code, and note (words under the number).
    """
    check_size(len(frame))
    figure = canvas(320)
    values = numeric(frame["value"]).fillna(0.0)
    notes = frame["note"] if "note" in frame else [""] * len(frame)
    figure.add_trace(
        go.Treemap(
            labels=[shorten(label) for label in frame["label"]],
            ids=[str(number) for number in range(len(frame))],
            parents=[""] * len(frame),
            values=values.tolist(),
            text=[numbers.write(value) for value in values],
            hovertext=[shorten(note) for note in notes],
            customdata=codes_of(frame),
            texttemplate="<b>%{label}</b><br>%{text} · %{percentRoot:.0%}",
            hovertemplate="%{label}: %{text}<br>%{hovertext}<extra></extra>",
            tiling={"pad": 3},
            marker={"cornerradius": 6},
            textfont={"size": 13},
            root={"color": "rgba(0,0,0,0)"},
            pathbar={"visible": False},
        )
    )
    labels = [str(label) for label in frame["label"]]
    return Chart(figure, describe_parts(labels, values.tolist(), numbers), 320)


def timeline(frame: pd.DataFrame, language: str) -> Chart:
    """What happened when, one lane a kind of thing.

    Columns: at (time), lane (finished words), label (shown when pointing); optionally code.
    """
    check_size(len(frame))
    lanes = list(dict.fromkeys(frame["lane"]))
    height = max(140, 44 * len(lanes) + 50)
    figure = canvas(height)
    for position, lane in enumerate(lanes):
        rows = frame[frame["lane"] == lane]
        figure.add_trace(
            go.Scatter(
                x=pd.to_datetime(rows["at"]).dt.strftime("%Y-%m-%d %H:%M").tolist(),
                y=[position] * len(rows),
                mode="markers",
                marker={"size": 11, "opacity": 0.85},
                name=shorten(lane),
                customdata=codes_of(rows),
                text=[shorten(label) for label in rows["label"]],
                hovertemplate="%{x}<br>%{text}<extra></extra>",
            )
        )
    _name_axis(figure, "y", [shorten(lane) for lane in lanes])
    figure.update_yaxes(range=[len(lanes) - 0.5, -0.5], showgrid=True)
    day_axis(figure, pd.to_datetime(frame["at"]), language)
    count = formats.number(len(frame), language)
    return Chart(figure, t("chart.alt_timeline", language, count=count), height)


def scatter_fit(frame: pd.DataFrame, numbers: Numbers, *, x_title: str, y_title: str) -> Chart:
    """Predicted against what happened; on the dashed line both agree.

    Columns: predicted, actual; optionally size (how many customers a mark stands for).
    """
    check_size(len(frame))
    figure = canvas(320)
    predicted, actual = numeric(frame["predicted"]), numeric(frame["actual"])
    top = max(float(predicted.max()), float(actual.max()), 0.0)
    figure.add_trace(
        go.Scatter(
            x=[0, top],
            y=[0, top],
            mode="lines",
            line={"width": 1.2, "dash": "dash", "color": COMPARISON_GREY},
            hoverinfo="skip",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=predicted.tolist(),
            y=actual.tolist(),
            mode="markers",
            cliponaxis=False,
            marker={"size": _sizes(frame), "opacity": 0.75, "color": PRIMARY},
            customdata=codes_of(frame),
            text=[
                f"{numbers.write(p)} → {numbers.write(a)}"
                for p, a in zip(predicted, actual, strict=True)
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    )
    for axis in ("x", "y"):
        value_axis(figure, numbers, [0, top], axis)
        low, high = figure.layout[f"{axis}axis"].range
        room = (high - low) * _ROOM  # so that no mark is cut off at the edge
        figure.update_layout({f"{axis}axis_range": [low - room, high + room]})
    figure.update_xaxes(title=shorten(x_title))
    figure.update_yaxes(title=shorten(y_title))
    alt = t("chart.alt_fit", numbers.language, count=len(frame), x=x_title, y=y_title)
    return Chart(figure, alt, 320)


def _sizes(frame: pd.DataFrame) -> list[float] | float:
    if "size" not in frame:
        return 8.0
    sizes = numeric(frame["size"])
    largest = float(sizes.max()) or 1.0
    return [6 + _LARGEST * (size / largest) ** 0.5 for size in sizes.fillna(0)]
