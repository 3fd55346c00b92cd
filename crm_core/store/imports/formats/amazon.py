"""Amazon's all-orders report and the settlement report (flat file V2), both tab-separated.

The order report names no buyer: it feeds money and products, never customer pages. `item-price`
is the line's total. The settlement report tells what Amazon kept: fees and postage bought by the
day they were posted, and refunds of goods by order.
Source: Amazon Selling Partner API, report types GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL
and GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_ORDERS = Mapping(
    name="amazon_orders",
    complete_orders=True,
    amount_is="line_total",
    date_order="ymd",
    columns={
        "order_id": "amazon-order-id",
        "ordered_at": "purchase-date",
        "status": "order-status",
        "sales_channel": "sales-channel",
        "region": "ship-state",
        "product_id": "sku",
        "product_name": "product-name",
        "quantity": "quantity",
        "amount": "Price",
        "discount": "item-promotion-discount",
        "tax": "item-tax",
        "shipping_income": "Order shipping",
        "currency": "currency",
        "coupon_code": "promotion-ids",
    },
)


def _orders(job: Job) -> str:
    """Cancelled lines have no price, pending ones none yet: they count for nothing until the report
    tells the order again; shipping is summed over the order."""
    del job
    return """
        select *, coalesce(nullif(trim("item-price"), ''),
                           case when lower(trim("order-status")) like 'cancel%'
                                  or lower(trim("order-status")) like 'pending%' then '0' end) as "Price",
               sum(try_cast(replace("shipping-price", ',', '.') as decimal(18,2)))
                   over (partition by "amazon-order-id")::varchar as "Order shipping"
        from file_rows
    """


_FEES = Mapping(
    name="amazon_settlement",
    table="costs",
    date_order="ymd",
    id_columns=("settlement-id", "order-id", "sku", "amount-description", "Number"),
    columns={"day": "Posted", "kind": "Kind", "source": "Source", "amount": "Cost"},
)
_REFUNDS = Mapping(
    name="amazon_settlement_refunds",
    table="refunds",
    date_order="ymd",
    columns={
        "refund_id": "Refund",
        "order_id": "order-id",
        "refunded_at": "Posted",
        "amount": "Given back",
        "reason": "amount-description",
    },
)
_AMOUNT = "try_cast(replace(trim(\"amount\"), ',', '.') as decimal(18,2))"
_POSTED = 'coalesce(nullif(trim("posted-date"), \'\'), "posted-date-time")'
_POSTED_DAY = f"regexp_extract({_POSTED}, '[^T ]+')"


def _fees(job: Job) -> str:
    """What Amazon took: fees, advertising and postage; money for goods is not a cost."""
    del job
    return f"""
        select *, {_POSTED_DAY} as "Posted", (-{_AMOUNT})::varchar as "Cost",
               'amazon' as "Source",
               case when "amount-description" ilike '%advertis%' or "amount-type" ilike '%advertis%'
                    then 'marketing'
                    when "amount-description" ilike '%shipping label%' then 'shipping'
                    else 'fees' end as "Kind",
               row_number() over (partition by "settlement-id", "order-id", "sku",
                   "amount-description", "amount", {_POSTED} order by source_row)::varchar
                   as "Number"
        from file_rows
        where {_AMOUNT} <> 0 and nullif(trim("transaction-type"), '') is not null
          and ("amount-type" ilike 'ItemFees' or "transaction-type" not in ('Order', 'Refund')
               and "amount-type" not ilike 'ItemPrice')
    """


def _refunds(job: Job) -> str:
    """Goods money given back, without tax and shipping."""
    del job
    return f"""
        select *, {_POSTED_DAY} as "Posted", (-{_AMOUNT})::varchar as "Given back",
               concat_ws('-', coalesce(nullif(trim("adjustment-id"), ''), "settlement-id"),
                         "order-id", "sku", row_number() over (
                   partition by "settlement-id", "adjustment-id", "order-id", "sku"
                   order by source_row)) as "Refund"
        from file_rows
        where "transaction-type" = 'Refund' and "amount-description" = 'Principal'
          and {_AMOUNT} <> 0
    """


_SETTLEMENT = (
    "settlement-id", "transaction-type", "order-id", "amount-type", "amount-description", "amount",
)  # fmt: skip

FORMAT = Mapped(
    "amazon",
    43,
    (
        Kind(
            "orders",
            ("amazon-order-id", "purchase-date", "order-status", "sku", "item-price"),
            (Reading(_ORDERS, _orders, uses=("shipping-price",)),),
        ),
        Kind(
            "settlement",
            _SETTLEMENT,
            (
                Reading(_FEES, _fees, uses=("posted-date", "posted-date-time", *_SETTLEMENT)),
                Reading(_REFUNDS, _refunds, uses=(
                    "posted-date", "posted-date-time", "adjustment-id", "sku", *_SETTLEMENT)),
            ),
        ),
    ),
)  # fmt: skip
