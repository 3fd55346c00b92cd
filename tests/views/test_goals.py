"""Goals beside a log that anybody can add up: an order of ten euros a day on the web, and on
Saturdays one of twenty in the app."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest

from crm_core.metrics.goals import NO_CHANNEL, proposal
from crm_core.models.landing import Expected, chance
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.goal_lines import goal_lines
from crm_core.views.goals import Goals, Target, goals
from tests.expected_sums import expected_sums, put_scores
from tests.small_shop import Rows, SmallShop, line, order, small_shop

FIRST, LAST = date(2025, 1, 1), date(2026, 3, 14)  # a Saturday
MARCH = date(2026, 3, 1)
TOTAL, WEB = ("net_revenue", "total", ""), ("net_revenue", "sales_channel", "web")
SERIES = {TOTAL: 12.0, WEB: 10.0, ("orders", "total", ""): 1.2}


def month(year: int, number: int) -> date:
    return date(year, number, 1)


def shop_rows() -> Rows:
    rows: Rows = {"orders": [], "order_lines": []}
    day = FIRST
    while day <= LAST:
        at = datetime(day.year, day.month, day.day, 12).isoformat()
        told = [(f"w{day}", "web", "10.00")]
        if day.weekday() == 5:
            told.append((f"a{day}", "app", "20.00"))
        if day < date(2025, 4, 1):
            told.append((f"p{day}", "phone", "5.00"))
        for number, channel, price in told:
            rows["orders"].append(order(number, f"c{number}", at, sales_channel=channel))
            rows["order_lines"].append(line(number, "tea", price))
        day += timedelta(1)
    return rows


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    found = small_shop(tmp_path_factory.mktemp("goals"), shop_rows())
    put_scores(
        found.url,
        found.settings,
        LAST,
        forecast_periods=expected_sums(SERIES, LAST + timedelta(1)),
    )
    return found


@pytest.fixture(scope="module")
def store(shop: SmallShop) -> Iterator[Store]:
    opened = shop.open()
    yield opened
    opened.close()


def judged(store: Store, owner: Access, *targets: Target) -> Goals:
    return goals(Selection(), store=store, access=owner, targets=targets)


def test_months_that_are_over_were_reached_or_missed(store: Store, owner: Access) -> None:
    february = 28 * 10 + 4 * 20  # euros, four of its days are Saturdays
    view = judged(
        store,
        owner,
        ("net_revenue", month(2026, 2), "", february),
        ("net_revenue", month(2026, 2), "app", 81.0),
        ("orders", month(2026, 2), "", 30.0),
        ("average_order_value", month(2026, 2), "", 12.0),
        ("refund_rate", month(2026, 2), "", 0.05),
        ("net_revenue", month(2024, 2), "", 10.0),
    )
    told = view.goals
    assert told["actual"].tolist()[:3] == [february, 80.0, 32.0]
    assert told["actual"].tolist()[3:5] == [february / 32, 0.0]
    assert told["verdict"].tolist() == ["hit", "missed", "hit", "missed", "hit", "no_data"]
    assert set(told["status"]) == {"past"}
    assert told["landing"].isna().all()


def test_the_running_month_lands_at_what_is_there_and_the_days_left(
    store: Store, owner: Access
) -> None:
    view = judged(
        store,
        owner,
        ("net_revenue", MARCH, "", 400.0),
        ("net_revenue", MARCH, "web", 300.0),
        ("net_revenue", MARCH, "app", 100.0),
        ("margin", MARCH, "", 100.0),
        ("average_order_value", MARCH, "", 11.0),
    )
    whole, web, app, margin, ratio = view.goals.to_dict("records")
    there, left = 14 * 10 + 2 * 20, 17 * 12.0
    assert (whole["status"], whole["actual"]) == ("running", there)
    assert whole["landing"] == pytest.approx(there + left)
    assert (whole["low"], whole["high"]) == (
        pytest.approx(there + left * 0.9),
        pytest.approx(there + left * 1.1),
    )
    ahead = Expected(left, left * 0.9, left * 1.1, left * 0.8, left * 1.2)
    assert whole["chance"] == pytest.approx(chance(ahead, 400.0 - there))
    assert whole["verdict"] == "unlikely"
    assert whole["reached"] == pytest.approx(there / 400.0)
    # a week is 90 euros, its Saturday 30: what two weeks of a March of four Saturdays bring
    assert whole["usual"] == pytest.approx(there / (31 * 10 + 4 * 20), abs=0.02)
    assert (web["landing"], web["verdict"]) == (pytest.approx(140 + 170), "likely")
    assert (app["reason"], app["verdict"]) == ("no_channel", "behind")
    # nothing is known of goods cost, so there is neither a figure nor a forecast
    assert (margin["reason"], margin["verdict"]) == ("no_forecast", "no_data")
    assert (ratio["reason"], ratio["verdict"]) == ("ratio", "so_far_met")


def test_a_channel_of_few_people_is_not_told_to_who_sees_no_single_people(
    store: Store, viewer: Access
) -> None:
    # two Saturdays: two people bought in the app this month, so the web would give them away
    view = judged(store, viewer, *((n, MARCH, c, 9.0) for n, c in (("net_revenue", "app"), ("orders", "web"), ("orders", ""))))  # fmt: skip
    assert view.goals["verdict"].tolist()[:2] == ["few", "few"]
    assert view.goals["actual"].tolist()[2] == 16.0
    assert view.goals[["actual", "landing", "chance"]].iloc[:2].isna().all(axis=None)
    assert view.values("net_revenue", MARCH).keys() == {""}
    assert view.channels == ("web", "app")


def test_a_metric_without_forecast_is_judged_by_its_pace(store: Store, owner: Access) -> None:
    there = 14 * 10 + 2 * 20
    targets = [("revenue", MARCH, "", goal) for goal in (300.0, 390.0, 500.0)]
    view = judged(store, owner, *targets)
    assert view.goals["actual"].tolist() == [there] * 3
    assert set(view.goals["reason"]) == {"no_forecast"}
    assert view.goals["verdict"].tolist() == ["ahead", "on_pace", "behind"]
    assert view.goals["chance"].isna().all()


def test_channels_add_up_to_the_shop_and_what_is_of_none_is_among_them(
    store: Store, owner: Access
) -> None:
    view = judged(store, owner, ("net_revenue", MARCH, "web", 300.0))
    for name in ("net_revenue", "orders", "units", "new_buyers"):
        for when in (MARCH, month(2025, 2), month(2025, 12)):
            told = view.values(name, when)
            assert told.pop("") == pytest.approx(sum(told.values()))
    assert view.channels == ("web", "app")


def test_months_ahead_land_by_the_forecast_as_far_as_it_reaches(
    store: Store, owner: Access
) -> None:
    view = judged(
        store,
        owner,
        ("net_revenue", month(2026, 4), "", 360.0),
        ("net_revenue", month(2026, 6), "", 360.0),
        ("refund_rate", month(2026, 4), "", 0.05),
        ("orders", month(2026, 4), "web", 30.0),
    )
    april, june, rate, web = view.goals.to_dict("records")
    assert (april["status"], april["landing"], april["verdict"]) == (
        "ahead",
        pytest.approx(360.0),
        "even",
    )
    assert (april["low"], april["high"]) == (pytest.approx(324.0), pytest.approx(396.0))
    assert april["chance"] == pytest.approx(0.5)
    assert view.forecast_until == LAST + timedelta(90)
    assert (june["reason"], june["verdict"]) == ("beyond", "open")
    assert (rate["verdict"], web["reason"]) == ("open", "no_channel")


def test_a_channel_that_sells_no_more_is_told_and_its_goals_stay(
    store: Store, owner: Access
) -> None:
    view = judged(
        store,
        owner,
        ("orders", MARCH, "phone", 5.0),
        ("orders", month(2026, 4), "fax", 5.0),
        ("orders", month(2025, 3), "phone", 31.0),
        ("orders", MARCH, "web", 31.0),
    )
    assert view.gone == {"phone": month(2025, 3), "fax": None}
    assert view.goals["actual"].tolist()[2] == 31.0
    assert view.goals["verdict"].tolist()[2] == "hit"
    assert (view.goals["actual"].tolist()[0], len(view.goals)) == (0.0, 4)


def test_a_forecast_made_some_days_ago_is_shifted_to_the_days_left(
    shop: SmallShop, owner: Access, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = LAST - timedelta(4)
    sums = expected_sums(SERIES, made + timedelta(1))
    put_scores(shop.url, shop.settings, made, forecast_periods=sums)
    older = shop.open()
    view = judged(older, owner, ("net_revenue", MARCH, "", 400.0))
    older.close()
    there, left = 14 * 10 + 2 * 20, 17 * 12.0
    (row,) = view.goals.to_dict("records")
    assert row["landing"] == pytest.approx(there + left)
    assert row["high"] == pytest.approx(there + left * 1.1)
    later = expected_sums(SERIES, LAST + timedelta(3))
    put_scores(shop.url, shop.settings, LAST + timedelta(2), forecast_periods=later)
    newer = shop.open()
    view = judged(newer, owner, ("net_revenue", MARCH, "", 400.0))
    newer.close()
    assert view.goals["reason"].tolist() == ["stale"]
    right = expected_sums(SERIES, LAST + timedelta(1))
    put_scores(shop.url, shop.settings, LAST, forecast_periods=right)


def test_without_goals_or_scores_there_are_the_figures_to_set_some_by(
    owner: Access, store: Store
) -> None:
    view = judged(store, owner)
    assert view.goals.empty
    assert view.gone == {}
    assert view.month == MARCH
    assert view.last_year("net_revenue", month(2026, 2)) == {
        "": 28 * 15 + 4 * 20,
        "web": 280.0,
        "app": 80.0,
        "phone": 140.0,
    }
    # a month that is not over, or that the log does not hold, is nothing to go by
    assert view.last_year("net_revenue", month(2027, 3)) == {}
    assert view.last_year("net_revenue", month(2025, 6)) == {}


def test_a_proposal_adds_up_to_the_unit() -> None:
    figures = {"": 1000.0, "web": 333.4, "app": 333.3, NO_CHANNEL: 333.3}
    told = proposal(figures, "net_revenue", more=0.1)
    assert told[""] == 1100.0
    assert sum(told.values()) - told[""] == pytest.approx(1100 - 366, abs=1)
    assert NO_CHANNEL not in told
    assert proposal({"": 0.3456, "web": 0.5}, "repeat_share", more=0.1) == {"": 0.38, "web": 0.55}
    assert proposal({"": 70.126}, "average_order_value", more=0.0) == {"": 70.13}
    # a loss is no target
    assert proposal({"": 10.0, "web": 30.0, "app": -20.0}, "contribution", more=0.0) == {
        "": 10.0,
        "web": 30.0,
    }


def test_a_card_tells_of_the_months_goal_where_the_filters_are_those_of_a_goal(
    store: Store, owner: Access
) -> None:
    targets = (
        ("net_revenue", MARCH, "", 400.0),
        ("net_revenue", MARCH, "web", 300.0),
        ("net_revenue", month(2026, 4), "", 300.0),
        ("repeat_share", MARCH, "", 0.1),
    )

    def said(selection: Selection) -> dict[str, object]:
        return dict(goal_lines(selection, store=store, access=owner, targets=targets))

    (sales, repeat) = said(Selection()).values()
    assert (sales.target, sales.status) == (400.0, "running")
    assert sales.landing == pytest.approx(180 + 17 * 12)
    assert (repeat.reached, repeat.actual) == (None, 0.0)
    (web,) = said(Selection(sales_channel=("web",))).values()
    assert web.target == 300.0
    assert said(Selection(period="ytd")).keys() == {"net_revenue", "repeat_share"}
    for other in (
        Selection(category=("Tea",)),
        Selection(sales_channel=("web", "app")),
        Selection(sales_channel=("app",)),
        Selection(period="custom", start=MARCH, end=date(2026, 3, 10)),
    ):
        assert said(other) == {}
