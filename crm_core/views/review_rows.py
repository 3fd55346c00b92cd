"""The reviews behind a number: by star, product, aspect, word or month, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.metrics import ratings
from crm_core.models.review_lexicon import ASPECTS
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.reviews import in_period, review_rows

DEEPEST: Final = 10_000
OF_CUSTOMER: Final = 20
KINDS: Final = ("against", "starless", "wish", "with_words")
SIDES: Final = {"blame": -1, "praise": 1}
_COLUMNS = (
    "review_id", "customer_key", "product_id", "product", "day", "stars", "tone", "body",
    "against", "wish", *ASPECTS,
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """Which reviews are meant; nothing narrows where nothing is said. `days` take the place of the
    page's period where a number is of other days; `word` stands in reviews of one or two stars."""

    star: int | None = None
    product_id: str = ""
    aspect: str = ""
    side: str = ""
    kind: str = ""
    word: str = ""
    days: Period | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it narrows nothing."""
        return all(getattr(self, each.name) in (None, "") for each in fields(self))


@dataclass(frozen=True)
class Found:
    """A page of reviews, the newest first: review_id, customer_key, product, day, stars, tone, body,
    against, wish and the aspects; of `total` that fit."""

    total: int
    rows: pd.DataFrame


def found_reviews(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    asked: Asked = Asked(),
    words: str = "",
    page: int = 1,
    size: int = 25,
) -> Found:
    """The reviews asked for whose text holds `words`, which may say anything and are kept nowhere.

    Raises: CrmError("unknown_choice") for another aspect, side or kind, or a page beyond 10,000 rows.
    """
    del access  # texts are shown as the role may see them, and names join, after the cache
    if page < 1 or not 1 <= page * size <= DEEPEST:
        raise CrmError("unknown_choice", name="page", value=page, match="")
    rows = _asked(selection, store, asked)
    if words.strip():
        rows = rows.filter(rows.body.lower().contains(words.strip().lower()))
    total = int(store.fetch(rows.agg(n=rows.count()))["n"].iloc[0])
    newest = rows.order_by(rows["at"].desc(), rows.review_id.desc()).select(*_COLUMNS)
    return Found(total, store.fetch(newest.limit(size, offset=(page - 1) * size)))


def _asked(selection: Selection, store: Store, asked: Asked) -> Any:
    period = selection.resolve(store.meta.first_day, store.meta.as_of)
    rows = in_period(review_rows(selection, store), asked.days or period)
    if asked.star is not None:
        rows = rows.filter(rows.stars == asked.star)
    if asked.product_id:
        rows = rows.filter(rows.product_id == asked.product_id)
    if asked.aspect:
        _known("aspect", asked.aspect, ASPECTS)
        said = rows[asked.aspect]
        if asked.side:
            _known("side", asked.side, SIDES)
            rows = rows.filter(said == SIDES[asked.side])
        else:
            rows = rows.filter(said.notnull())
    if asked.kind:
        _known("kind", asked.kind, KINDS)
        rows = rows.filter(_of_kind(rows, asked.kind))
    if asked.word:
        blame = rows.stars <= ratings.CONTENT - 2
        rows = rows.filter(blame & rows.body.lower().contains(asked.word.lower()))
    return rows


def _of_kind(rows: Any, kind: str) -> Any:
    if kind == "starless":
        return rows.stars.isnull()
    if kind == "with_words":
        return rows.body.notnull() & (rows.body != ratings.UNKNOWN)
    return rows[kind].fill_null(False)


def _known(name: str, value: str, known: Any) -> None:
    if value not in known:
        raise CrmError("unknown_choice", name=name, value=value, match=close_match(value, known))


@dataclass(frozen=True)
class OwnReviews:
    """One customer's reviews, the newest first, of `total`; `mean` is of those with stars."""

    total: int
    mean: float | None
    rows: pd.DataFrame


def customer_reviews(
    selection: Selection, *, store: Store, access: Access, key: int, others: tuple[int, ...] = ()
) -> OwnReviews:
    """What one customer wrote, or with `others` the members of an account."""
    del access
    everything = ratings.reviews(store, aspects=ASPECTS)
    mine = everything.filter(everything.customer_key.isin((key, *others)))
    sums = store.fetch(mine.agg(n=mine.count(), mean=mine.stars.mean())).iloc[0]
    newest = mine.order_by(mine["at"].desc(), mine.review_id.desc()).select(*_COLUMNS)
    mean = float(sums["mean"]) if sums["mean"] == sums["mean"] else None
    return OwnReviews(int(sums["n"]), mean, store.fetch(newest.limit(OF_CUSTOMER)))
