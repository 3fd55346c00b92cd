"""Klaviyo's profile export: people with or without orders, and what they consented to.

`Email Marketing Consent` and `SMS Marketing Consent` say subscribed, unsubscribed or never
subscribed. "Never" is no consent and no denial. Who is suppressed (`Email Suppressions`: a hard
bounce, a complaint, by hand) gets no e-mail whatever was agreed to; since when is not told.

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
        "email_consent": "Email consent",
        "sms_consent": "SMS Marketing Consent",
        "consent_at": "Said",
    },
)
_USES = (
    "First Name", "Last Name", "Address", "Address 2", "Profile Created On", "Date Added",
    "Email Marketing Consent", "Email Marketing Consent Timestamp", "Email Suppressions",
)  # fmt: skip


def _profiles(job: Job) -> str:
    del job
    reasons = "regexp_replace(lower(coalesce(\"Email Suppressions\", '')), '[^a-z0-9_]', '', 'g')"
    suppressed = f"{reasons} not in ('', 'none', 'null', 'nan', 'na', 'false', '0')"
    return f"""
        select *, nullif(trim(concat_ws(' ', "First Name", "Last Name")), '') as "Full name",
               nullif(trim(concat_ws(' ', "Address", "Address 2")), '') as "Street",
               coalesce(nullif("Profile Created On", ''), nullif("Date Added", '')) as "Since",
               case when {suppressed} then 'unsubscribed' else "Email Marketing Consent" end
                   as "Email consent",
               case when not {suppressed} then "Email Marketing Consent Timestamp" end as "Said"
        from file_rows
    """


FORMAT = Mapped(
    "klaviyo",
    55,
    (Kind("profiles", ("Email", "Klaviyo ID"), (Reading(_PROFILES, _profiles, uses=_USES),)),),
)
