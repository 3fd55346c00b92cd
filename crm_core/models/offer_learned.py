"""What a shop's past says of buying again and of buying something new, and the offers made of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import ibis.expr.types as ir
import numpy as np

from crm_core.models.base import Fitted, need
from crm_core.models.offer_again import Manner, Offers, Rebuying, again_offers
from crm_core.models.offer_history import Bought, stream_bought
from crm_core.models.offer_new import Likeness, Together, best_of
from crm_core.models.offer_shelf import Shelf
from crm_core.models.threads import one_thread
from crm_core.models.triples import Ints, fingerprint_of, read_columns
from crm_core.store import Tables

NAME: Final = "next_offer"
MOST_OFFERS: Final = 5
LEAST_BUYERS: Final = 5
#: Who bought by then and what was sold, at least.
NEEDED: Final = {"buyers": 20, "products": 2}


@dataclass(frozen=True)
class NewOffers(Offers):
    """Offers of what a customer never had: `row` is the purchase that speaks most for each (a row
    of `bought`), `people` how many bought both."""

    people: Ints


@dataclass(frozen=True)
class NextOffer:
    """What the shop's past says of buying again and of buying something new."""

    as_of: date
    shelf: Shelf
    manner: Manner
    rebuying: Rebuying
    likeness: Likeness
    customers: int
    rows: int
    fingerprint: str

    @property
    def fitted(self) -> Fitted:
        """As a document: how much there is to learn from, and the share of buyers who came back
        for the same thing."""
        told = self.rebuying
        share = float(told.rebuyers.sum()) / max(float(told.buyers.sum()), 1.0)
        parameters = {
            "half_life_days": self.manner.half_life_days,
            "by_due": float(self.manner.by_due),
            "items": float(self.shelf.items),
            "items_compared": float(len(self.likeness.items)),
            "rebuy_share": share,
        }
        return Fitted(
            model=NAME,
            as_of=self.as_of,
            time_unit="day",
            parameters=parameters,
            standard_errors={},
            log_likelihood=0.0,
            customers=self.customers,
            distinct=self.rows,
            fingerprint=self.fingerprint,
        )

    def again(self, bought: Bought, most: int = MOST_OFFERS) -> Offers:
        """What to offer these customers again."""
        return again_offers(bought, self.shelf, self.rebuying, self.manner, most)

    def new(self, bought: Bought, most: int = MOST_OFFERS) -> Iterator[tuple[Bought, NewOffers]]:
        """What to offer them that they never had, a part of them at a time."""
        product = self.shelf.best[self.likeness.items]
        for part in bought.parts(self.likeness.at_once):
            scores = self.likeness.scores(part)
            person, _, column = best_of(scores, product >= 0, most)
            because, people = self.likeness.reasons(part, person, column)
            told = np.flatnonzero(because >= 0)  # what has no reason is not offered
            person, column = person[told], column[told]
            first = np.searchsorted(person, np.arange(len(part)))
            yield (
                part,
                NewOffers(
                    person=person,
                    rank=np.arange(len(person)) - first[person] + 1,
                    product=product[column],
                    score=scores[person, column].astype(np.float64),
                    row=because[told],
                    people=people[told],
                ),
            )


def learn(
    store: Tables,
    shelf: Shelf,
    *,
    as_of: date,
    rows: ir.Table,
    manner: Manner,
) -> NextOffer:
    """Goes through all customers a piece at a time; `rows` are those of `purchases`, weighed in
    this manner.

    Raises: CrmError("not_enough_data") under 20 buyers or 2 products sold.
    """
    buyers = _buyers(store, rows, shelf)
    pieces = stream_bought(store, rows, shelf)
    return learn_from(pieces, buyers, shelf=shelf, as_of=as_of, manner=manner)


def learn_from(
    pieces: Iterable[Bought],
    buyers: Ints,
    *,
    shelf: Shelf,
    as_of: date,
    manner: Manner,
    least_buyers: int = LEAST_BUYERS,
) -> NextOffer:
    """The same from pieces of all customers; items are compared that at least `least_buyers` of
    about so many `buyers` bought."""
    together = Together.of(buyers, least=least_buyers)
    rebuying = Rebuying.of(shelf.items)
    customers, counted, marks = 0, 0, list[int]()
    for bought in pieces:
        rebuying.add(bought)
        together.add(bought)
        customers, counted = customers + len(bought), counted + len(bought.item)
        marks.append(_mark(bought))
    need(NAME, buyers=(customers, NEEDED["buyers"]))
    need(NAME, products=(int(np.count_nonzero(rebuying.buyers)), NEEDED["products"]))
    with one_thread():
        likeness = together.learned()
    return NextOffer(
        as_of=as_of,
        shelf=shelf,
        manner=manner,
        rebuying=rebuying,
        likeness=likeness,
        customers=customers,
        rows=counted,
        fingerprint=fingerprint_of(np.array(marks, np.int64)),
    )


def _buyers(store: Tables, rows: ir.Table, shelf: Shelf) -> Ints:
    """How many bought each item, who bought it under two numbers counted twice."""
    counted = rows.group_by("product_key").agg(buyers=rows.count().cast("int64"))
    keys, buyers = read_columns(store, counted)
    item = shelf.item_of(shelf.places(keys))
    known = item >= 0
    found = np.zeros(shelf.items, np.int64)
    np.add.at(found, item[known], buyers[known])
    return found


def _mark(bought: Bought) -> int:
    """A number that changes with any of these rows."""
    parts = (bought.item, bought.times, bought.first_age, bought.last_age)
    return int(fingerprint_of(np.repeat(bought.customers, np.diff(bought.starts)), *parts)[:15], 16)
