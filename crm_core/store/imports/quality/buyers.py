"""Who bought, as far as the files tell: nobody, one for many, many under one address, testers."""

from __future__ import annotations

from collections.abc import Iterator

from crm_core.store.imports.quality.finding import Finding, Look, money, share
from crm_core.store.imports.quality.totals import CHARGE_LIST
from crm_core.store.imports.staging import quote

SHARED_BY = 3
_MUCH = 0.2
_FEW_ORDERS = 20
_TEST_EMAIL = "^(test|tester|testing|testuser|demo|dummy|example|fake|asdf+|qwerty?|abc|foo|aaa+|xxx+)[0-9._+-]*@"
_TEST_NAME = "^(test|tester|testing|test (test|order|user|account|customer|kunde)|asdf+|qwerty|foo bar|dummy|测试|测试用户|测试订单)[0-9 ]*$"


def findings(look: Look) -> Iterator[Finding]:
    """Orders without a buyer, one buyer of very many, shared addresses, test orders."""
    yield from _nobody(look)
    yield from _one_buyer(look)
    yield from _shared(look)
    yield from _tests(look)


def _nobody(look: Look) -> Iterator[Finding]:
    orders, all_orders = look.row("select count(*) filter (not keyed), count(*) from bill_orders")
    if not orders:
        return
    paid, gross, all_gross = look.row(
        "select sum(gross - discount) filter (not keyed), sum(gross) filter (not keyed), sum(gross) "
        f"from bill_lines where day is not null and (kind is null or kind not in ({CHARGE_LIST}))"
    )
    part = share(gross, all_gross)  # before discounts: a part can then never be more than the whole
    yield Finding(
        "no_buyer",
        "warn" if max(part, share(orders, all_orders)) >= _MUCH else "info",
        orders,
        money(paid),
        part,
        {"orders_share": share(orders, all_orders)},
        look.places(
            "select source_file, source_row from bill_orders where not keyed", "customer_id"
        ),
    )


def _one_buyer(look: Look) -> Iterator[Finding]:
    found = look.row(
        "select buyer, count(*), min(source_file), arg_min(source_row, source_file) "
        "from bill_orders where keyed group by 1 order by 2 desc, 1 limit 1"
    )
    every = look.row("select count(*) from bill_orders where keyed")[0]
    if not found or every < _FEW_ORDERS or found[1] <= every * _MUCH:
        return
    paid = look.row(
        f"select sum(gross - discount) from bill_lines where buyer = {found[0]} and keyed"
    )
    where = (look.place(found[2], found[3], "customer_id"),)
    yield Finding("one_buyer", "warn", found[1], money(paid[0]), share(found[1], every),
                  examples=where)  # fmt: skip


def _shared(look: Look) -> Iterator[Finding]:
    """Addresses that more than three customer numbers share are nobody's own."""
    shared = f"""
        select email, count(distinct customer_id) as ids, min(source_file) as source_file,
               arg_min(source_row, source_file) as source_row
        from (select lower(trim(email)) as email, customer_id, source_file, source_row
              from staging.identities where email is not null and customer_id is not null
              union all select lower(trim(email)), customer_id, source_file, source_row
              from staging.orders where email is not null and customer_id is not null)
        group by 1 having count(distinct customer_id) > {SHARED_BY}
    """
    count, ids = look.row(f"select count(*), sum(ids) from ({shared})")
    if count:
        where = look.places(f"select source_file, source_row from ({shared})", "email")
        yield Finding("shared_emails", "warn", count, facts={"ids": int(ids)}, examples=where)


def _tests(look: Look) -> Iterator[Finding]:
    """Orders of people called test or qwerty: told, not judged; a state `test` does not count."""
    look.con.execute(
        f"""
        create or replace temp table bill_tests as
        select order_no, source_file, source_row from bill_orders
        where status is distinct from 'test' and order_id in (
            select order_id from staging.orders
            where regexp_matches(lower(email), {quote(_TEST_EMAIL)})
               or customer_id in (
                  select customer_id from staging.identities
                  where regexp_matches(lower(email), {quote(_TEST_EMAIL)})
                     or regexp_matches(lower(trim(name)), {quote(_TEST_NAME)})))
        """
    )
    orders = look.row("select count(*) from bill_tests")[0]
    if orders:
        paid = look.row(
            "select sum(gross - discount) from bill_lines semi join bill_tests using (order_no)"
        )
        yield Finding("test_orders", "warn", orders, money(paid[0]),
                      examples=look.places("select source_file, source_row from bill_tests", "name"))  # fmt: skip
    look.con.execute("drop table bill_tests")
