"""Shopify's exports: orders, customers, products, inventory and discounts.

Orders have a row a line; what belongs to the order stands on its first row only and is filled
down. An order's discount is what its lines cost more than its Subtotal (Discount Amount also
counts discounts on shipping, and those of lines). Refunded Amount is money of goods, shipping and
tax together: of the goods is Refunded Amount x Subtotal / Total, so an order refunded in full gives
back its Subtotal (which holds the tax where prices do, as the lines then do, too). It has no date
of its own and counts on the order's day. Source: Shopify help, "Exporting orders to a CSV file",
and the files themselves; discounts by the columns that public readers of the export agree on.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping
from crm_core.store.imports.staging import name as identifier

_OF_ORDER = (
    "Email", "Financial Status", "Fulfillment Status", "Accepts Marketing", "Currency", "Subtotal",
    "Shipping", "Taxes", "Total", "Discount Code", "Discount Amount", "Created at", "Billing Name",
    "Billing Street", "Billing City", "Billing Zip", "Billing Country", "Billing Phone",
    "Shipping Country", "Shipping Province", "Shipping Phone", "Notes", "Cancelled at",
    "Payment Method", "Refunded Amount", "Source", "Phone",
)  # fmt: skip

_ORDERS = Mapping(
    name="shopify_orders",
    complete_orders=True,
    amount_is="unit_price",
    date_order="ymd",
    decimal="dot",
    columns={
        "order_id": "Name",
        "ordered_at": "Created at",
        "email": "Email",
        "phone": "Buyer phone",
        "name": "Billing Name",
        "address": "Billing Street",
        "postal_code": "Billing Zip",
        "city": "Billing City",
        "country": "Billing Country",
        "region": "Shipping Province",
        "status": "Order status",
        "sales_channel": "Source",
        "payment_method": "Payment Method",
        "coupon_code": "Discount Code",
        "shipping_income": "Shipping",
        "currency": "Currency",
        "seller_note": "Notes",
        "product_id": "Product",
        "product_name": "Lineitem name",
        "brand": "Vendor",
        "list_price": "Lineitem compare at price",
        "quantity": "Lineitem quantity",
        "amount": "Lineitem price",
        "order_discount": "Order discount",
        "order_tax": "Taxes",
        "refunded_amount": "Refunded Amount",
        "email_consent": "Accepts Marketing",
    },
)


def _whole_orders(job: Job) -> str:
    """Order facts on every row of the order, and what only the whole order tells."""
    del job
    filled = ", ".join(
        f"first_value(nullif(trim({identifier(each)}), '') ignore nulls) over whole "
        f"as {identifier(each)}"
        for each in _OF_ORDER
    )
    price, paid = _money("Lineitem price"), _money("Subtotal")
    lines = f'sum({price} * try_cast("Lineitem quantity" as bigint)) over (partition by "Name")'
    off = f"{lines} - {paid}"
    back, total = _money("Refunded Amount"), f"nullif({_money('Total')}, 0)"
    # LEAST passes over NULL: without a Total the goods are all that can have been given back.
    goods = (
        f"least(round({back}::double * {paid}::double / {total}, 2)::decimal(18,2), {paid}, {back})"
    )
    return f"""
        select *, coalesce("Phone", "Billing Phone", "Shipping Phone") as "Buyer phone",
               case when "Cancelled at" is not null then 'cancelled'
                    when lower("Financial Status") in ('voided', 'expired') then 'cancelled'
                    when lower("Financial Status") in ('pending', 'authorized') then 'pending'
                    when lower("Financial Status") = 'refunded' then 'refunded'
                    when lower("Fulfillment Status") = 'fulfilled' then 'completed'
                    else 'paid' end as "Order status",
               coalesce(nullif(trim("Lineitem sku", ' '''), ''), "Lineitem name") as "Product",
               case when {off} >= 0 then ({off})::varchar else "Discount Amount" end
                   as "Order discount",
               case when {back} > 0 then ({goods})::varchar else "Refunded Amount" end
                   as "Refunded Amount"
        from (select * replace ({filled}) from file_rows
              window whole as (partition by "Name" order by source_row
                  rows between unbounded preceding and unbounded following))
    """


def _money(column: str) -> str:
    return f"try_cast(replace({identifier(column)}, ',', '') as decimal(18,2))"


_CUSTOMERS = Mapping(
    name="shopify_customers",
    table="customers",
    columns={
        "customer_id": "Customer ID",
        "name": "Full name",
        "email": "Email",
        "phone": "Any phone",
        "address": "Street",
        "postal_code": "Default Address Zip",
        "city": "Default Address City",
        "region": "Default Address Province Code",
        "country": "Default Address Country Code",
        "email_consent": "Accepts Email Marketing",
        "sms_consent": "Accepts SMS Marketing",
    },
)


def _customers(job: Job) -> str:
    del job
    return """
        select *, nullif(trim(concat_ws(' ', "First Name", "Last Name")), '') as "Full name",
               coalesce(nullif(trim("Phone", ' '''), ''),
                        nullif(trim("Default Address Phone", ' '''), '')) as "Any phone",
               nullif(trim(concat_ws(' ', "Default Address Address1",
                                     "Default Address Address2")), '') as "Street"
        from file_rows
    """


_PRODUCTS = Mapping(
    name="shopify_products",
    table="products",
    decimal="dot",
    columns={
        "product_id": "Product",
        "product_name": "Full title",
        "category": "Type",
        "brand": "Vendor",
        "unit_cost": "Cost per item",
        "list_price": "List price",
        "product_kind": "Kind of product",
    },
)


def _variants(job: Job) -> str:
    """A row a variant; title, type and vendor stand on the product's first row only."""
    del job
    return """
        select *, whole_title as "Title", whole_type as "Type",
               whole_vendor as "Vendor", coalesce(sku, "Handle") as "Product",
               concat_ws(' - ', whole_title, nullif(nullif(trim("Option1 Value"), ''), 'Default Title'),
                         nullif(trim("Option2 Value"), '')) as "Full title",
               coalesce(nullif(trim("Variant Compare At Price"), ''), "Variant Price")
                   as "List price",
               case when lower("Gift Card") = 'true' then 'voucher' end as "Kind of product"
        from (select *, nullif(trim("Variant SKU", ' '''), '') as sku,
                     first_value(nullif(trim("Title"), '') ignore nulls) over whole as whole_title,
                     coalesce(first_value(nullif(trim("Type"), '') ignore nulls) over whole,
                              first_value(nullif(trim("Product Category"), '') ignore nulls)
                                  over whole) as whole_type,
                     first_value(nullif(trim("Vendor"), '') ignore nulls) over whole as whole_vendor
              from file_rows window whole as (partition by "Handle" order by source_row
                  rows between unbounded preceding and unbounded following))
        where sku is not null or nullif(trim("Variant Price"), '') is not null
    """


_STOCK = Mapping(
    name="shopify_inventory",
    table="stock",
    columns={"product_id": "Product", "on_hand": "Units", "incoming": "Coming"},
)


def _inventory(job: Job) -> str:
    """One row a variant, over all places; a place that does not keep it says "not stocked"."""
    del job
    count = "coalesce(try_cast(nullif(trim({}), '') as bigint), 0)"
    on_hand = f"coalesce({', '.join(_units(each) for each in _ON_HAND)})"
    return f"""
        select min(source_row) as source_row,
               coalesce(nullif(trim("SKU", ' '''), ''), "Handle") as "Product",
               sum({on_hand})::varchar as "Units",
               sum({count.format('"Incoming"')} + {count.format('"Incoming (not editable)"')})
                   ::varchar as "Coming"
        from file_rows group by coalesce(nullif(trim("SKU", ' '''), ''), "Handle")
        having count({on_hand}) > 0
    """


_ON_HAND = ("On hand", "On hand (current)", "Available", "Available (not editable)")


def _units(column: str) -> str:
    return f"try_cast(nullif(trim({identifier(column)}), '') as bigint)"


_DISCOUNTS = Mapping(
    name="shopify_discounts",
    table="coupons",
    decimal="dot",
    date_order="ymd",
    columns={
        "coupon_code": "Name",
        "kind": "Kind",
        "value": "Worth",
        "starts_on": "Start",
        "ends_on": "End",
    },
)


def _discounts(job: Job) -> str:
    """Values come negative; a percentage becomes a share."""
    del job
    return """
        select * replace (regexp_extract("Start", '[^ ]+') as "Start",
                          regexp_extract("End", '[^ ]+') as "End"),
               case when lower("Value Type") = 'percentage' then 'percent'
                    when lower("Type") = 'free shipping' then 'free_shipping'
                    else 'amount' end as "Kind",
               (abs(try_cast(replace("Value", '%', '') as double))
                   / case when lower("Value Type") = 'percentage' then 100 else 1 end)::varchar
                   as "Worth"
        from file_rows
    """


FORMAT = Mapped(
    "shopify",
    40,
    (
        Kind(
            "products",
            ("Handle", "Title", "Variant SKU", "Variant Price"),
            (Reading(_PRODUCTS, _variants, uses=(
                "Type", "Product Category", "Vendor", "Option1 Value", "Option2 Value",
                "Variant Compare At Price", "Gift Card")),),
        ),
        Kind(
            "inventory",
            ("Handle", "Title", "SKU", "Location"),
            (Reading(_STOCK, _inventory, uses=(
                *_ON_HAND, "Incoming", "Incoming (not editable)", "SKU")),),
        ),
        Kind(
            "discounts",
            ("Name", "Value", "Value Type", "Times Used In Total"),
            (Reading(_DISCOUNTS, _discounts, uses=("Type", "Start", "End")),),
        ),
        Kind(
            "customers",
            ("Customer ID", "Email", "Accepts Email Marketing", "Total Orders"),
            (Reading(_CUSTOMERS, _customers, uses=(
                "First Name", "Last Name", "Phone", "Default Address Phone",
                "Default Address Address1", "Default Address Address2")),),
        ),
        Kind(
            "orders",
            ("Name", "Financial Status", "Created at", "Lineitem quantity", "Lineitem price"),
            (Reading(_ORDERS, _whole_orders, uses=(*_OF_ORDER, "Lineitem sku", "Vendor")),),
        ),
    ),
)  # fmt: skip
