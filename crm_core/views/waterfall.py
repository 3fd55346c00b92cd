"""What is left of a customer's or a group's revenue, cost by cost, and what is behind each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.metrics import BARS, bar_amount, measure, scope
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store

Basis = Literal["own", "assumed", "mixed", "allocated", "total"]

MOST_BEHIND = 500
MOST_CUSTOMERS = 25
_SIGNS = {name: sign for parts in BARS.values() for name, sign in parts}


@dataclass(frozen=True)
class MoneyPart:
    """A part of what the customer brought so far, signed as it counts.

    `basis`: own (stated for this customer's own orders), assumed (from the shop's settings),
    mixed, allocated (a share of a common cost), total. An unknown amount is None.
    """

    part: str
    amount: float | None
    basis: Basis


@dataclass(frozen=True)
class Behind:
    """The orders or contacts behind a bar, newest first: at (a day), reference, about, amount,
    order_key; at most 500 of `total`, whose amounts add up to `amount`, the bar."""

    bar: str
    rows: pd.DataFrame
    total: int
    amount: float


@dataclass(frozen=True)
class Waterfall:
    """The bars of a group's money in a period; `elsewhere` is the contribution of what is nobody's:
    orders without a customer, costs that no order carries. `customers` brought the rest."""

    parts: tuple[MoneyPart, ...]
    customers: int
    elsewhere: float | None
    start: date
    end: date

    @property
    def bars(self) -> tuple[MoneyPart, ...]:
        """The bars and, last, the contribution."""
        return bars_of(self.parts)


def waterfall(selection: Selection, *, store: Store, access: Access) -> Waterfall:
    """The money of the chosen customers in the chosen period."""
    del access
    period = selection.resolve(store.meta.first_day, store.meta.as_of)
    rows = scope(store, selection, period)
    theirs = rows.filter(rows.customer_key.notnull())
    orders = store.table("orders").semi_join(theirs, "order_key")
    contacts = store.table("contacts")
    held = (contacts.day >= period.start) & (contacts.day <= period.end)
    talks = contacts.filter(held & contacts.customer_key.notnull())
    talks = talks.semi_join(theirs.filter(theirs.entry == "service"), "customer_key")
    counted = store.fetch(theirs.agg(n=theirs.customer_key.nunique()))
    nobodys = rows.filter(rows.customer_key.isnull())
    return Waterfall(
        parts=money_parts(store, ledger=theirs, orders=orders, contacts=talks),
        customers=int(counted["n"].iloc[0]),
        elsewhere=measure(store, ["contribution"], rows=nobodys).totals["contribution"],
        start=period.start,
        end=period.end,
    )


def behind_customer(
    selection: Selection, *, store: Store, access: Access, key: int, bar: str
) -> Behind:
    """The orders, or for service the contacts, that make a bar of one customer.

    Raises: CrmError("unknown_choice") for another bar.
    """
    del selection, access
    _check(bar)
    ledger = store.at(store.scores_as_of or store.meta.as_of).table("ledger")
    mine = ledger.filter(ledger.customer_key == key)
    found = _contacts(store, mine, bar) if bar == "service_cost" else _orders(store, mine, bar)
    found = found.filter(found.amount != 0)
    newest = found.order_by(found.at.desc(), found.reference.desc(nulls_first=False))
    whole = store.fetch(found.agg(n=found.count(), amount=found.amount.sum())).iloc[0]
    rows = store.fetch(newest.limit(MOST_BEHIND))
    return Behind(bar, rows, int(whole["n"]), float(whole["amount"] or 0.0) if whole["n"] else 0.0)


def behind_group(selection: Selection, *, store: Store, access: Access, bar: str) -> pd.DataFrame:
    """The customers with the most in a bar of the group: customer_key, amount, orders; at most 25.

    Raises: CrmError("unknown_choice") for another bar.
    """
    del access
    _check(bar)
    period = selection.resolve(store.meta.first_day, store.meta.as_of)
    rows = scope(store, selection, period)
    rows = rows.filter(rows.customer_key.notnull())
    each = rows.group_by("customer_key").agg(
        amount=bar_amount(bar, rows).cast("float64"),
        orders=rows.order_key.nunique(where=rows.entry == "sale"),
    )
    ranked = each.order_by(each.amount.abs().desc(), "customer_key")
    return store.fetch(ranked.limit(MOST_CUSTOMERS))


def money_parts(
    store: Store, *, ledger: Any, orders: Any, contacts: Any, products: Any = None
) -> tuple[MoneyPart, ...]:
    """The parts of the contribution over ledger rows; their amounts add up to the last one, the
    contribution. `orders`, `contacts` and `products` (all, unless said) are those behind the rows:
    they tell what was stated."""
    totals = measure(store, [*_SIGNS, "contribution"], rows=ledger).totals
    basis = _basis(store, orders, contacts, products)
    parts = [
        MoneyPart(name, _signed(totals[name], sign), basis.get(name, "own"))
        for name, sign in _SIGNS.items()
    ]
    return (*parts, MoneyPart("contribution", totals["contribution"], "total"))


def bars_of(parts: Sequence[MoneyPart]) -> tuple[MoneyPart, ...]:
    """Parts put together as the bars of a waterfall; the contribution stays last.

    >>> given = [MoneyPart("gross_sales", 10.0, "own"), MoneyPart("discounts", -1.0, "own")]
    >>> bars_of([*given, MoneyPart("contribution", 9.0, "total")])[0]
    MoneyPart(part='revenue', amount=9.0, basis='own')
    """
    found = {part.part: part for part in parts}
    bars = [
        _together(bar, [found[name] for name, _ in made_of if name in found])
        for bar, made_of in BARS.items()
        if any(name in found for name, _ in made_of)
    ]
    return (*bars, found["contribution"])


def _together(bar: str, parts: Sequence[MoneyPart]) -> MoneyPart:
    amounts = [part.amount for part in parts if part.amount is not None]
    known = len(amounts) == len(parts)
    kinds: list[Basis] = [part.basis for part in parts if part.amount] or [parts[-1].basis]
    basis: Basis = kinds[0] if len(set(kinds)) == 1 else "mixed"
    return MoneyPart(bar, round(sum(amounts), 2) + 0.0 if known else None, basis)


def _check(bar: str) -> None:
    if bar not in BARS:
        match = close_match(bar, BARS)
        raise CrmError("unknown_choice", name="bar", value=bar, match=match)


def _orders(store: Store, mine: Any, bar: str) -> Any:
    """One row an order and day: a refund counts on its own day."""
    each = mine.group_by("order_key", "day").agg(amount=bar_amount(bar, mine).cast("float64"))
    orders = store.table("orders").select("order_key", "order_id", "sales_channel")
    joined = each.left_join(orders, "order_key")
    return joined.select(
        "order_key",
        at=joined.day,
        reference=joined.order_id,
        about=joined.sales_channel,
        amount=joined.amount,
    )


def _contacts(store: Store, mine: Any, bar: str) -> Any:
    """One row a moment at which service was given, with its topic and channel."""
    served = mine.filter(mine.entry == "service")
    each = served.group_by("at", "day").agg(
        amount=bar_amount(bar, served).cast("float64"), order_key=served.order_key.max()
    )
    talks = store.table("contacts").semi_join(mine, "customer_key")
    told = talks.group_by(at=talks.occurred_at).agg(
        topic=talks.topic.max(), channel=talks.contact_channel.max()
    )
    joined = each.left_join(told, "at")
    return joined.select(
        "order_key", at=joined.day, reference=joined.channel, about=joined.topic, amount="amount"
    )


def _signed(value: float | None, sign: int) -> float | None:
    return None if value is None else sign * value + 0.0


def _basis(store: Store, orders: Any, contacts: Any, sold: Any) -> Mapping[str, Basis]:
    """Where each cost comes from: stated for these very orders and contacts, or assumed."""
    lines = store.table("order_lines").join(orders.select("order_id"), "order_id")
    if sold is not None:
        lines = lines.semi_join(sold, "product_id")
    products = store.table("products")
    costs = products.select("product_id", "product_kind", known_cost="unit_cost")
    priced = lines.left_join(costs, "product_id")
    priced = priced.filter(priced.product_kind.isnull())  # postage has no goods cost to be stated
    cost = priced.unit_cost.coalesce(priced.known_cost)
    stated = {
        "goods_cost": priced.agg(stated=cost.count(), rows=priced.count()),
        "shipping_cost": orders.agg(stated=orders.shipping_cost.count(), rows=orders.count()),
        "fees": orders.agg(stated=orders.fees.count(), rows=orders.count()),
        "service_cost": contacts.agg(stated=contacts.cost.count(), rows=contacts.count()),
    }
    found = {name: store.fetch(counts).iloc[0] for name, counts in stated.items()}
    basis: dict[str, Basis] = {"marketing_cost": "allocated"}
    for name, row in found.items():
        basis[name] = _basis_of(int(row["stated"]), int(row["rows"]))
    return basis


def _basis_of(stated: int, rows: int) -> Basis:
    if stated == rows:
        return "own"
    return "mixed" if stated else "assumed"
