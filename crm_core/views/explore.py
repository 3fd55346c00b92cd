"""The Explore page: numbers by dimensions, and the orders and customers behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from crm_core.audiences.explored import Behind, rule_of
from crm_core.errors import CrmError
from crm_core.metrics import DIMENSIONS, METRICS
from crm_core.metrics import explore as metrics_explore
from crm_core.metrics.dimensions import whole_number
from crm_core.metrics.exploration import UNASKED, Exploration
from crm_core.metrics.explore_goals import Target
from crm_core.metrics.parts import counted_rows, of_ledger, parts_of
from crm_core.metrics.small_groups import is_guarded, is_small
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store

MOST_ROWS = 200
_NEXT: Mapping[str, tuple[str, ...]] = {
    "year": ("quarter", "month"),
    "quarter": ("month", "week"),
    "month": ("week", "day"),
    "week": ("day",),
    "category": ("subcategory", "product"),
    "subcategory": ("product",),
    "brand": ("product",),
    "sales_channel": ("category", "product"),
    "region": ("sales_channel", "category"),
    "country": ("region", "category"),
    "cohort": ("acquisition_source", "stage"),
}
_OTHERWISE = ("category", "product", "sales_channel", "region", "month")


@dataclass(frozen=True)
class Explore:
    """The answer with what it is about. `products` are names by their codes; `dimensions` are
    those that this store can split by."""

    answer: metrics_explore.Explored
    period: Period
    compared: Period | None
    as_of: date
    products: Mapping[str, str]
    dimensions: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was left by the filters."""
        return len(self.answer.lines) < 2 and not any(self.answer.total.values.values())


@dataclass(frozen=True)
class Rows:
    """One page of orders or customers behind a number: `total` of them; `is_hidden` where they
    are too few to be shown to who looks."""

    total: int
    rows: pd.DataFrame
    is_hidden: bool = False


_HIDDEN = Rows(0, pd.DataFrame(), is_hidden=True)


def explore(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    asked: Exploration,
    targets: tuple[Target, ...] = (),
) -> Explore:
    """Answers a question of the page; who may not know small groups does not see them. `targets`
    are the goals that numbers may be held against.

    Raises: CrmError as `crm_core.metrics.explore.explore`.
    """
    meta = store.meta
    period = selection.resolve(meta.first_day, meta.as_of)
    compared = selection.compared(meta.first_day, meta.as_of)
    answer = metrics_explore.explore(
        store,
        selection,
        asked,
        period=period,
        compared=compared,
        targets=targets,
        is_guarded=is_guarded(access),
    )
    codes = _codes(answer, "product")
    products = _named(store, codes) if codes else {}
    return Explore(answer, period, compared, meta.as_of, products, known_dimensions(store))


def known_dimensions(store: Store) -> tuple[str, ...]:
    """The dimensions this store can split by: those of scores need scores."""
    kept = {
        name
        for name, found in DIMENSIONS.items()
        if not found.via or store.has(found.via) or found.via in metrics_explore.MADE
    }
    return tuple(name for name in DIMENSIONS if name in kept and name not in UNASKED)


def metric_units(names: tuple[str, ...]) -> dict[str, str]:
    """The unit of each metric."""
    return {name: METRICS[name].unit for name in names}


def next_dimension(asked: Exploration, known: tuple[str, ...]) -> str:
    """What to split by once a row of the last dimension was opened.

    >>> next_dimension(Exploration(by=("category",)), ("product", "region"))
    'product'
    """
    used = {*asked.by, asked.across, *(name for name, _ in asked.where)}
    last = asked.by[-1] if asked.by else ""
    for name in (*_NEXT.get(last, ()), *_OTHERWISE, *known):
        allowed = DIMENSIONS[name].one_per != "line" or not any(
            map(metrics_explore.nearest_valid, asked.metrics)
        )
        if name in known and name not in used and allowed:
            return name
    return ""


def _codes(answer: metrics_explore.Explored, name: str) -> list[int]:
    asked = answer.asked
    codes = {code for found, code in asked.where if found == name}
    if name in asked.by:
        place = asked.by.index(name)
        codes |= {line.keys[place] for line in answer.lines if len(line.keys) > place}
    if name == asked.across:
        codes |= set(answer.columns)
    return sorted(_keys(codes))


def _keys(codes: Iterable[str]) -> list[int]:
    read = map(whole_number, codes)
    return [key for key in read if key is not None]


def _named(store: Store, codes: list[int]) -> dict[str, str]:
    """Names of products by their codes."""
    rows = store.table("product_facts")
    told = store.fetch(
        rows.filter(rows.product_key.isin(codes)).select("product_key", "product_name")
    )
    pairs = zip(told["product_key"], told["product_name"], strict=True)
    return {str(int(key)): str(name) for key, name in pairs}


def orders_behind(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    asked: Exploration,
    page: int = 1,
    size: int = 50,
) -> Rows:
    """One page of the orders that a number is about, the latest first: order_key, order_id, day,
    customer_key, sales_channel, status, revenue and refunds of what was asked for."""
    if not _is_told(store, selection, access, asked):
        return _HIDDEN
    rows = _behind(store, selection, asked)
    found = _told_by(rows.filter(rows.order_key.notnull()), "order_key", asked)
    orders = store.table("order_facts").select(
        "order_key", "order_id", "day", "customer_key", "sales_channel", "status"
    )
    found = orders.join(found, "order_key")
    ordered = found.order_by(found.day.desc(), found.order_key.desc())
    return _paged(store, ordered, access, page, size)


def customers_behind(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    asked: Exploration,
    page: int = 1,
    size: int = 50,
) -> Rows:
    """One page of the customers that a number is about, those who spent most first: customer_key,
    orders, revenue and refunds of what was asked for, last_day."""
    if not _is_told(store, selection, access, asked):
        return _HIDDEN
    rows = _behind(store, selection, asked)
    rows = rows.filter(rows.customer_key.notnull())
    orders = {part.name: of_ledger(part, rows) for part in parts_of(("orders",))}
    found = _told_by(rows, "customer_key", asked, **orders, last_day=rows.day.max())
    ordered = found.order_by(found.revenue.desc(), found.customer_key.asc())
    return _paged(store, ordered, access, page, size)


def audience_behind(
    selection: Selection, *, store: Store, access: Access, asked: Exploration
) -> Behind:
    """The customers that a number is about as a rule, and what of it a rule cannot say.

    The filters of the bar count as those of the page.
    """
    del access
    period = selection.resolve(store.meta.first_day, store.meta.as_of)
    keys = _keys(code for name, code in asked.where if name == "product")
    products = store.table("product_facts")
    told = store.fetch(
        products.filter(products.product_key.isin(keys or [-1])).select("product_key", "product_id")
    )
    ids = {
        str(int(k)): str(v) for k, v in zip(told["product_key"], told["product_id"], strict=True)
    }
    return rule_of(selection, period, asked.where, ids)


def _behind(store: Store, selection: Selection, asked: Exploration) -> Any:
    period = selection.resolve(store.meta.first_day, store.meta.as_of)
    return metrics_explore.rows_behind(store, selection, asked, period)


def _is_told(store: Store, selection: Selection, access: Access, asked: Exploration) -> bool:
    period = selection.resolve(store.meta.first_day, store.meta.as_of)
    return not is_guarded(access) or metrics_explore.is_told(store, selection, asked, period)


def _told_by(rows: Any, key: str, asked: Exploration, **more: Any) -> Any:
    """Revenue, refunds and more of each order or customer that the numbers count or add up: a
    count of sales is not about who had money back alone."""
    counts = counted_rows(asked.metrics, rows)
    money = {
        part.name: of_ledger(part, rows).cast("float64")
        for part in parts_of(("revenue", "refunds"))
    }
    found = rows.group_by(key).agg(**money, **more, counted=rows.count(where=counts))
    return found.filter(found.counted > 0).drop("counted")


def _paged(store: Store, ordered: Any, access: Access, page: int, size: int) -> Rows:
    if page < 1 or not 1 <= size <= MOST_ROWS:
        raise CrmError("unknown_choice", name="page", value=page, match="")
    counts = {"rows": ordered.count(), "people": ordered.customer_key.nunique()}
    counted = store.fetch(ordered.agg(**counts)).iloc[0]
    if is_guarded(access) and is_small(float(counted["people"])):
        return _HIDDEN
    wanted = ordered.limit(size, offset=(page - 1) * size)
    return Rows(int(counted["rows"]), store.fetch(wanted))
