"""Questions in plain words, and the exploration that each is."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crm_core.metrics import DIMENSIONS, METRICS
from crm_core.metrics.exploration import SHOWS, Exploration
from crm_core.privacy.policy import Access
from crm_core.selection import COMPARISONS, PERIODS, Selection
from crm_core.store import Store
from crm_core.text import catalogue
from crm_core.views.ask import (
    SEGMENT_DIMENSIONS,
    Known,
    Understood,
    Unread,
    mended,
    subcategories,
    understand,
)
from crm_core.views.ask_words import LONGEST

SHOP = Known(
    first_day=date(2024, 5, 1),
    as_of=date(2026, 6, 15),
    values=(
        ("sales_channel", "web", ("web", "Web shop", "网店")),
        ("sales_channel", "shop", ("shop", "Store", "门店")),
        ("category", "Tea", ("Tea",)),
        ("category", "Home textiles", ("Home textiles",)),
        ("category", "茶具", ("茶具",)),
        ("category", "Berlin", ("Berlin",)),
        ("region", "Berlin", ("Berlin",)),
        ("region", "华东", ("华东",)),
        ("stage", "at_risk", ("At risk", "Life-cycle: At risk", "有流失风险")),
        ("rfm", "at_risk", ("At risk", "RFM: At risk", "流失风险")),
        ("rfm", "champions", ("Champions", "RFM: Champions", "核心客户")),
    ),
)


def span(start: str, end: str) -> tuple[str, str]:
    return start, end


MAY, JUNE_25 = span("2026-05-01", "2026-05-31"), span("2025-06-01", "2025-06-30")
NET, SALES = ("net_revenue",), ("revenue",)


def asked(*metrics: str, by: str = "", **more: Any) -> Exploration:
    return Exploration(metrics=metrics or NET, by=tuple(by.split()), **more)


TABLE: list[tuple[str, Exploration, str | tuple[str, str] | None, str | None]] = [
    ("净收入 按渠道 上月", asked(by="sales_channel"), MAY, None),
    ("net revenue by channel last month", asked(by="sales_channel"), MAY, None),
    ("Net revenue by sales channels, last month?", asked(by="sales_channel"), MAY, None),
    ("净销售额按销售渠道上个月", asked(by="sales_channel"), MAY, None),
    ("本月销售额", asked("revenue"), span("2026-06-01", "2026-06-15"), None),
    ("sales this month", asked("revenue"), span("2026-06-01", "2026-06-15"), None),
    ("orders this year by month", asked("orders", by="month"), "ytd", None),
    ("今年订单数按月", asked("orders", by="month"), "ytd", None),
    ("2025年6月 各地区 订单量", asked("orders", by="region"), JUNE_25, None),
    ("orders per region June 2025", asked("orders", by="region"), JUNE_25, None),
    ("orders per region 2025-06", asked("orders", by="region"), JUNE_25, None),
    ("margin last 90 days", asked("margin"), "90d", None),
    ("最近 90 天 毛利", asked("margin"), "90d", None),
    ("近七天客单价", asked("average_order_value"), "7d", None),
    ("aov last seven days", asked("average_order_value"), "7d", None),
    ("units last 45 days", asked("units"), span("2026-05-02", "2026-06-15"), None),
    ("profit last 12 months by week", asked("contribution", by="week"), "12m", None),
    ("利润 近3个月 按周", asked("contribution", by="week"), span("2026-03-16", "2026-06-15"), None),
    ("refunds last week", asked("refunds"), span("2026-06-08", "2026-06-14"), None),
    ("上周退款", asked("refunds"), span("2026-06-08", "2026-06-14"), None),
    ("returns this week", asked("refunds"), span("2026-06-15", "2026-06-15"), None),
    ("revenue last quarter", asked("revenue"), span("2026-01-01", "2026-03-31"), None),
    ("上季度营收", asked("revenue"), span("2026-01-01", "2026-03-31"), None),
    ("revenue q2 2025", asked("revenue"), span("2025-04-01", "2025-06-30"), None),
    ("2025年第二季度销售额", asked("revenue"), span("2025-04-01", "2025-06-30"), None),
    ("revenue last year", asked("revenue"), span("2025-01-01", "2025-12-31"), None),
    ("去年 复购率", asked("repeat_share"), span("2025-01-01", "2025-12-31"), None),
    ("revenue 2025", asked("revenue"), span("2025-01-01", "2025-12-31"), None),
    ("revenue in March", asked("revenue"), span("2026-03-01", "2026-03-31"), None),
    ("revenue in November", asked("revenue"), span("2025-11-01", "2025-11-30"), None),
    ("去年3月 销售额", asked("revenue"), span("2025-03-01", "2025-03-31"), None),
    ("orders from 2025-01-01 to 2025-03-31", asked("orders"), ("2025-01-01", "2025-03-31"), None),
    ("2025年1月到3月 订单数", asked("orders"), span("2025-01-01", "2025-03-31"), None),
    ("orders January to March 2025", asked("orders"), span("2025-01-01", "2025-03-31"), None),
    ("orders since March 2026", asked("orders"), span("2026-03-01", "2026-06-15"), None),
    ("revenue yesterday", asked("revenue"), span("2026-06-15", "2026-06-15"), None),
    ("2025年6月1日 销售额", asked("revenue"), span("2025-06-01", "2025-06-01"), None),
    ("revenue all time by month", asked("revenue", by="month"), "all", None),
    ("top 10 products", asked(by="product", top=10), None, None),
    ("前10商品 销售额", asked("revenue", by="product", top=10), None, None),
    ("销量前五的商品", asked("units", by="product", top=5), None, None),
    ("top five products by contribution in 2025", asked("contribution", by="product", top=5),
     span("2025-01-01", "2025-12-31"), None),
    ("best 3 categories by margin rate", asked("margin_rate", by="category", top=3), None, None),
    ("net revenue vs last year", asked(show="change"), None, "year"),
    ("净收入 同比", asked(show="change"), None, "year"),
    ("revenue by category this year vs last year", asked("revenue", by="category", show="change"),
     "ytd", "year"),
    ("今年 各品类 销售额 同比", asked("revenue", by="category", show="change"), "ytd", "year"),
    ("orders last month vs previous period", asked("orders", show="change"), MAY, "previous"),
    ("上月订单数环比", asked("orders", show="change"), MAY, "previous"),
    ("share of revenue by region", asked("revenue", by="region", show="share"), None, None),
    ("各地区销售额占比", asked("revenue", by="region", show="share"), None, None),
    ("cumulative net revenue by day this month", asked(by="day", show="running"),
     span("2026-06-01", "2026-06-15"), None),
    ("web shop revenue by month", asked("revenue", by="month", where=(("sales_channel", "web"),)),
     None, None),
    ("网店 销售额 按月", asked("revenue", by="month", where=(("sales_channel", "web"),)), None, None),
    ("shop revenue", asked("revenue", where=(("sales_channel", "shop"),)), None, None),
    ("revenue by shop", asked("revenue", by="shop"), None, None),
    ("tea and home textiles revenue by region", asked("revenue", by="region",
     where=(("category", "Tea"), ("category", "Home textiles"))), None, None),
    ("Tea category orders", asked("orders", where=(("category", "Tea"),)), None, None),
    ("茶具 华东 毛利率", asked("margin_rate", where=(("category", "茶具"), ("region", "华东"))),
     None, None),
    ("revenue in region Berlin", asked("revenue", where=(("region", "Berlin"),)), None, None),
    ("revenue of the Berlin category", asked("revenue", where=(("category", "Berlin"),)), None, None),
    ("at risk customers", asked("buyers", where=(("stage", "at_risk"),)), None, None),
    ("RFM at risk customers", asked("buyers", where=(("rfm", "at_risk"),)), None, None),
    ("核心客户 客单价 按月", asked("average_order_value", by="month", where=(("rfm", "champions"),)),
     None, None),
    ("how many new customers did we get in June 2025?", asked("new_buyers"), JUNE_25, None),
    ("上月有多少新客", asked("new_buyers"), MAY, None),
    ("revenue, orders and margin by category", asked("revenue", "orders", "margin", by="category"),
     None, None),
    ("revenue by category across month", asked("revenue", by="category", across="month"), None, None),
    ("revenue by channel and region", asked("revenue", by="sales_channel region"), None, None),
    ("ＮＥＴ　ＲＥＶＥＮＵＥ　by　channel", asked(by="sales_channel"), None, None),
]  # fmt: skip


@pytest.mark.parametrize(("question", "exploration", "days", "compare"), TABLE)
def test_a_question_is_this_exploration(
    question: str,
    exploration: Exploration,
    days: str | tuple[str, str] | None,
    compare: str | None,
) -> None:
    found = understand(question, SHOP)
    assert (found.exploration, days_said(found), found.compare) == (exploration, days, compare)
    assert found.is_plain


def days_said(found: Understood) -> str | tuple[str, str] | None:
    """The period's name, or its first and last day where it has none."""
    if found.days is None:
        return None
    if found.days.period != "custom":
        return found.days.period
    return str(found.days.start), str(found.days.end)


@pytest.mark.parametrize(
    ("question", "by"),
    [
        ("revenue by quarter", "quarter"),
        ("销售额按季度", "quarter"),
        ("orders by weekday", "weekday"),
        ("revenue by payment method", "payment_method"),
        ("客单价 新老客", "new_returning"),
        ("revenue by segment", "stage"),
        ("buyers by loyalty tier", "loyalty_tier"),
        ("利润 按首购月", "cohort"),
    ],
)
def test_what_the_shop_can_split_by_can_be_asked_for(question: str, by: str) -> None:
    found = understand(question, SHOP)
    assert found.exploration.by == (by,)
    assert found.is_plain


def test_the_last_month_is_the_latest_that_is_complete() -> None:
    at_its_end = Known(SHOP.first_day, date(2026, 6, 30))
    assert days_said(understand("orders last month", at_its_end)) == ("2026-06-01", "2026-06-30")
    a_day_before = Known(SHOP.first_day, date(2026, 6, 29))
    assert days_said(understand("orders last month", a_day_before)) == MAY


@pytest.mark.parametrize(
    ("question", "unread", "mended_question"),
    [
        ("net revenu by month", Unread("net revenu", "net revenue"), "net revenue by month"),
        ("average ordr value", Unread("average ordr value", "average order value"),
         "average order value"),
        ("orders by chanel", Unread("chanel", "channel"), "orders by channel"),
        ("净销售鹅 按月", Unread("净销售鹅", "净销售额"), "净销售额 按月"),
        ("revenue home textils", Unread("home textils", "home textiles"), "revenue home textiles"),
    ],
)  # fmt: skip
def test_a_slip_of_the_pen_is_asked_about(
    question: str, unread: Unread, mended_question: str
) -> None:
    found = understand(question, SHOP)
    assert found.unread == (unread,)
    assert mended(question, unread) == mended_question
    assert understand(mended_question, SHOP).is_plain


def test_each_of_several_slips_is_asked_about() -> None:
    found = understand("net revenu by chanel last mnth", SHOP)
    assert [(each.words, each.match) for each in found.unread] == [
        ("net revenu", "net revenue"),
        ("chanel", "channel"),
        ("last mnth", "last month"),
    ]


@pytest.mark.parametrize("question", ["", "   ", "?!", "the of and", "xyzzy qwrt", "🍵🍵", "的"])
def test_nothing_asked_is_nothing_understood(question: str) -> None:
    found = understand(question, SHOP)
    assert found.is_empty
    assert not found.is_plain
    assert found.exploration.where == ()


@pytest.mark.parametrize(
    "question",
    [
        "orders'; DROP TABLE ledger; --",
        "orders <script>alert(1)</script>",
        "orders {metric} {0} %s ${x}",
        "orders [x](http://evil.example) ![y](z)",
        "orders \u202e\u200b=cmd|' /C calc'!A0",
        "orders ../../etc/passwd",
        "orders " + "category:Tea&f=region:x " * 40,
    ],
)
def test_what_looks_like_code_is_only_words(question: str) -> None:
    found = understand(question, SHOP)
    assert found.exploration.metrics == ("orders",)
    known = {(name, code) for name, code, _ in SHOP.values}
    assert set(found.exploration.where) <= known
    assert set(found.exploration.by) <= set(DIMENSIONS)
    assert found.unread or found.exploration.where


def test_a_very_long_question_is_read_as_far_as_it_may_be() -> None:
    found = understand("orders " + "x" * 1_000_000, SHOP)
    assert found.exploration.metrics == ("orders",)
    assert len(found.unread[0].words) < LONGEST


@pytest.mark.parametrize("question", ["revenue 2019", "2019年 销售额", "orders since 2030-01-01"])
def test_days_without_data_are_told(question: str) -> None:
    found = understand(question, SHOP)
    assert found.outside
    assert found.days is None


@pytest.mark.parametrize("question", ["revenue 2025-13-45", "revenue 31 February 2025"])
def test_a_day_that_does_not_exist_is_not_understood(question: str) -> None:
    found = understand(question, SHOP)
    assert found.days is None
    assert found.unread


def test_days_end_where_the_data_does() -> None:
    assert days_said(understand("revenue 2026", SHOP)) == ("2026-01-01", "2026-06-15")
    assert days_said(understand("revenue 2024", SHOP)) == ("2024-05-01", "2024-12-31")


def test_more_than_fits_is_told() -> None:
    found = understand("revenue by month, channel, region and category", SHOP)
    assert found.exploration.by == ("month", "sales_channel", "region")
    assert found.beyond == ("category",)


def test_what_would_turn_the_meaning_round_is_not_passed_over() -> None:
    found = understand("revenue without tea", SHOP)
    assert found.unread[0].words == "without"
    assert not found.is_plain


def test_the_words_name_what_there_is() -> None:
    """Nothing is listed that the program does not know, and every number can be asked for."""
    for language in ("en", "zh"):
        texts = catalogue(language)
        known = {"metric": set(METRICS), "compare": set(COMPARISONS), "show": set(SHOWS)}
        for part, codes in known.items():
            listed = {key.split(".")[2] for key in texts if key.startswith(f"ask.{part}.")}
            assert listed <= codes
    assert {understand("7 days", SHOP).days.period} <= set(PERIODS)  # type: ignore[union-attr]
    for name in METRICS:
        label = catalogue("en")[f"metric.{name}.label"]
        assert understand(label, SHOP).exploration.metrics[0] in METRICS
        assert understand(label, SHOP).is_plain
    assert set(SEGMENT_DIMENSIONS) == {"stage", "value", "rfm", "loyalty", "cluster"}


@pytest.mark.slow
def test_subcategories_are_those_of_the_shop(store: Store, viewer: Access) -> None:
    names = subcategories(Selection(), store=store, access=viewer)
    assert "Candles" in names
    assert len(names) == len(set(names)) == 24
