"""What sells together beyond chance, what instead of each other, and the orders behind a pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import pandas as pd

from crm_core.audiences import count
from crm_core.errors import CrmError, close_match
from crm_core.metrics import FEWEST, is_guarded, is_small
from crm_core.metrics.bought_together import LEVELS, orders_with_both
from crm_core.privacy.policy import Access, allowed
from crm_core.rules import All, Condition, Did, Not
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.model_state import fitted_document, need_model

_SIDES: Final = ("a", "b", "c")
#: What may be left out of the list: pairs that something else explains.
SHOWN: Final = ("holds", "all")


@dataclass(frozen=True)
class Together:
    """Pairs of one level. `missing` is why there are none at all (a code of an error with `facts`;
    "" where they were worked out).

    `levels` are those the shop's products have. `seen` is the row of what was looked at. `pairs` (a
    row a pair, the surest first): the columns of `pairs`, name_a, name_b, name_via, times (how many
    times as often as by chance) with times_low and times_high, extra (baskets beyond chance of every
    1,000), ahead (the share of baskets with `first` that hold `then`). `instead` are pairs bought less
    together than chance has it, with the same columns. `triples`: name_a, name_b, name_c and
    theirs. `explained` counts pairs left out because something else explains them; `few` those of
    too few people for who looks.
    """

    as_of: date
    level: str
    missing: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    levels: tuple[str, ...] = ()
    seen: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    pairs: pd.DataFrame = field(default_factory=pd.DataFrame)
    instead: pd.DataFrame = field(default_factory=pd.DataFrame)
    triples: pd.DataFrame = field(default_factory=pd.DataFrame)
    explained: int = 0
    few: int = 0

    @property
    def held(self) -> pd.DataFrame:
        """The pairs that nothing else explains."""
        return self.pairs[~self.pairs["explained"]] if len(self.pairs) else self.pairs


@dataclass(frozen=True)
class PairOrders:
    """One page of the orders with both of a pair: order_key, order_id, day, customer_key, sales_channel,
    revenue, of_pair. `rules` pick who bought the one and never the other (a not b, b not a), with
    `people` in each (None for who makes no audiences)."""

    total: int
    customers: int
    rows: pd.DataFrame
    rules: tuple[All, All]
    people: tuple[int, int] | None
    is_hidden: bool = False


def together(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    level: str = "product",
    shown: str = "holds",
) -> Together:
    """The pairs of a level as the last refresh found them, of the chosen categories where it is of
    products or categories; `shown` is one of SHOWN.

    Raises: CrmError("unknown_choice") for another level.
    """
    _check(level)
    as_of = store.scores_as_of or store.meta.as_of
    try:
        need_model(store, "baskets")
    except CrmError as error:
        return Together(as_of, level, missing=error.code, facts=error.facts)
    seen = store.fetch(store.table("baskets_seen")).set_index("level")
    levels = tuple(name for name in LEVELS if name in seen.index)
    if level not in levels:
        return Together(as_of, level, levels=levels)
    row = {"level": level, **{str(name): value for name, value in seen.loc[level].items()}}
    table = store.table("pairs")
    found = store.fetch(table.filter(table.level == level))
    three = store.table("triples")
    triples = store.fetch(three.filter(three.level == level))
    names = _names(store, level, (found, triples))
    found = worked_out(found, names, row)
    triples = triples.assign(**{f"name_{side}": triples[side].map(names) for side in _SIDES})
    if selection.category and level != "brand":
        of = _categories(store, level, names)
        found = found[_inside(found, of, selection.category, _SIDES[:2])]
        triples = triples[_inside(triples, of, selection.category, _SIDES)]
    few = 0
    if is_guarded(access):
        few = int((found["customers_both"] < FEWEST).sum())
        found = found[found["customers_both"] >= FEWEST]
        triples = triples[triples["customers"] >= FEWEST]
    explained = found["explained"].astype(bool) & (found["kind"] == "together")
    if shown == "holds":
        found = found[~found["explained"]]
    by_kind = {kind: found[found["kind"] == kind] for kind in ("together", "instead")}
    return Together(
        as_of=as_of,
        level=level,
        levels=levels,
        seen=row,
        warnings=tuple(fitted_document(store, "baskets").get("warnings", ())),
        pairs=by_kind["together"].reset_index(drop=True),
        instead=by_kind["instead"].reset_index(drop=True),
        triples=triples.reset_index(drop=True),
        explained=int(explained.sum()),
        few=few,
    )


def pair_orders(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    level: str,
    pair: tuple[str, str],
    page: int = 1,
    size: int = 25,
) -> PairOrders:
    """One page of the orders of the time looked at that hold both of a pair.

    Raises: CrmError("unknown_choice"); what `need_model` does.
    """
    del selection
    _check(level)
    if page < 1 or size < 1:
        raise CrmError("unknown_choice", name="page", value=page, match="")
    need_model(store, "baskets")
    seen = store.fetch(store.table("baskets_seen").filter(lambda table: table.level == level))
    first, last = (pd.to_datetime(seen[name]).iloc[0].date() for name in ("from_day", "to_day"))
    orders = orders_with_both(store, level, pair, (first, last))
    counts = {"n": orders.count(), "people": orders.customer_key.nunique()}
    counted = store.fetch(orders.agg(**counts)).iloc[0]
    rules = (bought_not(level, *pair), bought_not(level, *reversed(pair)))
    if is_guarded(access) and is_small(float(counted["people"])):
        return PairOrders(0, 0, pd.DataFrame(), rules, None, is_hidden=True)
    rows = store.fetch(orders.limit(size, offset=(page - 1) * size))
    people = None
    if allowed(access, "export"):
        people = (count(store, rules[0]), count(store, rules[1]))
    return PairOrders(int(counted["n"]), int(counted["people"]), rows, rules, people)


def bought_not(level: str, one: str, other: str) -> All:
    """Who bought one thing and never the other, as a rule of audiences.

    >>> bought_not("brand", "Kiln", "Loom").parts[0].where
    (Condition(field='brand', operator='in', value=('Kiln',)),)
    """
    column = LEVELS[level]
    bought, never = (Did("purchase", (Condition(column, "in", (item,)),)) for item in (one, other))
    return All((bought, Not(never)))


def _check(level: str) -> None:
    if level not in LEVELS:
        match = close_match(level, tuple(LEVELS))
        raise CrmError("unknown_choice", name="level", value=level, match=match)


def _names(store: Store, level: str, frames: Sequence[pd.DataFrame]) -> dict[str, str]:
    """What each item is called: a product by its name, the others as they stand."""
    columns = (*_SIDES, "via")
    items = {
        str(item)
        for frame in frames
        for column in columns
        if column in frame
        for item in frame[column].dropna()
    }
    if level != "product":
        return {item: item for item in items}
    return {**{item: item for item in items}, **product_names(store, sorted(items))}


def product_names(store: Store, ids: Sequence[str]) -> dict[str, str]:
    """Names of products by their ids."""
    products = store.table("product_facts")
    found = store.fetch(
        products.filter(products.product_id.isin(list(ids) or [""])).select(
            "product_id", "product_name"
        )
    )
    return dict(zip(found["product_id"], found["product_name"].astype(str), strict=True))


def _categories(store: Store, level: str, names: Mapping[str, str]) -> dict[str, str]:
    if level == "category":
        return {name: name for name in names}
    products = store.table("product_facts")
    ids = sorted(names) or [""]
    found = store.fetch(
        products.filter(products.product_id.isin(ids)).select("product_id", "category")
    )
    return dict(zip(found["product_id"], found["category"], strict=True))


def _inside(
    rows: pd.DataFrame, of: Mapping[str, str], chosen: Sequence[str], sides: Sequence[str]
) -> pd.Series[bool]:
    """Whether any of a row's items is of the chosen categories."""
    inside = [rows[side].map(of).isin(list(chosen)) for side in sides]
    return pd.concat(inside, axis=1).any(axis=1)


def worked_out(
    rows: pd.DataFrame, names: Mapping[str, str], seen: Mapping[str, Any]
) -> pd.DataFrame:
    """Adds what the page says of each pair."""
    both, expected = (rows[name].astype("float64") for name in ("baskets_both", "expected_both"))
    times, baskets = both / expected.where(expected > 0), max(float(seen["baskets"]), 1.0)
    by_lift = rows["baskets_a"] * rows["baskets_b"].astype("float64") / baskets
    # The range of the plain lift, around what chance has here: the count of both is uncertain.
    low, high = (
        rows[f"lift_{side}"] * by_lift / expected.where(expected > 0) for side in ("low", "high")
    )
    ahead = rows["confidence_ab"] >= rows["confidence_ba"]
    return rows.assign(
        explained=rows["explained"].astype(bool),
        stable=rows["stable"].astype(bool),
        name_a=rows["a"].map(names),
        name_b=rows["b"].map(names),
        name_via=rows["via"].map(names),
        times=times,
        times_low=low,
        times_high=high,
        extra=(both - expected) * 1000.0 / baskets,
        ahead=rows[["confidence_ab", "confidence_ba"]].max(axis=1),
        first=rows["a"].where(ahead, rows["b"]).map(names),
        then=rows["b"].where(ahead, rows["a"]).map(names),
    )
