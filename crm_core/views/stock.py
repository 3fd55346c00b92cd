"""How long stock lasts, what to order again, what does not sell, and what empty shelves cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Any, Final

import pandas as pd

from crm_core.errors import CrmError
from crm_core.metrics import is_guarded
from crm_core.metrics import stock as metrics_stock
from crm_core.metrics.sold_out import empty_shelves, stock_days
from crm_core.metrics.stock import STATES, WINDOW_DAYS
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.card import Card

COVERS: Final = ("4", "6", "8", "12")
MOST_SPELLS: Final = 1_000
DRILL_DAYS: Final = 365
_LATE_DAYS = 7
_80 = 1.2816
_FEW = ("units", "weekly", "weeks", "weeks_all", "last_sold")


@dataclass(frozen=True)
class Stock:
    """`told_on` is the last day of which stock is known (None: of no day), `is_daily` whether it is
    told of day by day, `late_days` how old it is if that is more than a week. `states`: state,
    products, value, in the order of STATES."""

    as_of: date
    told_on: date | None
    is_daily: bool
    late_days: int | None
    cards: tuple[Card, ...]
    states: pd.DataFrame


@dataclass(frozen=True)
class Products:
    """One page of products and how many there are: product_key, name, category, state, on_hand,
    incoming, weekly, weeks, weeks_all, order (pieces to order), units, empty_days, last_sold, value."""

    rows: pd.DataFrame
    total: int


@dataclass(frozen=True)
class Lost:
    """What empty shelves of a period cost: `rows` (product_key, name, category, first, last, days,
    expected, low, high, money) and the sum of them with its range. `sells_anyway`: the shop also
    sells what it counts as gone, so only stretches that began without a sale are taken."""

    period: Period
    rows: pd.DataFrame
    spells: int
    money: float
    low: float
    high: float
    sells_anyway: bool


def stock(selection: Selection, *, store: Store, access: Access, weeks: int) -> Stock:
    """The state of the shelf on the last day that is told of, for a cover of so many weeks."""
    as_of = store.meta.as_of
    told = stock_days(store, as_of)
    if told is None:
        return Stock(as_of, None, False, None, (), pd.DataFrame(columns=["state"]))
    rows: Any = _positions(selection, store, access, weeks)
    counted = rows.group_by("state").agg(products=rows.count(), value=rows.value.sum())
    found = store.fetch(counted).set_index("state").reindex(list(STATES))
    found["products"] = found["products"].fillna(0).astype(int)
    found = found.astype({"value": "float64"}).fillna({"value": 0.0}).reset_index()
    late = (as_of - told.last).days
    return Stock(
        as_of=as_of,
        told_on=told.last,
        is_daily=told.is_daily,
        late_days=late if late > _LATE_DAYS else None,
        cards=_cards(found),
        states=found,
    )


def short_products(
    selection: Selection, *, store: Store, access: Access, weeks: int, page: int, size: int
) -> Products:
    """What lasts for less than so many weeks with all that is on its way, the shortest first."""
    rows: Any = _positions(selection, store, access, weeks)
    short = rows.filter(rows.state.isin(["out", "short", "low"]))
    order = [short.weeks.asc(nulls_first=False), short.weeks_all.asc(), "product_id"]
    found = _page(store, short.order_by(order), page, size)
    wanted = found.rows["weekly"] * weeks - found.rows["on_hand"] - found.rows["incoming"]
    pieces: list[float] = [max(0, ceil(v)) if v == v else float("nan") for v in wanted]
    return Products(found.rows.assign(order=pieces), found.total)


def dead_products(
    selection: Selection, *, store: Store, access: Access, weeks: int, page: int, size: int
) -> Products:
    """What has not sold for ninety days and lies on the shelf, the most money first."""
    rows: Any = _positions(selection, store, access, weeks)
    dead = rows.filter(rows.state == "dead")
    return _page(
        store, dead.order_by([dead.value.desc(nulls_first=False), "product_id"]), page, size
    )


def lost_sales(selection: Selection, *, store: Store, access: Access) -> Lost | None:
    """What was not sold for want of stock in the period; None where stock is not told day by day."""
    as_of = store.meta.as_of
    period = selection.resolve(store.meta.first_day, as_of)
    found = empty_shelves(store, period, as_of)
    if found is None:
        return None
    shelves, sells_anyway = found
    rows: Any = _in_categories(metrics_stock.named(store, shelves), selection)
    if is_guarded(access):
        around = metrics_stock.around(period, as_of)
        people = metrics_stock.buyers_of_products(store, around)
        rows = metrics_stock.not_of_few(rows, people, ("expected",))
        rows = rows.filter(rows.expected.notnull())
    rows = rows.mutate(doubt=rows.spread * rows.price)
    sums = rows.agg(n=rows.count(), money=rows.money.sum(), doubt=(rows.doubt * rows.doubt).sum())
    total = store.fetch(sums).fillna(0.0).iloc[0]
    half = _80 * float(total["doubt"]) ** 0.5
    top = rows.order_by([rows.money.desc(nulls_first=False), "product_id", "first"])
    found = store.fetch(top.limit(MOST_SPELLS))
    found["low"] = (found["expected"] - _80 * found["spread"]).clip(lower=0.0)
    found["high"] = found["expected"] + _80 * found["spread"]
    money = float(total["money"])
    return Lost(
        period, found, int(total["n"]), money, max(0.0, money - half), money + half, sells_anyway
    )


def product_stock(
    selection: Selection, *, store: Store, access: Access, product_key: int
) -> pd.DataFrame:
    """One product day by day: day, name, on_hand, units, is_empty. Who sees no single people gets no
    pieces: those of a day are mostly of one or two."""
    del selection
    as_of = store.meta.as_of
    days = Period(as_of - timedelta(DRILL_DAYS - 1), as_of)
    found = store.fetch(metrics_stock.product_days(store, product_key, days))
    return found.assign(units=float("nan")) if is_guarded(access) else found


def demand(store: Store, as_of: date) -> tuple[float, float]:
    """Pieces the shop sold in the window, and what it sells in an ordinary week: for each weekday the
    middle one of its eight days, so that an event among them counts little."""
    window = Period(as_of - timedelta(WINDOW_DAYS - 1), as_of)
    rows = store.fetch(metrics_stock.shop_days(store, window)).set_index("day")["level"]
    days = pd.date_range(window.start, window.end, freq="D")
    level = rows.reindex(days, fill_value=0).astype("float64")
    mean = float(level.sum()) * 7 / WINDOW_DAYS
    weekdays = pd.DatetimeIndex(level.index).day_of_week
    middle = float(pd.Series(level.to_numpy()).groupby(weekdays).median().sum())
    # In a shop that sells nothing on most days the middle day tells nothing.
    return float(level.sum()), middle if middle >= mean / 2 else mean


def shelf(store: Store, as_of: date, weeks: float) -> Any:
    """The products that stock is told of with their cover (see `positions`)."""
    level, week = demand(store, as_of)
    told = stock_days(store, as_of)
    is_daily = told is not None and told.is_daily
    return metrics_stock.positions(
        store, as_of, level=level, week=week, cover=weeks, is_daily=is_daily
    )


def has_stock(store: Store) -> bool:
    """Whether stock is told of at all."""
    return stock_days(store, store.meta.as_of) is not None


def _positions(selection: Selection, store: Store, access: Access, weeks: int) -> Any:
    as_of = store.meta.as_of
    rows = _in_categories(shelf(store, as_of, weeks), selection)
    if not is_guarded(access):
        return rows
    window = Period(as_of - timedelta(WINDOW_DAYS - 1), as_of)
    return metrics_stock.not_of_few(rows, metrics_stock.buyers_of_products(store, window), _FEW)


def _in_categories(rows: Any, selection: Selection) -> Any:
    return rows.filter(rows.category.isin(selection.category)) if selection.category else rows


def _page(store: Store, rows: Any, page: int, size: int) -> Products:
    total = int(store.fetch(rows.count().name("n").as_table()).iloc[0]["n"])
    if page < 1 or size < 1:
        raise CrmError("unknown_choice", name="page", value=page, match="")
    return Products(store.fetch(rows.limit(size, offset=(page - 1) * size)), total)


def _cards(states: pd.DataFrame) -> tuple[Card, ...]:
    by_state = states.set_index("state")
    values = [
        ("counted", float(states["products"].sum()), "count"),
        *((name, float(by_state["products"][name]), "count") for name in ("out", "short", "low")),
        ("value", float(states["value"].sum()), "money"),
        ("dead", float(by_state["value"]["dead"]), "money"),
    ]
    return tuple(
        Card(f"stock.card.{name}", value, unit, definition_key=f"stock.card_about.{name}")
        for name, value, unit in values
    )
