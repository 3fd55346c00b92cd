"""What customers say: stars, answers to questions, tone of words, and how all of it moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import Any, Final

import pandas as pd

from crm_core.metrics import FEWEST, is_guarded, ratings
from crm_core.models.entry_values import held_back
from crm_core.models.review_drivers import Driver, drivers
from crm_core.models.review_lexicon import ASPECTS
from crm_core.models.review_movers import FALSE_SHARE, LEAST_REVIEWS, movers
from crm_core.models.student import share_range, t_quantile
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.model_state import fitted_document, need_model

#: Numbers of fewer answers are shown with their count alone.
LEAST: Final = 5
MONTHS: Final = 24
MOST_PRODUCTS: Final = 300
#: What rising and falling is told between: so many days, and as many before.
SPANS: Final = ("180", "90", "365")
_LOWEST, _HIGHEST = 1.0, 5.0
_LIKE = 10.0  # of so many more reviews the scatter of a product is held to be the shop's


@dataclass(frozen=True)
class Measured:
    """A number of `n` answers with its 95 % range; None where too few answered."""

    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Reviews:
    """The board of a period. `ever` counts reviews of all days: with none the page says what to bring.

    `rating` is the mean star, `content` the share of 4 and 5 stars; `csat` the share of 4 and 5 among
    who answered after a contact, `nps` promoters less detractors among who were asked from 0 to 10:
    without answers (n 0) nobody was asked. `contacts` is of how many contacts `csat` are answers.
    `stars`: star, reviews, share. `months`: month, n, value, low, high; all months, not the period's.
    `counts`: reviews, with_words, starless, against, wishes, orderless; `read`: whether the words were
    read by the last refresh, `by_stars`: by what the shop's own stars taught.
    """

    as_of: date
    period: Period
    ever: int
    rating: Measured
    before: Measured
    content: Measured
    csat: Measured
    contacts: int
    nps: Measured
    stars: pd.DataFrame
    months: pd.DataFrame
    counts: Mapping[str, int]
    read: bool
    by_stars: bool


def reviews(selection: Selection, *, store: Store, access: Access) -> Reviews:
    """Measures the board; names nobody."""
    del access
    meta = store.meta
    period = selection.resolve(meta.first_day, meta.as_of)
    compared = selection.compared(meta.first_day, meta.as_of)
    everything = review_rows(selection, store)
    mine = in_period(everything, period)
    sums = store.fetch(ratings.star_sums(mine)).iloc[0]
    then = None
    if compared is not None:
        then = store.fetch(ratings.star_sums(in_period(everything, compared))).iloc[0]
    words = store.fetch(ratings.word_sums(mine)).iloc[0]
    ever = store.fetch(everything.agg(n=everything.count()))["n"].iloc[0]
    said = store.fetch(ratings.answers(store, period)).iloc[0]
    months = store.fetch(ratings.month_sums(everything))
    read = store.has(ratings.TONES)
    return Reviews(
        as_of=meta.as_of,
        period=period,
        ever=int(ever),
        rating=_mean(sums),
        before=_mean(then) if then is not None else Measured(0),
        content=_share(int(sums["good"]), int(sums["n"])),
        csat=_share(int(said["content"]), int(said["rated"])),
        contacts=int(said["contacts"]),
        nps=net_promoters(*(int(said[name]) for name in ("promoters", "detractors", "asked"))),
        stars=_stars(sums),
        months=_months(months, meta.as_of),
        counts={str(name): int(words[name]) for name in _COUNTS},
        read=read,
        by_stars=read and not fitted_document(store, "reviews")["warnings"],
    )


_COUNTS = ("reviews", "with_words", "starless", "against", "wishes", "orderless")


def review_rows(selection: Selection, store: Store) -> Any:
    """Reviews of the categories chosen, of all days."""
    return ratings.reviews(store, aspects=ASPECTS, categories=selection.category)


def in_period(rows: Any, period: Period) -> Any:
    """Those of a period's days."""
    return rows.filter((rows.day >= period.start) & (rows.day <= period.end))


def net_promoters(promoters: int, detractors: int, asked: int) -> Measured:
    """Promoters less detractors as a share of who answered, with its range (Wald with two answers of
    each kind added, which holds for few: Agresti & Min 2005); None under five answers.

    >>> found = net_promoters(50, 20, 100)
    >>> found.value, round(found.low, 2), round(found.high, 2)
    (0.3, 0.14, 0.45)
    """
    if asked < LEAST:
        return Measured(asked)
    value = (promoters - detractors) / asked
    n = asked + 2
    p, q = (promoters + 0.5) / n, (detractors + 0.5) / n
    half = 1.959964 * sqrt(max(p + q - (p - q) ** 2, 0.0) / n)
    return Measured(asked, value, max(p - q - half, -1.0), min(p - q + half, 1.0))


def _mean(sums: Any) -> Measured:
    """The mean star and its range by Student's t, held between one and five."""
    n = int(sums["n"])
    if n < LEAST:
        return Measured(n)
    value = float(sums["total"]) / n
    spread = max(float(sums["squares"]) / n - value**2, 0.0) * n / (n - 1)
    half = t_quantile(0.975, n - 1) * sqrt(spread / n)
    return Measured(n, value, max(value - half, _LOWEST), min(value + half, _HIGHEST))


def _share(part: int, whole: int) -> Measured:
    if whole < LEAST:
        return Measured(whole)
    low, high = share_range(part, whole)
    return Measured(whole, part / whole, low, high)


def _stars(sums: Any) -> pd.DataFrame:
    counts = [int(sums[f"stars_{star}"]) for star in ratings.STARS]
    total = max(int(sums["n"]), 1)
    rows = {"star": list(ratings.STARS), "reviews": counts}
    return pd.DataFrame(rows).assign(share=[count / total for count in counts])


def _months(sums: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """The last months with their mean star; the running month too, since each tells its count."""
    rows = sums[sums["month"] <= pd.Timestamp(as_of)].tail(MONTHS)
    told = [_mean(row) for _, row in rows.iterrows()]
    return pd.DataFrame(
        {
            "month": pd.to_datetime(rows["month"]).to_numpy(),
            "n": [each.n for each in told],
            "value": [each.value for each in told],
            "low": [each.low for each in told],
            "high": [each.high for each in told],
        }
    ).astype(dict.fromkeys(("value", "low", "high"), "float64"))


def product_ratings(selection: Selection, *, store: Store, access: Access) -> pd.DataFrame:
    """Products of the period by their stars, the lowest likely first, at most 300: product_id, product,
    n, mean, likely with low and high, content, blames (share of texts that blame anything), last.

    `likely` is the mean drawn to the shop's by how little is known of the product: two reviews of five
    stars are no five stars. Who sees no single people is told of no product of fewer than five.
    """
    rows = in_period(review_rows(selection, store), _period(selection, store))
    sums = store.fetch(ratings.star_sums(rows, ["product_id", "product"]))
    if is_guarded(access):
        sums = sums[sums["people"] >= FEWEST]
    if sums.empty:
        names = ("product_id", "product", "n", "mean", "likely", "low", "high", "content")
        return pd.DataFrame(columns=list(names))
    n, total, squares = (sums[name].to_numpy("float64") for name in ("n", "total", "squares"))
    found = held_back(n, total, squares, whole=float(total.sum() / n.sum()), prior=_LIKE)
    told = sums.assign(
        mean=found.mean,
        likely=found.likely,
        low=found.low.clip(_LOWEST, _HIGHEST),
        high=found.high.clip(_LOWEST, _HIGHEST),
        content=sums["good"] / sums["n"],
    )
    return told.sort_values(["likely", "product_id"], ignore_index=True).head(MOST_PRODUCTS)


@dataclass(frozen=True)
class Moved:
    """Products whose stars fell or rose beyond chance from `before` to `now`, of `tried` products with
    five reviews in each: product_id, product, n_before, mean_before, n, mean, change, low, high."""

    now: Period
    before: Period
    tried: int
    fallers: pd.DataFrame
    risers: pd.DataFrame


def moved(selection: Selection, *, store: Store, access: Access, span: str = SPANS[0]) -> Moved:
    """Who fell and rose over the last so many days, beside as many before."""
    del access  # each has ten reviews at least
    days = int(span if span in SPANS else SPANS[0])
    as_of = store.meta.as_of
    now = Selection(period="all").resolve(_days_before(as_of, days - 1), as_of)
    before = now.before()
    rows = store.fetch(ratings.two_periods(review_rows(selection, store), now, before))
    found = movers(rows)
    sure = found[found["q"] <= FALSE_SHARE]
    return Moved(
        now,
        before,
        len(found),
        sure[sure["change"] < 0].sort_values("change", ignore_index=True),
        sure[sure["change"] > 0].sort_values("change", ascending=False, ignore_index=True),
    )


def _days_before(day: date, days: int) -> date:
    return date.fromordinal(day.toordinal() - days)


@dataclass(frozen=True)
class Drivers:
    """What is spoken of and what goes with it: `aspects`, and `terms` (words of blame: term, language,
    bad, good, bad_share, good_share, times, low, high) of the last refresh; `texts` were read in the
    period. `least` reviews must say a thing before its stars are told."""

    texts: int
    aspects: tuple[Driver, ...]
    terms: pd.DataFrame


def review_drivers(selection: Selection, *, store: Store, access: Access) -> Drivers:
    """Aspects of the period's texts and the shop's words of blame.

    Raises: CrmError of the model where nothing was read.
    """
    del access  # words used by five people or more, effects of ten reviews or more
    need_model(store, "reviews")
    rows = in_period(review_rows(selection, store), _period(selection, store))
    told = store.fetch(ratings.said_sums(rows, ASPECTS))
    terms = store.fetch(store.table("review_terms"))
    shares = terms.assign(
        bad_share=terms["bad"] / terms["bad_texts"], good_share=terms["good"] / terms["good_texts"]
    )
    return Drivers(int(told["reviews"].sum()), tuple(drivers(told)), shares)


def _period(selection: Selection, store: Store) -> Period:
    return selection.resolve(store.meta.first_day, store.meta.as_of)


LEAST_MOVED: Final = LEAST_REVIEWS
