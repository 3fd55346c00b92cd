"""How customers are served: numbers about contacts, defined once.

A contact is one that a customer began. Sums and counts add up; shares are worked out from them at
every level; medians are asked of the engine at every level, never of medians.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.metrics.care_rules import CareRules, end_of, minutes_until, passed
from crm_core.metrics.contact_topics import begun, with_topics
from crm_core.metrics.definition import Good
from crm_core.metrics.dimensions import begin_of, read_code
from crm_core.metrics.evaluate import measure, scope
from crm_core.metrics.parts import Number
from crm_core.metrics.shop_clock import local_minutes
from crm_core.selection import SEGMENTATIONS, Period, Selection, by_segmentation
from crm_core.store import Store
from crm_core.store.marts import as_number, without


@dataclass(frozen=True)
class CareMetric:
    """A number about contacts or parcels: `top`, a measured part, over `bottom` if there is one.

    `of` is the part that says on how many of them it rests; with `middle` it is a quantile, in the
    engine's own words and never put together from others.
    """

    name: str
    unit: Literal["count", "rate", "hours", "days", "cents"]
    good: Good
    top: str
    bottom: str = ""
    of: str = "contacts"
    middle: bool = False

    additivity = "ratio"


_ALL: Final = (
    CareMetric("contacts", "count", "down", "contacts"),
    CareMetric("contact_rate", "rate", "down", "contacts", "orders"),
    CareMetric("reply_median", "hours", "down", "reply_median", of="replied", middle=True),
    CareMetric("reply_p90", "hours", "down", "reply_p90", of="replied", middle=True),
    CareMetric("reply_in_time", "rate", "up", "in_time", "due", of="due"),
    CareMetric("settle_median", "hours", "down", "settle_median", of="settled", middle=True),
    CareMetric("settle_p90", "hours", "down", "settle_p90", of="settled", middle=True),
    CareMetric("reopen_rate", "rate", "down", "reopened", "reopen_known", of="reopen_known"),
    CareMetric("csat", "rate", "up", "happy", "rated", of="rated"),
    CareMetric("cost_per_contact", "cents", "down", "cost", "costed", of="costed"),
)
CARE_METRICS: Final[Mapping[str, CareMetric]] = {each.name: each for each in _ALL}
#: What contacts can be split by: columns of `contacts_of`, or what their orders held.
CARE_DIMENSIONS: Final = (
    "topic", "contact_channel", "agent", "region", "sales_channel", "category", "product",
    "day", "week", "month",
)  # fmt: skip
_HELD: Final = {"category": "category", "product": "product_key"}
_STEPS: Final = {"week": "W", "month": "M"}
#: Of whom orders are counted, so that contacts can be held against them.
ORDER_DIMENSIONS: Final = ("region", "sales_channel", "category", "product", "day", "week", "month")
#: From this many stars a rating counts as satisfied.
HAPPY: Final = 4
#: A contact so many days after an order is taken to be about what it held.
ABOUT_DAYS: Final = 30
#: Older contacts that nobody closed wait for nobody.
OPEN_DAYS: Final = 60
PEOPLE: Final = "people"
NO_REPLY: Final = "no_reply"
NOT_SETTLED: Final = "not_settled"
#: What somebody waits for beyond the promise: a first reply, a solution.
WAITS: Final = (NO_REPLY, NOT_SETTLED)


def care_metric(name: str) -> CareMetric:
    """The care metric of that name.

    Raises: CrmError("unknown_metric") with the closest name.
    """
    if name not in CARE_METRICS:
        raise CrmError("unknown_metric", name=name, match=close_match(name, CARE_METRICS))
    return CARE_METRICS[name]


def contacts_of(
    store: Store, rules: CareRules, selection: Selection, period: Period | None = None
) -> ir.Table:
    """Contacts that customers began, with what is measured.

    Columns: contact_id, customer_key, order_key, day, at, contact_channel, topic, agent, region, shop,
    sales_channel, resolved, reopened, rating, cost, message; reply and settle (hours), is_in_time and
    is_due (of the promised reply), is_open (began within OPEN_DAYS and is not over) with waited (hours
    so far) and wait_state (one of WAITS where that is beyond the promise), is_forgotten (older, and
    nobody closed it).

    Filters of the shop and the sales channel mean those of the order that a contact is about.
    """
    table = begun(store)
    if period is not None:
        table = table.filter(
            table.day.between(ibis.literal(period.start), ibis.literal(period.end))
        )
    table = with_topics(store, table, rules.topics)
    # On this side of a join they are columns; later each mention would be put into SQL anew.
    table = table.mutate(
        told_of=table.contact_channel.fill_null(""),
        began=local_minutes(store.meta, table.occurred_at),
        so_far=minutes_until(end_of(store.meta.as_of, store.meta.timezone), table.occurred_at),
    )
    orders = store.table("order_facts")
    orders = orders.select("order_id", "order_key", "shop", "sales_channel", sold_in="region")
    table = without(table.left_join(orders, "order_id"), "order_id_right")
    people = store.table("customers").select("customer_key", home="region")
    table = without(table.left_join(people, "customer_key"), "customer_key_right")
    table = table.mutate(region=table.home.coalesce(table.sold_in))
    for column in ("shop", "sales_channel", "region"):
        if chosen := getattr(selection, column):
            table = table.filter(table[column].isin(chosen))
    return _timed(store, rules, of_members(store, selection, table))


def of_members(store: Store, selection: Selection, table: ir.Table) -> ir.Table:
    """The rows whose customers are in the segment of the selection."""
    for name, values in by_segmentation(selection.segment).items():
        kind = SEGMENTATIONS[name]
        if store.has(kind.table):
            members = store.table(kind.table)
            members = members.filter(members[kind.column].isin(values)).select("customer_key")
            table = table.semi_join(members, "customer_key")
    return table


def _timed(store: Store, rules: CareRules, table: ir.Table) -> ir.Table:
    table = table.mutate(
        reply=passed(rules, table.began, table.reply_minutes),
        settle=passed(rules, table.began, table.resolved_minutes),
        waited=passed(rules, table.began, ibis.greatest(table.so_far, ibis.literal(0.0))),
    )
    telling = _telling(store)
    table = table.left_join(telling, table.told_of == telling.told_in)
    reply, settle, waited, so_far = table.reply, table.settle, table.waited, table.so_far
    is_over = table.resolved.fill_null(False)
    is_recent = (so_far <= float(OPEN_DAYS * 1_440)) & (so_far >= 0.0)
    tells = table.told_in.notnull()
    is_open = ~is_over & (table.resolved.notnull() | (tells & reply.isnull()))
    is_silent = reply.isnull() & tells & is_open
    is_late = is_silent & (waited > rules.reply_minutes)
    state = ibis.cases(
        (~(is_open & is_recent), ibis.null("string")),
        (is_late, NO_REPLY),
        (~is_silent & (waited > rules.settle_minutes), NOT_SETTLED),
        else_=ibis.null("string"),
    )
    return table.select(
        "contact_id", "customer_key", "order_key", "day", "contact_channel", "topic", "agent",
        "region", "shop", "sales_channel", "resolved", "reopened", "rating", "cost", "message",
        at=table.occurred_at,
        reply=reply / 60.0,
        settle=settle / 60.0,
        waited=ibis.ifelse(is_open & is_recent, waited / 60.0, ibis.null("float64")),
        is_open=is_open & is_recent,
        is_forgotten=is_open & ~is_recent,
        wait_state=state,
        is_in_time=(reply <= rules.reply_minutes).fill_null(False),
        is_due=reply.notnull() | is_late.fill_null(False),
    )  # fmt: skip


def _telling(store: Store) -> ir.Table:
    """Channels with contacts that tell of a reply: where none ever does, none is missing."""
    table = begun(store)
    told = table.filter(table.reply_minutes.notnull())
    return told.select(told_in=told.contact_channel.fill_null("")).distinct()


def longest_waits(rows: ir.Table) -> ir.Table:
    """Those of rows of `contacts_of` that wait beyond the promise: without a reply first, then who
    waited longest."""
    late = rows.filter(rows.wait_state.notnull())
    first = (late.wait_state == NO_REPLY).ifelse(0, 1)
    return late.order_by(first, late.waited.desc(), late.contact_id)


def parts_of_care(rows: ir.Table) -> dict[str, ir.Value]:
    """What care metrics are worked out from, but for orders, over rows of `contacts_of`."""
    was_solved = rows.resolved.fill_null(True) | rows.reopened  # what came back was, once
    counts = {
        "contacts": rows.count(),
        PEOPLE: rows.customer_key.nunique(),
        "replied": rows.reply.count(),
        "due": as_number(rows.is_due).sum(),
        "in_time": as_number(rows.is_in_time).sum(),
        "settled": rows.settle.count(),
        "reopen_known": as_number(rows.reopened.notnull() & was_solved).sum(),
        "reopened": as_number(rows.reopened).sum(),
        "rated": rows.rating.count(),
        "happy": as_number(rows.rating >= HAPPY).sum(),
        "costed": rows.cost.count(),
    }
    return {
        **{name: value.fill_null(0).cast("int64") for name, value in counts.items()},
        "cost": rows.cost.sum().fill_null(0).cast("float64"),
        "reply_median": rows.reply.quantile(0.5),
        "reply_p90": rows.reply.quantile(0.9),
        "settle_median": rows.settle.quantile(0.5),
        "settle_p90": rows.settle.quantile(0.9),
    }


@dataclass(frozen=True)
class CareMeasured:
    """Rows (one a group: the dimension as its own name, then PARTS and `orders`) and the whole."""

    rows: pd.DataFrame
    totals: Mapping[str, float]


def measure_care(
    store: Store,
    rules: CareRules,
    selection: Selection,
    period: Period,
    by: str = "",
    *,
    totals: bool = True,
) -> CareMeasured:
    """The parts of all care metrics over a period, by a dimension if one is named, and in total.

    Of products and categories a contact counts for each that its order held, and orders likewise; of
    topics, channels and agents the orders are all of the selection.
    Raises: CrmError("unknown_dimension").
    """
    if by and by not in CARE_DIMENSIONS:
        raise CrmError("unknown_dimension", name=by, match=close_match(by, CARE_DIMENSIONS))
    contacts = contacts_of(store, rules, selection, period)
    split_orders = [by] if by in ORDER_DIMENSIONS else []
    sold = scope(store, selection, period, of=["orders"], by=split_orders)
    counted = measure(store, ["orders"], rows=sold, by=split_orders, totals=totals)
    orders = float(counted.totals.get("orders") or 0)
    whole: dict[str, float] = {}
    if totals or not by:
        found = store.fetch(contacts.agg(**parts_of_care(contacts))).iloc[0]
        whole = {**{str(name): float(value) for name, value in found.items()}, "orders": orders}
    if not by:
        return CareMeasured(pd.DataFrame([whole]), whole)
    keyed = held_by(store, dated(contacts, by), by)
    rows = store.fetch(keyed.group_by(by).agg(**parts_of_care(keyed)).order_by(by))
    if not split_orders:
        return CareMeasured(rows.assign(orders=orders), whole)
    is_time = by in ("day", *_STEPS)
    known = counted.rows[[by, "orders"]]
    if not is_time:
        rows, known = rows.astype({by: object}), known.astype({by: object})
    joined = rows.merge(known, on=by, how="outer" if is_time else "left")
    return CareMeasured(filled(joined), whole)


def filled(rows: pd.DataFrame) -> pd.DataFrame:
    """No contacts are 0 contacts; how long none of them waited stays unknown."""
    counts = [
        name for name in rows.columns if str(name) not in _MIDDLES and rows[name].dtype != "O"
    ]
    counts = [name for name in counts if not pd.api.types.is_datetime64_any_dtype(rows[name])]
    return rows.assign(**{str(name): rows[name].fillna(0.0) for name in counts})


_MIDDLES: Final = frozenset(
    f"{name}_{end}" for name in ("reply", "settle", "days_late") for end in ("median", "p90")
)


def dated(rows: ir.Table, by: str) -> ir.Table:
    """Rows with the week or month of their day under its name, if they are split by one."""
    return rows.mutate(**{by: begin_of(rows.day, _STEPS[by])}) if by in _STEPS else rows


def held_by(store: Store, rows: ir.Table, by: str) -> ir.Table:
    """Rows about orders once for each product or category that the order held, if they are split by
    these."""
    if by not in _HELD:
        return rows
    lines = store.table("ledger")
    lines = lines.filter((lines.entry == "sale") & lines.order_key.notnull())
    held = lines.select("order_key", by_value=lines[_HELD[by]]).distinct()
    held = held.filter(held.by_value.notnull()).rename({by: "by_value"})
    return without(rows.join(held, "order_key"), "order_key_right")


def care_value(name: str, row: Mapping[str, Any]) -> Number:
    """A care metric worked out of a row of parts; None where it rests on nothing."""
    return value_of(care_metric(name), row)


def with_value(store: Store, rows: ir.Table, by: str, code: str) -> ir.Table:
    """The rows of one value of a dimension; "" is unknown."""
    rows = held_by(store, dated(rows, by), by)
    if not code:
        return rows.filter(rows[by].isnull() | (rows[by].cast("string") == ""))
    value = read_code(rows[by].type(), code)
    return rows.filter(ibis.literal(False) if value is None else rows[by] == value)


def contacted_orders(store: Store, selection: Selection, period: Period) -> ir.Table:
    """Orders of a period by product, and of all products (`product` unknown): orders, people, and
    contacted: how many had a contact about them within ABOUT_DAYS."""
    sold = scope(store, selection, period)
    sold = sold.filter((sold.entry == "sale") & sold.order_key.notnull())
    sold = sold.select("order_key", "customer_key", "day", product=sold.product_key).distinct()
    orders = store.table("order_facts").select("order_id", "order_key")
    talks = begun(store)
    talks = talks.join(orders, "order_id").select("order_key", talked="day")
    first = talks.group_by("order_key").agg(talked=talks.talked.min())
    told = without(sold.left_join(first, "order_key"), "order_key_right")
    after = told.talked.delta(told.day, unit="day").cast("int64")
    told = told.mutate(is_about=(after <= ABOUT_DAYS).fill_null(False))

    def counts(rows: ir.Table) -> dict[str, ir.Value]:
        return {
            "orders": rows.order_key.nunique(),
            "contacted": rows.order_key.nunique(where=rows.is_about),
            "people": rows.customer_key.nunique(),
        }

    known = told.filter(told["product"].notnull())
    by_product = known.group_by("product").agg(**counts(known))
    whole = told.agg(**counts(told)).mutate(product=ibis.null("int64"))
    return by_product.union(whole.select(*by_product.columns))


def value_of(kind: CareMetric, row: Mapping[Any, Any]) -> Number:
    """What a metric is for a row of parts; None where it rests on nothing."""
    top = row[kind.top]
    if kind.middle:
        return None if pd.isna(top) else float(top)
    if not kind.bottom:
        return float(top)
    bottom = row[kind.bottom]
    return float(top) / float(bottom) if bottom else None


def values_of(kinds: Sequence[CareMetric], rows: pd.DataFrame) -> pd.DataFrame:
    """Metrics of each row of parts, each with `<name>_n`: how many it rests on."""
    told: dict[str, list[Number]] = {}
    records: Sequence[Mapping[Any, Any]] = rows.to_dict("records")
    for kind in kinds:
        told[kind.name] = [value_of(kind, row) for row in records]
        told[f"{kind.name}_n"] = [float(row[kind.of]) for row in records]
    return pd.DataFrame(told, index=rows.index)
