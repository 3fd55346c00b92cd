"""Parts side by side: horizontal bars, columns, one bar of shares, deciles."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from crm_core.charts.base import (
    COMPARISON_GREY,
    PRIMARY,
    Chart,
    Numbers,
    canvas,
    check_size,
    day_axis,
    describe_days,
    describe_parts,
    iso,
    numeric,
    shorten,
    value_axis,
)
from crm_core.text import formats, t

_BAR_HEIGHT = 38
_WIDEST_BAR = 46


def codes_of(frame: pd.DataFrame) -> list[list[str]] | None:
    """What a click on each mark stands for."""
    if "code" not in frame:
        return None
    return [["" if pd.isna(code) else str(code)] for code in frame["code"]]


def bars(frame: pd.DataFrame, numbers: Numbers, *, previous: bool = False) -> Chart:
    """Horizontal bars in the order given, each with its number beside it.

    Columns: label (finished words), value; optionally code (what a click returns) and, with
    `previous`, previous: a thin grey bar of the compared period under each.
    """
    check_size(len(frame) * (1 + previous))
    height = max(300, len(frame) * (_BAR_HEIGHT + 16 * previous) + 24 + 26 * previous)
    figure = canvas(height, legend=previous)
    values = numeric(frame["value"])
    labels = [shorten(label) for label in frame["label"]]
    rows = list(range(len(frame)))
    if previous:
        figure.add_trace(_previous_bars(frame, numbers, rows))
    figure.add_trace(
        go.Bar(
            x=values.tolist(),
            y=rows,
            orientation="h",
            name=t("chart.this_period", numbers.language),
            marker={"color": PRIMARY},
            text=numbers.write_all(values),
            textposition="outside",
            cliponaxis=False,
            customdata=codes_of(frame),
            hovertext=labels,
            hovertemplate="%{hovertext}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(
        tickmode="array", tickvals=rows, ticktext=labels, autorange="reversed", showgrid=False
    )
    figure.update_xaxes(visible=False, range=room_for_labels(values))
    figure.update_layout(
        legend_traceorder="reversed", barcornerradius=4, bargap=_gap(len(frame), height)
    )
    return Chart(figure, describe_parts(labels, values.tolist(), numbers), height)


def _gap(count: int, height: int) -> float:
    """The share of each row left empty, so that few bars do not become slabs."""
    room = height / max(count, 1)
    return max(0.28, 1 - _WIDEST_BAR / room)


def _previous_bars(frame: pd.DataFrame, numbers: Numbers, rows: list[int]) -> go.Bar:
    values = numeric(frame["previous"])
    return go.Bar(
        x=values.tolist(),
        y=rows,
        orientation="h",
        name=t("chart.previous_period", numbers.language),
        marker={"color": COMPARISON_GREY},
        opacity=0.45,
        hovertext=numbers.write_all(values),
        hovertemplate="%{hovertext}<extra></extra>",
    )


def room_for_labels(values: pd.Series, room: float = 0.18) -> list[float]:
    """The range of a value axis that leaves room for the numbers beside the bars."""
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    span = (high - low) or 1.0
    return [low - (0.24 * span if low < 0 else 0), high + room * span]


def columns_chart(frame: pd.DataFrame, numbers: Numbers) -> Chart:
    """Vertical bars over days or labels, grouped when there is a series.

    Columns: day or label, value; optionally code, series (finished words, grouped side by
    side) or previous (grey, behind).
    """
    check_size(len(frame) * (2 if "previous" in frame else 1))
    grouped = "series" in frame
    figure = canvas(300, legend=grouped or "previous" in frame)
    if "previous" in frame:
        name = t("chart.previous_period", numbers.language)
        _add_columns(figure, frame, numbers, name, "previous")
        figure.data[0].update(marker={"color": COMPARISON_GREY}, opacity=0.45)
    if grouped:
        for series, rows in frame.groupby("series", sort=False):
            _add_columns(figure, rows, numbers, shorten(series), "value")
    else:
        _add_columns(figure, frame, numbers, t("chart.this_period", numbers.language), "value")
        figure.data[-1].update(marker={"color": PRIMARY})
    shown = [*numeric(frame["value"]).dropna()]
    shown += [*numeric(frame["previous"]).dropna()] if "previous" in frame else []
    value_axis(figure, numbers, shown, "y")
    figure.update_layout(barcornerradius=3)
    if "day" in frame:
        day_axis(figure, frame["day"], numbers.language)
        return Chart(figure, describe_days(frame, numbers), 300)
    figure.update_xaxes(showgrid=False, type="category")
    labels = [str(label) for label in frame["label"]]
    return Chart(figure, describe_parts(labels, numeric(frame["value"]).tolist(), numbers), 300)


def _add_columns(
    figure: go.Figure, rows: pd.DataFrame, numbers: Numbers, name: str, column: str
) -> None:
    values = numeric(rows[column])
    days = "day" in rows
    figure.add_trace(
        go.Bar(
            x=iso(rows["day"]) if days else [shorten(label) for label in rows["label"]],
            y=values.tolist(),
            name=name,
            customdata=codes_of(rows),
            hovertext=numbers.write_all(values),
            hovertemplate="%{x}: %{hovertext}<extra></extra>",
        )
    )


def stacked_columns(frame: pd.DataFrame, numbers: Numbers, *, ordered: bool = False) -> Chart:
    """Vertical bars over days, each made of layers on top of each other, first series lowest.

    Columns: day, value, series (finished words, in their order), is_rest (drawn in grey). What is
    below nothing hangs down. Layers that are `ordered` take the colours of one scale.
    """
    check_size(len(frame))
    figure = canvas(340, legend=True)
    rest = frame["is_rest"].astype(bool)
    colours = scale(frame["series"][~rest].nunique()) if ordered else []
    for series, rows in frame.groupby("series", sort=False):
        _add_columns(figure, rows, numbers, shorten(series), "value")
        if rows["is_rest"].all():
            figure.data[-1].update(marker={"color": COMPARISON_GREY})
        elif colours:
            figure.data[-1].update(marker={"color": colours.pop(0)})
    figure.update_traces(hovertemplate="%{fullData.name}<br>%{x}: %{hovertext}<extra></extra>")
    values = frame.assign(value=numeric(frame["value"]))
    tops, bottoms = (
        values[cut].groupby("day")["value"].sum()
        for cut in (values["value"] > 0, values["value"] < 0)
    )
    value_axis(figure, numbers, [*tops, *bottoms], "y")
    figure.update_layout(barmode="relative", bargap=0.12, legend_traceorder="normal")
    day_axis(figure, frame["day"], numbers.language)
    whole = values.groupby("day")[["value"]].sum().reset_index()
    return Chart(figure, describe_days(whole, numbers), 340)


def scale(steps: int) -> list[str]:
    """So many colours of one scale, told apart by eyes that see no red or green too."""
    places = [0.12 + 0.8 * step / max(steps - 1, 1) for step in range(steps)]
    return [str(colour) for colour in sample_colorscale("Viridis", places)]


def share_bar(frame: pd.DataFrame, numbers: Numbers) -> Chart:
    """One bar of the whole, cut into its parts.

    Columns: label, value (not negative); optionally code. Shares are of the sum shown.
    """
    check_size(len(frame))
    figure = canvas(120, legend=True)
    values = numeric(frame["value"]).fillna(0.0)
    total = float(values.sum()) or 1.0
    codes = codes_of(frame)
    for position, (label, value) in enumerate(zip(frame["label"], values, strict=True)):
        share = value / total
        words = formats.percent(share, numbers.language, 0)
        figure.add_trace(
            go.Bar(
                x=[value],
                y=[0],
                orientation="h",
                name=shorten(label),
                text=[words if share >= 0.06 else ""],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                customdata=[codes[position]] if codes else None,
                hovertext=[f"{shorten(label)}: {numbers.write(value)} ({words})"],
                hovertemplate="%{hovertext}<extra></extra>",
            )
        )
    figure.update_layout(barmode="stack", bargap=0.1, legend_traceorder="normal")
    figure.update_xaxes(visible=False, range=[0, total])
    figure.update_yaxes(visible=False)
    labels = [str(label) for label in frame["label"]]
    return Chart(figure, describe_parts(labels, values.tolist(), numbers), 120)


def deciles(frame: pd.DataFrame, numbers: Numbers) -> Chart:
    """How unevenly a value is spread: tenths of the customers, best tenth first.

    Columns: decile (1 is the best), value (the tenth's total); optionally code.
    """
    words = [t("chart.decile", numbers.language, number=int(number)) for number in frame["decile"]]
    chart = columns_chart(frame.assign(label=words), numbers)
    total = float(numeric(frame["value"]).sum()) or 1.0
    shares = [formats.percent(float(v) / total, numbers.language, 0) for v in frame["value"]]
    chart.figure.update_traces(text=shares, textposition="outside", cliponaxis=False)
    # A tenth that holds next to nothing has no bar to hit: its whole column stands for it.
    chart.figure.update_layout(margin={"t": 24}, hovermode="x", hoverdistance=-1)
    return chart
