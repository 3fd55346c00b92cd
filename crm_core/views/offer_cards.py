"""One customer's cards of offers: what goes with what they have, and how they used discounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pandas as pd

from crm_core.audiences import not_sensitive
from crm_core.audiences.offers import offerable
from crm_core.metrics import FEWEST, is_guarded, measure
from crm_core.metrics.bought_together import goes_with
from crm_core.metrics.coupons import is_discounted
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store

SHOWN: Final = 3
_MOST = 1_000
_LEVELS: Final = ("product", "category")
_PAIR: Final = ("has", "lacks", "last_day", "ahead", "times")


@dataclass(frozen=True)
class Discounts:
    """How a customer buys with discounts: `orders` in all, `discounted` of them under a code or a lower
    price, `off` (money given away), `rate` (of the price without discounts), and the codes used
    most: (code, orders, last day)."""

    orders: int
    discounted: int
    off: float
    rate: float | None
    codes: tuple[tuple[str, int, date], ...]


def goes_with_own(selection: Selection, *, store: Store, access: Access, key: int) -> pd.DataFrame:
    """What goes with things this customer has and never had itself, the surest step first: has,
    lacks (names), last_day, ahead, times (see `metrics.goes_with`). Products, or categories where
    none are told of; nothing sensitive, nothing twice. Empty without pairs."""
    del selection
    if not store.has("pairs"):
        return pd.DataFrame(columns=list(_PAIR))
    for level in _LEVELS:
        rows: Any = _named(store, level, goes_with(store, level, key))
        if is_guarded(access):
            rows = rows.filter(rows.people >= FEWEST)
        found = store.fetch(rows.order_by(rows.ahead.desc(), rows.lacks, rows.has).limit(_MOST))
        if len(found):
            return found.drop_duplicates("lacks").head(SHOWN)[list(_PAIR)].reset_index(drop=True)
    return pd.DataFrame(columns=list(_PAIR))


def _named(store: Store, level: str, rows: Any) -> Any:
    """Both sides by their names, less what is of a sensitive category."""
    for side in ("has", "lacks"):
        if level == "product":
            known = offerable(store).select(own="product_id", named="product")
            rows = rows.join(known, rows[side] == known.own).drop("own", side)
            rows = rows.rename({side: "named"})
        else:
            rows = not_sensitive(store, rows.mutate(category=rows[side])).drop("category")
    return rows


def discounts_of(
    selection: Selection, *, store: Store, access: Access, key: int
) -> Discounts | None:
    """How this customer used discounts so far; None who never had one."""
    del selection, access
    facts: Any = store.table("order_facts")
    mine = facts.filter((facts.customer_key == key) & facts.order_no.notnull())
    sums = store.fetch(
        mine.agg(
            orders=mine.count(),
            discounted=is_discounted(mine).ifelse(1, 0).sum(),
        )
    ).iloc[0]
    if not sums["orders"] or not sums["discounted"]:
        return None
    used = mine.filter(mine.coupon_code.nullif("").notnull())
    codes = used.group_by("coupon_code").agg(orders=used.count(), last=used.day.max())
    order = (codes.orders.desc(), codes["last"].desc(), codes.coupon_code)
    first = store.fetch(codes.order_by(*order).limit(SHOWN))
    ledger: Any = store.table("ledger")
    own = ledger.filter(ledger.customer_key == key)
    told = measure(store, ("discounts", "discount_rate"), rows=own).totals
    return Discounts(
        orders=int(sums["orders"]),
        discounted=int(sums["discounted"]),
        off=told["discounts"] or 0.0,
        rate=told["discount_rate"],
        codes=tuple(_code(row) for row in first.to_dict("records")),
    )


def _code(row: Mapping[Any, Any]) -> tuple[str, int, date]:
    return str(row["coupon_code"]), int(row["orders"]), pd.Timestamp(row["last"]).date()
