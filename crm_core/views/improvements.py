"""What to make better about products: complaints with the money beside them, and whether they fell
once something was fixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Final

import pandas as pd

from crm_core.metrics import FEWEST, is_guarded, measure, ratings, scope
from crm_core.models.review_lexicon import ASPECTS
from crm_core.models.student import share_difference, share_range
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.model_state import need_model
from crm_core.views.reviews import in_period, review_rows

YEAR_DAYS: Final = 365
#: Complaints of one kind about one product, from which on they are told.
LEAST_BLAMES: Final = 2
MOST: Final = 200
#: Texts before and after a day, from which on they are held against each other.
LEAST_TEXTS: Final = 5
_SIDES: Final = ((True, False), (True, True), (False, False), (False, True))
_COLUMNS: Final = (
    "product_id", "product", "aspect", "texts", "blames", "share", "low", "high", "wishes",
    "refunds", "refund_rate", "net_revenue", "at_stake",
)  # fmt: skip


@dataclass(frozen=True)
class Complaints:
    """Complaints of the last 365 days, a row a product and aspect, most money first, at most 200.

    Columns: product_id, product, aspect, texts (of the product that were read), blames, share with its
    95 % range low and high, wishes, refunds (money of the product), refund_rate, net_revenue, at_stake
    (net revenue times the share at its lower end: of so much at the least customers complain).
    `usual_refund_rate` is the shop's.
    """

    period: Period
    rows: pd.DataFrame
    usual_refund_rate: float | None


def complaints(selection: Selection, *, store: Store, access: Access) -> Complaints:
    """What the year's reviews complain of, by product.

    Who sees no single people is told of no product that fewer than five wrote about.
    Raises: CrmError of the model where nothing was read.
    """
    need_model(store, "reviews")
    end = store.meta.as_of
    period = Period(max(end - timedelta(YEAR_DAYS - 1), store.meta.first_day), end)
    rows = in_period(review_rows(selection, store), period)
    sums = store.fetch(ratings.blame_sums(rows, ASPECTS, ["product_id", "product"]))
    if is_guarded(access):
        sums = sums[sums["people"] >= FEWEST]
    found = _by_aspect(sums)
    money, usual = _money(store, selection, period)
    told = found.merge(money, on="product_id", how="left")
    told["at_stake"] = told["net_revenue"].clip(lower=0) * told["low"]
    order = ["at_stake", "blames", "product_id", "aspect"]
    ranked = told.sort_values(order, ascending=[False, False, True, True], ignore_index=True)
    return Complaints(period, ranked[list(_COLUMNS)].head(MOST), usual)


def _by_aspect(sums: pd.DataFrame) -> pd.DataFrame:
    parts: list[pd.DataFrame] = []
    for aspect in ASPECTS:
        blames, wishes = (sums[f"{name}_{aspect}"].astype("int64") for name in ("blames", "wishes"))
        kept = (blames >= LEAST_BLAMES) | (wishes >= LEAST_BLAMES)
        mine = sums.loc[kept, ["product_id", "product", "texts"]].assign(
            aspect=aspect, blames=blames[kept], wishes=wishes[kept]
        )
        parts.append(mine)
    found = pd.concat(parts, ignore_index=True)
    ranges = [
        share_range(int(blames), int(texts))
        for blames, texts in zip(found["blames"], found["texts"], strict=True)
    ]
    return found.assign(
        share=found["blames"] / found["texts"],
        low=[max(low, 0.0) for low, _ in ranges],
        high=[min(high, 1.0) for _, high in ranges],
    )


def _money(store: Store, selection: Selection, period: Period) -> tuple[pd.DataFrame, float | None]:
    """By product: product_id, refunds, refund_rate, net_revenue; and the refund rate of all."""
    names = ("net_revenue", "refunds", "refund_rate")
    chosen = Selection(category=selection.category)
    measured = measure(store, names, rows=scope(store, chosen, period), by=["product"])
    table = store.table("product_facts")
    ids = store.fetch(table.select("product_key", "product_id"))
    rows = measured.rows.dropna(subset=["product"]).astype({"product": "int64"})
    told = rows.merge(ids, left_on="product", right_on="product_key")
    return told[["product_id", *names]], measured.totals["refund_rate"]


def product_names(
    selection: Selection, *, store: Store, access: Access, ids: tuple[str, ...]
) -> Mapping[str, str]:
    """What products are called, by their number; those without a name are missing."""
    del selection, access
    table = store.table("product_facts")
    rows = table.filter(table.product_id.isin(ids), table.product_name.notnull())
    told = store.fetch(rows.select("product_id", "product_name"))
    return dict(zip(told["product_id"], told["product_name"], strict=True))


@dataclass(frozen=True)
class AfterFix:
    """Complaints before and after a day: (blaming, texts) of each; the change of the product's share
    with its range, that of all other products, and how much more the product's changed than theirs.
    None where fewer than five texts lie on a side."""

    before: tuple[int, int]
    after: tuple[int, int]
    change: tuple[float, float, float] | None = None
    others: tuple[float, float, float] | None = None
    beyond: tuple[float, float, float] | None = None

    @property
    def verdict(self) -> str:
        """`early`, or whether complaints `fell` or `rose` beyond those of the other products, or
        `unclear`."""
        if self.beyond is None:
            return "early"
        _, low, high = self.beyond
        return "fell" if high < 0 else "rose" if low > 0 else "unclear"


Fixed = tuple[int, str, str, date]
"""What was fixed: its number, product, aspect and day."""


def after_fixes(
    selection: Selection, *, store: Store, access: Access, fixed: tuple[Fixed, ...]
) -> Mapping[int, AfterFix]:
    """What became of complaints about each product's aspect, by number; goods ordered in the year
    before the day against those from it on, beside all other products. Association: what else changed
    on that day changed too.

    Raises: CrmError of the model where nothing was read.
    """
    del access, selection  # of all categories: the others are what it is compared with
    need_model(store, "reviews")
    found: dict[int, AfterFix] = {}
    for number, product_id, aspect, day in fixed:
        rows = ratings.reviews(store, aspects=ASPECTS)
        rows = in_period(rows, Period(day - timedelta(YEAR_DAYS), store.meta.as_of))
        asked = ratings.fix_sums(rows, store, aspect, product_id=product_id, fixed=day)
        told = store.fetch(asked).set_index(["mine", "after"])
        sides = [
            (int(told["blames"].get(side, 0)), int(told["texts"].get(side, 0))) for side in _SIDES
        ]
        found[number] = compared(*sides)
    return found


def compared(
    before: tuple[int, int],
    after: tuple[int, int],
    others_before: tuple[int, int],
    others_after: tuple[int, int],
) -> AfterFix:
    """Two shares (blaming, texts) before and after, and those of the others.

    The change's range is Newcombe's; of the difference of two changes the range is put together from
    theirs (MOVER, Zou & Donner 2008).

    >>> compared((12, 40), (2, 40), (100, 1000), (100, 1000)).verdict
    'fell'
    >>> compared((3, 4), (0, 9), (100, 1000), (90, 1000)).verdict
    'early'
    """
    if min(side[1] for side in (before, after, others_before, others_after)) < LEAST_TEXTS:
        return AfterFix(before, after)
    change, others = _change(after, before), _change(others_after, others_before)
    value = change[0] - others[0]
    low = value - sqrt((change[0] - change[1]) ** 2 + (others[2] - others[0]) ** 2)
    high = value + sqrt((change[2] - change[0]) ** 2 + (others[0] - others[1]) ** 2)
    return AfterFix(before, after, change, others, (value, low, high))


def _change(now: tuple[int, int], then: tuple[int, int]) -> tuple[float, float, float]:
    low, high = share_difference(now, then)
    return now[0] / now[1] - then[0] / then[1], low, high
