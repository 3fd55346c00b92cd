"""How long stock lasts, what does not sell, and what empty shelves cost.

A product's demand is its share of the pieces that the whole shop sold on the days on which it was in
stock. The shop's own days thus tell of weekdays, seasons and events, and a product that was out
for half of the time is not taken for one that sells half as much. A day counts as empty when nothing
was on hand at its end and nothing was sold on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.metrics.parts import of_ledger, parts_of
from crm_core.metrics.small_groups import FEWEST
from crm_core.selection import Period
from crm_core.store import Tables
from crm_core.store.marts import without

#: Demand is learned from so many days up to the last one, or on both sides of an empty shelf.
WINDOW_DAYS: Final = 56
DEAD_DAYS: Final = 90
PRICE_DAYS: Final = 365
SHORT_WEEKS: Final = 2.0
PLENTY_WEEKS: Final = 26.0
STATES: Final = ("out", "short", "low", "fine", "plenty", "dead")
#: Where so many times the usual size of a sale were to be expected, selling nothing by chance
#: happens less than once in twenty times.
CLEAR: Final = 3.0


def sold(store: Tables, period: Period) -> ir.Table:
    """Pieces a product and day: product_key, day, units, squares (each line's pieces squared),
    revenue."""
    lines = _sales(store, period)
    (revenue,) = (of_ledger(part, lines) for part in parts_of(["revenue"]))
    return lines.group_by("product_key", "day").agg(
        units=lines.units.sum().cast("int64"),
        squares=(lines.units * lines.units).sum().cast("int64"),
        revenue=revenue.cast("float64"),
    )


def _sales(store: Tables, period: Period) -> ir.Table:
    ledger = store.table("ledger_by_day" if store.has("ledger_by_day") else "ledger")
    days = ledger.day.between(ibis.literal(period.start), ibis.literal(period.end))
    return ledger.filter(days & (ledger.entry == "sale") & ledger.product_key.notnull())


def shop_days(store: Tables, period: Period) -> ir.Table:
    """What the whole shop sold on each day: day, level (pieces). Days without a sale are missing."""
    lines = _sales(store, period)
    return lines.group_by("day").agg(level=lines.units.sum().cast("int64")).order_by("day")


def told_days(store: Tables, as_of: date) -> ir.Table:
    """One row: the first and last day on which stock is told of, and how many such days there are."""
    stock = store.table("stock")
    stock = stock.filter(stock.day <= ibis.literal(as_of))
    return stock.agg(first=stock.day.min(), last=stock.day.max(), days=stock.day.nunique())


def shelf_days(store: Tables, period: Period) -> ir.Table:
    """Every day and product that stock is told of: product_key, day, on_hand, units, squares,
    revenue, level (what the shop sold that day), is_empty."""
    stock = store.table("stock")
    days = stock.day.between(ibis.literal(period.start), ibis.literal(period.end))
    stock = stock.filter(days).select("product_id", "day", "on_hand")
    keys = _goods(store).select("product_key", "product_id")
    stock = without(stock.join(keys, "product_id"), "product_id_right", "product_id")
    told = stock.left_join(sold(store, period), ["product_key", "day"])
    told = without(told, "product_key_right", "day_right")
    told = without(told.left_join(shop_days(store, period), "day"), "day_right")
    filled = {name: told[name].fill_null(0) for name in ("units", "squares", "revenue", "level")}
    told = told.mutate(**filled)
    return told.mutate(is_empty=(told.on_hand <= 0) & (told.units <= 0))


def _goods(store: Tables) -> ir.Table:
    products = store.table("product_facts")
    return products.filter(products.product_kind.isnull())


def positions(
    store: Tables, as_of: date, *, level: float, week: float, cover: float, is_daily: bool = True
) -> ir.Table:
    """One row a product that stock is told of: product_key, product_id, name, category, counted_on,
    on_hand, incoming, units (pieces of the last WINDOW_DAYS), empty_days (of those), price (mean,
    of a year), last_sold, value (on hand at its cost, else at its price), weekly (pieces an
    ordinary week), weeks (of cover by what is on hand), weeks_all (with what is on its way), state.

    `level` is what the shop sold in the window, `week` what it sells in an ordinary week; a product
    that lasts for less than `cover` weeks is low. With `is_daily` only what was in stock for
    DEAD_DAYS can be dead; where stock is told of once, everything can.
    """
    window = Period(as_of - timedelta(WINDOW_DAYS - 1), as_of)
    products = _goods(store).select("product_key", "product_id", "category", name="product_name")
    costs = store.table("products").select("product_id", "unit_cost")
    table = products.join(_newest(store, as_of), "product_id").left_join(costs, "product_id")
    table = without(table, "product_id_right")
    for found in (_year(store, as_of, window.start), _empty(store, window)):
        table = without(table.left_join(found, "product_key"), "product_key_right")
    filled = {name: table[name].fill_null(0) for name in ("units", "empty_days", "empty_level")}
    table = table.mutate(**filled)
    seen = (ibis.literal(float(level)) - table.empty_level.cast("float64")).nullif(0.0)
    price = table.year_revenue / table.year_units.cast("float64").nullif(0.0)
    table = table.mutate(price=price, weekly=table.units.cast("float64") / seen * float(week))
    return _with_cover(table, as_of, cover, is_daily=is_daily)


def _newest(store: Tables, as_of: date) -> ir.Table:
    stock = store.table("stock")
    stock = stock.filter(stock.day <= ibis.literal(as_of))
    ends = stock.group_by("product_id").agg(day=stock.day.max(), since=stock.day.min())
    newest = stock.join(ends, ["product_id", "day"])
    return newest.select(
        "product_id",
        "since",
        "on_hand",
        counted_on="day",
        incoming=newest.incoming.fill_null(0),
    )


def _year(store: Tables, as_of: date, recent: date) -> ir.Table:
    days = sold(store, Period(as_of - timedelta(PRICE_DAYS - 1), as_of))
    return days.group_by("product_key").agg(
        units=days.units.sum(where=days.day >= ibis.literal(recent)),
        year_units=days.units.sum(),
        year_revenue=days.revenue.sum(),
        last_sold=days.day.max(),
    )


def _empty(store: Tables, window: Period) -> ir.Table:
    days = shelf_days(store, window)
    days = days.filter(days.is_empty)
    return days.group_by("product_key").agg(empty_days=days.count(), empty_level=days.level.sum())


def _with_cover(table: ir.Table, as_of: date, cover: float, *, is_daily: bool) -> ir.Table:
    on_hand, coming = table.on_hand.cast("float64"), table.incoming.cast("float64")
    weekly = table.weekly.nullif(0.0)
    table = table.mutate(
        weeks=ibis.greatest(on_hand, ibis.literal(0.0)) / weekly,
        weeks_all=ibis.greatest(on_hand + coming, ibis.literal(0.0)) / weekly,
        value=on_hand * ibis.coalesce(table.unit_cost.cast("float64"), table.price),
    )
    quiet_since = ibis.literal(as_of - timedelta(DEAD_DAYS - 1))
    is_dead = (table.last_sold.isnull() | (table.last_sold < quiet_since)) & (table.on_hand > 0)
    if is_daily:
        is_dead = is_dead & (table.since <= quiet_since)
    state = ibis.cases(
        (is_dead, "dead"),
        ((table.on_hand <= 0) & (table.weekly > 0.0), "out"),
        (table.weeks < SHORT_WEEKS, "short"),
        (table.weeks_all < float(cover), "low"),
        (table.weeks > PLENTY_WEEKS, "plenty"),
        else_="fine",
    )
    return table.mutate(state=state).drop(
        "since", "unit_cost", "year_units", "year_revenue", "empty_level"
    )


def buyers_of_products(store: Tables, period: Period) -> ir.Table:
    """How many different known people bought each product: product_key, people."""
    lines = _sales(store, period)
    return lines.group_by("product_key").agg(people=lines.customer_key.nunique())


def not_of_few(table: ir.Table, people: ir.Table, names: Sequence[str]) -> ir.Table:
    """The table with these columns unknown where a product was bought by one to four people."""
    few = people.filter((people.people > 0) & (people.people < FEWEST)).select("product_key")
    joined = table.left_join(few.mutate(is_few=ibis.literal(True)), "product_key")
    joined = without(joined, "product_key_right")
    is_few = joined.is_few.fill_null(False)
    told = {
        name: ibis.ifelse(is_few, ibis.null(joined[name].type()), joined[name]) for name in names
    }
    return joined.mutate(**told).drop("is_few")


def losses(store: Tables, period: Period, as_of: date) -> ir.Table:
    """Stretches of a period in which a product had nothing on hand: product_key, first, last, days,
    silent_days (nothing sold either), expected (pieces by its share of the shop's sales around),
    spread (of that, one standard error), price, is_sold_anyway (pieces were sold later than on the
    first day, so that the count was no obstacle), is_clear (chance alone hardly sells nothing).

    The share is of the days in stock from WINDOW_DAYS before the period to as many after it.
    """
    around = Period(
        period.start - timedelta(WINDOW_DAYS), min(period.end + timedelta(WINDOW_DAYS), as_of)
    )
    days = shelf_days(store, around)
    open_days = days.filter(~days.is_empty)
    usual = open_days.group_by("product_key").agg(
        in_units=open_days.units.sum().cast("float64"),
        in_squares=open_days.squares.sum().cast("float64"),
        in_level=open_days.level.sum().cast("float64"),
        in_revenue=open_days.revenue.sum(),
    )
    inside = days.day.between(ibis.literal(period.start), ibis.literal(period.end))
    spells = _spells(days.filter(inside & (days.on_hand <= 0)), period.start)
    joined = without(spells.join(usual, "product_key"), "product_key_right")
    units, seen = joined.in_units.nullif(0.0), joined.in_level.nullif(0.0)
    expected = joined.silent_level.cast("float64") * joined.in_units / seen
    joined = joined.mutate(expected=expected, size=joined.in_squares / units)
    # Sales come in lines of some pieces, and the share itself is known from so many pieces only.
    doubt = joined.silent_level.cast("float64") / seen + 1.0
    is_sold_anyway = joined.later_units > 0
    return joined.select(
        "product_key",
        "first",
        "last",
        "days",
        "silent_days",
        "expected",
        spread=(joined["size"] * joined.expected * doubt).sqrt(),
        price=joined.in_revenue / units,
        is_sold_anyway=is_sold_anyway,
        is_clear=~is_sold_anyway & (joined.expected >= joined["size"] * CLEAR),
    )


def _spells(rows: ir.Table, start: date) -> ir.Table:
    """Days without stock, those in a row together."""
    in_time = ibis.window(group_by="product_key", order_by="day")
    rows = rows.mutate(number=rows.day.delta(ibis.literal(start), unit="day").cast("int64"))
    rows = rows.mutate(
        stretch=rows.number - ibis.row_number().over(in_time),
        before=rows.number.lag(1).over(in_time),
    )
    later = (rows.number - rows.before == 1).fill_null(False)
    return rows.group_by("product_key", "stretch").agg(
        first=rows.day.min(),
        last=rows.day.max(),
        days=rows.count(),
        silent_days=rows.count(where=rows.is_empty),
        silent_level=rows.level.sum(where=rows.is_empty).fill_null(0),
        later_units=rows.units.sum(where=later).fill_null(0),
    )


def named(store: Tables, rows: ir.Table) -> ir.Table:
    """Rows of products with their product_id, name and category."""
    told = _goods(store).select("product_key", "product_id", "category", name="product_name")
    return without(rows.join(told, "product_key"), "product_key_right")


def product_days(store: Tables, product_key: int, period: Period) -> ir.Table:
    """One product's days that stock is told of: day, on_hand, units, is_empty; in order."""
    days = shelf_days(store, period)
    mine = days.filter(days.product_key == product_key)
    return mine.select("day", "on_hand", "units", "is_empty").order_by("day")
