"""Adobe Commerce (Magento): the customers' main file.

Passwords' hashes and reset tokens are never read. A customer is one of a website: the key is the
e-mail with the website. Source: sample of the customers' main file in Adobe's quality patches.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_CUSTOMERS = Mapping(
    name="adobe_commerce_customers",
    table="customers",
    date_order="ymd",
    columns={
        "customer_id": "Key",
        "email": "email",
        "name": "Full name",
        "first_seen_at": "created_at",
    },
)


def _customers(job: Job) -> str:
    del job
    return """
        select source_row, "email", "created_at",
               lower(trim("email")) || '@' || coalesce(nullif(trim("_website"), ''), 'base') as "Key",
               nullif(trim(concat_ws(' ', nullif("prefix", ''), "firstname",
                                     nullif("middlename", ''), "lastname")), '') as "Full name"
        from file_rows
    """


FORMAT = Mapped(
    "adobe_commerce",
    44,
    (
        Kind(
            "customers",
            ("email", "_website", "_store", "firstname", "lastname", "group_id"),
            (Reading(_CUSTOMERS, _customers, uses=("prefix", "middlename", "created_at")),),
        ),
    ),
)
