"""What to offer each customer: what to buy again, and what is new to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import ibis.expr.types as ir
import numpy as np

from crm_core.models.base import Fitted, need
from crm_core.models.offer_again import Offers, Rebuying, again_offers
from crm_core.models.offer_history import Bought, purchases, stream_bought
from crm_core.models.offer_new import Likeness, Together, best_new, reasons
from crm_core.models.offer_shelf import Shelf, read_shelf
from crm_core.models.triples import Ints, fingerprint_of, read_columns
from crm_core.store import Tables

NAME: Final = "next_offer"
MOST_OFFERS: Final = 5
LEAST_BUYERS: Final = 5
_NEEDED = {"buyers": 20, "products": 2}


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
    rebuying: Rebuying
    likeness: Likeness
    customers: int
    rows: int
    fingerprint: str

    @property
    def fitted(self) -> Fitted:
        """As a document: how much there is to learn from, and the share of buyers who came back
        for the same thing."""
        share = float(self.rebuying.share.mean()) if len(self.rebuying.share) else 0.0
        parameters = {
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
        return again_offers(bought, self.shelf, self.rebuying, most)

    def new(self, bought: Bought, most: int = MOST_OFFERS) -> Iterator[tuple[Bought, NewOffers]]:
        """What to offer them that they never had, a part of them at a time."""
        product = self.shelf.best[self.likeness.items]
        for part in bought.parts(self.likeness.blocks(bought)):
            scores = self.likeness.scores(part)
            person, column = best_new(scores, product >= 0, most)
            because, people = reasons(self.likeness, part, person, column)
            kept = np.flatnonzero(because >= 0)
            person, column = person[kept], column[kept]
            first = np.searchsorted(person, np.arange(len(part)))
            yield (
                part,
                NewOffers(
                    person=person,
                    rank=np.arange(len(person)) - first[person] + 1,
                    product=product[column],
                    score=scores[person, column].astype(np.float64),
                    row=because[kept],
                    people=people[kept],
                ),
            )


def fit(store: Tables, *, as_of: date) -> Fitted:
    """Learns what is bought again and what goes together; see `learn`."""
    shelf = read_shelf(store, as_of)
    return learn(store, shelf, as_of=as_of, rows=purchases(store, as_of)).fitted


def learn(
    store: Tables,
    shelf: Shelf,
    *,
    as_of: date,
    rows: ir.Table,
    least_buyers: int = LEAST_BUYERS,
) -> NextOffer:
    """Goes through all customers a piece at a time; `rows` are those of `purchases`.

    Raises: CrmError("not_enough_data") under 20 buyers or 2 products sold.
    """
    together = Together.of(_buyers(store, rows, shelf), least=least_buyers)
    buyers, rebuyers = np.zeros(shelf.items, np.int64), np.zeros(shelf.items, np.int64)
    customers, counted, marks = 0, 0, list[int]()
    for bought in stream_bought(store, rows, shelf):
        buyers += np.bincount(bought.item, minlength=shelf.items)
        rebuyers += np.bincount(bought.item[bought.times > 1], minlength=shelf.items)
        customers, counted = customers + len(bought), counted + len(bought.item)
        marks.append(_mark(bought))
        together.add(bought)
    need(NAME, buyers=(customers, _NEEDED["buyers"]))
    need(NAME, products=(int(np.count_nonzero(buyers)), _NEEDED["products"]))
    return NextOffer(
        as_of=as_of,
        shelf=shelf,
        rebuying=Rebuying.of(buyers, rebuyers),
        likeness=together.learned(),
        customers=customers,
        rows=counted,
        fingerprint=fingerprint_of(np.array(marks, np.int64), buyers, rebuyers),
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
