"""Every number about groups, defined once. Words and tooltips: `metric.<name>.label/.about`."""

from __future__ import annotations

from crm_core.errors import CrmError, close_match
from crm_core.metrics.definition import CountDistinct, Dimension, Metric, Ratio, Sum

_SOLD = ("gross",)
_GIVEN_UP = ("discount", "refund")
_SERVING = ("shipping_cost", "fees", "service_cost", "marketing_cost")

_ALL: tuple[Metric, ...] = (
    Sum("gross_sales", _SOLD),
    Sum("discounts", ("discount",), good="neutral"),
    Sum("revenue", _SOLD, ("discount",)),
    Sum("refunds", ("refund",), good="down"),
    Sum("net_revenue", _SOLD, _GIVEN_UP),
    Sum("goods_cost", ("goods_cost",), good="neutral", needs_cost=True),
    Sum("margin", _SOLD, (*_GIVEN_UP, "goods_cost"), needs_cost=True),
    Sum("shipping_income", ("shipping_income",), good="neutral"),
    Sum("shipping_cost", ("shipping_cost",), good="down"),
    Sum("fees", ("fees",), good="down"),
    Sum("service_cost", ("service_cost",), good="down"),
    Sum("marketing_cost", ("marketing_cost",), good="neutral"),
    Sum(
        "contribution",
        (*_SOLD, "shipping_income"),
        (*_GIVEN_UP, "goods_cost", *_SERVING),
        needs_cost=True,
    ),
    Sum("keyed_revenue", _SOLD, ("discount",), rows="keyed"),
    Sum("costed_revenue", _SOLD, ("discount",), rows="costed"),
    Sum("units", ("units",), rows="sales", unit="count"),
    CountDistinct("orders", "order_key", "sales", by_day=True),
    CountDistinct("keyed_orders", "order_key", "keyed_sales", by_day=True),
    CountDistinct("repeat_orders", "order_key", "repeat_sales", by_day=True),
    CountDistinct("buyers", "customer_key", "keyed_sales"),
    CountDistinct("new_buyers", "customer_key", "new_sales", by_day=True),
    Ratio("average_order_value", "revenue", "orders", unit="money"),
    Ratio("items_per_order", "units", "orders", unit="per"),
    Ratio("purchase_frequency", "keyed_orders", "buyers", unit="per"),
    Ratio("repeat_share", "repeat_orders", "keyed_orders"),
    Ratio("margin_rate", "margin", "net_revenue"),
    Ratio("refund_rate", "refunds", "revenue", good="down"),
    Ratio("discount_rate", "discounts", "gross_sales", good="neutral"),
    Ratio("known_buyer_share", "keyed_revenue", "revenue"),
    Ratio("known_cost_share", "costed_revenue", "revenue"),
    Sum(
        "contribution_before_marketing",
        (*_SOLD, "shipping_income"),
        (*_GIVEN_UP, "goods_cost", *_SERVING[:-1]),
        needs_cost=True,
    ),
    CountDistinct("returning_buyers", "customer_key", "repeat_sales"),
    Ratio("loyalty_rate", "returning_buyers", "buyers"),
    Ratio("contribution_rate", "contribution", "net_revenue"),
    Sum("contacts", ("contacts",), unit="count", good="down"),
    Ratio("contact_rate", "contacts", "orders", good="down"),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}


def _of_person(name: str, column: str, via: str) -> Dimension:
    return Dimension(name, column, via=via, one_per="person")


DIMENSIONS: dict[str, Dimension] = {
    dimension.name: dimension
    for dimension in (
        Dimension("day", "day", "D"),
        Dimension("week", "day", "W"),
        Dimension("month", "day", "M"),
        Dimension("quarter", "day", "Q"),
        Dimension("year", "day", "Y"),
        Dimension("weekday", "day", "weekday"),
        Dimension("shop", "shop"),
        Dimension("sales_channel", "sales_channel"),
        Dimension("payment_method", "payment_method", via="order_facts", key="order_key"),
        Dimension("coupon", "coupon_code", via="order_facts", key="order_key"),
        Dimension("new_returning", "kind", via="order_kinds", key="order_key"),
        Dimension("campaign", "campaign", via="last_messages", key="order_key"),
        Dimension("category", "category", one_per="line"),
        Dimension("subcategory", "subcategory", one_per="line"),
        Dimension("brand", "brand", via="product_facts", key="product_key", one_per="line"),
        Dimension("product", "product_key", one_per="line"),
        Dimension("region", "region"),
        _of_person("country", "country", "customer_facts"),
        _of_person("language", "language", "customer_facts"),
        Dimension("acquisition_source", "acquisition_source", one_per="person"),
        Dimension("cohort", "first_day", "M", via="newcomers", one_per="person"),
        _of_person("first_category", "first_category", "first_categories"),
        _of_person("stage", "stage", "lifecycle"),
        _of_person("value_tier", "value_tier", "value_tiers"),
        _of_person("rfm", "segment", "rfm"),
        _of_person("loyalty_tier", "loyalty_tier", "loyalty"),
        _of_person("cluster", "cluster", "clusters"),
        _of_person("account", "account_key", "account_members"),
    )
}


def metric(name: str) -> Metric:
    """The metric of that name.

    Raises: CrmError("unknown_metric") with the closest name.

    >>> metric("average_order_value").denominator
    'orders'
    """
    if name not in METRICS:
        raise CrmError("unknown_metric", name=name, match=close_match(name, METRICS))
    return METRICS[name]


def dimension(name: str) -> Dimension:
    """The dimension of that name.

    Raises: CrmError("unknown_dimension") with the closest name.
    """
    if name not in DIMENSIONS:
        raise CrmError("unknown_dimension", name=name, match=close_match(name, DIMENSIONS))
    return DIMENSIONS[name]
