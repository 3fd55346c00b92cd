"""What stands out about reviews: facts and counts of each; a row is a review."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crm_core.models.look_bursts import around
from crm_core.models.near_texts import twins
from crm_core.store import StoreAt, Tables
from crm_core.store.marts import as_number, without

#: The latest reviews that are looked at; a shop of a million orders has about as many.
MOST_REVIEWS: Final = 200_000
_BATCH: Final = 20_000
_KINDS: Final = ("high", "low")
_FRESH: Final = date(2000, 1, 1)


def review_rows(store: Tables, as_of: date) -> pd.DataFrame:
    """Reviews with stars, whether and when its writer had bought the thing (`bought_at`,
    `delivered_at`, `refund_share`), how many of high or low stars fell around it, and its twins."""
    past = StoreAt(store, as_of)
    if not past.has("reviews"):
        return pd.DataFrame()
    rows = _with_orders(past, _reviews(past))
    daily = rows.group_by("product_id", "n").agg(
        high=as_number(rows.stars >= 4).sum(), low=as_number(rows.stars <= 2).sum()
    )
    found = rows.join(around(daily, _KINDS).drop(*_KINDS), ["product_id", "n"])
    found = found.order_by(found.n.desc(), "review_id").limit(MOST_REVIEWS)
    parts = [
        pd.DataFrame(batch.to_pydict()) for batch in store.stream(found, _BATCH, purpose="score")
    ]
    told = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return told if told.empty else _with_twins(told)


def _reviews(past: StoreAt) -> ir.Table:
    reviews = past.table("reviews")
    told = reviews.select(
        "review_id", "customer_key", "product_id", "order_id", "stars", "body", "day",
        second=reviews.reviewed_at.epoch_seconds().cast("int64"),
        n=reviews.day.delta(ibis.literal(_FRESH), unit="day").cast("int64"),
    )  # fmt: skip
    product = ibis.window(group_by="product_id")
    person = ibis.window(group_by="customer_key")
    return told.mutate(
        product_reviews=told.count().over(product),
        product_stars=told.stars.cast("float64").mean().over(product),
        own_reviews=ibis.ifelse(told.customer_key.notnull(), told.count().over(person), 1),
    )


def _with_orders(past: StoreAt, reviews: ir.Table) -> ir.Table:
    """Adds the order a review names, what came back of it, and how much else its writer bought."""
    facts = past.table("order_facts").select(
        "order_id", "order_key", buyer="customer_key", revenue=lambda t: t.revenue.cast("float64"),
        bought_second=lambda t: t["at"].epoch_seconds().cast("int64"),
    )  # fmt: skip
    told = past.table("orders")
    arrived = ibis.ifelse(
        told.delivered_at < ibis.literal(past.as_of + timedelta(1)).cast("timestamp"),
        told.delivered_at,
        ibis.null("timestamp"),
    )
    told = told.select(
        "order_id",
        delivered_second=arrived.epoch_seconds().cast("int64"),
        is_late=(arrived > told.promised_at).fill_null(False),
    )
    lines = past.table("order_lines")
    held = lines.group_by("order_id", "product_id").agg(lines=lines.count())
    rows = without(reviews.left_join(facts, "order_id"), "order_id_right")
    rows = without(rows.left_join(told, "order_id"), "order_id_right")
    rows = without(
        rows.left_join(held, ["order_id", "product_id"]), "order_id_right", "product_id_right"
    )
    refunds = past.table("refunds")
    back = refunds.group_by("order_id").agg(refunded=refunds.amount.sum().cast("float64"))
    rows = without(rows.left_join(back, "order_id"), "order_id_right")
    all_orders = past.table("order_facts")
    people = all_orders.group_by("customer_key").agg(own_orders=all_orders.count())
    rows = without(rows.left_join(people, "customer_key"), "customer_key_right")
    return rows.mutate(
        is_verified=rows.lines.notnull() & rows.buyer.notnull() & (rows.buyer == rows.customer_key),
        refund_share=rows.refunded.fill_null(0.0) / rows.revenue.nullif(0.0),
        own_orders=rows.own_orders.fill_null(0),
    ).drop("lines", "buyer", "refunded", "revenue")


def _with_twins(rows: pd.DataFrame) -> pd.DataFrame:
    """Puts counts of texts nearly the same in the place of the texts."""
    key = rows["customer_key"]
    # Nobody known by name is one person each.
    who = np.where(key.notna(), key.fillna(0), -1 - np.arange(len(rows))).astype(np.int64)
    near, usual, ever = twins(
        rows["body"].fillna("").astype(str).tolist(), who, rows["n"].to_numpy(np.int64)
    )
    told = rows.drop(columns="body")
    return told.assign(twins=near, usual_twins=usual, twins_ever=ever)
