"""The buyers of a file of orders: customers, identities, accounts and what they agreed to."""

from __future__ import annotations

from crm_core.store.imports.contract import Job
from crm_core.store.imports.order_values import Sheet, translated
from crm_core.store.imports.record_consents import add_consents
from crm_core.store.imports.staging import add

_CUSTOMER = ("acquisition_source", "region", "country", "language", "account_id")
_IDENTITY = ("name", "address", "postal_code", "city")
_KEYS = ("email", "phone")
# A buyer is known by the shop's number, a guest by e-mail, else by phone.
_PERSON = "coalesce(customer_id, lower(trim(email)), phone)"


def add_people(job: Job, sheet: Sheet, source_file: int) -> None:
    """The latest known value of each column, by the time of the order; greatest text on a tie."""
    _add_buyers(job, sheet, source_file)
    if "account_id" in sheet.filled:
        _add_accounts(job, source_file)
    for channel in ("email", "sms"):
        if f"{channel}_consent" in sheet.filled:
            _add_consents(job, sheet.mapping.name, channel, source_file)


def _add_buyers(job: Job, sheet: Sheet, source_file: int) -> None:
    """One row a person: as a customer, and as an identity where a name or address is told.

    A customer's e-mail and phone stand with the identity; a guest has no other key. Every numbered
    buyer is a customer, a guest only with something to tell.
    """
    if not sheet.filled & {"customer_id", *_KEYS}:
        return
    number = "min(customer_id)" if "customer_id" in sheet.filled else "null::varchar"
    told = [field for field in (*_CUSTOMER, *_IDENTITY, *_KEYS) if field in sheet.filled]
    latest = "".join(
        f", arg_max({f}, {{'at': ordered_at, 'v': {f}}}) filter ({f} is not null) as {f}"
        for f in told
    )
    rest = "".join(f"{field}, " for field in told if field not in _KEYS)
    # Most buyers say the same with every order: that comes together before it is compared.
    job.con.execute(
        f"""
        create or replace temp table import_buyers as
        select {number} as customer_id {latest}, min(source_row) as source_row
        from (select customer_id, email, phone, {rest} max(ordered_at) as ordered_at,
                     min(source_row) as source_row from import_good group by all)
        where {_PERSON} is not null group by {_PERSON}
        """
    )
    for table, facts, numbered in (
        ("customers", _CUSTOMER, True),
        ("identities", _IDENTITY, False),
    ):
        kept = [field for field in told if field in (*facts, *_KEYS)]
        known = [field for field in kept if numbered is False or field in facts]
        tests = [*(["customer_id"] if numbered else []), *known]
        if tests:
            add(
                job,
                table,
                f"select {', '.join(('customer_id', *kept))}, source_row, {source_file} as source_file "
                f"from import_buyers where coalesce({', '.join(tests)}) is not null",
            )
    job.con.execute("drop table import_buyers")


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
