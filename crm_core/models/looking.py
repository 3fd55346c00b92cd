"""Which orders and reviews need a look before they are counted, with what speaks for and against it.

Never a verdict: points of evidence that a person weighs (`look_points`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from crm_core.models.base import Fitted, need
from crm_core.models.look_orders import order_rows
from crm_core.models.look_points import (
    linked,
    needs_a_look,
    order_rows_with_points,
    review_rows_with_points,
)
from crm_core.models.look_reviews import review_rows
from crm_core.store import StoreAt, Tables

NAME: Final = "set_aside"
LEAST_ORDERS: Final = 200
#: Rows with fewer points are not even a hint.
A_HINT: Final = 2.0

_SAME_CASE_DAYS = 14
_ORDERS = ("order_key", "order_id", "product_id", "day", "n", "points", "kinds")
_REVIEWS = (
    "review_id", "order_id", "product_id", "day", "n", "stars", "points", "kinds",
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """Every order and review with anything to look at, as of a day: `points`, `kinds`,
    `needs_a_look` and `case` (rows of one product without two quiet weeks between them; 0 for less
    than a hint). `seen_orders`, `seen_reviews`: of how many."""

    as_of: date
    orders: pd.DataFrame
    reviews: pd.DataFrame
    seen_orders: int
    seen_reviews: int
    customers: int

    @property
    def fitted(self) -> Fitted:
        """As a document: how many rows were looked at and how many need a look."""
        named = [int(rows["needs_a_look"].sum()) for rows in (self.orders, self.reviews)]
        told = self.orders[["order_key", "points"]].round(6).to_csv(index=False)
        told += self.reviews[["review_id", "points"]].round(6).to_csv(index=False)
        return Fitted(
            model=NAME,
            as_of=self.as_of,
            time_unit="day",
            parameters={
                "orders": float(self.seen_orders),
                "reviews": float(self.seen_reviews),
                "orders_named": float(named[0]),
                "reviews_named": float(named[1]),
            },
            standard_errors={},
            log_likelihood=0.0,
            customers=self.customers,
            distinct=len(self.orders) + len(self.reviews),
            fingerprint=hashlib.sha256(f"{self.seen_orders} {told}".encode()).hexdigest()[:16],
        )


def look(store: Tables, *, as_of: date) -> Look:
    """Points of evidence for every order and review up to a day.

    Raises: CrmError("not_enough_data") under LEAST_ORDERS orders: of fewer, nothing is unusual.
    """
    orders = StoreAt(store, as_of).table("order_facts")
    counted = store.fetch(
        orders.agg(orders=orders.count(), customers=orders.customer_key.nunique())
    ).iloc[0]
    need(NAME, orders=(int(counted["orders"]), LEAST_ORDERS))
    reviews = review_rows(store, as_of)
    seen = len(reviews)
    pointed = reviews if reviews.empty else review_rows_with_points(reviews)
    rows, told = linked(order_rows_with_points(order_rows(store, as_of)), pointed)
    rows, told = _in_cases(_ordered(rows, _ORDERS), _ordered(told, _REVIEWS))
    return Look(
        as_of=as_of,
        orders=rows,
        reviews=told,
        seen_orders=int(counted["orders"]),
        seen_reviews=seen,
        customers=int(counted["customers"]),
    )


def _ordered(rows: pd.DataFrame, named: Sequence[str]) -> pd.DataFrame:
    """The rows in order of their points, marked."""
    if rows.empty:
        return pd.DataFrame({name: [] for name in (*named, "needs_a_look")})
    named_rows = rows.assign(needs_a_look=needs_a_look(rows))
    number = "review_id" if "review_id" in rows else "order_key"
    order = named_rows.sort_values(["points", number], ascending=[False, True], kind="stable")
    return order.reset_index(drop=True)


def _in_cases(orders: pd.DataFrame, reviews: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Numbers the cases over both, the one with most rows that need a look first."""
    both = pd.concat(
        [rows[["product_id", "n", "points", "needs_a_look"]] for rows in (orders, reviews)],
        keys=[0, 1],
    )
    both = both[both["points"] >= A_HINT].sort_values(["product_id", "n"], kind="stable")
    day, product = both["n"].to_numpy(np.int64), both["product_id"].to_numpy(str)
    fresh = np.ones(len(both), dtype=bool)
    fresh[1:] = (product[1:] != product[:-1]) | (np.diff(day) > _SAME_CASE_DAYS)
    both["group"] = np.cumsum(fresh)
    weight = both.groupby("group").agg(
        named=("needs_a_look", "sum"), points=("points", "sum"), begins=("n", "min")
    )
    order = weight.sort_values(["named", "points", "begins"], ascending=[False, False, True])
    number = pd.Series(np.arange(1, len(order) + 1), index=order.index)
    case = both["group"].map(number)
    told = [
        rows.assign(case=case.loc[place].reindex(rows.index).fillna(0).astype("int64"))
        if place in case.index.get_level_values(0)
        else rows.assign(case=np.zeros(len(rows), np.int64))
        for place, rows in enumerate((orders, reviews))
    ]
    return told[0], told[1]
