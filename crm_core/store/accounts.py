"""Accounts above persons: households, companies, and what files name; marts of a snapshot.

A customer belongs to the account that a file names. Where none does and the shop's settings say
so, customers with one company's mail domain form a company, and those with one postal address and
one family name a household. Everybody else is an account of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir

from crm_core.store.addresses import clean_address, is_relay, own_domains
from crm_core.store.connection import quoted
from crm_core.store.tables import Tables
from crm_core.store.write import Build

LARGEST_HOUSEHOLD = 8  # more of one name at one address are a large building
LARGEST_COMPANY = 100  # more of one domain are a mail provider that nobody here knows
_FREE_MAIL = (
    r"(example|googlemail|gmail|aol|hotmail|live|msn|outlook|yahoo|ymail|rocketmail|icloud|me|mac|gmx|"
    r"web|t-online|freenet|posteo|mailbox|proton|protonmail|pm|fastmail|hey|tuta|tutanota|zoho|mail|"
    r"inbox|orange|wanadoo|free|laposte|sfr|libero|virgilio|tiscali|qq|vip\.qq|foxmail|163|vip\.163|126|"
    r"yeah|sina|sohu|aliyun|139|189|naver|hanmail|daum|docomo|ezweb|softbank|yandex|bk|list|rambler|"
    r"ukr|seznam|wp|o2|onet|interia|comcast|verizon|att|sbcglobal|btinternet|sky|virginmedia|bigpond|"
    r"optusnet|rediffmail|uol|bol|terra)(\.(co|com|ne|net|org))?\.[a-z]{2,5}"
)


@dataclass(frozen=True)
class AccountRules:
    """Which accounts are made of customers that no file puts in one."""

    households: bool = False
    companies: bool = False
    own_domains: tuple[str, ...] = ()


_OF_PERSONS = ("person", "household", "family")


def companies(tables: Tables) -> ir.Table:
    """customer_key of everybody in an account that is no person's and no household's."""
    facts, members = tables.table("account_facts"), tables.table("account_members")
    theirs = facts.filter(facts.account_kind.notin(_OF_PERSONS))
    return members.semi_join(theirs, "account_key").select("customer_key")


def build_accounts(build: Build, rules: AccountRules) -> None:
    """Makes `account_members`, `account_facts` and `account_names` of the snapshot being built.

    `account_key` is the number of an account that a file describes; all others have the smallest
    customer key among their members, negative. Money and orders are those of the members.
    """
    con = build.connection
    con.execute(f"CREATE OR REPLACE TEMP TABLE account_signs AS {_signs(rules)}")
    con.execute("""
        CREATE TABLE facts.main.account_members AS
        SELECT customer_key, coalesce(account_key, -min(customer_key) OVER (
                   PARTITION BY account_rule, coalesce(sign, customer_key::VARCHAR))) AS account_key,
               account_rule
        FROM account_signs ORDER BY customer_key
    """)
    con.execute("""
        CREATE TABLE facts.main.account_facts AS
        WITH bought AS (
            SELECT customer_key, sum(orders) AS orders, sum(revenue) AS revenue,
                   min(day) AS first_order_day, max(day) AS last_order_day
            FROM facts.main.customer_days GROUP BY customer_key)
        SELECT m.account_key, any_value(a.account_id) AS account_id,
               coalesce(any_value(lower(a.account_kind)), CASE min(m.account_rule)
                   WHEN 'file' THEN 'company' WHEN 'alone' THEN 'person'
                   ELSE min(m.account_rule) END) AS account_kind,
               min(m.account_rule) AS account_rule, count(*) AS members,
               count(b.customer_key) AS buyers,
               min(first_order_day) AS first_order_day, max(last_order_day) AS last_order_day,
               coalesce(sum(b.orders), 0)::BIGINT AS orders,
               coalesce(sum(b.revenue), 0)::DECIMAL(18,2) AS revenue
        FROM facts.main.account_members m LEFT JOIN bought b USING (customer_key)
        LEFT JOIN facts.main.accounts a USING (account_key)
        GROUP BY m.account_key ORDER BY m.account_key
    """)
    con.execute("""
        CREATE TABLE facts.main.account_names AS
        SELECT m.account_key, coalesce(any_value(a.account_name), arg_min(s.label, s.customer_key))
               AS account_name
        FROM facts.main.account_members m JOIN account_signs s USING (customer_key)
        LEFT JOIN facts.main.accounts a ON a.account_key = m.account_key
        WHERE s.account_rule <> 'alone' GROUP BY m.account_key ORDER BY m.account_key
    """)
    con.execute("DROP TABLE account_signs")
    build.learn("account_members", "account_facts", "account_names")


def _signs(rules: AccountRules) -> str:
    """SQL: for every customer the rule that puts them in an account, and the sign they share."""
    domain = f"regexp_extract({clean_address('i.email')}, '@([^@]*)$', 1)"
    own = ", ".join(quoted(name) for name in own_domains(rules.own_domains)) or "''"
    return f"""
        WITH told AS (
            SELECT f.customer_key, c.account_id, a.account_key, i.name,
                   CASE WHEN {rules.companies} AND NOT regexp_full_match({domain}, '{_FREE_MAIL}')
                        AND NOT {is_relay(domain)} AND {domain} NOT IN ({own})
                        THEN nullif({domain}, '') END AS domain,
                   CASE WHEN {rules.households} THEN {_home()} END AS home
            FROM facts.main.customer_facts f
            LEFT JOIN facts.main.customers c USING (customer_key)
            LEFT JOIN facts.main.accounts a ON a.account_id = c.account_id
            LEFT JOIN facts.main.identities i ON i.customer_key = f.customer_key
        ), counted AS (
            SELECT *, count(*) OVER (PARTITION BY account_id IS NULL, domain) AS colleagues,
                   count(*) OVER (PARTITION BY account_id IS NULL, home) AS family FROM told
        )
        SELECT customer_key, account_key, CASE
                 WHEN account_id IS NOT NULL THEN 'file'
                 WHEN domain IS NOT NULL AND colleagues BETWEEN 2 AND {LARGEST_COMPANY}
                 THEN 'company'
                 WHEN home IS NOT NULL AND family BETWEEN 2 AND {LARGEST_HOUSEHOLD} THEN 'household'
                 ELSE 'alone' END AS account_rule,
               CASE account_rule WHEN 'file' THEN account_id WHEN 'company' THEN domain
                 WHEN 'household' THEN home END AS sign,
               CASE account_rule WHEN 'file' THEN account_id WHEN 'company' THEN domain
                 WHEN 'household' THEN {_family("name")} END AS label
        FROM counted
    """


def _home() -> str:
    """SQL for where a customer of which family lives; NULL when either is not known."""
    street = r"regexp_replace(lower(i.address), 'stra(ß|ss)e\b|str\b\.?', 'str', 'g')"
    place = "coalesce(i.postal_code, i.city)"
    return (
        f"nullif(regexp_replace({street}, '[^\\p{{L}}\\p{{N}}]', '', 'g'), '') || ' ' || "
        f"nullif(lower(regexp_replace({place}, '[^\\p{{L}}\\p{{N}}]', '', 'g')), '') || ' ' || "
        f"lower({_family('i.name')})"
    )


def _family(name: str) -> str:
    """SQL for the family name: before a comma, the first of Chinese signs, else the last word."""
    tidy = f"trim(nfc_normalize({name}))"
    return (
        f"nullif(CASE WHEN contains({tidy}, ',') THEN trim(split_part({tidy}, ',', 1)) "
        f"WHEN regexp_full_match({tidy}, '\\p{{Han}}{{2,4}}') THEN {tidy}[1] "
        f"ELSE regexp_extract({tidy}, '(\\S+)$', 1) END, '')"
    )
