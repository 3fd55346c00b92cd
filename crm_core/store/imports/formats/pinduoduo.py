"""Pinduoduo's order export: a row an order of one product, without any buyer.

It feeds money and products, never customer pages. The goods cost the buyer the total less the
shop's discount; what the platform adds is the platform's. Times are those of Shanghai.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Facts, Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_ORDERS = Mapping(
    name="pinduoduo",
    complete_orders=True,
    amount_is="line_total",
    date_order="ymd",
    decimal="dot",
    columns={
        "order_id": "订单号",
        "ordered_at": "订单成交时间",
        "status": "State",
        "product_id": "商品id",
        "product_name": "商品",
        "subcategory": "商品规格",
        "quantity": "商品数量(件)",
        "amount": "商品总价(元)",
        "order_discount": "店铺优惠折扣(元)",
        "shipping_income": "邮费(元)",
        "refunded_amount": "Given back",
        "delivered_at": "Received",
        "seller_note": "商家备注",
    },
    constants={"sales_channel": "pinduoduo"},
)


def _orders(job: Job) -> str:
    """States are sentences ("已发货，待收货"); an order whose money went back keeps its sale."""
    del job
    return """
        select *, case when "订单状态" like '%取消%' then 'cancelled'
                       when "订单状态" like '%待付款%' or "订单状态" like '%待支付%' then 'pending'
                       when "订单状态" like '%已收货%' or "订单状态" like '%交易成功%' then 'completed'
                       when "订单状态" like '%已发货%' then 'shipped'
                       else 'paid' end as "State",
               case when "售后状态" like '%退款成功%' then "商家实收金额(元)" end as "Given back",
               case when regexp_matches("确认收货时间", '\\d') then "确认收货时间" end
                   as "Received"
        from file_rows
    """


FORMAT = Mapped(
    "pinduoduo",
    51,
    (
        Kind(
            "orders",
            ("商品", "订单号", "订单状态", "商品总价(元)", "商品数量(件)"),
            (Reading(_ORDERS, _orders, uses=(
                "订单成交时间", "售后状态", "商家实收金额(元)", "确认收货时间")),),
        ),
    ),
    told=Facts("CNY", "Asia/Shanghai"),
)  # fmt: skip
