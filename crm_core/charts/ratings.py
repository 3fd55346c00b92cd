"""Mean stars over months, each with how many reviews it rests on."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from crm_core.charts.base import (
    PRIMARY,
    Chart,
    Numbers,
    as_day,
    canvas,
    check_size,
    day_axis,
    describe_days,
    error_arms,
    iso,
    numeric,
)
from crm_core.text import t
from crm_core.text.formats import month, number

_HEIGHT = 300
_SMALLEST, _LARGEST = 6.0, 15.0
_STARS = (1.0, 2.0, 3.0, 4.0, 5.0)


def rated_months(frame: pd.DataFrame, numbers: Numbers) -> Chart:
    """A dot a month on the scale of stars, with its range; larger where more reviews speak.

    Columns: day (the month's first), value, low, high, n; a month without a value is left out.
    """
    shown = frame.dropna(subset=["value"]).reset_index(drop=True)
    check_size(len(shown) * 2)
    figure = canvas(_HEIGHT)
    value, low, high, count = (numeric(shown[name]) for name in ("value", "low", "high", "n"))
    most = float(count.max()) if len(count) else 1.0
    days = iso(shown["day"])
    figure.add_trace(
        go.Scatter(
            x=days,
            y=value.tolist(),
            mode="lines+markers",
            line={"width": 1, "color": PRIMARY, "dash": "dot"},
            marker={
                "size": [_SMALLEST + (_LARGEST - _SMALLEST) * (n / most) ** 0.5 for n in count],
                "color": PRIMARY,
            },
            error_y=error_arms(value, low, high),
            customdata=[[day[:10]] for day in days],
            hovertext=[
                t(
                    "chart.rated_month",
                    numbers.language,
                    month=month(as_day(row["day"]), numbers.language),
                    value=numbers.write(row["value"]),
                    low=numbers.write(row["low"]),
                    high=numbers.write(row["high"]),
                    count=number(row["n"], numbers.language),
                )
                for row in shown.to_dict("records")
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    figure.update_yaxes(range=[0.8, 5.2], tickvals=list(_STARS))
    if len(shown):
        day_axis(figure, shown["day"], numbers.language)
    return Chart(figure, describe_days(shown, numbers), _HEIGHT)
