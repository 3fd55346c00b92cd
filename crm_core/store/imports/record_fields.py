"""What the columns of a file can fill in each canonical table that is read row by row."""

from __future__ import annotations

from crm_core.schema import PERSON, TABLES

RECORD_TABLES = (
    "customers",
    "products",
    "stock",
    "coupons",
    "refunds",
    "contacts",
    "web_events",
    "reviews",
    "costs",
    "touches",
    "consents",
    "accounts",
)

# Beyond a table's own columns: a customer file tells who the person is and what was agreed to, a
# product file how many are there.
_BESIDE: dict[str, dict[str, str]] = {
    "customers": {
        "name": "text", "first_name": "text", "last_name": "text", "address": "text", "postal_code": "text", "city": "text",
        "account_name": "text", "account_kind": "text",
        "email_consent": "bool", "sms_consent": "bool", "consent_at": "time",
    },
    "products": {"on_hand": "int", "incoming": "int", "day": "date"},
}  # fmt: skip

# Ids that are made from a row's content where a file has none.
MADE_IDS = {
    "refunds": "refund_id",
    "contacts": "contact_id",
    "web_events": "event_id",
    "reviews": "review_id",
    "costs": "cost_id",
    "touches": "touch_id",
}

# Values taken where a file has no such column, or leaves it empty. Stock without a day is that of
# the import's day; a consent without a moment is explained in `record_consents`.
DEFAULTS = {
    ("touches", "arm"): "treated",
    ("consents", "purpose"): "marketing",
    ("costs", "kind"): "marketing",
}
_SETTLED_LATER = {("stock", "day"), ("consents", "at")}


def record_fields(table: str) -> dict[str, str]:
    """The fields of a record table with the kinds of their values.

    >>> record_fields("accounts")
    {'account_id': 'text', 'account_name': 'text', 'account_kind': 'text'}
    """
    own = {column.name: str(column.type) for column in TABLES[table].staging()}
    own.pop("undated", None)
    return own | _BESIDE.get(table, {})


def required(table: str) -> tuple[str, ...]:
    """The fields every row of a record table must tell."""
    return tuple(
        column.name
        for column in TABLES[table].staging()
        if column.required
        and column.name != MADE_IDS.get(table)
        and (table, column.name) not in {*DEFAULTS, *_SETTLED_LATER}
    )


def record_needs(table: str, filled: set[str]) -> tuple[str, ...]:
    """What a file of this table cannot do without and `filled` does not have.

    >>> record_needs("touches", {"email", "sent_at"})
    ('campaign',)
    """
    lost = [field for field in required(table) if field not in filled]
    if table == "reviews" and not filled & {"stars", "body"}:
        lost.append("stars")
    if TABLES[table].needs_person and not filled & set(PERSON):
        lost.insert(0, "customer_id")
    return tuple(lost)
