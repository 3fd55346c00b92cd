"""Numbers of what customers say: stars of reviews, answers after a contact, what texts are about.

One row a review, with its product and what was read of its words. Stars count where a customer gave
them; the tone of a text is no star, and never stands in for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

import ibis
import ibis.expr.types as ir

from crm_core.metrics.dimensions import begin_of
from crm_core.selection import Period
from crm_core.store import Store
from crm_core.store.marts import as_number, without

STARS: Final = (5, 4, 3, 2, 1)
#: Stars from which on a customer is called content: the share of these is what CSAT is, too.
CONTENT: Final = 4
PROMOTER, DETRACTOR = 9, 6  # of the answers from 0 to 10: Reichheld (2003)
TONES: Final = "review_tones"
UNKNOWN: Final = ""
_SAID: Final = {"tone": "float64", "wish": "boolean", "against": "boolean"}


def reviews(
    store: Store, *, aspects: Sequence[str] = (), categories: Iterable[str] = ()
) -> ir.Table:
    """Every review that counts: review_id, customer_key, product_id, order_id, day, at, stars (may be
    missing), body, product, category; and of those with words tone, wish, against and the `aspects`.

    Before the first refresh nothing was read.
    """
    rows: Any = store.table("reviews")
    products: Any = store.table("product_facts")
    named = products.select("product_id", "category", product=products.product_name)
    rows = without(rows.left_join(named, "product_id"), "product_id_right")
    told = dict.fromkeys(aspects, "int64") | _SAID
    if store.has(TONES):
        read = store.table(TONES).select("review_id", *told)
        rows = without(rows.left_join(read, "review_id"), "review_id_right")
        said = {name: rows[name].cast(kind) for name, kind in told.items()}
    else:
        said = {name: ibis.null(kind) for name, kind in told.items()}
    wanted = list(categories)
    if wanted:
        rows = rows.filter(rows.category.isin(wanted))
    return rows.select(
        "review_id",
        "customer_key",
        "product_id",
        "order_id",
        "day",
        "body",
        "category",
        at=rows.reviewed_at,
        stars=rows.stars.cast("float64"),
        product=rows["product"].coalesce(rows.product_id),
        **said,
    )


def star_sums(rows: ir.Table, by: Sequence[str] = ()) -> ir.Table:
    """Of rated reviews, by columns if given: n, total and squares of stars, good (4 or 5), people, and
    how many of each star (stars_5 …)."""
    rated = rows.filter(rows.stars.notnull())
    sums = {
        "n": rated.count(),
        "total": rated.stars.sum().fill_null(0.0),
        "squares": (rated.stars * rated.stars).sum().fill_null(0.0),
        "good": as_number(rated.stars >= CONTENT).sum().fill_null(0),
        "people": rated.customer_key.nunique(),
        **{f"stars_{each}": as_number(rated.stars == each).sum().fill_null(0) for each in STARS},
    }
    return rated.group_by(list(by)).agg(**sums) if by else rated.agg(**sums)


def month_sums(rows: ir.Table) -> ir.Table:
    """The same by calendar month (its first day), oldest first."""
    months = rows.mutate(month=begin_of(rows.day, "M"))
    return star_sums(months, ["month"]).order_by("month")


def word_sums(rows: ir.Table) -> ir.Table:
    """One row: how many reviews there are (`reviews`), have words, have no stars, say the contrary of
    their stars, wish for something, and name no order."""
    silent = rows.body.isnull() | (rows.body == UNKNOWN)
    return rows.agg(
        reviews=rows.count(),
        with_words=as_number(~silent).sum().fill_null(0),
        starless=as_number(rows.stars.isnull()).sum().fill_null(0),
        against=as_number(rows.against.fill_null(False)).sum().fill_null(0),
        wishes=as_number(rows.wish.fill_null(False)).sum().fill_null(0),
        orderless=as_number(rows.order_id.isnull()).sum().fill_null(0),
    )


def two_periods(rows: ir.Table, now: Period, before: Period) -> ir.Table:
    """By product, the stars of two periods: product_id, product, n, total, squares, n_before, …."""
    rated = rows.filter(rows.stars.notnull())
    sums: dict[str, ir.Value] = {}
    for end, period in (("", now), ("_before", before)):
        here = rated.day.between(ibis.literal(period.start), ibis.literal(period.end))
        stars = here.ifelse(rated.stars, 0.0)
        sums |= {
            f"n{end}": as_number(here).sum(),
            f"total{end}": stars.sum(),
            f"squares{end}": (stars * stars).sum(),
        }
    return rated.group_by("product_id", "product").agg(**sums)


def said_sums(rows: ir.Table, aspects: Sequence[str]) -> ir.Table:
    """Of reviews whose words were read, counted by what they say of each aspect and by stars."""
    read = rows.filter(rows.tone.notnull())
    return read.group_by([*aspects, "stars"]).agg(reviews=read.count())


def blame_sums(rows: ir.Table, aspects: Sequence[str], by: Sequence[str]) -> ir.Table:
    """By columns: `texts` whose words were read, people who wrote them, wishes, and how many blame
    each aspect (`blames_delivery`, …) and wish for something about it (`wishes_delivery`, …)."""
    read = rows.filter(rows.tone.notnull())
    sums: dict[str, ir.Value] = {"texts": read.count(), "people": read.customer_key.nunique()}
    for name in aspects:
        sums[f"blames_{name}"] = as_number(read[name] == -1).sum().fill_null(0)
        wished = read.wish.fill_null(False) & read[name].notnull()
        sums[f"wishes_{name}"] = as_number(wished).sum().fill_null(0)
    return read.group_by(list(by)).agg(**sums)


def fix_sums(
    rows: ir.Table, store: Store, aspect: str, *, product_id: str, fixed: date
) -> ir.Table:
    """Texts and those that blame an aspect, of a product and of all others (`mine`), of goods ordered
    before and from a day on (`after`): where the order is not known, by the review's own day."""
    orders: Any = store.table("orders")
    bought = orders.select("order_id", ordered=orders.day)
    joined = without(rows.left_join(bought, "order_id"), "order_id_right")
    read = joined.filter(joined.tone.notnull())
    read = read.mutate(
        mine=read.product_id == product_id,
        after=read.ordered.coalesce(read.day) >= ibis.literal(fixed),
    )
    return read.group_by("mine", "after").agg(
        texts=read.count(), blames=as_number(read[aspect] == -1).sum().fill_null(0)
    )


def answers(store: Store, period: Period) -> ir.Table:
    """One row: what customers answered when they were asked, in contacts of a period.

    contacts (that customers began), rated and content (4 or 5 of 5) of these; `asked` how likely they
    would recommend the shop, from 0 to 10, of whom promoters (9 or 10) and detractors (0 to 6).
    """
    rows: Any = store.table("contacts")
    rows = rows.filter(rows.day.between(ibis.literal(period.start), ibis.literal(period.end)))
    begun = rows.direction.fill_null("in") == "in"
    rated = begun & rows.rating.notnull()
    score = rows.recommend_score
    return rows.agg(
        contacts=as_number(begun).sum().fill_null(0),
        rated=as_number(rated).sum().fill_null(0),
        content=as_number(rated & (rows.rating >= CONTENT)).sum().fill_null(0),
        asked=as_number(score.notnull()).sum().fill_null(0),
        promoters=as_number(score.fill_null(0) >= PROMOTER).sum().fill_null(0),
        detractors=as_number(score.fill_null(PROMOTER) <= DETRACTOR).sum().fill_null(0),
    )
