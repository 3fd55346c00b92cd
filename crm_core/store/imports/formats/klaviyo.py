"""Klaviyo's profile export: people with or without orders, and what they consented to.

`Email Marketing Consent` and `SMS Marketing Consent` say subscribed, unsubscribed or never
subscribed. "Never" is no consent and no denial.

Source: the columns that Klaviyo's export dialogue offers ("Export list to CSV", Klaviyo help), as
public code that reads such files names them; a shop may leave any of them out.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_PROFILES = Mapping(
    name="klaviyo_profiles",
    table="customers",
    date_order="ymd",
    columns={
        "email": "Email",
        "phone": "Phone Number",
        "name": "Full name",
        "address": "Street",
        "postal_code": "Zip Code",
        "city": "City",
        "region": "State / Region",
        "country": "Country",
        "acquisition_source": "Source",
        "first_seen_at": "Since",
        "email_consent": "Email Marketing Consent",
        "sms_consent": "SMS Marketing Consent",
        "consent_at": "Email Marketing Consent Timestamp",
    },
)
_USES = ("First Name", "Last Name", "Address", "Address 2", "Profile Created On", "Date Added")


def _profiles(job: Job) -> str:
    del job
    return """
        select *, nullif(trim(concat_ws(' ', "First Name", "Last Name")), '') as "Full name",
               nullif(trim(concat_ws(' ', "Address", "Address 2")), '') as "Street",
               coalesce(nullif("Profile Created On", ''), nullif("Date Added", '')) as "Since"
        from file_rows
    """


FORMAT = Mapped(
    "klaviyo",
    55,
    (Kind("profiles", ("Email", "Klaviyo ID"), (Reading(_PROFILES, _profiles, uses=_USES),)),),
)
