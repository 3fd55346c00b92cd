"""Which pages data can feed: fully, in part or not, and why. Asked of files and of the store.

What a page needs is said once, here; how much of it there is comes as `Evidence`, from the staged
rows of an import (`of_files`) or from a store (`pipeline.feeds`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import duckdb

from crm_core.store.imports.staging import counted

# What the models ask for at least.
VALUE_BUYERS, VALUE_REPEAT_BUYERS, VALUE_DAYS = 50, 10, 30
FORECAST_DAYS, FORECAST_GOOD_DAYS = 60, 90
EVENT_DAYS = 365
LOOK_ORDERS = 200


@dataclass(frozen=True)
class Evidence:
    """How much there is: counts of rows, people and days.

    `keyed_orders` tell their buyer, `costed_lines` a goods cost; `reachable` people have an
    e-mail or phone, `consents` are those who said yes to being written to, `talks` are contacts that
    customers began, `promises` orders with a promised and a known day of delivery, `worded` reviews
    that say something beside their stars. `others` are tables with rows that no page's need names.
    """

    orders: int = 0
    keyed_orders: int = 0
    buyers: int = 0
    repeat_buyers: int = 0
    lines: int = 0
    costed_lines: int = 0
    days: int = 0
    refunds: int = 0
    reachable: int = 0
    consents: int = 0
    web_events: int = 0
    stock: int = 0
    talks: int = 0
    promises: int = 0
    reviews: int = 0
    worded: int = 0
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Feeds:
    """By page: `full`, `part` or `no`; and the codes of what is missing, gravest first.

    Without orders no page is fed: `with_orders` are those that this adds something to, beside them.
    """

    pages: Mapping[str, str]
    reasons: Mapping[str, tuple[str, ...]]
    with_orders: tuple[str, ...] = ()

    def report(self) -> dict[str, dict[str, object]]:
        """As in `import --json` and `status --json`: level, main reason and all reasons by page."""
        return {
            "feeds": dict(self.pages),
            "feed_reasons": {page: codes[0] for page, codes in self.reasons.items()},
            "feed_details": {page: list(codes) for page, codes in self.reasons.items()},
        }


# What each page cannot do without, and what it is better with; gravest first.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "overview": (),
    "explore": (),
    "changes": (),
    "profit": (),
    "cohorts": ("no_buyer_key",),
    "rates": ("no_buyer_key",),
    "funnel": ("no_visits",),
    "segments": ("no_buyer_key",),
    "customers": ("no_buyer_key",),
    "customer": ("no_buyer_key",),
    "value": ("no_buyer_key", "few_days_of_value", "few_repeat_buyers"),
    "churn": ("no_buyer_key", "few_days_of_value", "few_repeat_buyers"),
    "movement": ("no_buyer_key",),
    "acquisition": ("no_buyer_key",),
    "forecast": ("few_days_of_forecast",),
    "goals": (),
    "events": (),
    "stock": ("no_stock",),
    "together": (),
    "coupons": (),
    "recommend": ("no_buyer_key", "few_repeat_buyers"),
    "rules": ("no_buyer_key",),
    "replenish": ("no_buyer_key",),
    "call": (),
    "service": ("no_service",),
    "reviews": ("no_reviews",),
    "review_queue": ("few_orders_to_look",),
    "audiences": ("no_buyer_key",),
    "campaigns": ("no_buyer_key",),
    "playbooks": ("no_buyer_key",),
    "results": ("no_buyer_key",),
    "costs": (),
}
_BETTER: Mapping[str, tuple[str, ...]] = {
    "overview": ("no_costs", "no_refunds"),
    "explore": ("no_costs", "no_refunds"),
    "changes": ("no_costs", "no_refunds"),
    "profit": ("no_costs", "no_refunds"),
    "cohorts": ("no_costs",),
    "rates": ("no_costs",),
    "customer": ("no_contacts",),
    "value": ("no_costs",),
    "churn": ("no_costs",),
    "acquisition": ("no_costs",),
    "forecast": ("short_history",),
    "events": ("under_a_year",),
    "together": ("no_costs",),
    "coupons": ("no_costs",),
    "recommend": ("no_costs", "no_stock"),
    "rules": ("no_contacts", "no_consents"),
    "call": ("no_buyer_key", "no_contacts", "no_talks", "no_promises"),
    "service": ("no_talks", "no_promises"),
    "reviews": ("no_words", "no_buyer_key"),
    "review_queue": ("no_reviews", "no_buyer_key"),
    "audiences": ("no_contacts", "no_consents"),
    "campaigns": ("no_contacts", "no_consents"),
    "playbooks": ("no_contacts", "no_consents"),
    "results": ("no_costs",),
    "costs": ("no_costs",),
}
# What tables without a need of their own add to.
_OTHERS: Mapping[str, tuple[str, ...]] = {
    "customers": ("customers", "customer"),
    "accounts": ("customers", "customer"),
    "products": ("explore", "together"),
    "goods_costs": tuple(page for page, needs in _BETTER.items() if "no_costs" in needs),
    "costs": ("profit", "acquisition", "costs"),
    "coupons": ("coupons",),
    "touches": ("campaigns", "results", "customer"),
}


def judge(evidence: Evidence) -> Feeds:
    """What can be fed by as much as there is; nothing by no orders at all.

    >>> judge(Evidence(orders=9, lines=9, days=120)).pages["customers"]
    'no'
    >>> judge(Evidence(stock=3)).with_orders
    ('stock', 'recommend')
    """
    if not evidence.orders:
        return Feeds({}, {}, _beside_orders(evidence))
    met = _met(evidence)
    pages: dict[str, str] = {}
    reasons: dict[str, tuple[str, ...]] = {}
    for page, needed in _NEEDED.items():
        short = [need for need in (*needed, *_BETTER.get(page, ())) if met[need] < 1]
        empty = any(met[need] == 0 for need in needed)
        pages[page] = "no" if empty else "part" if short else "full"
        if short:
            reasons[page] = tuple(short)
    return Feeds(pages, reasons)


def _beside_orders(evidence: Evidence) -> tuple[str, ...]:
    """The pages that need this, then those that are better with it."""
    met = _met(replace(evidence, orders=1, lines=1))
    told = [page for other in evidence.others for page in _OTHERS.get(other, ())]
    for asked in (_NEEDED, _BETTER):
        told += [page for page, needs in asked.items() if any(met[need] for need in needs)]
    return tuple(dict.fromkeys(told))


def _met(evidence: Evidence) -> dict[str, float]:
    """How far each need is met, from 0 to 1."""
    enough = evidence.buyers >= VALUE_BUYERS and evidence.repeat_buyers >= VALUE_REPEAT_BUYERS
    return {
        "no_buyer_key": evidence.keyed_orders / evidence.orders,
        "no_costs": evidence.costed_lines / max(evidence.lines, 1),
        "no_visits": float(evidence.web_events > 0),
        "no_stock": float(evidence.stock > 0),
        "no_service": float(evidence.talks + evidence.promises > 0),
        "no_talks": float(evidence.talks > 0),
        "no_promises": float(evidence.promises > 0),
        "no_reviews": float(evidence.reviews > 0),
        "no_words": float(evidence.worded > 0),
        "few_orders_to_look": float(evidence.orders >= LOOK_ORDERS),
        "no_refunds": float(evidence.refunds > 0),
        "no_contacts": float(evidence.reachable > 0),
        "no_consents": float(evidence.consents > 0),
        "few_repeat_buyers": float(enough),
        "few_days_of_value": float(evidence.days >= VALUE_DAYS),
        "few_days_of_forecast": float(evidence.days >= FORECAST_DAYS),
        "short_history": float(evidence.days >= FORECAST_GOOD_DAYS),
        "under_a_year": float(evidence.days >= EVENT_DAYS),
    }


def of_files(con: duckdb.DuckDBPyConnection, file: int | None = None) -> Evidence:
    """How much the staged rows hold, of one file or of all together."""
    where = "true" if file is None else f"source_file = {file}"

    def count(query: str) -> int:
        return counted(con, query)

    person = "coalesce(customer_id, lower(trim(email)), phone)"
    orders = f"(from staging.orders where {where})"
    lines = f"(from staging.order_lines where {where})"
    priced = f"(select product_id from staging.products where unit_cost is not null and {where})"
    people = (
        f"(select email, phone from staging.identities where {where} union all "
        f"select email, phone from staging.orders where {where})"
    )
    others = [
        each
        for each in _OTHERS
        if each != "goods_costs" and count(f"select count(*) from staging.{each} where {where}")
    ]
    if count(f"select count(*) from {priced}"):
        others.append("goods_costs")
    buyers = f"(select {person} as person, count(*) as orders from {orders} group by 1)"
    return Evidence(
        orders=count(f"select count(*) from {orders}"),
        keyed_orders=count(f"select count({person}) from {orders}"),
        buyers=count(f"select count(person) from {buyers}"),
        repeat_buyers=count(f"select count(person) from {buyers} where orders > 1"),
        lines=count(f"select count(*) from {lines}"),
        costed_lines=count(
            f"select count(*) from {lines} where unit_cost is not null or product_id in {priced}"
        ),
        days=count(f"select date_diff('day', min(ordered_at), max(ordered_at)) + 1 from {orders}"),
        refunds=count(f"select count(*) from staging.refunds where {where}"),
        reachable=count(f"select count(*) from {people} where coalesce(email, phone) is not null"),
        consents=count(
            f"select count(*) from staging.consents where state = 'granted' and {where}"
        ),
        web_events=count(f"select count(*) from staging.web_events where {where}"),
        stock=count(f"select count(*) from staging.stock where {where}"),
        talks=count(
            f"select count(*) from staging.contacts where direction is distinct from 'out' and {where}"
        ),
        promises=count(
            f"select count(*) from {orders} where promised_at is not null and delivered_at is not null"
        ),
        reviews=count(f"select count(*) from staging.reviews where {where}"),
        worded=count(f"select count(nullif(trim(body), '')) from staging.reviews where {where}"),
        others=tuple(others),
    )
