"""Olist's public data set: nine files that belong together.

The person is `customer_unique_id`: `customer_id` is new with every order. Items are lines of one
unit; freight is what the buyer paid for shipping. Times are those of Sao Paulo. Several payments
of an order count once: the largest names the method. Source: the data set's page.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Facts, Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_LINES = Mapping(
    name="olist_items",
    complete_orders=True,
    amount_is="line_total",
    date_order="ymd",
    decimal="dot",
    columns={
        "order_id": "order_id",
        "line_id": "order_item_id",
        "ordered_at": "ordered_at",
        "customer_id": "person",
        "status": "status",
        "payment_method": "payment",
        "promised_at": "promised_at",
        "delivered_at": "delivered_at",
        "city": "city",
        "postal_code": "postal_code",
        "region": "state",
        "product_id": "product_id",
        "category": "category",
        "amount": "price",
        "shipping_income": "freight",
    },
    constants={"country": "BR"},
)


def _lines(job: Job) -> str:
    del job
    return """
        select i.source_row, i."order_id", i."order_item_id", i."product_id", i."price",
               sum(try_cast(i."freight_value" as decimal(18,2)))
                   over (partition by i."order_id")::varchar as freight,
               o."order_purchase_timestamp" as ordered_at, o."order_status" as status,
               o."order_estimated_delivery_date" as promised_at,
               o."order_delivered_customer_date" as delivered_at,
               c."customer_unique_id" as person, c."customer_city" as city,
               c."customer_zip_code_prefix" as postal_code, c."customer_state" as state,
               coalesce(t."product_category_name_english", p."product_category_name") as category,
               y.payment
        from file_rows i
        left join kept_orders o using ("order_id")
        left join kept_customers c on c."customer_id" = o."customer_id"
        left join kept_products p on p."product_id" = i."product_id"
        left join kept_translation t on t."product_category_name" = p."product_category_name"
        left join (select "order_id", arg_max("payment_type",
                       coalesce(try_cast("payment_value" as double), 0)) as payment
                   from kept_payments group by all) y on y."order_id" = i."order_id"
    """


_REVIEWS = Mapping(
    name="olist_reviews",
    table="reviews",
    date_order="ymd",
    columns={
        "review_id": "review",
        "order_id": "order_id",
        "product_id": "product",
        "customer_id": "person",
        "reviewed_at": "review_creation_date",
        "stars": "review_score",
        "body": "body",
    },
    constants={"language": "pt"},
)


def _reviews(job: Job) -> str:
    """A review is of an order: it goes to the order's first product. Ids repeat over orders."""
    del job
    return """
        select r.*, r."review_id" || '-' || r."order_id" as review, i.product,
               c."customer_unique_id" as person,
               nullif(trim(concat_ws(E'\\n', nullif(r."review_comment_title", ''),
                                     nullif(r."review_comment_message", ''))), '') as body
        from file_rows r
        left join (select "order_id", arg_min("product_id", try_cast("order_item_id" as integer))
                       as product from kept_items group by all) i using ("order_id")
        left join kept_orders o using ("order_id")
        left join kept_customers c on c."customer_id" = o."customer_id"
    """


FORMAT = Mapped(
    "olist",
    47,
    (
        Kind("customers", ("customer_id", "customer_unique_id", "customer_zip_code_prefix"),
             keep=True, columns=("customer_city", "customer_state")),
        Kind("orders", ("order_id", "customer_id", "order_status", "order_purchase_timestamp"),
             keep=True, columns=("order_estimated_delivery_date", "order_delivered_customer_date")),
        Kind("products", ("product_id", "product_category_name", "product_photos_qty"), keep=True),
        Kind("translation", ("product_category_name", "product_category_name_english"), keep=True),
        Kind("payments", ("order_id", "payment_sequential", "payment_type", "payment_value"),
             keep=True),
        Kind("sellers", ("seller_id", "seller_zip_code_prefix", "seller_city")),
        Kind("places", ("geolocation_zip_code_prefix", "geolocation_lat", "geolocation_lng")),
        Kind(
            "items",
            ("order_id", "order_item_id", "product_id", "seller_id", "price", "freight_value"),
            (Reading(_LINES, _lines),),
            keep=True,
        ),
        Kind(
            "reviews",
            ("review_id", "order_id", "review_score", "review_creation_date"),
            (Reading(_REVIEWS, _reviews,
                     uses=("review_comment_title", "review_comment_message")),),
        ),
    ),
    told=Facts("BRL", "America/Sao_Paulo"),
)  # fmt: skip
