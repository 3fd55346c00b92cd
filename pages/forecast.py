"""Expected daily revenue, and how far to trust it."""

from crm_core.charts import forecast_band
from crm_core.text.formats import day
from crm_core.ui.page import (
    Column,
    caption,
    card,
    columns,
    current,
    data_table,
    figures,
    header,
    note,
    panel,
    paragraph,
    show,
    warning,
)
from crm_core.views.forecast import forecast

session = current()
view = show(forecast, session.selection)
header("forecast", as_of=view.as_of)
figures(
    [
        ("forecast.next_30", view.total_30, "money"),
        ("forecast.last_30", view.last_30, "money"),
        ("forecast.next_90", view.total_90, "money"),
        ("forecast.coverage", view.coverage_80, "rate"),
    ]
)
events = view.events.rename(columns={"starts_on": "day"}).assign(
    label=[
        session.word("forecast.event", name.removeprefix("own:")) for name in view.events["event"]
    ]
)
card(
    "forecast.daily",
    forecast_band(view.days, session.numbers("money"), events=events[["day", "label"]]),
    key="forecast_daily",
    help_key="metric.net_revenue.about",
)
for code in view.warnings:
    warning(f"forecast.warning.{code}")
left, right = columns(1, 1)
with left, panel("forecast.trust", help_key="forecast.trust_about"):
    paragraph(
        "forecast.trust_words",
        method=session.word("trust.method", view.method),
        trials=view.trials,
        mase=session.write(view.mase, "per"),
        naive=session.write(view.mase_naive, "per"),
    )
    data_table(
        view.backtest,
        [
            Column("method", "code", "forecast.method_label", prefix="trust.method"),
            Column("mase", "per", "forecast.mase"),
            Column("wape", "rate", "forecast.wape"),
            Column("coverage_80", "rate", "forecast.coverage_80"),
            Column("coverage_95", "rate", "forecast.coverage_95"),
        ],
        key="forecast_backtest",
        alt_key="forecast.trust",
    )
with right, panel("forecast.events", help_key="forecast.events_about"):
    if view.events.empty:
        note("forecast.no_events")
    else:
        data_table(
            view.events.assign(
                label=[
                    session.word("forecast.event", name.removeprefix("own:"))
                    for name in view.events["event"]
                ]
            ),
            [
                Column("label", "text", "forecast.event_label", pinned=True),
                Column("starts_on", "date", "forecast.starts_on"),
                Column("ends_on", "date", "forecast.ends_on"),
                Column("extra", "money", "forecast.extra"),
                Column("times_seen", "count", "forecast.times_seen"),
            ],
            key="forecast_events",
            alt_key="forecast.events",
        )
caption("forecast.fitted_on", day=day(view.as_of, session.language))
