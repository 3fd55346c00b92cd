"""The customers behind a number as a rule: what of the question a rule can say, and what not."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from crm_core.audiences.members import segments_rule
from crm_core.rules import All, Condition, Did, Rule
from crm_core.selection import Period, Selection

_FIELDS: Final = {
    "stage": "stage",
    "value_tier": "value_tier",
    "rfm": "segment",
    "loyalty_tier": "loyalty_tier",
    "cluster": "cluster",
    "acquisition_source": "acquisition_source",
    "country": "country",
    "language": "language",
    "region": "region",
}
_OF_PURCHASE: Final = {
    "category": "category",
    "subcategory": "subcategory",
    "brand": "brand",
    "product": "product_id",
    "sales_channel": "sales_channel",
    "shop": "shop",
    "region": "region",
}
_OF_ORDER: Final = {"payment_method": "payment_method", "coupon": "coupon_code"}
_BAR: Final = ("shop", "sales_channel", "category", "region")
_STEPS: Final = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True)
class Behind:
    """Who bought what was asked about, as a rule of audiences.

    `roughly` are dimensions that a rule can only say of the customer, not of the order; `unsaid`
    those it cannot say at all.
    """

    rule: Rule
    roughly: tuple[str, ...]
    unsaid: tuple[str, ...]


def rule_of(
    selection: Selection,
    period: Period,
    where: Sequence[tuple[str, str]] = (),
    product_ids: Mapping[str, str] = {},
) -> Behind:
    """The rule of a question's filters and of those of the filter bar over a period.

    >>> june = Period(date(2026, 6, 1), date(2026, 6, 30))
    >>> rule_of(Selection(category=("Tea",)), june, (("coupon", "TEA5"),)).rule.where
    (Condition(field='coupon_code', operator='in', value=('TEA5',)), Condition(field='category', operator='in', value=('Tea',)))
    """
    bar = [(name, code) for name in _BAR for code in getattr(selection, name)]
    behind = rule_behind((*where, *bar), period, product_ids)
    if not selection.segment:
        return behind
    return replace(behind, rule=All((behind.rule, segments_rule(selection.segment))))


def rule_behind(
    where: Sequence[tuple[str, str]], period: Period, product_ids: Mapping[str, str]
) -> Behind:
    """The rule of a question's filters over its period.

    >>> where = (("region", ""), ("weekday", "1"))
    >>> behind = rule_behind(where, Period(date(2026, 6, 1), date(2026, 6, 30)), {})
    >>> behind.roughly, behind.unsaid
    (('region',), ('weekday',))
    """
    chosen: dict[str, list[str]] = {}
    for name, code in where:
        chosen.setdefault(name, []).append(code)
    inside, unsaid = _narrowed(period, chosen)
    people: list[Rule] = []
    bought: list[Condition] = []
    ordered: list[Condition] = []
    of_purchase = _asked_of_purchases(chosen)
    for name, codes in chosen.items():
        if name in _STEPS and name not in unsaid:
            continue
        if name in _FIELDS and name not in of_purchase:
            people.append(_is_one_of(_FIELDS[name], codes))
        elif name == "cohort" and len(codes) == 1 and (days := _read_span("month", codes[0])):
            people.append(Condition("first_order_day", "between", days))
        elif name in of_purchase:
            told = [product_ids.get(code, code) for code in codes] if name == "product" else codes
            bought.append(Condition(of_purchase[name], "in", tuple(told)))
        elif name in _OF_ORDER and "" not in codes:
            ordered.append(Condition(_OF_ORDER[name], "in", tuple(codes)))
        else:
            unsaid.append(name)
    days = (inside.start, inside.end)
    did: list[Rule] = []
    if bought or not ordered:
        did.append(Did("purchase", tuple(bought), between=days))
    if ordered:
        did.append(Did("order", tuple(ordered), between=days))
    parts = (*did, *people)
    roughly = [
        name
        for name in chosen
        if name not in of_purchase and (name == "region" or (bought and name in _OF_ORDER))
    ]
    rule = parts[0] if len(parts) == 1 else All(parts)
    return Behind(rule, tuple(roughly), tuple(dict.fromkeys(unsaid)))


def _asked_of_purchases(chosen: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What is asked of what was bought, by the part of a purchase: not what is unknown, nor of an
    order's code alone, which costs less to ask of orders."""
    found = {
        name: part
        for name, part in _OF_PURCHASE.items()
        if name in chosen and "" not in chosen[name]
    }
    if found and chosen.get("coupon") and "" not in chosen["coupon"]:
        found["coupon"] = _OF_ORDER["coupon"]
    return found


def _is_one_of(field: str, codes: Sequence[str]) -> Rule:
    known = tuple(code for code in codes if code)
    if not known:
        return Condition(field, "is_unknown")
    return Condition(field, "in", known)


def _narrowed(period: Period, chosen: Mapping[str, Sequence[str]]) -> tuple[Period, list[str]]:
    """The days of the period that one month, week … leaves; several cannot be said."""
    start, end, unsaid = period.start, period.end, list[str]()
    for name in _STEPS:
        spans = [_read_span(name, code) for code in chosen.get(name, ())]
        if len(spans) == 1 and (days := spans[0]):
            start, end = max(start, days[0]), min(end, days[1])
        elif spans:
            unsaid.append(name)
    return (Period(start, end) if start <= end else period), unsaid


def _read_span(step: str, code: str) -> tuple[date, date] | None:
    try:
        return _span(step, code)
    except (ValueError, OverflowError):
        return None


def _span(step: str, code: str) -> tuple[date, date]:
    """The first and last day that a code of a calendar step stands for.

    >>> _span("quarter", "2026-04-01")
    (datetime.date(2026, 4, 1), datetime.date(2026, 6, 30))
    """
    first = date.fromisoformat(code)
    if step in ("day", "week"):
        return first, first + timedelta(6 if step == "week" else 0)
    months = {"month": 1, "quarter": 3, "year": 12}[step]
    last = first.month + months - 1
    year, month = first.year + (last - 1) // 12, (last - 1) % 12 + 1
    return first, date(year, month, monthrange(year, month)[1])
