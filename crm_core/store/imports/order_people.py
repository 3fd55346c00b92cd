"""The buyers of a file of orders: customers, identities, accounts and what they agreed to."""

from __future__ import annotations

from crm_core.store.imports.contract import Job
from crm_core.store.imports.order_values import Sheet, translated
from crm_core.store.imports.record_consents import add_consents
from crm_core.store.imports.staging import add

_CUSTOMER = ("acquisition_source", "region", "country", "language", "account_id")
_IDENTITY = ("name", "address", "postal_code", "city")
# A buyer is known by the shop's number, a guest by e-mail, else by phone.
_PERSON = "coalesce(customer_id, lower(trim(email)), phone)"


def add_people(job: Job, sheet: Sheet, source_file: int) -> None:
    """The latest known value of each column, by the time of the order; greatest text on a tie."""
    _add_latest(job, "customers", (*_CUSTOMER, "email", "phone"), _CUSTOMER, source_file)
    _add_latest(job, "identities", (*_IDENTITY, "email", "phone"), (), source_file)
    filled = {*sheet.mapping.columns, *sheet.mapping.constants}
    if "account_id" in filled:
        _add_accounts(job, source_file)
    for channel in ("email", "sms"):
        if f"{channel}_consent" in filled:
            _add_consents(job, sheet.mapping.name, channel, source_file)


def _add_latest(
    job: Job, table: str, fields: tuple[str, ...], guest: tuple[str, ...], source_file: int
) -> None:
    """One row a person. A customer's e-mail and phone stand with the identity; a guest has no
    other key."""
    latest = ", ".join(
        f"arg_max({f}, {{'at': ordered_at, 'v': {f}}}) filter ({f} is not null) as {f}"
        for f in fields
    )
    known = " or ".join(f"{f} is not null" for f in (guest or fields))
    having = f"bool_or({known})"
    if guest:  # every numbered buyer is a customer, a guest only with something to tell
        having = f"min(customer_id) is not null or {having}"
    add(
        job,
        table,
        f"""
        select min(customer_id) as customer_id, {latest}, min(source_row) as source_row,
               {source_file} as source_file
        from import_good where {_PERSON} is not null
        group by {_PERSON} having {having}
        """,
    )


def _add_accounts(job: Job, source_file: int) -> None:
    add(
        job,
        "accounts",
        f"""
        select account_id, arg_max(account_name, {{'at': ordered_at, 'v': account_name}})
                   filter (account_name is not null) as account_name,
               arg_max(account_kind, {{'at': ordered_at, 'v': account_kind}})
                   filter (account_kind is not null) as account_kind,
               min(source_row) as source_row, {source_file} as source_file
        from import_good where account_id is not null group by account_id
        """,
    )


def _add_consents(job: Job, mapping: str, channel: str, source_file: int) -> None:
    """What was ticked with an order was said at its time; said again it is no news."""
    said = translated(f"{channel}_consent", "yes_no", "null")
    add_consents(
        job,
        f"""
        select customer_id, email, phone, '{channel}' as contact_channel, agreed, said_at,
               source_row, {source_file} as source_file
        from (
            select {_PERSON} as person, min(customer_id) as customer_id, min(email) as email,
                   min(phone) as phone, coalesce(consent_at, ordered_at) as said_at,
                   bool_and(case {said} when 'yes' then true when 'no' then false end) as agreed,
                   min(source_row) as source_row
            from import_good where {_PERSON} is not null group by person, said_at)
        where agreed is not null
        qualify agreed is distinct from lag(agreed) over (partition by person order by said_at)
        """,
        mapping,
    )
