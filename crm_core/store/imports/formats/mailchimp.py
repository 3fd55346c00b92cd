"""Mailchimp's audience export: one file each for subscribed, unsubscribed and cleaned contacts.

Which of them a file is shows in its columns: UNSUB_TIME and CLEAN_TIME date the end of a
consent, CONFIRM_TIME or OPTIN_TIME its beginning. Times are UTC.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_USES = (
    "First Name", "Last Name", "CONFIRM_TIME", "OPTIN_TIME", "UNSUB_TIME", "CLEAN_TIME",
    "Phone Number", "Address", "CC",
)  # fmt: skip
_CONTACTS = Mapping(
    name="mailchimp_contacts",
    table="customers",
    date_order="ymd",
    columns={
        "email": "Email Address",
        "name": "Full name",
        "phone": "Phone Number",
        "address": "Address",
        "country": "CC",
        "first_seen_at": "Since",
        "email_consent": "Consent",
        "consent_at": "Said",
    },
)


def _contacts(job: Job) -> str:
    del job
    time = "nullif(trim({}), '') || ' +00:00'"
    ended = "coalesce(nullif(trim(\"UNSUB_TIME\"), ''), nullif(trim(\"CLEAN_TIME\"), ''))"
    began = "coalesce(nullif(trim(\"CONFIRM_TIME\"), ''), nullif(trim(\"OPTIN_TIME\"), ''))"
    return f"""
        select *, nullif(trim(concat_ws(' ', "First Name", "Last Name")), '') as "Full name",
               {time.format('"OPTIN_TIME"')} as "Since",
               case when {ended} is not null then 'no' else 'yes' end as "Consent",
               coalesce({ended}, {began}) || ' +00:00' as "Said"
        from file_rows
    """


FORMAT = Mapped(
    "mailchimp",
    56,
    (
        Kind(
            "contacts",
            ("Email Address", "MEMBER_RATING", "OPTIN_TIME", "LEID"),
            (Reading(_CONTACTS, _contacts, uses=_USES),),
        ),
    ),
)
