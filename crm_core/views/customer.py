"""One customer: how they were recognised, why they are in their segment, what they brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from crm_core.audiences import FIELDS, people
from crm_core.models.value_columns import YEAR_DAYS, money_ahead
from crm_core.privacy.policy import Access, allowed
from crm_core.selection import Selection, segment_code
from crm_core.store import Store
from crm_core.views.churn_risk import Risk, risk_of
from crm_core.views.people import is_scored, number
from crm_core.views.waterfall import MoneyPart, bars_of, money_parts

Fact = float | str | date | bool | None

#: What whoever talks to a customer needs to know of them, and nothing they are rated by.
PLAIN_FACTS = ("first_order_day", "last_order_day", "orders", "contacts")


@dataclass(frozen=True)
class Link:
    """How many ids or e-mails of a kind lead to the person, by which identity rule."""

    kind: str
    rule: str
    count: int


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
    alone is known), nothing before the first scores; `scores` and `risk` are None for who had not
    bought by then; `rhythm_days` is the gap between orders to expect of them. `ahead` is empty for
    who is not valued: value (the contribution of 365 days as it is worth today), p_alive (None
    where nothing can be said of it) and the bounds of 8 in 10 cases of orders and revenue."""

    key: int
    as_of: date
    risk: Risk | None
    rhythm_days: float | None
    links: tuple[Link, ...]
    scores: Scores | None
    facts: Mapping[str, Fact]
    money: tuple[MoneyPart, ...]
    ahead: Mapping[str, float | None]

    @property
    def bars(self) -> tuple[MoneyPart, ...]:
        """The money as the bars of a waterfall, the contribution last."""
        return bars_of(self.money)

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


def customer(selection: Selection, *, store: Store, access: Access, key: int) -> Customer | None:
    """Everything shown of a person but their identity; None for a key the store does not know.

    Money so far ends on the day of the scores, so that it agrees with the features. Who may not
    see the shop's numbers gets no value, margin, risk or segment: only `PLAIN_FACTS`.
    """
    del selection
    links = _links(store, key)
    if not links:
        return None
    scored = is_scored(store)
    as_of = store.scores_as_of or store.meta.as_of
    if not allowed(access, "analyse"):
        told = _facts(store, key, PLAIN_FACTS) if scored else {}
        return Customer(key, as_of, None, None, links, None, told, (), {})
    return Customer(
        key=key,
        as_of=as_of,
        risk=risk_of(store, key) if scored else None,
        rhythm_days=_rhythm(store, key) if scored else None,
        links=links,
        scores=_scores(store, key) if scored else None,
        facts=_facts(store, key) if scored else {},
        money=_money(store, key, as_of),
        ahead=_ahead(store, key),
    )


def _ahead(store: Store, key: int) -> dict[str, float | None]:
    if not store.has("lifetime_value"):
        return {}
    table = store.table("lifetime_value")
    mine = table.filter(table.customer_key == key)
    bounds = ("p_alive", "orders_low", "orders_high", "revenue_low", "revenue_high")
    found = store.fetch(mine.select(*bounds, value=money_ahead(mine, YEAR_DAYS)["value"]))
    return {} if found.empty else {str(n): number(cell) for n, cell in found.iloc[0].items()}


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


def _facts(store: Store, key: int, names: Sequence[str] = tuple(FIELDS)) -> dict[str, Fact]:
    table = people(store, prospects=True, with_restricted=True)
    found = store.fetch(table.filter(table.customer_key == key).select(*names))
    if found.empty:
        return {}
    row = found.iloc[0]
    return {name: plain_fact(FIELDS[name].type, row[name]) for name in names}


def plain_fact(kind: str, value: Any) -> Fact:
    """A cell of a field of that type as a plain value; None where it is unknown."""
    if value is None or pd.isna(value):
        return None
    if kind == "date":
        return pd.Timestamp(value).date()
    if kind == "bool":
        return bool(value)
    return number(value) if kind == "number" else str(value)


def _money(store: Store, key: int, as_of: date) -> tuple[MoneyPart, ...]:
    """The parts of the contribution; their amounts add up to the last one, the contribution."""
    known = store.at(as_of)
    ledger, orders, contacts = (known.table(name) for name in ("ledger", "orders", "contacts"))
    return money_parts(
        store,
        ledger=ledger.filter(ledger.customer_key == key),
        orders=orders.filter(orders.customer_key == key),
        contacts=contacts.filter(contacts.customer_key == key),
    )
