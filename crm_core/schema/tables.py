"""The canonical tables. Money excludes nothing yet: tax and shipping are told apart in marts."""

from __future__ import annotations

from crm_core.schema.definition import Column, Table, Type

VERSION = 6


def _c(name: str, type_: Type = "text", *, pii: str | None = None) -> Column:
    return Column(name, type_, pii=pii)


def _r(name: str, type_: Type = "text", *, pii: str | None = None) -> Column:
    return Column(name, type_, required=True, pii=pii)


_ID = Column("customer_id", "text", pii="source_id", staging_only=True)
_KEY = Column("customer_key", "key", stored_only=True)


def _customer() -> tuple[Column, ...]:
    """What a source tells of a customer: its id, an e-mail, a phone; and the key it becomes."""
    return (
        _ID,
        Column("email", "text", pii="email", staging_only=True),
        Column("phone", "text", pii="phone", staging_only=True),
        _KEY,
    )


_ALL = (
    Table(
        "customers",
        "a person known to the shop",
        ("customer_key",),
        (
            *_customer(),
            _c("first_seen_at", "time"),
            _c("acquisition_source"),
            _c("region"),
            _c("country"),
            _c("language"),
            _c("is_internal", "bool"),
            _c("account_id"),
        ),
        needs_person=True,
    ),
    Table(
        "accounts",
        "a household, company, distributor or partner that persons belong to",
        ("account_id",),
        (
            _r("account_id"),
            _c("account_name", pii="name"),
            _c("account_kind"),
        ),
        number="account_key",
    ),
    Table(
        "identities",
        "who a person is, apart from what they did",
        ("customer_key",),
        (
            _ID,
            _KEY,
            _c("name", pii="name"),
            _c("email", pii="email"),
            _c("phone", pii="phone"),
            _c("address", pii="address"),
            _c("postal_code", pii="postal_code"),
            _c("city", pii="city"),
        ),
        needs_person=True,
    ),
    Table(
        "identity_links",
        "one source id or e-mail that leads to a person, and by which rule",
        ("kind", "value"),
        (
            Column("kind", "text", required=True, stored_only=True),
            Column("value", "text", required=True, pii="email", stored_only=True),
            Column("customer_key", "key", required=True, stored_only=True),
            Column("first_key", "key", required=True, stored_only=True),
            Column("rule", "text", required=True, stored_only=True),
        ),
    ),
    Table(
        "identity_changes",
        "a value of a customer's identity that another took the place of",
        ("customer_key", "field", "changed_at", "old_value"),
        (
            Column("customer_key", "key", required=True, stored_only=True),
            Column("field", "text", required=True, stored_only=True),
            Column("changed_at", "time", required=True, stored_only=True),
            Column("old_value", "text", pii="identity", stored_only=True),
            Column("new_value", "text", pii="identity", stored_only=True),
        ),
    ),
    Table(
        "products",
        "a thing sold",
        ("product_id",),
        (
            _r("product_id"),
            _c("product_name"),
            _c("category"),
            _c("subcategory"),
            _c("brand"),
            _c("product_kind"),
            _c("unit_cost", "price"),
            _c("list_price", "price"),
        ),
        number="product_key",
    ),
    Table(
        "orders",
        "an order, in any state",
        ("order_id",),
        (
            _r("order_id"),
            *_customer(),
            _r("ordered_at", "time"),
            _c("status"),
            _c("sales_channel"),
            _c("payment_method"),
            _c("coupon_code"),
            _c("shipping_income", "money"),
            _c("shipping_cost", "money"),
            _c("fees", "money"),
            _c("region"),
            _c("currency"),
            _c("promised_at", "time"),
            _c("delivered_at", "time"),
            _c("seller_note", pii="note"),
            _c("shop"),
            # The file told the whole order: lines it had before and has no more are gone.
            Column("whole", "bool", staging_only=True),
        ),
        event="ordered_at",
        number="order_key",
        stays_nameless=True,
    ),
    Table(
        "order_lines",
        "a product in an order",
        ("order_id", "line_id"),
        (
            _r("order_id"),
            _r("line_id"),
            _r("product_id"),
            _r("quantity", "int"),
            _r("unit_price", "price"),
            _c("line_total", "money"),
            _c("discount", "money"),
            _c("tax", "money"),
            _c("unit_cost", "price"),
        ),
    ),
    Table(
        "refunds",
        "money given back, on its own day; never an order",
        ("refund_id",),
        (
            _r("refund_id"),
            _r("order_id"),
            _c("line_id"),
            _r("refunded_at", "time"),
            _r("amount", "money"),
            _c("quantity", "int"),
            _c("restocked", "bool"),
            _c("reason"),
        ),
        event="refunded_at",
    ),
    Table(
        "contacts",
        "a talk between the shop and a person",
        ("contact_id",),
        (
            _r("contact_id"),
            *_customer(),
            _r("occurred_at", "time"),
            _c("direction"),
            _c("contact_channel"),
            _c("topic"),
            _c("order_id"),
            _c("reply_minutes", "rate"),
            _c("resolved", "bool"),
            _c("resolved_minutes", "rate"),
            _c("reopened", "bool"),
            _c("agent", pii="staff"),
            _c("message", pii="free_text"),
            _c("rating", "int"),
            _c("recommend_score", "int"),
            _c("cost", "money"),
        ),
        event="occurred_at",
        stays_nameless=True,
    ),
    Table(
        "web_events",
        "a step of a visit",
        ("event_id",),
        (
            _r("event_id"),
            *_customer(),
            _c("visitor_id", pii="visitor"),
            _r("occurred_at", "time"),
            _c("event"),
            _c("product_id"),
            _c("source"),
        ),
        event="occurred_at",
    ),
    Table(
        "reviews",
        "stars and words about a product",
        ("review_id",),
        (
            _r("review_id"),
            *_customer(),
            _r("product_id"),
            _c("order_id"),
            _r("reviewed_at", "time"),
            _c("stars", "int"),
            _c("body", pii="free_text"),
            _c("language"),
        ),
        event="reviewed_at",
    ),
    Table(
        "costs",
        "money spent on a day, not tied to an order",
        ("cost_id",),
        (_r("cost_id"), _r("day", "date"), _c("kind"), _c("source"), _r("amount", "money")),
    ),
    Table(
        "touches",
        "a campaign's message to a person, or the decision to send none",
        ("touch_id",),
        (
            _r("touch_id"),
            *_customer(),
            _r("campaign"),
            _r("arm"),
            _c("contact_channel"),
            _r("sent_at", "time"),
            _c("opened", "bool"),
            _c("clicked", "bool"),
        ),
        event="sent_at",
        needs_person=True,
    ),
    Table(
        "consents",
        "a person's yes or no to a channel and purpose; owned by records once loaded",
        ("customer_key", "contact_channel", "purpose", "at"),
        (
            *_customer(),
            _r("contact_channel"),
            _r("purpose"),
            _r("state"),
            _r("at", "time"),
            _c("source"),
            # The file did not say when: a denial known already is then no news.
            Column("undated", "bool", staging_only=True),
        ),
        event="at",
        needs_person=True,
    ),
    Table(
        "stock",
        "a product's stock at the end of a day",
        ("product_id", "day"),
        (_r("product_id"), _r("day", "date"), _r("on_hand", "int"), _c("incoming", "int")),
    ),
    Table(
        "coupons",
        "a code that lowers a price",
        ("coupon_code",),
        (
            _r("coupon_code"),
            _c("kind"),
            _c("value", "rate"),
            _c("starts_on", "date"),
            _c("ends_on", "date"),
        ),
    ),
    Table(
        "events",
        "a shopping event, holiday or campaign of the shop's own",
        ("event_id",),
        (
            _r("event_id"),
            _c("name_en"),
            _c("name_zh"),
            _c("kind"),
            _r("starts_on", "date"),
            _r("ends_on", "date"),
        ),
    ),
)

# What a source may know a person by; `needs_person` asks for one of them.
PERSON = ("customer_id", "email", "phone")

TABLES: dict[str, Table] = {table.name: table for table in _ALL}

MARTS = (
    "ledger",
    "ledger_by_day",
    "day_sums",
    "order_facts",
    "customer_days",
    "customer_facts",
    "product_facts",
    "order_numbers",
    "account_members",
    "account_facts",
    "account_names",
)

#: Made by a refresh of scores, and about customers by key alone.
SCORES = (
    "features",
    "rfm",
    "lifecycle",
    "shop_rhythm",
    "loyalty",
    "loyalty_rules",
    "lifetime_value",
    "value_choice",
    "value_totals",
    "value_tiers",
    "clusters",
    "cluster_trials",
    "cluster_middles",
    "segment_history",
    "value_backtest",
    "churn",
    "churn_trials",
    "churn_reliability",
    "churn_survival",
    "forecast",
    "forecast_periods",
    "forecast_series",
    "forecast_backtest",
    "forecast_trials",
    "forecast_events",
    "forecast_components",
    "forecast_demand",
    "forecast_effects",
    "attention",
    "uplift",
    "uplift_curves",
    "uplift_methods",
    "pairs",
    "triples",
    "baskets_seen",
    "offers_again",
    "offers_new",
    "offer_products",
    "next_offer_trials",
    "entry_products",
    "replenishment",
    "replenishment_clock",
    "replenishment_trials",
    "review_tones",
    "review_terms",
    "review_trials",
    "contact_topics",
    "care_pays",
    "look_orders",
    "look_reviews",
    "model_status",
    "fitted",
)
