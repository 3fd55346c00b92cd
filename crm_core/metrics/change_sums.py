"""What a move between two periods is split by: sums and counts of each group, from the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.metrics.catalog import METRICS, dimension
from crm_core.metrics.change_split import COLUMNS
from crm_core.metrics.definition import Sum
from crm_core.metrics.evaluate import scope
from crm_core.metrics.parts import KNOWN_COST_SHARE, of_ledger, parts_of
from crm_core.selection import Period, Selection
from crm_core.store import Store

CHANGED = ("net_revenue", "margin")
#: What a move may be split by: "whole" is one group of everything; segments are given by the caller.
GROUPINGS = ("whole", "category", "sales_channel", "region", "segment")
_PRICE = "decimal(38,8)"
_CENTS = 100
_LEAST_EFFECT = 0.01
_WHICH = (0, 1)
_SUMS = {
    part.name: part
    for part in parts_of(("units", "revenue", "goods_cost", "refunds", "costed_revenue"))
}
_WHEN = {"before": 0, "now": 1}


@dataclass(frozen=True)
class ChangeSums:
    """Sums of both periods, one row a group in the same order: columns as in
    `change_split.Sums`, money in cents. `groups` are their codes, None the unknown one. `people`
    (before, now) are the customers that the group's money is of, those of refunds alone as well."""

    groups: tuple[str | None, ...]
    before: pd.DataFrame
    now: pd.DataFrame
    people: pd.DataFrame


def change_sums(
    store: Store,
    selection: Selection,
    periods: Sequence[Period],
    *,
    name: str,
    by: str,
    people: ir.Table | None = None,
) -> ChangeSums:
    """The sums of the earlier and the later period, in two queries. `people` (customer_key, code)
    are the segments that customers are in; without it nobody is in any.

    Prices and costs are those of products: a product sold in one of the periods alone keeps its
    price, so that it counts as mix.
    Raises: CrmError("unknown_choice"), ("changes_no_cost") where a margin is asked for and too
    little of the goods' cost is known.
    """
    for asked, known in ((name, CHANGED), (by, GROUPINGS)):
        if asked not in known:
            raise CrmError(
                "unknown_choice", name="changes", value=asked, match=close_match(asked, known)
            )
    kind = METRICS[name]
    assert isinstance(kind, Sum)
    rows = _rows(store, selection, periods, by, people)
    counts = store.fetch(_by_part(rows, by).agg(**_counts(rows, kind)))
    if kind.needs_cost:
        _check_cost(counts)
    prices = store.fetch(_otherwise(rows, by))
    if by == "whole":
        counts, prices = (frame.assign(part=None) for frame in (counts, prices))
    groups = tuple(None if pd.isna(part) else str(part) for part in counts["part"])
    told = counts.merge(prices, on="part", how="left").drop(columns="part")
    told = told.astype("float64").fillna(0.0)
    before, now = (
        pd.DataFrame({column: told[f"{column}_{which}"] for column in COLUMNS}) for which in _WHICH
    )
    of_both = pd.DataFrame({when: told[f"people_{which}"] for when, which in _WHEN.items()})
    return ChangeSums(groups, before, now, of_both)


def changed_people(
    store: Store, selection: Selection, periods: Sequence[Period]
) -> tuple[float, ...]:
    """How many customers the whole number is of, in the earlier and in the later period."""
    rows = _rows(store, selection, periods, "whole", None)
    row = store.fetch(rows.agg(**{f"people_{which}": _people(rows, which) for which in _WHICH}))
    return tuple(float(row[f"people_{which}"].iloc[0]) for which in _WHICH)


def _rows(
    store: Store,
    selection: Selection,
    periods: Sequence[Period],
    by: str,
    people: ir.Table | None,
) -> ir.Table:
    """The ledger of both periods: `in_0` and `in_1` say of which a row is, `part` of which group."""
    rows = scope(store, selection)
    marks = {
        f"in_{which}": (rows.day >= ibis.literal(each.start)) & (rows.day <= ibis.literal(each.end))
        for which, each in zip(_WHICH, periods, strict=True)
    }
    rows = rows.filter(marks["in_0"] | marks["in_1"]).mutate(**marks)
    if by == "segment" and people is not None:
        told = people.select("customer_key", part="code")
        rows = rows.left_join(told, "customer_key").drop("customer_key_right")
    elif by == "segment":
        rows = rows.mutate(part=ibis.null("string"))
    elif by != "whole":
        rows = rows.mutate(part=rows[dimension(by).column])
    known = rows.customer_key.notnull()
    return rows.mutate(
        is_sold=known & (rows.entry == "sale") & (rows.units > 0),
        is_back=known & (rows.entry == "refund"),
    )


def _by_part(rows: ir.Table, by: str, *more: str) -> ir.Table:
    names = [*([] if by == "whole" else ["part"]), *more]
    return rows.group_by(*names) if names else rows  # pyright: ignore[reportReturnType]


def _counts(rows: ir.Table, kind: Sum) -> dict[str, ir.Value]:
    """Aggregates of each period: everything but what pieces would have brought otherwise."""
    found: dict[str, ir.Value] = {}
    known = rows.customer_key.notnull()
    for which in _WHICH:
        inside = rows[f"in_{which}"]
        sold, back = inside & rows.is_sold, inside & rows.is_back
        found |= {
            f"people_{which}": _people(rows, which),
            f"buyers_{which}": rows.customer_key.nunique(where=sold),
            f"orders_{which}": rows.order_key.nunique(where=sold),
            f"units_{which}": of_ledger(_SUMS["units"], rows, sold),
            f"revenue_{which}": _in_cents(of_ledger(_SUMS["revenue"], rows, sold)),
            f"cost_{which}": _in_cents(of_ledger(_SUMS["goods_cost"], rows, sold)),
            f"refund_{which}": _in_cents(of_ledger(_SUMS["refunds"], rows, back)),
            f"back_{which}": _in_cents(-of_ledger(_SUMS["goods_cost"], rows, back)),
            f"keyed_{which}": _in_cents(of_ledger(kind, rows, inside & known)),
            f"unkeyed_{which}": _in_cents(of_ledger(kind, rows, inside & ~known)),
            f"covered_{which}": _in_cents(of_ledger(_SUMS["revenue"], rows, inside)),
            f"costed_{which}": _in_cents(of_ledger(_SUMS["costed_revenue"], rows, inside)),
        }
    return found


def _people(rows: ir.Table, which: int) -> ir.Value:
    """The customers that a period's money is of: of sales, charges and refunds."""
    return rows.customer_key.nunique(
        where=rows[f"in_{which}"] & rows.entry.isin(("sale", "charge", "refund"))
    )


def _otherwise(rows: ir.Table, by: str) -> ir.Table:
    """What each period's pieces had brought and cost at the other period's prices and costs."""
    each = _pieces(rows, by)
    summed = {
        f"{name}_otherwise_{which}": _in_cents(_at_other(each, name, which).sum())
        for name in ("revenue", "cost")
        for which in _WHICH
    }
    return _by_part(each, by).agg(**summed)


def _pieces(rows: ir.Table, by: str) -> ir.Table:
    """Units, revenue and cost of both periods by product, and group."""
    sold = rows.filter(rows.is_sold)
    return _by_part(sold, by, "product_key").agg(
        **{
            f"{name}_{which}": of_ledger(_SUMS[told], sold, sold[f"in_{which}"]).cast("float64")
            for name, told in (("units", "units"), ("revenue", "revenue"), ("cost", "goods_cost"))
            for which in _WHICH
        }
    )


def _price(each: ir.Table, name: str, which: int) -> ir.Value:
    """Money a piece in a period; unknown where no piece was sold."""
    money, units = (each[f"{column}_{which}"].cast("float64") for column in (name, "units"))
    return money / units.nullif(0.0)


def _at_other(each: ir.Table, name: str, which: int) -> ir.Value:
    """A product's money at the other period's price; its own where it was not sold then.

    Decimals, whose sum is the same in whatever order an engine adds.
    """
    other = 1 - which
    price = _price(each, name, other)
    units, own = each[f"units_{which}"], each[f"{name}_{which}"]
    return ibis.coalesce(units * price, own, ibis.literal(0.0)).cast(_PRICE)


def _in_cents(money: ir.Value) -> ir.Value:
    return money.fill_null(0).cast("float64") * _CENTS


def _check_cost(counts: pd.DataFrame) -> None:
    """Raises: CrmError("changes_no_cost") where a period's margin is unknown."""
    for which in _WHICH:
        covered, costed = (float(counts[f"{name}_{which}"].sum()) for name in ("covered", "costed"))
        if covered and costed / covered < KNOWN_COST_SHARE:
            raise CrmError("changes_no_cost", share=round(100 * costed / covered))


def price_moves(
    store: Store, selection: Selection, periods: Sequence[Period], most: int, *, fewest: int = 1
) -> pd.DataFrame:
    """The products whose own price moved the money most: product, before, now (price of a piece
    in each period), effect (on what was sold in the later one). Of those that at least `fewest`
    customers bought in each period."""
    rows = _rows(store, selection, periods, "whole", None)
    each = _pieces(rows, "whole")
    if fewest > 1:
        sold = rows.filter(rows.is_sold)
        counts = [sold.customer_key.nunique(where=sold[f"in_{which}"]) for which in _WHICH]
        bought = sold.group_by("product_key").having(*(n >= fewest for n in counts))
        each = each.semi_join(bought.agg(n=sold.count()), "product_key")
    each = each.filter((each.units_0 > 0) & (each.units_1 > 0))
    was, is_now = (_price(each, "revenue", which) for which in _WHICH)
    names = store.table("product_facts").select("product_key", product="product_name")
    told = each.mutate(before=was, now=is_now, effect=(is_now - was) * each.units_1)
    told = told.join(names, "product_key").select("product", "before", "now", "effect")
    told = told.filter(told.effect.abs() >= _LEAST_EFFECT)
    return store.fetch(told.order_by(told.effect.abs().desc(), "product").limit(most))
