"""What coupon codes and other discounts give away, order by order and month by month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pandas as pd

from crm_core.audiences.explored import rule_of
from crm_core.errors import CrmError, close_match
from crm_core.metrics import (
    begin_of,
    between,
    hidden,
    is_guarded,
    is_small,
    record,
    scope,
)
from crm_core.metrics import coupons as offered
from crm_core.metrics.coupons import KINDS, OFFERED
from crm_core.privacy.policy import Access
from crm_core.rules import Rule
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.card import Card, since

TOPS: Final = ("10", "25", "100")
IN_TREND: Final = 4
_DAILY, _WEEKLY = 62, 370
_TERMS = ("terms", "value", "starts_on", "ends_on")
_SUMS = ("costed", "below", "pushed")
_UNITS: Final = {
    "given": "money",
    "discount_rate": "rate",
    "given_share": "rate",
    "discounted_share": "rate",
    "below_rate": "rate",
    "new_share": "rate",
}


@dataclass(frozen=True)
class Coupons:
    """The discounts of a period.

    `rows`: kind (see KINDS), code, codes (how many the row holds), the metrics of OFFERED, given_share
    (of the margin without discounts, given away), below_rate (orders that bring less than they
    cost, of those whose cost is known), pushed_rate (only because of the discount), and terms,
    value, starts_on, ends_on of a code whose terms are known. Orders of the rows add up to `orders`.
    Of rows about few people all is unknown to who sees no small groups.

    `trend`: day (its first), kind ("code", "other_codes" or "discount"), code, off, and of the whole
    rate (of gross sales) and share (of orders). `has_any`: whether the shop ever gave a discount.
    """

    as_of: date
    period: Period
    compared: Period | None
    has_any: bool
    cards: tuple[Card, ...]
    orders: float
    rows: pd.DataFrame
    trend: pd.DataFrame

    def of_kind(self, *kinds: str) -> pd.DataFrame:
        """The rows of these kinds."""
        return self.rows[self.rows["kind"].isin(kinds)]


@dataclass(frozen=True)
class CodeOrders:
    """One page of the orders under a code or a kind: order_key, order_id, day, customer_key,
    sales_channel, paid, off, off_rate, left; how many there are, and the rule of who placed them
    (None where a rule cannot say it). `is_hidden`: they are of too few people for who looks."""

    total: int
    rows: pd.DataFrame
    rule: Rule | None
    is_hidden: bool = False


def coupons(selection: Selection, *, store: Store, access: Access, top: int = 10) -> Coupons:
    """Measures the codes that gave away most by themselves, the others together."""
    meta = store.meta
    period = selection.resolve(meta.first_day, meta.as_of)
    compared = selection.compared(meta.first_day, meta.as_of)
    guarded = is_guarded(access)
    everything = offered.by_code(store, scope(store, selection))
    coded = offered.first_codes(between(everything, period), top, guarded=guarded)
    found = _measured(store, coded, "kind", "code")
    whole, before = _whole(found), {}
    if compared is not None:
        before = _whole(_measured(store, between(everything, compared), "kind"))
    return Coupons(
        as_of=meta.as_of,
        period=period,
        compared=compared,
        has_any=_has_any(store),
        cards=_cards(whole, before, few=guarded and _are_few(store, everything, period, compared)),
        orders=float(whole["orders"] or 0.0),
        rows=_with_terms(store, _rows(found, guarded=guarded)),
        trend=_trend(store, everything, period, guarded=guarded),
    )


def code_orders(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    kind: str,
    code: str,
    page: int = 1,
    size: int = 25,
) -> CodeOrders:
    """One page of the orders of the period under a code, or under a discount without one; the
    latest first.

    Raises: CrmError("unknown_choice") for another kind.
    """
    if kind not in ("code", "discount") or page < 1 or size < 1:
        raise CrmError("unknown_choice", name="kind", value=kind, match=close_match(kind, KINDS))
    period = selection.resolve(store.meta.first_day, store.meta.as_of)
    rows = offered.by_code(store, scope(store, selection, period))
    mine = offered.order_costs(rows.filter((rows.kind == kind) & (rows.code == code)))
    orders = store.table("order_facts")
    told = orders.select("order_key", "order_id", "day", "customer_key", "sales_channel")
    found = told.join(mine.select("order_key", "paid", "off", "left"), "order_key")
    counts = {"n": found.count(), "people": found.customer_key.nunique()}
    counted = store.fetch(found.agg(**counts)).iloc[0]
    rule = rule_of(selection, period, (("coupon", code),)).rule if kind == "code" else None
    if is_guarded(access) and is_small(float(counted["people"])):
        return CodeOrders(0, pd.DataFrame(), None, is_hidden=True)
    ordered = found.order_by(found.day.desc(), found.order_key.desc())
    shown = store.fetch(ordered.limit(size, offset=(page - 1) * size))
    shown["off_rate"] = shown["off"] / (shown["paid"] + shown["off"]).where(lambda v: v > 0)
    return CodeOrders(int(counted["n"]), shown, rule)


def _has_any(store: Store) -> bool:
    orders = store.table("order_facts")
    given = orders.filter(offered.is_discounted(orders))
    return not store.fetch(given.select("order_key").limit(1)).empty


def _measured(store: Store, coded: Any, *by: str) -> pd.DataFrame:
    """The sums of each group of rows: those of OFFERED, and orders below cost."""
    costs = store.fetch(offered.below_cost(offered.order_costs(coded), *by))
    return store.fetch(offered.of_each(coded, *by)).merge(costs, on=list(by), how="left")


def _rows(found: pd.DataFrame, *, guarded: bool) -> pd.DataFrame:
    by = ["kind", "code"]
    told = pd.DataFrame([_told(row) for row in found.to_dict("records")], columns=_columns())
    told = pd.concat([found[[*by, "codes"]], told], axis=1)
    if guarded and len(told):
        away = hidden(found[["people"]].to_numpy("float64"))[:, 0]
        told.loc[away, [*_columns(), "codes"]] = float("nan")
    place = told["kind"].map({kind: rank for rank, kind in enumerate(KINDS)})
    told = told.assign(place=place).sort_values(
        ["place", "discounts", "code"], ascending=[True, False, True], ignore_index=True
    )
    return told.drop(columns="place")


def _columns() -> list[str]:
    return [*OFFERED, "given_share", "below_rate", "pushed_rate"]


def _told(row: Mapping[Any, Any]) -> dict[str, float | None]:
    """The metrics of a row of sums, and what follows from them."""
    found = record(row, OFFERED)
    costed = row["costed"] if row["costed"] and row["costed"] > 0 else None
    discounts = found["discounts"] or 0.0
    return {
        **found,
        "given_share": offered.given_share(discounts, found["margin"]),
        "below_rate": row["below"] / costed if costed else None,
        "pushed_rate": row["pushed"] / costed if costed else None,
    }


def _whole(found: pd.DataFrame) -> dict[str, float | None]:
    """The figures of the cards: of all orders, or of those with a discount."""
    sums = found.fillna(0.0).drop(
        columns=["kind", "code", "people", "codes", "buyers"], errors="ignore"
    )
    given = sums[(found["kind"] != "full").to_numpy()].sum()
    every = sums.sum()
    told = _told({**given.to_dict(), "buyers": 0})
    return {
        "orders": float(every["orders"]),
        "given": float(given["discounts"]),
        "discount_rate": _share(given["discounts"], every["gross_sales"]),
        "given_share": told["given_share"],
        "discounted_share": _share(given["orders"], every["orders"]),
        "below_rate": told["below_rate"],
        "new_share": _share(given["new_buyers"], every["new_buyers"]),
    }


def _share(part: float, whole: float) -> float | None:
    return float(part) / float(whole) if whole > 0 else None


def _are_few(store: Store, everything: Any, *periods: Period | None) -> bool:
    """Whether the discounts of any of the periods are about few people: who used two codes is one."""
    counted = (
        store.fetch(offered.discounted_people(between(everything, period)))["people"].iloc[0]
        for period in periods
        if period is not None
    )
    return any(is_small(float(people)) for people in counted)


def _cards(
    whole: Mapping[str, float | None], before: Mapping[str, float | None], *, few: bool
) -> tuple[Card, ...]:
    return tuple(_card(name, whole[name], before.get(name), few=few) for name in _UNITS)


def _card(name: str, value: float | None, previous: float | None, *, few: bool) -> Card:
    card = Card(
        f"coupons.card.{name}",
        value,
        _UNITS[name],
        previous=previous,
        definition_key=f"coupons.card_about.{name}",
        good="down" if name == "below_rate" else "neutral",
    )
    return since(card, few=few)


def _with_terms(store: Store, rows: pd.DataFrame) -> pd.DataFrame:
    codes = [str(code) for code in rows["code"] if code]
    if not codes or not store.has("coupons"):
        return rows.assign(**dict.fromkeys(_TERMS))
    known = store.table("coupons")
    known = known.filter(known.coupon_code.isin(codes))
    told = store.fetch(
        known.select("value", "starts_on", "ends_on", code="coupon_code", terms="kind")
    )
    return rows.merge(told, on="code", how="left")


def step_of(period: Period) -> str:
    """Whether a period's trend goes by days, weeks or months.

    >>> step_of(Period(date(2026, 1, 1), date(2026, 1, 31)))
    'D'
    """
    days = (period.end - period.start).days + 1
    return "D" if days <= _DAILY else "W" if days <= _WEEKLY else "M"


def _trend(store: Store, everything: Any, period: Period, *, guarded: bool) -> pd.DataFrame:
    step = step_of(period)
    coded = offered.first_codes(between(everything, period), IN_TREND, guarded=guarded)
    coded = coded.mutate(begins=coded.day if step == "D" else begin_of(coded.day, step))
    found = store.fetch(offered.of_each(coded, "begins", "kind", "code"))
    if guarded:
        found = found[[not is_small(people) for people in found["people"]]]
    whole = found.groupby("begins")[["gross_sales", "orders"]].sum()
    given = found[found["kind"] != "full"].groupby("begins")[["discounts", "orders"]].sum()
    given = given.reindex(whole.index, fill_value=0.0)
    shares = pd.DataFrame(
        {
            "rate": given["discounts"] / whole["gross_sales"].where(whole["gross_sales"] > 0),
            "share": given["orders"] / whole["orders"].where(whole["orders"] > 0),
        }
    ).reset_index()
    rows = found[found["kind"] != "full"].rename(columns={"discounts": "off"})
    rows = shares.merge(rows[["begins", "kind", "code", "off"]], on="begins", how="left")
    return rows.rename(columns={"begins": "day"}).sort_values("day", ignore_index=True)
