"""What to offer whom: what to buy again and what is new, by product, by person and by segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pandas as pd

from crm_core.audiences import (
    LISTS,
    SEGMENT_FIELDS,
    in_segments,
    members,
    offers,
    segments_rule,
    with_reason,
)
from crm_core.audiences.offers import most_listed
from crm_core.errors import CrmError, close_match
from crm_core.metrics import is_guarded, is_small
from crm_core.metrics.small_groups import FEWEST
from crm_core.privacy.policy import Access
from crm_core.records import CONTACT_CHANNELS
from crm_core.rules import All, Condition, Did, Rule
from crm_core.selection import Selection, by_segmentation, segment_code
from crm_core.store import Store
from crm_core.store.marts import without
from crm_core.views import verdicts
from crm_core.views.customers import BOUGHT, bought_rule
from crm_core.views.model_state import need_model

ANYBODY: Final = "any"
CHANNELS: Final = (ANYBODY, *CONTACT_CHANNELS)
SHELVES: Final = ("any", "in_stock")
TOP: Final = 50
MOST_PRODUCTS: Final = 200
#: How many products of each list a segment is told.
OF_SEGMENT: Final = 3
MEASURES: Final = ("recall_10", "hit_10", "ndcg_10")
_SHOWN: Final = ("stage", "value_tier", "last_order_day", "revenue_365d")


@dataclass(frozen=True)
class Recommend:
    """`customers` in the selection; by list how many of them have one (`listed`).
    `trials` (list, method, recall_10, ndcg_10, hit_10: means over the customers of all periods tried)
    are of the shop's past, `verdicts` what they come to, by list; `tried` the days they began on and
    `tried_customers` how many customers there were in them, by list."""

    as_of: date
    customers: int
    listed: Mapping[str, int]
    trials: pd.DataFrame
    verdicts: Mapping[str, str]
    tried: tuple[date, ...]
    tried_customers: Mapping[str, int]


@dataclass(frozen=True)
class Hearers:
    """Who should hear of a product: how many (None: too few for who looks), and `rows` of the first `TOP` (customer_key, place, why,
    stage, value_tier, last_order_day, revenue_365d). Without rows for who sees no single people."""

    product: str
    customers: int | None
    rows: pd.DataFrame


def recommend(selection: Selection, *, store: Store, access: Access) -> Recommend:
    """Totals over the customers chosen, and how the lists did on the shop's own past.

    Raises: CrmError of the model when the shop has too little data, ("no_scores").
    """
    del access
    need_model(store, "next_offer")
    people: Any = _people(store, selection)
    listed: dict[str, int] = {}
    for name in LISTS:
        rows: Any = offers(store, name).semi_join(people, "customer_key")
        counted = store.fetch(rows.agg(people=rows.customer_key.nunique()))
        listed[name] = int(counted["people"].iloc[0])
    told = store.fetch(store.table("next_offer_trials"))
    trials = _means(told)
    total = store.fetch(people.agg(customers=people.count()))["customers"].iloc[0]
    return Recommend(
        as_of=store.scores_as_of or store.meta.as_of,
        customers=int(total),
        listed=listed,
        trials=trials,
        verdicts={name: verdicts.of_offers(trials[trials["list"] == name]) for name in LISTS},
        tried=tuple(sorted({pd.Timestamp(day).date() for day in told["origin"]})),
        tried_customers={
            name: int(told[told["list"] == name].groupby("origin")["customers"].max().sum())
            for name in LISTS
        },
    )


def _means(trials: pd.DataFrame) -> pd.DataFrame:
    """One row a list and method, the best of each list first: means over customers of all periods."""
    weighed = trials.assign(**{name: trials[name] * trials["customers"] for name in MEASURES})
    sums = weighed.groupby(["list", "method"], as_index=False)[["customers", *MEASURES]].sum()
    means = sums.assign(**{name: sums[name] / sums["customers"] for name in MEASURES})
    return means.sort_values(
        ["list", "recall_10", "method"], ascending=[True, False, True], ignore_index=True
    )


def offered_products(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    name: str,
    channel: str = ANYBODY,
    bought: str = BOUGHT[0],
    least_margin: float | None = None,
    shelf: str = SHELVES[0],
) -> pd.DataFrame:
    """The products of a list, those that most of the customers meant have on theirs first, at most
    200: product_id, product, category, people, buyers (of the whole shop), margin_rate, in_stock.

    Who sees no single people is told of no product that is on the lists of fewer than five.
    """
    people: Any = _people(store, selection, people_rule(channel, bought))
    rows: Any = offers(store, name).semi_join(people, "customer_key")
    counted = rows.group_by("product_id", "product", "category").agg(people=rows.count())
    facts = store.table("offer_products").select("product_id", "buyers", "margin_rate", "in_stock")
    table: Any = without(counted.left_join(facts, "product_id"), "product_id_right")
    if least_margin is not None:
        table = table.filter(table.margin_rate >= least_margin)
    if shelf == "in_stock":
        table = table.filter(table.in_stock)
    if is_guarded(access):
        table = table.filter(table.people >= FEWEST)
        table = table.mutate(buyers=(table.buyers >= FEWEST).ifelse(table.buyers, None))
    order = table.people.desc(), table.margin_rate.desc(nulls_first=False), table.product_id.asc()
    return store.fetch(table.order_by(*order).limit(MOST_PRODUCTS))


def hearers(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    name: str,
    product_id: str,
    channel: str = ANYBODY,
    bought: str = BOUGHT[0],
) -> Hearers:
    """Who has a product on a list, those for whom it stands highest first; the very rule of an
    audience."""
    rule = offer_rule(name, product_id, channel, bought)
    people: Any = _people(store, selection, rule, _SHOWN)
    rows: Any = offers(store, name)
    rows = rows.filter(rows.product_id == product_id)
    count = int(store.fetch(people.agg(customers=people.count()))["customers"].iloc[0])
    called = store.fetch(rows.select("product").limit(1))["product"]
    if is_guarded(access):
        told = None if is_small(count) else count
        return Hearers(_called(called), told, pd.DataFrame(columns=["customer_key"]))
    worded: Any = with_reason(rows, name, selection.language).select("customer_key", "place", "why")
    joined: Any = without(people.inner_join(worded, "customer_key"), "customer_key_right")
    shown = joined.select("customer_key", "place", "why", *_SHOWN)
    order = shown.place.asc(), shown.revenue_365d.desc(nulls_first=False), shown.customer_key.asc()
    return Hearers(_called(called), count, store.fetch(shown.order_by(*order).limit(TOP)))


def segment_offers(selection: Selection, *, store: Store, access: Access) -> pd.DataFrame:
    """For each life-cycle segment the products that most of it has on a list: code, list, place,
    product, people, customers (of the segment), share; the largest segments first."""
    people: Any = _people(store, selection, names=("stage",))
    people = people.filter(people.stage.notnull())
    sizes = store.fetch(people.group_by("stage").agg(customers=people.count()))
    found = pd.concat([_best_of(store, access, name, people) for name in LISTS])
    rows = sizes.merge(found, on="stage").assign(share=lambda r: r["people"] / r["customers"])
    rows = rows.assign(code=[segment_code("stage", stage) for stage in rows["stage"]])
    order = ["customers", "code", "list", "place"]
    return rows.sort_values(order, ascending=[False, True, True, True], ignore_index=True)


def _best_of(store: Store, access: Access, name: str, people: Any) -> pd.DataFrame:
    rows: Any = without(offers(store, name).join(people, "customer_key"), "customer_key_right")
    least = FEWEST if is_guarded(access) else 1
    return store.fetch(most_listed(rows, "stage", OF_SEGMENT, least)).assign(list=name)


def people_rule(channel: str, bought: str) -> Rule:
    """Whom the filters mean: who agreed to be written to on a channel, by when they last ordered.

    Raises: CrmError("unknown_choice").
    """
    parts = list(bought_rule(bought))
    if channel not in CHANNELS:
        match = close_match(channel, CHANNELS)
        raise CrmError("unknown_choice", name="channel", value=channel, match=match)
    rule: list[Rule] = [*parts]
    if channel != ANYBODY:
        agreed = Condition("state", "in", ("granted",))
        rule.append(Did("consent", (Condition("contact_channel", "in", (channel,)), agreed)))
    return All(tuple(rule))


def offer_rule(name: str, product_id: str, channel: str = ANYBODY, bought: str = BOUGHT[0]) -> All:
    """The rule of who has a product on a list, as far as the filters let them through.

    >>> offer_rule("new", "P1").parts[0].event
    'recommended'
    """
    listed = Condition("list", "in", (name,)), Condition("product_id", "in", (product_id,))
    others = people_rule(channel, bought)
    return All((Did("recommended", listed), *(others.parts if isinstance(others, All) else ())))


def kept_to_segments(rule: All, selection: Selection) -> All:
    """A rule that keeps to the segments of the filter bar."""
    if not selection.segment:
        return rule
    return All((*rule.parts, segments_rule(selection.segment)))


def _people(
    store: Store, selection: Selection, rule: Rule | None = None, names: tuple[str, ...] = ()
) -> Any:
    """Who is meant, with these fields and no more: the fewer are asked for, the sooner."""
    segments = {SEGMENT_FIELDS[name] for name in by_segmentation(selection.segment)}
    found = members(store, All() if rule is None else rule, {*names, *segments})
    return in_segments(found, selection.segment).select("customer_key", *names)


def _called(names: pd.Series) -> str:
    return str(names.iloc[0]) if len(names) else ""
