"""Who may order nothing for as long as this shop calls churned, and whom to win back."""

from crm_core.charts import bars, heat
from crm_core.text.formats import day
from crm_core.ui.churn_panels import draw_silent, draw_survival, draw_trust, known_churn
from crm_core.ui.churn_parts import band_choice, draw_horizon, in_words, to_audience, warn_missing
from crm_core.ui.page import (
    Column,
    caption,
    card,
    columns,
    current,
    customer_table,
    figures,
    go,
    header,
    number_field,
    panel,
    part,
    row,
    show,
)
from crm_core.ui.segment_words import segment_words
from crm_core.views.churn import win_back

session = current()
header("churn")
view = known_churn()
if view is None:
    draw_silent()
else:
    warn_missing(view)
    figures(
        [
            ("churn.at_risk", view.at_risk, "count"),
            (f"churn.at_stake.{view.worth}", view.at_stake, "money"),
            ("churn.staying_away", view.staying_away, "count"),
            ("churn.horizon_figure", view.horizon_days, "days"),
        ]
    )
    caption("churn.scores_of", day=day(view.as_of, session.language), days=view.horizon_days)
    left, right = columns(3, 2)
    with left:
        words = [session.t(f"churn.band.{code}") for code in view.bands["code"]]
        clicked = card(
            "churn.bands",
            bars(view.bands.assign(label=words), session.numbers("count")),
            key="churn_bands",
            on_click=True,
            note_key="churn.bands_note",
        )
    with right, panel("churn.horizon_title"), part():
        draw_horizon(view)
    with panel("churn.win_back", help_key="churn.win_back_about"):
        with row():
            band = band_choice(clicked)
            least = number_field("churn.least", key="churn_least", low=0.0, step=10.0)
            to_audience(band, least, session.selection.segment)
        found = show(win_back, session.selection, band=band, least=least)
        customers = session.write(found.customers, "count")
        caption("churn.listed", shown=len(found.rows), customers=customers)
        customer_table(
            in_words(found),
            [
                Column("segment", label_key="feature.default_segment.label"),
                Column("last_order_day", "date", "feature.last_order_day.label"),
                Column("value_at_stake", "cents", "feature.value_at_stake.label"),
                Column("p_no_order", "bar", "feature.p_no_order.label"),
                Column("window", "text", "churn.window_label", help_key="churn.window_help"),
                Column("reasons", "text", "churn.reasons", width="large"),
            ],
            key="churn_win_back",
            alt_key="churn.win_back",
        )
    left, right = columns(1, 1)
    with left:
        names = segment_words(view.segments["code"])
        chosen = card(
            "churn.segments",
            bars(view.segments.assign(label=names), session.numbers("rate")),
            key="churn_segments",
            on_click=True,
            note_key="overview.segments_note",
        )
        if chosen:
            go("customers", segment=chosen)
    with right:
        tiers = view.tiers.assign(
            row=[session.t(f"value_tier.{code}.name") for code in view.tiers["tier"]],
            column=[session.t(f"churn.short_band.{code}") for code in view.tiers["band"]],
        )
        matrix = heat(tiers, session.numbers("count"))
        card("churn.tiers", matrix, key="churn_tiers", help_key="churn.tiers_about")
    draw_trust(view)
draw_survival()
