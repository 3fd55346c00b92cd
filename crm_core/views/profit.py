"""What is left of the money, by product, category, channel, region, segment or campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.metrics import (
    ANGLES,
    BARS,
    ORDERS,
    PROFIT,
    by_angle,
    each_part,
    first_parts,
    is_guarded,
    losing_parts,
    measure,
    record,
    scope,
)
from crm_core.privacy.policy import Access
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.waterfall import MoneyPart, bars_of, money_parts

TOPS = ("10", "25", "100")
MOST_LOSING = 25
COSTS = ("refunds", "goods_cost", "shipping", "fees", "service_cost", "marketing_cost")
#: Angles whose orders hold several parts: what is known of an order is split over its lines.
_OF_LINES = ("product", "category")
_ORDER_AMOUNTS = ("shipping_income", "shipping_cost", "fees")


@dataclass(frozen=True)
class Profit:
    """The money of a period by one angle. `totals` are measured over all of it; `bars` lead from its
    revenue to its contribution.

    `rows`: kind (see metrics.KINDS; parts first, in the order asked for), part (its code), name (of
    a product), parts (how many the row holds), and the metrics of PROFIT and the bars, which are
    signed as they count. The rows add up to the totals.
    """

    period: Period
    as_of: date
    angle: str
    totals: Mapping[str, float | None]
    bars: tuple[MoneyPart, ...]
    rows: pd.DataFrame

    def of_kind(self, kind: str) -> pd.DataFrame:
        """The rows of a kind."""
        return self.rows[self.rows["kind"] == kind]


@dataclass(frozen=True)
class Losing:
    """Products that lose money: how many, what they lose together, and the worst: part, name, the
    metrics of PROFIT, reason (the cost that takes more of the revenue than it does elsewhere by the
    widest margin; none without revenue), share and usual (what that cost takes here and of all)."""

    count: int
    amount: float
    rows: pd.DataFrame


def profit(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    angle: str = ANGLES[0],
    order: str = ORDERS[0],
    top: int = 10,
) -> Profit:
    """The parts of an angle with their money; what belongs to none stands by itself. To who sees no
    single people, parts of few customers are among the others.

    Raises: CrmError("unknown_choice") for another angle or order.
    """
    _check("angle", angle, ANGLES)
    _check("order", order, ORDERS)
    period, rows = _rows(selection, store)
    each = each_part(by_angle(store, rows, angle), guarded=is_guarded(access))
    found = store.fetch(first_parts(each, order, top))
    return Profit(
        period=period,
        as_of=store.meta.as_of,
        angle=angle,
        totals=measure(store, PROFIT, rows=rows).totals,
        bars=_bars(store, rows, angle=""),
        rows=_named(store, _sorted(worked_out(found)), angle),
    )


def part_bars(
    selection: Selection, *, store: Store, access: Access, angle: str, part: str
) -> tuple[MoneyPart, ...]:
    """From the revenue of one part to what is left of it; nothing of one that is hidden."""
    _check("angle", angle, ANGLES)
    _, rows = _rows(selection, store)
    rows = by_angle(store, rows, angle)
    if is_guarded(access):
        each = each_part(rows, guarded=True)
        if store.fetch(each.filter((each.part == part) & ~each.is_hidden).select("part")).empty:
            return ()
    return _bars(store, rows.filter(rows.part == part), angle=angle)


def losing_products(selection: Selection, *, store: Store, access: Access) -> Losing:
    """Products whose costs in the period are more than what they brought in it; none that is hidden
    from who sees no single people."""
    _, rows = _rows(selection, store)
    each = each_part(by_angle(store, rows, "product"), guarded=is_guarded(access))
    losing = losing_parts(each)
    counted = store.fetch(losing.agg(n=losing.count(), amount=losing.contribution.sum())).iloc[0]
    count = int(counted["n"])
    worst = worked_out(store.fetch(losing.limit(MOST_LOSING)))
    usual = measure(store, PROFIT, rows=rows).totals
    worst = pd.concat([worst, reasons(worst, usual)], axis=1)
    return Losing(
        count=count,
        amount=float(counted["amount"]) if count else 0.0,
        rows=_named(store, worst, "product"),
    )


def reasons(rows: pd.DataFrame, usual: Mapping[str, float | None]) -> pd.DataFrame:
    """What makes each row unprofitable: reason, share, usual (see `Losing`)."""
    whole = _shares({**usual, **bar_values(usual)})
    found = [_reason(_shares(row), whole) for row in rows.to_dict("records")]
    return pd.DataFrame(found, columns=["reason", "share", "usual"], index=rows.index)


def bar_values(totals: Mapping[Any, Any]) -> dict[str, float | None]:
    """The bars of the waterfall from the metrics they are made of, signed as they count."""
    return {bar: _bar(totals, parts) for bar, parts in BARS.items()}


def _bar(totals: Mapping[Any, Any], parts: Sequence[tuple[str, int]]) -> float | None:
    values = [totals[name] for name, _ in parts]
    if any(pd.isna(value) for value in values):
        return None
    return round(sum(totals[name] * sign for name, sign in parts), 2) + 0.0


def _shares(row: Mapping[Any, Any]) -> dict[str, float]:
    """What each known cost takes of the revenue."""
    revenue = row["revenue"]
    if not revenue or revenue <= 0:
        return {}
    return {name: -row[name] / revenue for name in COSTS if not pd.isna(row[name])}


def _reason(
    shares: dict[str, float], whole: dict[str, float]
) -> tuple[str | None, float | None, float | None]:
    both = [name for name in shares if name in whole]
    if not both:
        return None, None, None
    reason = max(both, key=lambda name: shares[name] - whole[name])
    return reason, shares[reason], whole[reason]


def _rows(selection: Selection, store: Store) -> tuple[Period, Any]:
    period = selection.resolve(store.meta.first_day, store.meta.as_of)
    return period, scope(store, selection, period)


def worked_out(sums: pd.DataFrame) -> pd.DataFrame:
    """Sums of parts as the metrics of PROFIT and, in the place of those of their names, the bars."""
    told = [record(row, PROFIT) for _, row in sums.iterrows()]
    metrics = pd.DataFrame(told, columns=list(PROFIT), dtype="float64")
    bars = pd.DataFrame([bar_values(row) for row in told], columns=list(BARS), dtype="float64")
    keys = [name for name in ("kind", "part", "parts") if name in sums]
    extra = bars.drop(columns=[name for name in BARS if name == "revenue"])
    kept = metrics.drop(columns=[name for name in extra if name in metrics])
    return pd.concat([sums[keys], kept, extra], axis=1)


def _sorted(rows: pd.DataFrame) -> pd.DataFrame:
    """Parts first, as they came; then the others, the unknown, what is not split."""
    place = rows["kind"].map({"part": 0, "others": 1, "unknown": 2, "not_split": 3})
    return rows.iloc[place.argsort(kind="stable")].reset_index(drop=True)


def _named(store: Store, rows: pd.DataFrame, angle: str) -> pd.DataFrame:
    part = rows["part"].astype(object).where(rows["part"].notna(), None)
    rows = rows.assign(part=part, name=None)
    keys = [int(code) for code in part if code is not None] if angle == "product" else []
    if not keys:
        return rows
    products = store.table("product_facts")
    found = store.fetch(
        products.filter(products.product_key.isin(keys)).select("product_key", "product_name")
    )
    names = {
        str(int(key)): name
        for key, name in zip(found["product_key"], found["product_name"], strict=True)
    }
    return rows.assign(name=pd.Series([names.get(code) for code in part], index=rows.index))


def _bars(store: Store, rows: Any, *, angle: str) -> tuple[MoneyPart, ...]:
    orders = store.table("orders").semi_join(rows, "order_key")
    served = rows.filter(rows.entry == "service").select(occurred_at="at")
    products = store.table("products")
    parts = money_parts(
        store,
        ledger=rows,
        orders=orders,
        contacts=store.table("contacts").semi_join(served, "occurred_at"),
        products=products.semi_join(rows, "product_key") if angle in _OF_LINES else None,
    )
    if angle in _OF_LINES:
        parts = tuple(
            replace(part, basis="allocated") if part.part in _ORDER_AMOUNTS else part
            for part in parts
        )
    return bars_of(parts)


def _check(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        match = close_match(value, known)
        raise CrmError("unknown_choice", name=name, value=value, match=match)
