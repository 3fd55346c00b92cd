"""Douyin shop's order export: a row a sub-order; which columns come is chosen by whoever exports.

Cells begin with a tab, an empty cell is "-", phones may be masked. Times are those of Shanghai.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Facts, Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping
from crm_core.store.imports.staging import name as identifier

_ORDERS = Mapping(
    name="douyin",
    complete_orders=True,
    amount_is="line_total",
    date_order="ymd",
    decimal="dot",
    columns={
        "order_id": "主订单编号",
        "line_id": "子订单编号",
        "ordered_at": "订单提交时间",
        "name": "收件人",
        "phone": "Phone",
        "address": "详细地址",
        "status": "State",
        "payment_method": "支付方式",
        "acquisition_source": "达人昵称",
        "product_id": "Product",
        "product_name": "选购商品",
        "subcategory": "商品规格",
        "quantity": "商品数量",
        "amount": "Goods",
        "discount": "商家实际承担优惠金额",
        "shipping_income": "运费",
        "delivered_at": "订单完成时间",
        "seller_note": "商家备注",
    },
    constants={"sales_channel": "douyin"},
)
_CELLS = (
    "主订单编号", "子订单编号", "选购商品", "商品规格", "商品数量", "商家编码", "商品ID", "商品金额", "订单应付金额",
    "运费", "收件人", "收件人手机号", "详细地址", "订单提交时间", "商家备注", "订单完成时间", "订单状态", "售后状态",
    "支付方式", "达人昵称", "商家实际承担优惠金额",
)  # fmt: skip


def _orders(job: Job) -> str:
    """A masked phone (138****1234) belongs to nobody."""
    del job
    clean = ", ".join(
        f"nullif(nullif(trim({identifier(each)}, E' \\t'''), ''), '-') as {identifier(each)}"
        for each in _CELLS
    )
    return f"""
        select * replace (case when "收件人" not like '%*%' then "收件人" end as "收件人",
                          case when "详细地址" not like '%*%' then "详细地址" end as "详细地址"),
               case when "收件人手机号" not like '%*%' then "收件人手机号" end as "Phone",
               coalesce("商家编码", "商品ID", "选购商品") as "Product",
               coalesce("商品金额", "订单应付金额") as "Goods",
               case when "订单状态" like '%关闭%' or "订单状态" like '%取消%' then 'cancelled'
                    when "订单状态" like '%待支付%' or "订单状态" like '%待付款%' then 'pending'
                    when "订单状态" like '%完成%' then 'completed'
                    when "订单状态" like '%已发货%' then 'shipped' else 'paid' end as "State"
        from (select source_row, {clean} from file_rows)
    """


FORMAT = Mapped(
    "douyin",
    52,
    (
        Kind(
            "orders",
            ("主订单编号", "子订单编号", "选购商品", "商品数量", "订单提交时间"),
            (Reading(_ORDERS, _orders, uses=_CELLS),),
        ),
    ),
    told=Facts("CNY", "Asia/Shanghai"),
)
