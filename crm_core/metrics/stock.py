"""How long stock lasts, what does not sell, and what empty shelves cost.

A product's demand is held against what the rest of the shop sold on the days on which it was in stock.
The shop's own days thus tell of weekdays, seasons and events, and a product that was out for half of the
time is not taken for one that sells half as much. A day counts as empty when nothing
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
from crm_core.store.marts import as_number, without

#: Demand is learned from so many days up to the last one, or on both sides of an empty shelf.
WINDOW_DAYS: Final = 56
DEAD_DAYS: Final = 90
PRICE_DAYS: Final = 365
SHORT_WEEKS: Final = 2.0
PLENTY_WEEKS: Final = 26.0
STATES: Final = ("out", "short", "low", "fine", "plenty", "dead")
#: From which share of the usual sales on a shop sells although it counts nothing on hand.
SELLS_ANYWAY: Final = 0.25
_SOME_DAY: Final = date(2000, 1, 1)


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
    keys = goods(store).select("product_key", "product_id")
    stock = without(stock.join(keys, "product_id"), "product_id_right", "product_id")
    told = stock.left_join(sold(store, period), ["product_key", "day"])
    told = without(told, "product_key_right", "day_right")
    told = without(told.left_join(shop_days(store, period), "day"), "day_right")
    filled = {name: told[name].fill_null(0) for name in ("units", "squares", "revenue", "level")}
    told = told.mutate(**filled)
    return told.mutate(is_empty=(told.on_hand <= 0) & (told.units <= 0))


def goods(store: Tables) -> ir.Table:
    """The products that lie on shelves: no shipping, no gift cards."""
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
    products = goods(store).select("product_key", "product_id", "category", name="product_name")
    costs = store.table("products").select("product_id", "unit_cost")
    table = products.join(_newest(store, as_of), "product_id").left_join(costs, "product_id")
    table = without(table, "product_id_right")
    for found in (_year(store, as_of, window.start), _empty(store, window)):
        table = without(table.left_join(found, "product_key"), "product_key_right")
    filled = {name: table[name].fill_null(0) for name in ("units", "empty_days", "empty_level")}
    table = table.mutate(**filled)
    units = table.units.cast("float64")
    price = table.year_revenue / table.year_units.cast("float64").nullif(0.0)
    ordinary = units * (float(week) / max(float(level), 1.0))
    table = table.mutate(price=price, weekly=ordinary * _missed(table, units, float(level)))
    return _with_cover(table, as_of, cover, is_daily=is_daily)


def _missed(table: ir.Table, units: ir.Value, level: float) -> ir.Value:
    """How many times as much a product would have sold, had it been in stock all the time: what the
    rest of the shop sold in all over what it sold while this was there; by days without a rest."""
    rest = ibis.literal(level) - units
    beside = rest - table.empty_level.cast("float64")
    open_days = ibis.literal(WINDOW_DAYS) - table.empty_days
    by_days = float(WINDOW_DAYS) / ibis.greatest(open_days, ibis.literal(1)).cast("float64").nullif(
        0.0
    )
    return ibis.ifelse(beside > 0.0, rest / beside.nullif(0.0), by_days)


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


def around(period: Period, as_of: date) -> Period:
    """The days from which a product's share is learned: WINDOW_DAYS more on both sides."""
    more = timedelta(WINDOW_DAYS)
    return Period(period.start - more, min(period.end + more, as_of))


def sold_while_empty(store: Tables, period: Period, as_of: date) -> ir.Table:
    """One row: pieces sold on days that began and ended with nothing on hand (units), and what was to be
    expected of them (expected). Where both are alike, a count of nothing keeps nobody from buying:
    the shop takes orders ahead, or its count comes late."""
    days = shelf_days(store, around(period, as_of))
    later = _stretches(days)
    later = later.filter(later.is_later)
    joined = later.join(_usual(days), "product_key")
    beside = (joined.level - joined.units).cast("float64")
    return joined.agg(
        units=joined.units.sum().fill_null(0).cast("float64"),
        expected=_expected(joined, beside, ibis.literal(1.0)).sum().fill_null(0.0),
    )


def losses(store: Tables, period: Period, as_of: date, *, sells_anyway: bool) -> ir.Table:
    """Empty shelves of a period: product_key, first, last, days, expected (pieces, by the product's
    share of the shop's sales around), spread (of that, one standard error), price.

    A shelf is empty from the first day with nothing on hand and nothing sold until something is on
    hand or sold. Where the shop `sells_anyway`, only those count whose very first day passed without
    a sale: of a product sold to the last piece nobody knows whether it could be ordered still.
    """
    days = shelf_days(store, around(period, as_of))
    rows = _stretches(days)
    of_stretch = {"group_by": ["product_key", "stretch"]}
    sales = as_number(rows.is_later & ~rows.is_empty)
    so_far = ibis.window(**of_stretch, order_by="day", preceding=None, following=0)
    began = as_number(~rows.is_later & rows.is_empty)
    rows = rows.mutate(
        sold_later=sales.sum().over(so_far), began=began.max().over(ibis.window(**of_stretch))
    )
    inside = rows.day.between(ibis.literal(period.start), ibis.literal(period.end))
    silent = rows.filter(inside & rows.is_empty & (rows.sold_later == 0))
    if sells_anyway:
        silent = silent.filter(silent.began > 0)
    spells = silent.group_by("product_key", "stretch").agg(
        first=silent.day.min(),
        last=silent.day.max(),
        days=silent.count(),
        level=silent.level.sum().cast("float64"),
    )
    joined = without(spells.join(_usual(days), "product_key"), "product_key_right")
    joined = joined.mutate(expected=_expected(joined, joined.level, joined.days.cast("float64")))
    # Sales come in lines of some pieces, and the share itself is known from so many pieces only.
    units = joined.in_units.nullif(0.0)
    spread = (joined.in_squares / units * joined.expected * (joined.expected / units + 1.0)).sqrt()
    return joined.select(
        "product_key", "first", "last", "days", "expected",
        spread=spread, price=joined.in_revenue / units,
    )  # fmt: skip


def _expected(rows: ir.Table, beside: ir.Value, days: ir.Value) -> ir.Value:
    """Pieces to be expected where the rest of the shop sold `beside`: as many to those as while the
    product was in stock; by `days` where the shop has no rest."""
    rest = rows.in_level - rows.in_units
    by_rest = beside * rows.in_units / rest.nullif(0.0)
    by_days = days * rows.in_units / rows.in_days.cast("float64").nullif(0.0)
    return ibis.ifelse(rest > 0.0, by_rest, by_days)


def _usual(days: ir.Table) -> ir.Table:
    """What was sold of each product while it was in stock, and what the shop sold on those days."""
    rows = days.filter(~days.is_empty)
    return rows.group_by("product_key").agg(
        in_units=rows.units.sum().cast("float64"),
        in_squares=rows.squares.sum().cast("float64"),
        in_level=rows.level.sum().cast("float64"),
        in_revenue=rows.revenue.sum(),
        in_days=rows.count(),
    )


def _stretches(days: ir.Table) -> ir.Table:
    """Days with nothing on hand, those in a row under one `stretch`; `is_later` than its first."""
    rows = days.filter(days.on_hand <= 0)
    in_time = ibis.window(group_by="product_key", order_by="day")
    rows = rows.mutate(number=rows.day.delta(ibis.literal(_SOME_DAY), unit="day").cast("int64"))
    rows = rows.mutate(
        place=ibis.row_number().over(in_time), before=rows.number.lag(1).over(in_time)
    )
    return rows.mutate(
        stretch=rows.number - rows.place,
        is_later=(rows.number - rows.before == 1).fill_null(False),
    )


def named(store: Tables, rows: ir.Table) -> ir.Table:
    """Rows of products with their product_id, name and category."""
    told = goods(store).select("product_key", "product_id", "category", name="product_name")
    return without(rows.join(told, "product_key"), "product_key_right")


def product_days(store: Tables, product_key: int, period: Period) -> ir.Table:
    """One product's days that stock is told of: day, name, on_hand, units, is_empty; in order."""
    days = shelf_days(store, period)
    mine = named(store, days.filter(days.product_key == product_key))
    return mine.select("day", "name", "on_hand", "units", "is_empty").order_by("day")
