"""What the README says is planted can be found in the files with plain SQL."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from tests.demo.conftest import Ask

Truths = dict[str, Any]


def test_control_totals(ask: Ask, truths: Truths) -> None:
    totals = truths["totals"]
    found = ask(
        "select count(*), sum(quantity), sum(gross), sum(discount), sum(revenue) from sold"
    )[0]
    names = ("lines", "units", "gross", "discount", "revenue")
    assert [Decimal(value) for value in found] == [Decimal(str(totals[name])) for name in names]
    assert ask("select sum(amount) from refunds")[0][0] == Decimal(totals["refunds"])
    assert ask("select count(*) from orders")[0][0] == totals["orders"]
    assert ask("select count(*) from counted")[0][0] == totals["orders_that_count"]


def test_the_shop_looks_like_one(ask: Ask) -> None:
    orders, value, one = ask("""
        with buyers as (select buyer, count(*) as n from counted where buyer is not null group by 1)
        select (select count(*) from counted),
               (select sum(revenue) from sold) / (select count(*) from counted),
               (select avg((n = 1)::int) from buyers)
    """)[0]
    assert 36_000 <= orders <= 44_000
    assert 60 <= value <= 75
    assert 0.33 <= one <= 0.45
    refunded, margin = ask("""
        select (select sum(amount) from refunds) / sum(revenue), 1 - sum(goods) / sum(revenue) from sold
    """)[0]
    assert 0.05 <= refunded <= 0.07
    assert 0.42 <= margin <= 0.48


def test_contribution_is_thin_but_positive_once_the_launch_is_over(ask: Ask) -> None:
    months = ask("""
        with money as (
            select day, revenue - goods as amount from sold
            union all select day, shipping_income - shipping_cost - fees from counted
            union all select refunded_at::date, -amount from refunds
            union all select occurred_at::date, -cost from contacts
            union all select day, -amount from costs)
        select strftime(day, '%Y-%m'), sum(amount)::double from money group by 1 order by 1
    """)
    values = [value for _, value in months]
    assert len(values) == 30
    assert min(values[:3]) < 0
    assert min(values[6:]) > 0
    assert min(values[6:]) < 0.4 * max(values)


def test_spend_varies_within_a_person_as_gamma_gamma_says(ask: Ask, truths: Truths) -> None:
    process = truths["process"]
    within, between, mean = ask("""
        with orders as (select buyer, order_id, sum(revenue)::double as value from sold
                        where buyer is not null group by all),
             people as (select avg(value) as mean, var_samp(value) as spread from orders
                        group by buyer having count(*) >= 5)
        select avg(spread / mean / mean), var_pop(mean) / avg(mean) ^ 2, avg(mean) from people
    """)[0]
    assert within == pytest.approx(1 / process["p"], rel=0.15)
    assert between == pytest.approx(1 / (process["q"] - 2), rel=0.3)
    assert mean == pytest.approx(process["p"] * process["v"] / (process["q"] - 1), rel=0.07)


def test_hidden_rates_follow_their_gammas(ask: Ask, truths: Truths) -> None:
    process = truths["process"]
    factors = {name: source["rate"] for name, source in truths["acquisition"].items()}
    rows = ask("""
        select acquisition_source, count(*), avg(rate_per_day), avg(leaving_rate_per_day)
        from true_customers group by 1
    """)
    people = sum(count for _, count, _, _ in rows)
    rate = sum(count * mean / factors[name] for name, count, mean, _ in rows) / people
    leaving = sum(count * mean for _, count, _, mean in rows) / people
    assert rate == pytest.approx(process["r"] / process["alpha"], rel=0.06)
    assert leaving == pytest.approx(process["s"] / process["beta"], rel=0.07)


def test_people_order_at_their_rate_while_they_are_there(ask: Ask) -> None:
    ordered, expected, likeness = ask("""
        with seen as (
            select t.rate_per_day, count(*) - 1 as repeats,
                   least(coalesce(t.left_on, date '2026-10-31'), date '2026-10-31')
                   - min(c.day) as days
            from true_customers t join counted c using (customer_id)
            where t.kind = 'account' group by t.person, t.rate_per_day, t.left_on)
        select sum(repeats), sum(rate_per_day * days), corr(repeats, rate_per_day * days) from seen
        where days > 30
    """)[0]
    assert ordered == pytest.approx(expected, rel=0.08)
    assert likeness > 0.95


def test_the_year_ahead_agrees_with_its_expectation(ask: Ask) -> None:
    expected, drawn, revenue, paid, contribution = ask("""
        select sum(expected_orders_365), sum(next_orders_365), sum(expected_revenue_365),
               sum(next_revenue_365), sum(expected_contribution_365) from true_customers
    """)[0]
    assert drawn == pytest.approx(expected, rel=0.06)
    assert paid == pytest.approx(revenue, rel=0.06)
    assert 0.25 < contribution / revenue < 0.4
    lost = (
        "select count(*) from true_customers where not is_there_at_end and expected_orders_365 > 0"
    )
    assert ask(lost)[0][0] == 0


def test_weekdays(ask: Ask, truths: Truths) -> None:
    days = ask("""
        select isodow(day), count(*) * 7.0 / (select count(*) from counted) from counted
        group by 1 order by 1
    """)
    true = truths["season"]["weekday"]
    scale = sum(true) / 7
    assert [float(v) for _, v in days] == pytest.approx([t / scale for t in true], rel=0.06)


@pytest.mark.parametrize(
    ("event", "season"),
    [
        ("singles_day", "singles_day"),
        ("midyear", "midyear"),
        ("black_friday", "black_friday"),
        ("tea_weeks", "tea_weeks"),
        ("lunar_new_year", "lunar_new_year"),
        ("christmas", "christmas"),
    ],
)
def test_shopping_events_move_the_orders_of_their_days(
    ask: Ask, truths: Truths, event: str, season: str
) -> None:
    ratio = ask(
        """
        with days as (select day, count(*) as n from counted group by 1),
        near as (
            select e.event_id, d.n, d.day between e.starts_on and e.ends_on as inside
            from events e join days d on d.day between e.starts_on - 35 and e.ends_on + 35
            where starts_with(e.event_id, ?) and e.ends_on <= date '2026-10-31'
              and not exists (select 1 from events o where o.event_id <> e.event_id
                              and d.day between o.starts_on and o.ends_on))
        select avg(n) filter (inside) / avg(n) filter (not inside) from near
        """,
        event,
    )[0][0]
    assert ratio == pytest.approx(truths["season"][season], rel=0.18)


def test_sources_differ_in_value_and_social_ads_lose_money(ask: Ask) -> None:
    rows = ask("""
        with who as (select customer_id, acquisition_source as source from customers),
        money as (
            select w.source, revenue - goods as amount from sold s join who w on w.customer_id = s.buyer
            union all select source, shipping_income - shipping_cost - fees from counted join who using (customer_id)
            union all select source, -amount from refunds join counted using (order_id) join who using (customer_id)
            union all select source, -amount from costs where kind = 'marketing')
        select source, sum(amount)::double from money where source is not null group by 1
    """)
    value = dict(rows)
    assert value["social_ads"] < 0
    assert value["referral"] > 50_000
    assert ask("select count(*) from customers where acquisition_source is null")[0][0] > 100


def test_margins_and_refunds_by_category(ask: Ask, truths: Truths) -> None:
    products = truths["products"]
    margin = dict(
        ask("select category, (1 - sum(goods) / sum(revenue))::double from sold group by 1")
    )
    assert min(margin, key=lambda name: margin[name]) == products["low_margin_category"]
    assert margin[products["low_margin_category"]] < 0.2
    refunds = dict(
        ask("""
            select category, count(refund_id) / count(*) from sold
            left join refunds using (order_id, line_id) group by 1
        """)
    )
    assert max(refunds, key=lambda name: refunds[name]) == products["high_refund_category"]
    for name, chance in products["refund_chance_a_line"].items():
        assert refunds[name] == pytest.approx(chance, rel=0.22), name
    losing = ask("select product_name from sold group by 1 having sum(revenue - goods) < 0")
    assert {name for (name,) in losing} >= {p["product"] for p in products["loss_makers"]}


def test_tea_costs_more_from_january(ask: Ask, truths: Truths) -> None:
    rise = truths["products"]["tea_cost_rise"]
    before, after = ask(
        """
        select avg(s.unit_cost / p.unit_cost) filter (day < ?::date),
               avg(s.unit_cost / p.unit_cost) filter (day >= ?::date)
        from sold s join products p using (product_id) where s.category = 'Tea'
        """,
        rise["from_day"],
        rise["from_day"],
    )[0]
    assert before == pytest.approx(1, abs=1e-6)
    assert after == pytest.approx(rise["factor"], abs=1e-3)


def test_planted_pairs(ask: Ask, truths: Truths) -> None:
    for pair in truths["pairs"]:
        n, together, apart = ask(
            """
            with baskets as (select bool_or(product_id = ?) as a, bool_or(product_id = ?) as b
                             from order_lines group by order_id)
            select count(*) filter (a), avg(b::int) filter (a), avg(b::int) filter (not a) from baskets
            """,
            pair["first"]["product_id"],
            pair["second"]["product_id"],
        )[0]
        true = pair["chance"] + (1 - pair["chance"]) * apart
        assert abs(together - true) < 3.5 * math.sqrt(true * (1 - true) / n), pair
        assert together / (1 - together) > 0.6 * pair["odds"]
        assert together > 7 * apart


def test_replenished_products_come_back_after_their_interval(ask: Ask, truths: Truths) -> None:
    for product in truths["replenishment"]:
        gap = ask(
            """
            with days as (select distinct buyer, day from sold where product_id = ? and buyer is not null),
            gaps as (select buyer, day - lag(day) over (partition by buyer order by day) as gap from days)
            select median(gap) from gaps
            where buyer in (select buyer from gaps group by 1 having count(gap) >= 4)
            """,
            product["product_id"],
        )[0][0]
        assert gap == pytest.approx(product["interval_days"], rel=0.15), product


def test_campaigns_show_their_true_lift(ask: Ask, truths: Truths) -> None:
    for campaign in truths["campaigns"]:
        rows = dict(
            ask(
                """
                with sent as (
                    select arm, exists(select 1 from counted c where c.customer_id = t.customer_id
                        and c.day > t.sent_at::date and c.day <= t.sent_at::date + 30) as buys
                    from touches t where campaign = ?)
                select arm, avg(buys::int) from sent group by 1
                """,
                campaign["campaign"],
            )
        )
        treated, control = campaign["treated"], campaign["control"]
        noise = math.sqrt(0.25 / treated + 0.25 / control)
        assert rows["treated"] - rows["control"] == pytest.approx(
            campaign["true_lift"], abs=2 * noise
        )
        assert (
            treated + control
            == ask("select count(*) from touches where campaign = ?", campaign["campaign"])[0][0]
        )


def test_slow_replies_cost_repeats(ask: Ask, truths: Truths) -> None:
    slow, quick = ask("""
        with asked as (
            select customer_id, occurred_at, reply_minutes > 1440 as slow from contacts
            where contact_channel = 'email' and direction = 'in' and topic <> 'return'
              and customer_id is not null and occurred_at < timestamptz '2026-07-15'),
        then_ as (
            select slow, exists(select 1 from counted c where c.customer_id = a.customer_id
                and c.ordered_at > a.occurred_at and c.ordered_at < a.occurred_at + interval 90 day) as again
            from asked a)
        select avg(again::int) filter (slow), avg(again::int) filter (not slow) from then_
    """)[0]
    true = 1 - truths["service"]["slow_replies"]["chance_to_leave_for_good"]
    assert slow / quick == pytest.approx(true, abs=0.1)


def test_late_parcels_cost_stars(ask: Ask, truths: Truths) -> None:
    rows = dict(
        ask("""
            select delivered_at > promised_at, avg(stars) from reviews join orders using (order_id)
            join true_reviews using (review_id) where not is_bought and promised_at is not null group by 1
        """)
    )
    assert rows[True] - rows[False] == pytest.approx(truths["service"]["late_stars"], abs=0.25)


def test_badly_made_products_have_the_fewest_stars(ask: Ask, truths: Truths) -> None:
    worst = ask("""
        select product_id from reviews group by 1 having count(*) >= 12 order by avg(stars) limit 3
    """)
    assert {p for (p,) in worst} == {p["product_id"] for p in truths["products"]["badly_made"]}


def test_brushed_orders_leave_traces(ask: Ask, truths: Truths) -> None:
    brushed = truths["brushed_orders"]
    assert len(brushed) == pytest.approx(0.01 * truths["totals"]["orders"], rel=0.15)
    noted, night, buyers = ask(
        """
        select avg((seller_note is not null)::int),
               avg((hour(ordered_at at time zone 'Europe/Berlin') < 5)::int),
               count(distinct customer_id)
        from orders where order_id in (select unnest(?::varchar[]))
        """,
        brushed,
    )[0]
    assert 0.3 < noted < 0.5
    assert night == 1
    assert buyers <= len(truths["people"]["brushers"])
    lines = ask(
        "select max(quantity), count(distinct product_id), count(*) from order_lines "
        "where order_id in (select unnest(?::varchar[]))",
        brushed,
    )[0]
    assert lines == (1, 4, len(brushed))
    pushed = {p["product_id"] for p in truths["products"]["brushed"]}
    bought = ask(
        "select distinct product_id from reviews join true_reviews using (review_id) where is_bought"
    )
    assert {p for (p,) in bought} == pushed


def test_empty_shelves_sell_nothing(ask: Ask, truths: Truths) -> None:
    for out in truths["stock_outs"]:
        span = (out["product_id"], out["first_day"], out["last_day"])
        where = "product_id = ? and day between ?::date and ?::date"
        assert ask(f"select max(on_hand) from stock where {where}", *span)[0][0] == 0
        assert ask(f"select count(*) from sold where {where}", *span)[0][0] == 0
    assert ask("select min(on_hand), min(incoming) from stock")[0] >= (0, 0)


def test_visits_narrow_to_the_orders_of_their_window(ask: Ask) -> None:
    steps = dict(ask("select event, count(*) from web_events group by 1"))
    assert steps["view"] > steps["cart"] > steps["checkout"] > steps["purchase"]
    bought = ask("""
        select count(*) from counted where sales_channel in ('web', 'app') and buyer is not null
        and day > date '2026-10-31' - 90
    """)[0][0]
    assert steps["purchase"] == bought
