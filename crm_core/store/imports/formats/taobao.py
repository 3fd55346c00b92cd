"""Taobao and Tmall: the order list and the order details, joined on the order's number.

The list has the buyer, the money paid and the times; the details have the lines, with list
prices before the shop's discounts. With both, the lines come from the details and what the order
cost less is spread over them; the list alone gives an order one line of all its goods. Headers
carry trailing spaces, ids an apostrophe or a tab; files are GBK. Times are those of Shanghai.
Source: four public readers of ExportOrderList and ExportOrderDetailList that agree.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Facts, Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_HEADS = Mapping(
    name="taobao_list",
    table="orders",
    complete_orders=True,
    date_order="ymd",
    decimal="dot",
    columns={
        "order_id": "订单编号",
        "ordered_at": "订单创建时间",
        "customer_id": "买家会员名",
        "name": "收货人姓名",
        "phone": "Any phone",
        "address": "收货地址",
        "region": "Province",
        "city": "Town",
        "status": "订单状态",
        "shop": "店铺名称",
        "product_name": "宝贝标题",
        "quantity": "宝贝总数量",
        "amount": "买家应付货款",
        "shipping_income": "买家应付邮费",
        "fees": "卖家服务费",
        "refunded_amount": "退款金额",
        "delivered_at": "确认收货时间",
        "seller_note": "订单备注",
    },
    constants={"sales_channel": "taobao", "country": "CN"},
)
_USES = ("联系电话", "联系手机", "收货地址")
_PLAIN = "nullif(trim({}, E' \\t''=\"'), '')"


def _heads(job: Job) -> str:
    """An order's goods money as it was asked for; what it was before is for its lines to tell."""
    del job
    return f"""
        select * replace ({_PLAIN.format('"订单编号"')} as "订单编号"), coalesce({_PLAIN.format('"联系手机"')}, {_PLAIN.format('"联系电话"')})
                   as "Any phone",
               split_part(trim("收货地址"), ' ', 1) as "Province",
               split_part(trim("收货地址"), ' ', 2) as "Town"
        from file_rows
    """


_LINES = Mapping(
    name="taobao_details",
    complete_orders=True,
    amount_is="unit_price",
    date_order="ymd",
    decimal="dot",
    columns={
        "order_id": "订单编号",
        "ordered_at": "Ordered",
        "customer_id": "Buyer",
        "status": "订单状态",
        "product_id": "Product",
        "product_name": "标题",
        "subcategory": "商品属性",
        "quantity": "购买数量",
        "amount": "价格",
        "order_discount": "Given up",
    },
    constants={"sales_channel": "taobao"},
)


def _lines(job: Job) -> str:
    """Lines know neither when nor who: the list tells it, and what the order cost less."""
    del job
    listed = (
        'sum(try_cast(d."价格" as decimal(18,2)) * try_cast(d."购买数量" as bigint)) '
        'over (partition by d."订单编号")'
    )
    return f"""
        select d.* replace ({_PLAIN.format('d."订单编号"')} as "订单编号"), h.at as "Ordered", h.who as "Buyer",
               case when {listed} > h.due then ({listed} - h.due)::varchar end as "Given up",
               coalesce({_PLAIN.format('d."商家编码"')}, {_PLAIN.format('d."外部系统编号"')},
                        d."标题") as "Product"
        from file_rows d left join (
            select {_PLAIN.format('"订单编号"')} as id, min("订单创建时间") as at,
                   min("买家会员名") as who, min(try_cast("买家应付货款" as decimal(18,2))) as due
            from kept_list group by all
        ) h on h.id = {_PLAIN.format('d."订单编号"')}
    """


FORMAT = Mapped(
    "taobao",
    50,
    (
        Kind(
            "list",
            ("订单编号", "买家会员名", "买家应付货款", "订单状态", "订单创建时间"),
            (Reading(_HEADS, _heads, uses=_USES),),
            keep=True,
        ),
        Kind(
            "details",
            ("订单编号", "标题", "价格", "购买数量"),
            (Reading(_LINES, _lines, uses=("商家编码", "外部系统编号")),),
            without=("买家会员名",),
        ),
    ),
    told=Facts("CNY", "Asia/Shanghai"),
)
