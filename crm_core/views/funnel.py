"""From a visit to an order: how many visitors come how far, by source, and what was left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from crm_core.errors import CrmError, close_match
from crm_core.features import left_behind
from crm_core.metrics import (
    FUNNEL,
    hidden,
    is_guarded,
    known_days,
    ordered,
    sessions,
    steps,
    visits,
    without_few,
)
from crm_core.privacy.policy import Access
from crm_core.rules import All, Condition
from crm_core.selection import Period, Selection
from crm_core.store import Store
from crm_core.views.card import Card, since

SPLITS = ("source", "person")
ALL = "_all"
UNKNOWN = "_unknown"
#: What may be left behind, and the field of rules that tells it.
LEFT: Mapping[str, str] = {"basket": "abandoned_basket", "viewed": "viewed_not_bought"}
MOST_PARTS = 30
MOST_PRODUCTS = 25


@dataclass(frozen=True)
class Funnel:
    """Visitors of the days of a period for which visits are known; None where there are none.

    `steps`: step, visitors, previous (of the compared period), of_before and of_visits (shares),
    previous_of_visits. `parts`: part (UNKNOWN where not told), the steps of FUNNEL, rate (visitors
    who ordered, of all), previous_rate. `days`: day, visitors, rate, previous, previous_rate, previous_day.
    `orders`: sales_channel, orders, keyed (buyer known), visited (with a visit of the buyer on the
    same day), share. `known` visitors are a known person; `nameless` events tell neither a person nor
    a browser and count for nothing. `since` is the first day of which visits are known.
    """

    as_of: date
    since: date | None
    period: Period | None
    compared: Period | None
    is_cut: bool
    cards: tuple[Card, ...]
    known: int
    nameless: int
    steps: pd.DataFrame
    parts: pd.DataFrame
    days: pd.DataFrame
    orders: pd.DataFrame


@dataclass(frozen=True)
class LeftBehind:
    """What people left behind in the last 30 days: people by kind, and the products with most of
    them: name, basket and viewed (people)."""

    as_of: date
    people: Mapping[str, int]
    products: pd.DataFrame


def funnel(
    selection: Selection, *, store: Store, access: Access, split: str = SPLITS[0], part: str = ALL
) -> Funnel:
    """Counts visitors, of one part of the split alone if asked; every number is measured anew. From
    who sees no single people, parts of few visitors are left out.

    Raises: CrmError("unknown_choice") for another split, or a part that is hidden.
    """
    if split not in SPLITS:
        match = close_match(split, SPLITS)
        raise CrmError("unknown_choice", name="split", value=split, match=match)
    meta = store.meta
    wanted = selection.resolve(meta.first_day, meta.as_of)
    known = _known(store)
    period = _within(wanted, known)
    if known is None or period is None:
        return _nothing(meta.as_of, known)
    other = selection.compared(meta.first_day, meta.as_of)
    whole_other = other if other is not None and _within(other, known) == other else None
    compared = whole_other if period == wanted else None
    rows = _split(visits(store, period), split)
    before = None if compared is None else _split(visits(store, compared), split)
    parts = _parts(store, rows, before, access)
    if is_guarded(access) and part != ALL and part not in set(parts["part"]):
        raise CrmError("unknown_choice", name="part", value=part, match="")
    mine, mine_before = _of(rows, part), _of(before, part)
    now, then = _one(store, mine), _one(store, mine_before)
    return Funnel(
        as_of=meta.as_of,
        since=known.start,
        period=period,
        compared=compared,
        is_cut=period != wanted,
        cards=_cards(now, then),
        known=int(now["known"] or 0),
        nameless=int(now["nameless"] or 0),
        steps=_steps(now, then),
        parts=parts,
        days=_days(store, (mine, mine_before), (period, compared)),
        orders=_orders(store, rows, period),
    )


def left(selection: Selection, *, store: Store, access: Access) -> LeftBehind:
    """Counts the people who left something behind, as of the scores; how few of a product is not
    told to who sees no single people."""
    del selection
    as_of = store.scores_as_of or store.meta.as_of
    rows = left_behind(store.at(as_of))
    people = store.fetch(rows.group_by("kind").agg(people=rows.customer_key.nunique()))
    found = dict(zip(people["kind"], people["people"], strict=True))
    of_product = rows.filter(rows.product_id.notnull())
    counted = of_product.group_by("product_id").agg(
        **{kind: of_product.customer_key.nunique(where=of_product.kind == kind) for kind in LEFT}
    )
    if is_guarded(access):
        counted = without_few(counted, tuple(LEFT))
    names = store.table("product_facts").select("product_id", name="product_name")
    named = counted.left_join(names, "product_id")
    named = named.mutate(name=named.name.coalesce(named.product_id))
    ranked = [named[kind].desc(nulls_first=False) for kind in LEFT]
    most = named.order_by(*ranked, "product_id")
    return LeftBehind(
        as_of=as_of,
        people={kind: int(found.get(kind, 0)) for kind in LEFT},
        products=store.fetch(most.select("name", *LEFT).limit(MOST_PRODUCTS)),
    )


def left_rule(kind: str) -> All:
    """Who left something of a kind behind, as a rule.

    >>> left_rule("basket")
    All(parts=(Condition(field='abandoned_basket', operator='>=', value=1),))
    """
    return All((Condition(LEFT[kind], ">=", 1),))


def _known(store: Store) -> Period | None:
    row = store.fetch(known_days(store)).iloc[0]
    if pd.isna(row["first"]):
        return None
    return Period(pd.Timestamp(row["first"]).date(), pd.Timestamp(row["last"]).date())


def _within(wanted: Period, known: Period | None) -> Period | None:
    """The days of a period for which visits are known; none where there are none."""
    if known is None or wanted.end < known.start or wanted.start > known.end:
        return None
    return Period(max(wanted.start, known.start), min(wanted.end, known.end))


def _split(rows: Any, split: str) -> Any:
    if split == "source":
        return rows.mutate(part=rows["source"])
    return rows.mutate(part=rows.person.notnull().ifelse("known", "stranger"))


def _of(rows: Any, part: str) -> Any:
    if rows is None or part == ALL:
        return rows
    return rows.filter(rows.part.isnull() if part == UNKNOWN else rows.part == part)


def _one(store: Store, rows: Any) -> dict[str, float | None]:
    """The steps, sessions and shares of all rows together; unknown where there are none to ask."""
    if rows is None:
        names = (*FUNNEL, "known", "sessions", "nameless", "rate")
        return dict.fromkeys(names)
    counted = {**_row(store, steps(rows)), **_row(store, sessions(rows))}
    return {**counted, "rate": _share(counted["order"], counted["visit"])}


def _row(store: Store, expr: Any) -> dict[str, float | None]:
    return {str(name): float(value) for name, value in store.fetch(expr).iloc[0].items()}


def _cards(now: Mapping[str, float | None], then: Mapping[str, float | None]) -> tuple[Card, ...]:
    kinds = (("visit", "count"), ("sessions", "count"), ("order", "count"), ("rate", "rate"))
    return tuple(_card(name, unit, now[name], then[name]) for name, unit in kinds)


def _card(name: str, unit: str, value: float | None, previous: float | None) -> Card:
    card = Card(
        f"funnel.card.{name}",
        value,
        unit,
        previous=previous,
        definition_key=f"funnel.card_about.{name}",
    )
    return since(card)


def _steps(now: Mapping[str, float | None], then: Mapping[str, float | None]) -> pd.DataFrame:
    first = FUNNEL[0]
    rows = [
        {
            "step": step,
            "visitors": now[step],
            "previous": then[step],
            "of_before": _share(now[step], now[before]) if before else None,
            "of_visits": _share(now[step], now[first]),
            "previous_of_visits": _share(then[step], then[first]),
        }
        for step, before in zip(FUNNEL, (None, *FUNNEL[:-1]), strict=True)
    ]
    return pd.DataFrame(rows).astype(dict.fromkeys(list(rows[0])[1:], "float64"))


def _parts(store: Store, rows: Any, before: Any, access: Access) -> pd.DataFrame:
    found = _open(_by_part(store, rows), access)
    found["previous_rate"] = float("nan")
    if before is not None:
        then = _open(_by_part(store, before), access).set_index("part")["rate"]
        found["previous_rate"] = [then.get(part) for part in found["part"]]
    return found.astype({"previous_rate": "float64"})


def _open(parts: pd.DataFrame, access: Access) -> pd.DataFrame:
    """The parts whose numbers this person may know."""
    if parts.empty or not is_guarded(access):
        return parts
    away = hidden(parts[["visit"]].to_numpy(float)).ravel()
    return parts[~away].reset_index(drop=True)


def _by_part(store: Store, rows: Any) -> pd.DataFrame:
    counted = steps(rows, ("part",))
    found = store.fetch(counted.order_by(counted.visit.desc(), "part").limit(MOST_PARTS))
    part = found["part"].astype(object).where(found["part"].notna(), UNKNOWN)
    rate = found["order"] / found["visit"]
    return found.assign(part=part, rate=rate).drop(columns=["known"])


def _days(
    store: Store, rows: tuple[Any, Any], periods: tuple[Period, Period | None]
) -> pd.DataFrame:
    """Every day of the period, the compared one beside it, day for day."""
    now = _by_day(store, rows[0], periods[0])
    frame = now.assign(previous=float("nan"), previous_rate=float("nan"), previous_day=None)
    if rows[1] is not None and periods[1] is not None:
        then = _by_day(store, rows[1], periods[1]).reindex(frame.index)
        frame["previous"], frame["previous_rate"] = then["visitors"], then["rate"]
        frame["previous_day"] = then["day"]
    return frame


def _by_day(store: Store, rows: Any, period: Period) -> pd.DataFrame:
    found = store.fetch(steps(rows, ("day",))).set_index("day")
    days = pd.date_range(period.start, period.end, name="day")
    found = found.reindex(days, fill_value=0)
    visitors = found["visit"].astype("float64")
    rate = found["order"] / visitors.where(visitors > 0)
    return pd.DataFrame({"visitors": visitors, "rate": rate}).reset_index()


def _orders(store: Store, rows: Any, period: Period) -> pd.DataFrame:
    found = store.fetch(ordered(store, rows, period).limit(MOST_PARTS))
    return found.assign(share=found["visited"] / found["orders"])


def _share(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def _nothing(as_of: date, known: Period | None) -> Funnel:
    return Funnel(
        as_of=as_of,
        since=None if known is None else known.start,
        period=None,
        compared=None,
        is_cut=False,
        cards=(),
        known=0,
        nameless=0,
        steps=pd.DataFrame(),
        parts=pd.DataFrame(),
        days=pd.DataFrame(),
        orders=pd.DataFrame(),
    )
