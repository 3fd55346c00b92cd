"""The events that rules ask about, each kind as rows of the shop's tables as of a day."""

from __future__ import annotations

from collections.abc import Callable, Collection

import ibis
import ibis.expr.types as ir

from crm_core.audiences.offers import clocks, recommended
from crm_core.errors import CrmError
from crm_core.metrics import CONTROL_ARMS
from crm_core.records import CONTACT_CHANNELS
from crm_core.rules import Rows
from crm_core.store import Store, StoreAt
from crm_core.store.marts import without

#: Parts of events that take only what the shop has; the others may hold anything.
CLOSED = ("product", "product_id", "category", "subcategory", "brand", "campaign")
#: Parts whose values are listed from a table. What runs out may change by itself: then a rule about
#: it picks nobody, and is not broken.
LISTED = (*CLOSED, "item")
COUPON = "coupon_code"


def rows_of(store: Store, at: StoreAt) -> Rows:
    """The rows of each kind of event up to a day. Consents and in-house campaigns are as of now:
    the records keep no table of their past. Lists of what is recommended are those of the scores,
    and of a day before them nothing can be said (see `recommended`)."""

    def rows(event: str, parts: Collection[str]) -> ir.Table:
        if event == "purchase" and COUPON in parts:
            return _under_codes(_purchases(store, at), at)
        return _ROWS[event](store, at)

    return rows


def _purchases(store: Store, at: StoreAt) -> ir.Table:
    del store
    sold = at.table("ledger")
    sold = sold.filter(sold.entry == "sale")
    product = _products(at, "product_key").drop("category", "subcategory")
    joined = without(sold.left_join(product, "product_key"), "product_key_right")
    return joined.select(
        "customer_key",
        "day",
        "at",
        "product",
        "product_id",
        "category",
        "subcategory",
        "brand",
        "sales_channel",
        "shop",
        "region",
        occurrence=joined.order_key,
        amount=(joined.gross - joined.discount).cast("decimal(18,2)"),
    )


def _under_codes(bought: ir.Table, at: StoreAt) -> ir.Table:
    """Purchases with the code of their order, for who asks about it: everybody's orders are joined."""
    orders = at.table("order_facts").select(COUPON, occurrence="order_key")
    orders = orders.filter(orders[COUPON].notnull())
    return without(bought.left_join(orders, "occurrence"), "occurrence_right")


def _orders(store: Store, at: StoreAt) -> ir.Table:
    del store
    orders = at.table("order_facts")
    orders = orders.filter(orders.order_no.notnull())
    return orders.select(
        "customer_key",
        "day",
        "at",
        "sales_channel",
        "coupon_code",
        "payment_method",
        "shop",
        order_amount=orders.revenue,
        amount=orders.revenue,
    )


def _refunds(store: Store, at: StoreAt) -> ir.Table:
    del store
    refunds = at.table("refunds")
    buyers = at.table("orders").select("order_id", "customer_key")
    joined = refunds.join(buyers, "order_id")
    return joined.select(
        "customer_key",
        "day",
        "reason",
        at=joined.refunded_at,
        refund_amount=joined.amount,
        amount=joined.amount,
    )


def _contacts(store: Store, at: StoreAt) -> ir.Table:
    del store
    contacts = at.table("contacts")
    return contacts.select(
        "customer_key",
        "day",
        "topic",
        "contact_channel",
        "direction",
        "resolved",
        "rating",
        at=contacts.occurred_at,
    )


def _reviews(store: Store, at: StoreAt) -> ir.Table:
    del store
    reviews = at.table("reviews")
    joined = _with_product(reviews, at)
    return joined.select(
        "customer_key",
        "day",
        "stars",
        "product",
        "product_id",
        "category",
        at=joined.reviewed_at,
    )


def _visits(store: Store, at: StoreAt) -> ir.Table:
    """A day on which a known customer did anything online is a visit."""
    del store
    steps = at.table("web_events")
    return steps.select("customer_key", "day", "source", at=steps.occurred_at, occurrence=steps.day)


def _web_steps(store: Store, at: StoreAt) -> ir.Table:
    del store
    joined = _with_product(at.table("web_events"), at)
    return joined.select(
        "customer_key",
        "day",
        "product",
        "product_id",
        "category",
        step=joined.event,
        at=joined.occurred_at,
    )


def _campaigns(store: Store, at: StoreAt) -> ir.Table:
    """Who was in a campaign, with a message or without: imported ones and the shop's own."""
    touches = at.table("touches")
    told = touches.select(
        "customer_key",
        "day",
        "campaign",
        "arm",
        "contact_channel",
        at=touches.sent_at,
        occurrence=touches.campaign,
    )
    if not (store.has("campaign_members") and store.has("campaigns")):
        return told
    campaigns, members = store.table("campaigns"), store.table("campaign_members")
    own = members.join(campaigns.rename(campaign_id="id"), "campaign_id")
    own = own.filter(own.starts_on <= ibis.literal(at.as_of))
    return told.union(
        own.select(
            "customer_key",
            day=own.starts_on,
            campaign=own.name,
            arm=own.arm,
            contact_channel=own.contact_channel,
            at=own.starts_on.cast("timestamp"),
            occurrence=own.name,
        )
    )


def _messages(store: Store, at: StoreAt) -> ir.Table:
    del store
    touches = at.table("touches")
    sent = touches.filter(~touches.arm.isin(CONTROL_ARMS))
    return sent.select(
        "customer_key",
        "day",
        "campaign",
        "contact_channel",
        "opened",
        "clicked",
        at=sent.sent_at,
    )


def _consents(store: Store, at: StoreAt) -> ir.Table:
    """What holds now on each channel: granted or denied, and suppressed before both."""
    if not (store.has("consents") and store.has("suppressions")):
        nobody = at.table("customers").filter(ibis.literal(False))
        text = ibis.null("string")
        return nobody.select("customer_key", contact_channel=text, state=text)
    consents, barred = store.table("consents"), store.table("suppressions")
    marketing = consents.filter(consents.purpose == "marketing")
    everywhere = barred.filter(barred.contact_channel == "all").select("customer_key")
    here = barred.filter(barred.contact_channel != "all")
    on_channel = ["customer_key", "contact_channel"]
    said = marketing.anti_join(everywhere, "customer_key").anti_join(here, on_channel)
    kept = said.select("customer_key", "contact_channel", "state")
    out = here.select("customer_key", "contact_channel", state=ibis.literal("suppressed"))
    for channel in CONTACT_CHANNELS:
        all_of = everywhere.select(
            "customer_key",
            contact_channel=ibis.literal(channel),
            state=ibis.literal("suppressed"),
        )
        out = out.union(all_of)
    return kept.union(out)


def _recommended(store: Store, at: StoreAt) -> ir.Table:
    return recommended(store, at.as_of)


def running_out(store: Store) -> ir.Table | None:
    """The running clocks of the current scores that may be told of (see `clocks`), the item by its
    name (`what`); None without any."""
    running = clocks(store)
    if running is None:
        return None
    products = store.table("product_facts")
    called = products.select(
        "product_name", item=products.product_id, level=ibis.literal("product")
    )
    joined = running.left_join(called, ["level", "item"])
    joined = without(joined, "level_right", "item_right")
    return joined.mutate(what=joined.product_name.coalesce(joined["item"])).drop("product_name")


def _running_out(store: Store, at: StoreAt) -> ir.Table:
    """What each customer is about to run out of, by the scores: of no other day.

    Raises: CrmError("scores_other_day").
    """
    running = running_out(store)
    if running is None:
        nobody = at.table("customers").filter(ibis.literal(False))
        none = {name: ibis.null("string") for name in ("item", "category", "product_id")}
        number = ibis.null("float64")
        chances = {"chance_7_days": number, "chance_30_days": number}
        return nobody.select("customer_key", due_in_days=ibis.null("int64"), **none, **chances)
    if at.as_of != store.scores_as_of:
        raise CrmError("scores_other_day", asked=at.as_of, have=store.scores_as_of)
    return running.select(
        "customer_key",
        "category",
        "product_id",
        item=running.what,
        due_in_days=running.due_day.delta(ibis.literal(at.as_of), unit="day").cast("int64"),
        chance_7_days=running.p_due_7.cast("float64"),
        chance_30_days=running.p_due_30.cast("float64"),
    )


def known_values(store: Store, field: str) -> ir.Table:
    """What the shop has of a part in LISTED: one column of that name, each value once."""
    if field == "item":
        running = running_out(store)
        if running is None:
            products = _products(store.at(store.meta.last_day), "product_key")
            return products.filter(ibis.literal(False)).select(item=products["product"])
        return running.select(item=running.what).distinct()
    if field != "campaign":
        products = _products(store.at(store.meta.last_day), "product_key")
        return products.filter(products[field].notnull()).select(field).distinct()
    known = store.table("touches").select("campaign")
    if store.has("campaigns"):
        known = known.union(store.table("campaigns").select(campaign="name"))
    return known.distinct()


def _products(at: StoreAt, key: str) -> ir.Table:
    products = at.table("product_facts")
    return products.select(
        key,
        *(() if key == "product_id" else ("product_id",)),
        "brand",
        "category",
        "subcategory",
        product=products.product_name.coalesce(products.product_id),
    )


def _with_product(rows: ir.Table, at: StoreAt) -> ir.Table:
    joined = rows.left_join(_products(at, "product_id"), "product_id")
    return without(joined, "product_id_right")


_ROWS: dict[str, Callable[[Store, StoreAt], ir.Table]] = {
    "purchase": _purchases,
    "order": _orders,
    "refund": _refunds,
    "contact": _contacts,
    "review": _reviews,
    "visit": _visits,
    "web_step": _web_steps,
    "campaign": _campaigns,
    "message": _messages,
    "consent": _consents,
    "recommended": _recommended,
    "running_out": _running_out,
}
