"""JD's order export: a row an order with its product; the ordering account is the buyer.

Only part of the columns is documented in public: what is here is what those readers agree on.
Times are those of Shanghai.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Facts
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_ORDERS = Mapping(
    name="jd",
    amount_is="line_total",
    date_order="ymd",
    decimal="dot",
    columns={
        "order_id": "订单号",
        "ordered_at": "下单时间",
        "customer_id": "下单帐号",
        "name": "客户姓名",
        "phone": "联系电话",
        "address": "客户地址",
        "status": "订单状态",
        "shop": "店铺名称",
        "payment_method": "支付方式",
        "product_id": "商品ID",
        "product_name": "商品名称",
        "quantity": "订购数量",
        "amount": "应付金额",
        "seller_note": "商家备注",
    },
    constants={"sales_channel": "jd"},
)

FORMAT = Mapped(
    "jd",
    53,
    (
        Kind(
            "orders",
            ("订单号", "商品名称", "订购数量", "下单时间", "下单帐号"),
            (Reading(_ORDERS),),
        ),
    ),
    told=Facts("CNY", "Asia/Shanghai"),
)
