"""Etsy's CSV files: sold order items (a row a line) and sold orders (a row an order).

Dates are month first with two digits of the year. Discount Amount of an item row is the line's;
Order Shipping and Order Sales Tax are the order's, repeated. Buyer names the account, no e-mail
is told. Heads add the buyer's name and the fees of card payments.
"""

from __future__ import annotations

from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_ITEMS = Mapping(
    name="etsy_items",
    complete_orders=True,
    amount_is="unit_price",
    date_order="mdy",
    columns={
        "order_id": "Order ID",
        "line_id": "Transaction ID",
        "ordered_at": "Sale Date",
        "customer_id": "Buyer",
        "coupon_code": "Coupon Code",
        "product_id": "Listing ID",
        "product_name": "Item Name",
        "quantity": "Quantity",
        "amount": "Price",
        "discount": "Discount Amount",
        "shipping_income": "Order Shipping",
        "order_tax": "Order Sales Tax",
        "currency": "Currency",
        "status": "Status",
        "country": "Ship Country",
        "region": "Ship State",
    },
)
_ORDERS = Mapping(
    name="etsy_orders",
    table="orders",
    complete_orders=True,
    columns={
        "order_id": "Order ID",
        "ordered_at": "Sale Date",
        "customer_id": "Buyer User ID",
        "name": "Full Name",
        "currency": "Currency",
        "status": "Status",
        "amount": "Order Value",
        "order_discount": "Discount Amount",
        "shipping_income": "Shipping",
        "order_tax": "Sales Tax",
        "fees": "Card Processing Fees",
        "coupon_code": "Coupon Code",
        "city": "Ship City",
        "region": "Ship State",
        "country": "Ship Country",
        "postal_code": "Ship Zipcode",
    },
)

FORMAT = Mapped(
    "etsy",
    45,
    (
        Kind(
            "items",
            ("Sale Date", "Item Name", "Buyer", "Quantity", "Transaction ID", "Listing ID"),
            (Reading(_ITEMS),),
        ),
        Kind(
            "orders",
            ("Sale Date", "Order ID", "Buyer User ID", "Order Value", "Order Total", "Order Net"),
            (Reading(_ORDERS),),
        ),
    ),
)
