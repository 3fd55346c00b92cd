"""Every expression of the program, asked of whatever store is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from crm_core.audiences import FIELDS, members
from crm_core.audiences.campaign_members import assigned, campaigns_of, written_to
from crm_core.audiences.eligible import Limits, judged
from crm_core.audiences.measurement import Assignment, outcomes, sums, touched, with_untouched
from crm_core.audiences.members import tenths
from crm_core.audiences.outlook import expected_in
from crm_core.features import build_features, left_behind
from crm_core.metrics import (
    ANGLES,
    METRICS,
    between,
    by_angle,
    coupons,
    each_part,
    entry_products,
    event_days,
    first_parts,
    losing_parts,
    measure,
    ordered,
    scope,
    sessions,
    steps,
    stock,
    visits,
)
from crm_core.metrics.bought_together import orders_with_both
from crm_core.models.movement import flows, movers, moves
from crm_core.models.offer_history import purchases
from crm_core.models.offer_shelf import goods_on
from crm_core.models.outcomes import followed
from crm_core.models.rfm import rfm
from crm_core.models.standing import SEGMENTATIONS
from crm_core.models.triples import purchase_history, spend_history
from crm_core.privacy.consent import CONTACT_CHANNELS
from crm_core.privacy.gate import contactable
from crm_core.rules import EVENTS, All, Condition, Did, Not, Rule, Then
from crm_core.rules import Any as AnyOf
from crm_core.selection import Period, Selection
from crm_core.store import Store, ledger
from crm_core.store.marts import (
    MoneyRules,
    counting_orders,
    first_days,
    order_amounts,
    priced_lines,
    sold_lines,
    spend_by_day,
)
from tests.engines.care_questions import served

END, EARLIER, ALREADY = date(2026, 10, 31), date(2025, 6, 30), date(2024, 7, 31)
PLAIN = MoneyRules()
ELABORATE = MoneyRules(
    prices_include_tax=True,
    tax_rate=0.19,
    internal_keys=(3, 5),
    margin_by_category={"tea": 0.31, "*": 0.4},
    shipping_cost_per_order=4.55,
    payment_fee_rate=0.019,
    payment_fee_fixed=0.35,
    marketplace_fee_by_channel={"marketplace": 0.125, "Émile": 0.1},
    service_cost_by_channel={"email": 2.5, "*": 3.335},
    marketing=(
        (date(2026, 8, 1), date(2026, 8, 31), "ads", 1000.0),
        (date(2024, 1, 1), date(2024, 2, 29), "posters", 77.77),
    ),
)
Question = Callable[[Store], ir.Table]


def marts(rules: MoneyRules) -> dict[str, Question]:
    """The marts worked out from the canonical tables."""

    def orders(store: Store) -> ir.Table:
        return counting_orders(store, rules)

    def spend(store: Store) -> ir.Table:
        return spend_by_day(store, rules)

    def priced(store: Store) -> ir.Table:
        return priced_lines(store, orders(store), rules)

    def sold(store: Store) -> ir.Table:
        return sold_lines(priced(store), orders(store), rules, split=True, spend=spend(store))

    return {
        "counting_orders": orders,
        "first_days": lambda store: first_days(orders(store)),
        "order_amounts": lambda store: order_amounts(orders(store), rules),
        "spend_by_day": spend,
        "priced_lines": priced,
        "sold_lines": sold,
        "sales": lambda store: ledger.sales(store, sold(store), orders(store), ALREADY),
        "refunds": lambda store: ledger.refunds(store, sold(store), orders(store), rules),
        "service": lambda store: ledger.service(store, orders(store), rules),
        "other_costs": lambda store: ledger.other_costs(store, sold(store), spend(store)),
        "order_facts": lambda store: ledger.order_facts(store.table("ledger"), orders(store)),
        "customer_days": lambda store: ledger.customer_days(store.table("order_facts")),
        "customer_facts": lambda store: ledger.customer_facts(
            store, first_days(orders(store)), ALREADY
        ),
        "product_facts": ledger.product_facts,
    }


def customers(as_of: date) -> dict[str, Question]:
    """What is known of each customer as of a day."""
    return {
        "features": lambda store: build_features(store.at(as_of)),
        "rfm": lambda store: rfm(store.at(as_of)),
        "rfm_rhythm": lambda store: rfm(store.at(as_of), by_rhythm=True),
        "purchase_history": lambda store: purchase_history(store, as_of),
        "spend_history": lambda store: spend_history(store, as_of),
        "offer_purchases": lambda store: purchases(store, as_of, 60.0, 960.0),
        "offer_shelf": lambda store: goods_on(store, as_of),
    }


def movement() -> Iterator[tuple[str, Question]]:
    """Who moved between two days, by each segmentation of past days."""
    for name in SEGMENTATIONS:
        yield f"flows {name}", lambda store, name=name: flows(moves(store, EARLIER, END, name))
    yield "movers", lambda store: movers(moves(store, EARLIER, END, "rfm"), "rfm", "back")
    yield "followed", lambda store: followed(moves(store, EARLIER, END, "stage"), EARLIER)


def behaviours() -> dict[str, Rule]:
    """Conditions on every kind of event, alone, among alternatives, with a sequence."""
    again = Did("purchase", then=Then("order", 60, happened=False))
    soon = Did(
        "order", value=2, then=Then("purchase", 30, (Condition("product", "contains", "a"),))
    )
    spent = Did("purchase", measure="amount", value=20, last_days=400)
    low = Did("review", (Condition("stars", "<=", 3),), operator="<=", value=0)
    kinds = {f"did {name}": Did(name) for name in EVENTS}
    return {
        **kinds,
        "not again": again,
        "soon after": soon,
        "spent": spent,
        "few": Did("order", operator="=", value=2, between=(EARLIER, END)),
        "alternatives": AnyOf((again, low, Not(spent), Not(Condition("orders", ">", 3)))),
        "without": All((Not(again), low)),
    }


def audiences() -> Iterator[tuple[str, Question]]:
    """Rules of every operator on a field of every kind, and members by worth."""
    texts = ("Émile", "emile", "100% Ann", "%", "_", "a_b", "back\\slash", "O'Neill", " ")
    rules: dict[str, Any] = {
        **{f"contains {t}": Condition("favourite_sales_channel", "contains", t) for t in texts},
        **{f"starts {t}": Condition("favourite_sales_channel", "starts_with", t) for t in texts},
        **{f"is {t}": Condition("favourite_sales_channel", "is", t) for t in texts},
        "is_not": Condition("region", "is_not", "Émile"),
        "in": Condition("region", "in", ("emile", "Ünal")),
        "not_in": Not(Condition("region", "not_in", ("emile", "Ünal"))),
        "unknown": Condition("region", "is_unknown"),
        "known": Condition("contribution", "is_known"),
        ">": Condition("revenue", ">", 100.005),
        "=": Condition("orders", "=", 1),
        "between": Condition("average_order_value", "between", (10, 50)),
        "before": Condition("last_order_day", "before", date(2026, 8, 2)),
        "in_last_days": Condition("last_order_day", "in_last_days", 90),
        "is_true": Condition("is_already_customer", "is_true"),
        "is_false": Condition("is_already_customer", "is_false"),
        **behaviours(),
    }
    for name, rule in rules.items():
        yield (
            f"rule {name}",
            lambda store, rule=rule: members(store, rule).select("customer_key"),
        )
    for worth in ("revenue", "expected_revenue"):
        yield (
            f"tenths {worth}",
            lambda store, worth=worth: tenths(
                members(store, Condition("orders", ">=", 1)).select("customer_key", *FIELDS), worth
            ),
        )


def campaign(store: Store) -> Assignment:
    """Every customer, by lot of their key, as if written to on a summer day."""
    known = store.table("customer_facts")
    day, is_held = date(2026, 8, 1), known.customer_key % 3 == 0
    assigned = known.select(
        "customer_key",
        arm=ibis.ifelse(is_held, "holdout", "treatment"),
        stratum=known.region.fill_null("unknown"),
        assigned_on=ibis.literal(day),
    )
    return Assignment("summer", assigned, day, day, 30, day)


def measuring() -> dict[str, Question]:
    """What became of the people of a campaign."""
    return {
        "outcomes": lambda store: outcomes(store, campaign(store)),
        "sums": lambda store: sums(store, campaign(store)),
        "untouched": lambda store: outcomes(store, with_untouched(store, campaign(store))),
        "touched": lambda store: touched(store, "summer"),
    }


EVERYBODY = Condition("orders", ">=", 1)
LIMITS = Limits(
    date(2026, 8, 15), "email", most_contacts=1, pressure_days=30, exclusion_days=3, rounds=(9,)
)


def campaigns() -> Iterator[tuple[str, Question]]:
    """Who may be in a campaign beside one that was sealed, and what is expected of them."""
    day, everybody = date(2026, 8, 15), EVERYBODY
    yield "assigned", lambda store: assigned(store, 1)
    yield "campaigns of", lambda store: campaigns_of(store, (3, 5, 10_000))
    for channel in ("email", None):
        yield (
            f"written to {channel}",
            lambda store, channel=channel: written_to(
                store, day, 30, apart_from=(9,), contact_channel=channel
            ),
        )
    yield "expected in", lambda store: expected_in(members(store, everybody), 28)


def profits() -> Iterator[tuple[str, Question]]:
    """The money of each angle, the first parts of it and those that lose money."""
    for angle in ANGLES:
        yield (
            f"profit {angle}",
            lambda store, angle=angle: first_parts(
                each_part(by_angle(store, scope(store, Selection()), angle)), "least", 4
            ),
        )
    yield (
        "losing",
        lambda store: losing_parts(
            each_part(by_angle(store, scope(store, Selection()), "product"))
        ).limit(20),
    )


def funnels() -> Iterator[tuple[str, Question]]:
    """Visitors by step and source, sessions, and orders beside their visits."""
    month = Period(date(2026, 8, 1), date(2026, 8, 31))
    yield "funnel steps", lambda store: steps(visits(store, month), ("source",))
    yield "funnel sessions", lambda store: sessions(visits(store, month))
    yield "funnel left", lambda store: left_behind(store.at(date(2026, 8, 5)))
    yield "funnel orders", lambda store: ordered(store, visits(store, month), month)


def shelves() -> Iterator[tuple[str, Question]]:
    """Cover, empty shelves and what an event asks of them."""
    year, week = Period(date(2025, 11, 1), END), Period(date(2026, 8, 1), date(2026, 8, 7))

    def cover(store: Store) -> ir.Table:
        return stock.positions(store, END, level=900.0, week=120.0, cover=6)

    def event(store: Store) -> ir.Table:
        rows = stock.sold(store, week)
        pieces = rows.group_by("product_key").agg(pieces=rows.units.sum())
        return event_days.demand_of_event(cover(store), pieces, growth=1.3, days_before=9)

    yield "told days", lambda store: stock.told_days(store, END)
    yield "cover", cover
    yield (
        "cover of few",
        lambda store: stock.not_of_few(
            cover(store), stock.buyers_of_products(store, week), ("weekly", "last_sold", "units")
        ),
    )
    for anyway in (True, False):
        yield (
            f"empty shelves {anyway}",
            lambda store, anyway=anyway: stock.named(
                store, stock.losses(store, year, END, sells_anyway=anyway)
            ),
        )
    yield "sold while empty", lambda store: stock.sold_while_empty(store, year, END)
    yield "event on the shelf", event
    yield "newcomers back", lambda store: event_days.newcomers_back(store, 90)
    yield "written before", lambda store: event_days.written_to(store, year)
    yield "quarters", lambda store: event_days.order_quarters(store, [week.start, week.end])


def offers() -> Iterator[tuple[str, Question]]:
    """What codes give away and to whom, what first purchases lead to, orders with two things."""
    year = Period(date(2025, 11, 1), END)

    def coded(store: Store, *, guarded: bool = False) -> ir.Table:
        rows = coupons.by_code(store, scope(store, Selection(), year))
        return coupons.first_codes(rows, 3, guarded=guarded)

    def years(store: Store) -> ir.Table:
        ledger = store.at(END).table("ledger")
        return entry_products.first_years(ledger, entry_products.newcomers(store, END))

    def began(store: Store) -> ir.Table:
        items = entry_products.first_items(store, store.at(END).table("ledger"), "category")
        return entry_products.began_with(years(store), items, entry_products.BASES[0], least=1)

    yield "codes", lambda store: coupons.of_each(coded(store), "kind", "code")
    yield "codes of many", lambda store: coupons.of_each(coded(store, guarded=True), "kind", "code")
    yield "below cost", lambda store: coupons.below_cost(coupons.order_costs(coded(store)), "code")
    yield (
        "discount habits",
        lambda store: coupons.habits(store, store.table("order_facts"), store.table("ledger")),
    )
    yield (
        "campaign codes",
        lambda store: coupons.campaign_codes(
            store, store.fetch(coupons.campaign_sides(store))["campaign"].tolist()
        ),
    )
    yield "campaign sides", coupons.campaign_sides
    yield "began with", began
    yield "first years", lambda store: entry_products.everybody(years(store), "net_revenue")
    yield (
        "orders with both",
        lambda store: orders_with_both(store, "category", ("Kitchen", "Tea"), (year.start, END)),
    )


QUESTIONS: dict[str, Question] = {
    **{f"plain {name}": question for name, question in marts(PLAIN).items()},
    **{f"elaborate {name}": question for name, question in marts(ELABORATE).items()},
    **{f"{name} {END}": question for name, question in customers(END).items()},
    **{f"{name} {EARLIER}": question for name, question in customers(EARLIER).items()},
    **dict(movement()),
    **dict(audiences()),
    **measuring(),
    **dict(campaigns()),
    **dict(profits()),
    **dict(funnels()),
    **dict(shelves()),
    **dict(offers()),
    **dict(served()),
}


#: Asked only where people have names.
OF_PEOPLE: dict[str, Question] = {
    f"contact {channel}": lambda store, channel=channel: contactable(store, channel)
    for channel in CONTACT_CHANNELS
} | {"judged": lambda store: judged(store, EVERYBODY, LIMITS, "value_tier")}


def measured(store: Store, by: str, segment: str = "") -> Any:
    """Every metric by a dimension, over a quarter, with the totals."""
    chosen = Selection(segment=(segment,)) if segment else Selection()
    rows = between(scope(store, chosen), Period(date(2026, 7, 1), date(2026, 9, 30)))
    return measure(store, list(METRICS), rows=rows, by=[by])
