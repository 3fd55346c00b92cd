"""One customer: how they were recognised, why they are in their segment, what they brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pandas as pd

from crm_core.audiences import FIELDS, people
from crm_core.metrics import measure
from crm_core.privacy.policy import Access
from crm_core.selection import Selection, segment_code
from crm_core.store import Store
from crm_core.views.people import is_scored, number, quiet_days

Basis = Literal["own", "assumed", "mixed", "allocated", "total"]
Fact = float | str | date | bool | None

# Each part of the contribution, and whether it is added or taken off.
PARTS: tuple[tuple[str, int], ...] = (
    ("gross_sales", 1),
    ("discounts", -1),
    ("refunds", -1),
    ("goods_cost", -1),
    ("shipping_income", 1),
    ("shipping_cost", -1),
    ("fees", -1),
    ("service_cost", -1),
    ("marketing_cost", -1),
)


@dataclass(frozen=True)
class Link:
    """How many ids or e-mails of a kind lead to the person, by which identity rule."""

    kind: str
    rule: str
    count: int


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
class Scores:
    """RFM scores (1 to 5) and the values they come from."""

    segment: str
    r: int
    f: int
    m: int
    recency_days: int
    frequency: int
    monetary: float


@dataclass(frozen=True)
class Customer:
    """One person as of `as_of`. `facts` holds every field of FIELDS (of a prospect the stage
    alone is known), nothing before the first scores; `scores` is None for who had not bought by
    then; `rhythm_days` is the gap between orders to expect of them."""

    key: int
    as_of: date
    quiet_days: int | None
    rhythm_days: float | None
    links: tuple[Link, ...]
    scores: Scores | None
    facts: Mapping[str, Fact]
    money: tuple[MoneyPart, ...]

    @property
    def contribution(self) -> float | None:
        """What is left of everything this customer paid so far."""
        return self.money[-1].amount if self.money else None

    def number(self, name: str) -> float | None:
        """A fact that is a number, if it is known."""
        value = self.facts.get(name)
        return float(value) if isinstance(value, int | float) else None

    def fact_text(self, name: str) -> str | None:
        """A fact that is a word, if it is known."""
        value = self.facts.get(name)
        return value if isinstance(value, str) else None

    @property
    def segment(self) -> tuple[str, ...]:
        """The segment shown everywhere: codes of the stage and the value tier, as far as known."""
        told = (("stage", self.fact_text("stage")), ("value", self.fact_text("value_tier")))
        return tuple(segment_code(name, value) for name, value in told if value is not None)

    def money_frame(self) -> pd.DataFrame:
        """The parts of the money as rows; `label` ends a text key of `metric`."""
        rows = [(f"{part.part}.label", part.amount, part.basis) for part in self.money]
        return pd.DataFrame(rows, columns=["label", "amount", "basis"])


def customer(selection: Selection, *, store: Store, access: Access, key: int) -> Customer | None:
    """Everything shown of a person but their identity; None for a key the store does not know.

    Money so far ends on the day of the scores, so that it agrees with the features.
    """
    del selection, access
    links = _links(store, key)
    if not links:
        return None
    scored = is_scored(store)
    as_of = store.scores_as_of or store.meta.as_of
    return Customer(
        key=key,
        as_of=as_of,
        quiet_days=quiet_days(store),
        rhythm_days=_rhythm(store, key) if scored else None,
        links=links,
        scores=_scores(store, key) if scored else None,
        facts=_facts(store, key) if scored else {},
        money=_money(store, key, as_of),
    )


def _links(store: Store, key: int) -> tuple[Link, ...]:
    table = store.table("identity_links")
    mine = table.filter(table.customer_key == key)
    counted = mine.group_by("kind", "rule").agg(found=mine.count())
    frame = store.fetch(counted.order_by("kind", "rule"))
    rows = frame.to_dict("records")
    return tuple(Link(str(row["kind"]), str(row["rule"]), int(row["found"])) for row in rows)


def _scores(store: Store, key: int) -> Scores | None:
    table = store.table("rfm")
    found = store.fetch(table.filter(table.customer_key == key))
    if found.empty:
        return None
    row = found.iloc[0]
    whole = {name: int(row[name]) for name in ("r", "f", "m", "recency_days", "frequency")}
    return Scores(segment=str(row["segment"]), monetary=float(row["monetary"]), **whole)


def _rhythm(store: Store, key: int) -> float | None:
    table = store.table("lifecycle")
    found = store.fetch(table.filter(table.customer_key == key).select("rhythm_days"))
    return None if found.empty else number(found["rhythm_days"].iloc[0])


def _facts(store: Store, key: int) -> dict[str, Fact]:
    table = people(store, prospects=True)
    found = store.fetch(table.filter(table.customer_key == key).select(*FIELDS))
    if found.empty:
        return {}
    row = found.iloc[0]
    return {name: _fact(field.type, row[name]) for name, field in FIELDS.items()}


def _fact(kind: str, value: Any) -> Fact:
    if value is None or pd.isna(value):
        return None
    if kind == "date":
        return pd.Timestamp(value).date()
    if kind == "bool":
        return bool(value)
    return number(value) if kind == "number" else str(value)


def _money(store: Store, key: int, as_of: date) -> tuple[MoneyPart, ...]:
    """The parts of the contribution; their amounts add up to the last one, the contribution."""
    ledger = store.at(as_of).table("ledger")
    mine = ledger.filter(ledger.customer_key == key)
    names = [name for name, _ in PARTS]
    totals = measure(store, [*names, "contribution"], rows=mine).totals
    basis = _basis(store, key, as_of)
    parts = [
        MoneyPart(name, _signed(totals[name], sign), basis.get(name, "own")) for name, sign in PARTS
    ]
    return (*parts, MoneyPart("contribution", totals["contribution"], "total"))


def _signed(value: float | None, sign: int) -> float | None:
    return None if value is None else sign * value + 0.0


def _basis(store: Store, key: int, as_of: date) -> dict[str, Basis]:
    """Where each cost comes from: stated for the customer's own orders, or assumed."""
    orders = store.at(as_of).table("orders")
    mine = orders.filter(orders.customer_key == key)
    lines = store.table("order_lines").join(mine.select("order_id"), "order_id")
    products = store.table("products")
    costs = products.select("product_id", "product_kind", known_cost="unit_cost")
    priced = lines.left_join(costs, "product_id")
    priced = priced.filter(priced.product_kind.isnull())  # postage has no goods cost to be stated
    cost = priced.unit_cost.coalesce(priced.known_cost)
    contacts = store.at(as_of).table("contacts")
    talks = contacts.filter(contacts.customer_key == key)
    stated = {
        "goods_cost": priced.agg(stated=cost.count(), rows=priced.count()),
        "shipping_cost": mine.agg(stated=mine.shipping_cost.count(), rows=mine.count()),
        "fees": mine.agg(stated=mine.fees.count(), rows=mine.count()),
        "service_cost": talks.agg(stated=talks.cost.count(), rows=talks.count()),
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
