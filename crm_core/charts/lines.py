"""Values over days: this period against another, several series, a forecast with its bands."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from crm_core.charts.base import (
    COMPARISON_GREY,
    GREEN,
    ORANGE,
    PRIMARY,
    VIOLET,
    Chart,
    Numbers,
    as_day,
    canvas,
    check_size,
    day_axis,
    describe_days,
    describe_parts,
    iso,
    numeric,
    shorten,
    upright,
    value_axis,
)
from crm_core.text import t

_HEIGHT = 300


def line_compare(
    frame: pd.DataFrame,
    numbers: Numbers,
    *,
    name: str | None = None,
    compared: str | None = None,
) -> Chart:
    """This period as a line, the compared one as a thin dotted grey line behind it.

    Columns: day, value; optionally previous (the compared value, aligned by row) and
    previous_day (shown when pointing at it). `name` and `compared` are the legend's words.
    """
    has_previous = "previous" in frame and bool(frame["previous"].notna().any())
    check_size(len(frame) * (1 + has_previous))
    figure = canvas(_HEIGHT, legend=has_previous, hover="x unified")
    values = numeric(frame["value"])
    shown = values.dropna().tolist()
    if has_previous:
        figure.add_trace(_previous_line(frame, numbers, compared))
        shown += numeric(frame["previous"]).dropna().tolist()
    figure.add_trace(
        go.Scatter(
            x=iso(frame["day"]),
            y=values.tolist(),
            name=name or t("chart.this_period", numbers.language),
            mode="lines" if len(frame) > 1 else "markers",
            line={"width": 2.5, "color": PRIMARY},
            text=numbers.write_all(values),
            hovertemplate="%{text}",
        )
    )
    value_axis(figure, numbers, shown, "y")
    day_axis(figure, frame["day"], numbers.language)
    figure.update_layout(legend_traceorder="reversed")
    return Chart(figure, describe_days(frame, numbers), _HEIGHT)


def _previous_line(frame: pd.DataFrame, numbers: Numbers, name: str | None) -> go.Scatter:
    previous = numeric(frame["previous"])
    days = iso(frame["previous_day"]) if "previous_day" in frame else [""] * len(frame)
    words = [
        f"{numbers.write(value)} ({day})" if day == day and day else numbers.write(value)
        for value, day in zip(previous, days, strict=True)
    ]
    return go.Scatter(
        x=iso(frame["day"]),
        y=previous.tolist(),
        name=name or t("chart.previous_period", numbers.language),
        mode="lines",
        line={"width": 1.5, "dash": "dot", "color": COMPARISON_GREY},
        text=words,
        hovertemplate="%{text}",
    )


def lines(frame: pd.DataFrame, numbers: Numbers) -> Chart:
    """Several series over the same days, one colour each.

    Columns: day, value, series (finished words). At most ten series are told apart.
    """
    check_size(len(frame))
    figure = canvas(_HEIGHT, legend=True, hover="x unified")
    for series, rows in frame.groupby("series", sort=False):
        values = numeric(rows["value"])
        figure.add_trace(
            go.Scatter(
                x=iso(rows["day"]),
                y=values.tolist(),
                name=shorten(series),
                mode="lines",
                line={"width": 2},
                text=numbers.write_all(values),
                hovertemplate="%{text}",
            )
        )
    value_axis(figure, numbers, numeric(frame["value"]).dropna().tolist(), "y")
    day_axis(figure, frame["day"], numbers.language)
    return Chart(figure, describe_days(frame, numbers), _HEIGHT)


def month_lines(
    frame: pd.DataFrame,
    numbers: Numbers,
    *,
    mark: tuple[str, float] | None = None,
    x_title: str = "",
) -> Chart:
    """Several series over months since something began, one colour each, zero marked.

    Columns: month (0, 1, 2, …), value, series (finished words); optionally note (words behind
    the number when pointing). `mark` is a level to reach: its words and value.
    """
    check_size(len(frame))
    figure = canvas(_HEIGHT, legend=True, hover="x unified")
    for series, rows in frame.groupby("series", sort=False):
        values = numeric(rows["value"])
        words = numbers.write_all(values)
        if "note" in rows:
            words = [f"{word} ({note})" for word, note in zip(words, rows["note"], strict=True)]
        figure.add_trace(
            go.Scatter(
                x=rows["month"].tolist(),
                y=values.tolist(),
                name=shorten(series),
                mode="lines+markers",
                line={"width": 2},
                marker={"size": 5},
                text=words,
                hovertemplate="%{text}",
            )
        )
    levels = [mark[1]] if mark else []
    value_axis(figure, numbers, [*numeric(frame["value"]).dropna(), *levels], "y")
    figure.add_hline(y=0, line={"width": 1, "dash": "dash", "color": COMPARISON_GREY})
    if mark:
        figure.add_hline(
            y=mark[1],
            line={"width": 1.5, "dash": "dot", "color": COMPARISON_GREY},
            annotation={"text": shorten(mark[0]), "font": {"size": 11, "color": COMPARISON_GREY}},
            annotation_position="bottom right",
        )
    figure.update_xaxes(dtick=1 if frame["month"].max() <= 12 else 3, showgrid=False)
    if x_title:
        figure.update_xaxes(title=shorten(x_title))
    ends = frame.groupby("series", sort=False).last()
    labels = [shorten(label) for label in ends.index]
    return Chart(figure, describe_parts(labels, numeric(ends["value"]).tolist(), numbers), _HEIGHT)


def forecast_band(
    frame: pd.DataFrame, numbers: Numbers, *, events: pd.DataFrame | None = None
) -> Chart:
    """What happened, what is expected, and how sure that is (80 and 95 % bands).

    Columns: day; actual, median, low_80, high_80, low_95, high_95, any of them missing on
    days where they do not apply. `events` (day, label) are marked by a dashed line.
    """
    check_size(len(frame) * 4)
    figure = canvas(340, legend=True, hover="x unified")
    ahead = frame[frame["median"].notna()]
    for low, high, opacity, key in (
        ("low_95", "high_95", 0.14, "chart.band_95"),
        ("low_80", "high_80", 0.22, "chart.band_80"),
    ):
        if low in ahead and ahead[low].notna().any():
            _add_band(figure, ahead, numbers, (low, high), opacity, t(key, numbers.language))
    actual = numeric(frame["actual"])
    _add_line(figure, frame["day"], actual, numbers, t("chart.actual", numbers.language), None)
    median = numeric(ahead["median"])
    _add_line(figure, ahead["day"], median, numbers, t("chart.expected", numbers.language), "dash")
    columns = [name for name in ("actual", "median", "high_95", "high_80") if name in frame]
    shown = [value for name in columns for value in numeric(frame[name]).dropna()]
    value_axis(figure, numbers, shown, "y")
    day_axis(figure, frame["day"], numbers.language)
    if events is not None:
        _mark_events(figure, events, frame)
    return Chart(figure, _describe_forecast(frame, ahead, numbers), 340)


#: The first has the theme's colour, as it would alone.
COMPARED = (PRIMARY, ORANGE, GREEN, VIOLET)


def forecasts_beside(frame: pd.DataFrame, numbers: Numbers) -> Chart:
    """Up to four series beside each other: what came as a line, what is expected dashed.

    Columns: day, series (finished words), actual, median; one of the last two on each day.
    """
    check_size(len(frame))
    figure = canvas(340, legend=True, hover="x unified")
    names = list(dict.fromkeys(frame["series"]))
    last: list[float] = []
    for series, colour in zip(names, COMPARED, strict=False):
        rows = frame[frame["series"] == series]
        for column, dash in (("actual", "solid"), ("median", "dash")):
            values = numeric(rows[column])
            known = values.notna()
            if not known.any():
                continue
            figure.add_trace(
                go.Scatter(
                    x=iso(rows["day"][known]),
                    y=values[known].tolist(),
                    mode="lines",
                    name=shorten(series),
                    legendgroup=series,
                    showlegend=column == "median",
                    line={"width": 2, "color": colour, "dash": dash},
                    text=numbers.write_all(values[known]),
                    hovertemplate="%{text}",
                )
            )
        last.append(float(numeric(rows["median"]).dropna().iloc[-1]))
    shown = [*numeric(frame["actual"]).dropna(), *numeric(frame["median"]).dropna()]
    value_axis(figure, numbers, shown, "y")
    day_axis(figure, frame["day"], numbers.language)
    labels = [shorten(name) for name in names[: len(COMPARED)]]
    return Chart(figure, describe_parts(labels, last, numbers), 340)


def _add_band(
    figure: go.Figure,
    rows: pd.DataFrame,
    numbers: Numbers,
    bounds: tuple[str, str],
    opacity: float,
    name: str,
) -> None:
    low, high = (numeric(rows[bound]) for bound in bounds)
    days = iso(rows["day"])
    figure.add_trace(
        go.Scatter(
            x=days + days[::-1],
            y=high.tolist() + low.tolist()[::-1],
            fill="toself",
            fillcolor=PRIMARY,
            opacity=opacity,
            line={"width": 0},
            mode="lines",
            name=name,
            hoverinfo="skip",
        )
    )
    words = [f"{numbers.write(a)} – {numbers.write(b)}" for a, b in zip(low, high, strict=True)]
    figure.add_trace(
        go.Scatter(
            x=days,
            y=numeric(rows["median"]).tolist(),
            mode="lines",
            line={"width": 0},
            name=name,
            showlegend=False,
            text=words,
            hovertemplate="%{text}",
        )
    )


def _add_line(
    figure: go.Figure,
    days: pd.Series,
    values: pd.Series,
    numbers: Numbers,
    name: str,
    dash: str | None,
) -> None:
    known = values.notna()
    figure.add_trace(
        go.Scatter(
            x=iso(days[known]),
            y=values[known].tolist(),
            mode="lines",
            name=name,
            line={"width": 2.2, "color": PRIMARY, "dash": dash or "solid"},
            text=numbers.write_all(values[known]),
            hovertemplate="%{text}",
        )
    )


def _mark_events(figure: go.Figure, events: pd.DataFrame, frame: pd.DataFrame) -> None:
    first, last = as_day(frame["day"].min()), as_day(frame["day"].max())
    for day, label in zip(events["day"], events["label"], strict=True):
        if first <= as_day(day) <= last:
            figure.add_vline(
                x=as_day(day).isoformat(),
                line={"width": 1, "dash": "dash", "color": COMPARISON_GREY},
            )
            upright(figure, as_day(day).isoformat(), label, "right")


def _describe_forecast(frame: pd.DataFrame, ahead: pd.DataFrame, numbers: Numbers) -> str:
    if ahead.empty:
        return describe_days(frame, numbers, "actual")
    return t(
        "chart.alt_forecast",
        numbers.language,
        past=describe_days(frame, numbers, "actual"),
        ahead=describe_days(ahead, numbers, "median"),
    )
