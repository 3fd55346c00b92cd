"""Parts of the reviews page about stars: numbers, months, products, who fell and rose."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from crm_core.charts import bars, rated_months
from crm_core.metrics import FEWEST, is_guarded
from crm_core.selection import Period
from crm_core.text import formats
from crm_core.ui.fields import switch_choice
from crm_core.ui.kpi import kpis
from crm_core.ui.layout import columns, draw, panel
from crm_core.ui.ranges import range_cells
from crm_core.ui.reviews_found import ask_for
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.words import caption, note
from crm_core.views.card import Card, State
from crm_core.views.review_rows import Asked
from crm_core.views.reviews import LEAST_MOVED, SPANS, Measured, Reviews, moved, product_ratings

_FEW = 30
_NAME = Column("product", label_key="reviews.column.product", width=210)
_PRODUCTS = (
    Column("n", "count", "reviews.column.n", help_key="reviews.n_about"),
    Column("mean", "per", "reviews.column.mean"),
    Column("likely", "per", "reviews.column.likely", help_key="reviews.likely_about"),
    Column("range", label_key="reviews.column.range", help_key="reviews.range_about"),
    Column("content", "bar", "reviews.column.content", help_key="reviews.content_about"),
)
_MOVED = (
    Column("mean_before", "per", "reviews.column.before"),
    Column("mean", "per", "reviews.column.now"),
    Column("change", "per", "reviews.column.change"),
    Column("range", label_key="reviews.column.range", help_key="reviews.range_about"),
    Column("n_before", "count", "reviews.column.n_before"),
    Column("n", "count", "reviews.column.n"),
)


def draw_numbers(view: Reviews) -> None:
    """Stars, the share that is content, and what customers answered where they were asked."""
    kpis(
        [
            _card("rating", view.rating, "per", view.before),
            _card("content", view.content, "rate"),
            _card("csat", view.csat, "rate"),
            _card("nps", view.nps, "points"),
        ]
    )
    session = current()
    caption("reviews.ranges")
    _answers("rating", view.rating, "per")
    _answers("csat", view.csat, "rate", of=formats.number(view.contacts, session.language))
    _answers("nps", view.nps, "points")
    if session.selection.category:
        caption("reviews.all_categories")
    if 0 < view.rating.n < _FEW:
        note("reviews.few", reviews=view.rating.n)
    if view.counts["orderless"]:
        share = view.counts["orderless"] / max(view.counts["reviews"], 1)
        caption("reviews.orderless", share=session.write(share, "rate"))


def _card(name: str, told: Measured, unit: str, before: Measured | None = None) -> Card:
    known = before is not None and before.value is not None and told.value is not None
    change = None
    state: State = "missing" if told.value is None else "no_previous"
    if before is not None and known and told.value is not None and before.value:
        change = told.value / before.value - 1
        apart = before.value < (told.low or 0) or before.value > (told.high or 0)
        state = "changed" if apart else "steady"
    return Card(
        f"reviews.number.{name}",
        told.value,
        unit,
        change=change,
        previous=before.value if before is not None and known else None,
        state=state,
        definition_key=f"reviews.number_about.{name}",
    )


def _answers(name: str, told: Measured, unit: str, **facts: str) -> None:
    """How many answered and within which range the number lies, or that nobody was asked."""
    session = current()
    count = formats.number(told.n, session.language)
    if not told.n:
        caption(f"reviews.answers.{name}.none")
    elif told.value is None:
        caption(f"reviews.answers.{name}.few", count=count)
    else:
        low, high = (session.write(end, unit) for end in (told.low, told.high))
        caption(f"reviews.answers.{name}.some", count=count, low=low, high=high, **facts)


def draw_stars(view: Reviews) -> None:
    """How often each star was given, and the mean month by month; a click shows the reviews."""
    session = current()
    left, right = columns(2, 3)
    with left, panel("reviews.stars", help_key="reviews.stars_about"):
        if not view.rating.n:
            caption("reviews.none_in_period")
        else:
            frame = view.stars.assign(
                label=[session.t("reviews.star", stars=star) for star in view.stars["star"]],
                value=view.stars["reviews"],
                code=[str(star) for star in view.stars["star"]],
            )
            chart = bars(frame, session.numbers("count"))
            clicked = draw(
                chart, key="reviews_stars", on_click=True, title=session.t("reviews.stars")
            )
            if clicked:
                ask_for(Asked(star=int(clicked)))
    with right, panel("reviews.months", help_key="reviews.months_about"):
        frame = view.months.rename(columns={"month": "day"})
        if frame["value"].notna().sum() < 2:
            caption("reviews.young")
        else:
            chart = rated_months(frame, session.numbers("per"))
            clicked = draw(
                chart, key="reviews_months", on_click=True, title=session.t("reviews.months")
            )
            if clicked:
                ask_for(Asked(days=_month_from(date.fromisoformat(clicked))))


def _month_from(first: date) -> Period:
    after = (first + timedelta(31)).replace(day=1)
    return Period(first, after - timedelta(1))


def draw_products() -> None:
    """Products by their likely stars, the lowest first."""
    session = current()
    rows = show(product_ratings, session.selection)
    with panel("reviews.products", help_key="reviews.products_about"):
        if rows.empty:
            caption("reviews.none_in_period")
            return
        opened = data_table(
            rows.assign(range=range_cells(rows, "per")),
            [_NAME, *_PRODUCTS],
            key="reviews_products",
            alt_key="reviews.products",
            on_click=True,
            height=36 * 11,
        )
        caption("reviews.products_words")
        if is_guarded(session.access):
            caption("reviews.products_hidden", fewest=FEWEST)
    if opened:
        ask_for(Asked(product_id=str(opened["product_id"])), str(opened["product"]))


def draw_movers() -> None:
    """Products that fell and rose beyond chance."""
    session = current()
    with panel("reviews.movers", help_key="reviews.movers_about"):
        span = switch_choice("reviews.span", SPANS, key="reviews_span", prefix="reviews.spans")
        view = show(moved, session.selection, span=span)
        start, end = (
            formats.day(each, session.language) for each in (view.now.start, view.now.end)
        )
        caption(
            "reviews.movers_words",
            start=start, end=end, before=formats.day(view.before.start, session.language),
            tried=view.tried, least=LEAST_MOVED,
        )  # fmt: skip
        if not view.tried:
            note("reviews.movers_none_tried", least=LEAST_MOVED)
            return
        for place, side in zip(columns(1, 1), ("fallers", "risers"), strict=True):
            rows = getattr(view, side)
            with place:
                _moved_table(side, rows, Period(view.before.start, view.now.end))


def _moved_table(side: str, rows: pd.DataFrame, days: Period) -> None:
    caption(f"reviews.{side}")
    if rows.empty:
        caption(f"reviews.no_{side}")
        return
    opened = data_table(
        rows.assign(range=range_cells(rows, "per")),
        [_NAME, *_MOVED],
        key=f"reviews_{side}",
        alt_key=f"reviews.{side}",
        on_click=True,
    )
    if opened:
        ask_for(Asked(product_id=str(opened["product_id"]), days=days), str(opened["product"]))
