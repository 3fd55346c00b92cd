"""Why each table about people is held, from where, for how long, and who may see it.

The words stand under `held.<table>` in both languages; tables of the records are told beside them
(`records.held`). A test walks every table there is: one that nobody tells here fails it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from crm_core.schema.tables import TABLES

#: From where rows come: the shop's files or database, people who work here, or this program.
Origin = Literal["files", "people", "program"]
#: Until when they stay: the customer is erased; then without a name, as sums need them; so many
#: months as the shop says; as long as the log is
#: kept; so many days; for good, so that who was erased stays so.
Kept = Literal["erased", "nameless", "months", "log", "days", "work", "for_good"]
#: The right that shows them in clear; nothing where no page shows them.
Seen = Literal["view", "analyse", "search", "call", "export", "consent", "settings", "people", ""]

#: The column of any table that says which customer a row is about.
CUSTOMER = "customer_key"


@dataclass(frozen=True)
class Held:
    """What is told of a table. `columns`: those about people -> what they reveal, beside
    `customer_key` and those that the schema marks itself."""

    origin: Origin
    kept: Kept
    seen: Seen
    columns: Mapping[str, str] = field(default_factory=dict[str, str])


#: Tables that hold rows about people as the shop's files tell them, or what follows at once.
STORE: Mapping[str, Held] = {
    "customers": Held("files", "erased", "analyse", {"account_id": "account"}),
    "accounts": Held("files", "erased", "view", {"account_id": "account"}),
    "identities": Held("files", "erased", "call"),
    "identity_links": Held("files", "erased", "call"),
    "identity_changes": Held("files", "erased", "call"),
    "orders": Held("files", "nameless", "call"),
    "order_lines": Held("files", "nameless", "call", {"order_id": "order"}),
    "refunds": Held("files", "nameless", "call", {"order_id": "order"}),
    "contacts": Held("files", "months", "call", {"order_id": "order"}),
    "web_events": Held("files", "months", "analyse"),
    "reviews": Held("files", "months", "call", {"order_id": "order"}),
    "touches": Held("files", "months", "analyse"),
    "consents": Held("files", "erased", "consent"),
    "quarantine": Held("files", "months", "settings", {"raw": "anything"}),
    "shared_addresses": Held("program", "erased", "", {"value": "identity"}),
    "key_moves": Held("program", "erased", "", {"old_key": "customer", "new_key": "customer"}),
}

#: All that is worked out from those, by customer key or by an order's or review's number: made
#: anew with every import and refresh, and erased with its customer.
WORKED_OUT = Held("program", "erased", "analyse")
#: By what a table that was worked out is about somebody, where it has no `customer_key`.
LEADS: Mapping[str, str] = {
    "order_key": "order",
    "order_id": "order",
    "review_id": "review",
    "account_key": "account",
    "account_name": "name",
}


def personal_columns(table: str) -> dict[str, str]:
    """The columns of a table of `STORE` that are about people, each with what it reveals.

    >>> personal_columns("identities")["email"], personal_columns("orders")["customer_key"]
    ('email', 'customer')
    """
    found: dict[str, str] = {}
    if table in TABLES:
        for column in TABLES[table].stored():
            if column.name == CUSTOMER:
                found[column.name] = "customer"
            elif column.pii:
                found[column.name] = column.pii
    return {**found, **STORE[table].columns}
