"""JD's order export: a row a product of an order; the ordering account is the buyer.

`应付金额` is what the order costs. An order of several rows that all say the same amount (or say it
once) is spread over them, by `京东价` times quantity where the price is told; rows that say what
their own price and quantity make are taken as they stand. Times are those of Shanghai. Only part of
the columns is documented in public: what is here is what public readers agree on.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Facts, Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping
from crm_core.store.imports.staging import counted

_ORDERS = Mapping(
    name="jd",
    complete_orders=True,
    amount_is="line_total",
    date_order="ymd",
    decimal="dot",
    columns={
        "order_id": "订单号",
        "ordered_at": "下单时间",
        "customer_id": "下单帐号",
        "name": "Buyer",
        "phone": "Phone",
        "address": "Address",
        "status": "State",
        "shop": "店铺名称",
        "payment_method": "支付方式",
        "product_id": "商品ID",
        "product_name": "商品名称",
        "quantity": "订购数量",
        "amount": "Due",
        "seller_note": "商家备注",
    },
    constants={"sales_channel": "jd"},
)

_USES = (
    "订单号", "客户姓名", "联系电话", "客户地址", "订单状态", "订购数量", "应付金额", "京东价",
)  # fmt: skip


def _orders(job: Job) -> str:
    """What is due of each row; masked names and phones (138****1234) belong to nobody."""
    money = "try_cast(replace(nullif(trim({}), ''), ',', '') as decimal(18,2))"
    rows = f"""
        with told as (
            select *, {money.format('"应付金额"')} as owed,
                   {money.format('"京东价"')} * try_cast("订购数量" as bigint) as listed
            from file_rows
        ), orders as (
            select *, count(*) over whole > 1 and count(distinct owed) over whole = 1
                   and (count(owed) over whole = 1 or sum(listed) over whole is null
                        or min(owed = listed) over whole = false) as shared,
                   max(owed) over whole as of_order,
                   -- One price missing: none is a measure of the others.
                   greatest(case when count(listed) over whole = count(*) over whole
                                      and sum(listed) over whole > 0 then listed
                                 else coalesce(try_cast("订购数量" as bigint), 1) end, 0)
                       ::decimal(18,2) as weight
            from told window whole as (partition by "订单号")
        )
        select *, sum(weight) over (partition by "订单号") as all_weights,
               sum(weight) over (partition by "订单号" order by source_row
                                 rows unbounded preceding) as upto
        from orders
    """
    unsure = "shared and of_order > 0 and listed is null"
    count = counted(job.con, f'select count(distinct "订单号") from ({rows}) where {unsure}')
    if count:
        job.notice("import_order_amount_spread", count=count)
    part = "round(of_order::double * ({})::double / nullif(all_weights, 0)::double, 2)"
    share = f"({part.format('upto')} - {part.format('upto - weight')})::decimal(18,2)"
    unmasked = "case when {0} not like '%*%' then {0} end"
    return f"""
        select *, case when shared then {share}::varchar else "应付金额" end as "Due",
               case when "订单状态" like '%删除%' or "订单状态" like '%取消%' then 'cancelled'
                    else "订单状态" end as "State",
               {unmasked.format('"联系电话"')} as "Phone", {unmasked.format('"客户姓名"')} as "Buyer",
               {unmasked.format('"客户地址"')} as "Address"
        from ({rows})
    """


FORMAT = Mapped(
    "jd",
    53,
    (
        Kind(
            "orders",
            ("订单号", "商品名称", "订购数量", "下单时间", "下单帐号"),
            (Reading(_ORDERS, _orders, uses=_USES),),
        ),
    ),
    told=Facts("CNY", "Asia/Shanghai"),
)
