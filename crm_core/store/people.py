"""Who is who: ids, e-mails and phones lead to one customer key, kept through every re-import.

A source id is one person. So is an e-mail address in its one form, a mailbox that several spellings
are delivered to, and a mobile or fixed-line number in E.164 - unless it is shared: told by more
than three ids or under more than three names, in one file or over all, it leads to nobody. The
shop's own addresses join no two ids, no-reply addresses lead to nobody. Look-alike addresses, and
ids that told one, join nobody. What people decided (`apart`, `same`) goes before every rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import phonenumbers

from crm_core.schema import PERSON
from crm_core.store.addresses import mailbox_of, own_domains, write_addresses
from crm_core.store.columns import has_old
from crm_core.store.person_keys import give_keys, join_traces
from crm_core.store.phones import write_phones

SHARED_BY = 3
_PLATFORM = (
    "(alibaba|aliexpress|amazon|apple|douyin|ebay|etsy|google|jd|lazada|mercadolibre|pinduoduo|"
    "rakuten|shopee|taobao|temu|tiktok|tmall|walmart|wechat|zalando):.+"
)
_REGIONS = ", ".join(f"'{region}'" for region in sorted(phonenumbers.SUPPORTED_REGIONS))


@dataclass(frozen=True)
class PeopleRules:
    """What a shop says of how its customers are recognised.

    `own_domains` are the shop's own; `country` is where national phone numbers belong that tell no
    country. `apart` are traces (kind, value) that must join nobody, `same` pairs of source ids
    that are one person: both are decisions of people.
    """

    join_aliases: bool = True
    own_domains: tuple[str, ...] = ()
    country: str | None = None
    apart: tuple[tuple[str, str], ...] = ()
    same: tuple[tuple[str, str], ...] = ()


def resolve_people(
    con: duckdb.DuckDBPyConnection,
    staged: set[str],
    *,
    batch: int,
    rebuild: bool = False,
    rules: PeopleRules | None = None,
) -> None:
    """Makes `people.links` (kind, value, customer_key, first_key, rule, batch_id).

    Expects staged tables that name people by `customer_id`, `email` or `phone`, and what
    `people_before` makes of the snapshot before. `people.moved` maps keys that this merge
    gives up to those that survive, `people.given` is the highest key ever given. A key given up
    or not told again is never given to anybody else: what people decided about it must not pass
    to a stranger. `person_sql` then finds the customer of any staged row.

    `first_key` is the key a trace got when it was first seen (or when a rebuild set it apart from
    who else had that key), kept for ever. A `rebuild` is told every row of the store anew:
    `people.old_links` (its customer_key set to the first_key) then only says which numbers to
    give; nobody is joined because they were joined before, and what is not told again has no link
    any more.
    """
    rules = rules or PeopleRules()
    read_traces(con, staged, rules, rebuild=rebuild)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE seen AS
        SELECT DISTINCT t.id, e.email, p.phone, t.name, e.state,
               CASE WHEN e.state = 'own' AND {rules.join_aliases} THEN e.mailbox END AS mailbox
        FROM told t LEFT JOIN people.emails e ON e.raw = t.raw_email AND e.state <> 'nobody'
        LEFT JOIN people.phones p ON p.raw = t.raw_phone AND p.region = t.region
    """)
    _find_shared(con, rules, rebuild=rebuild)
    _find_weak(con, rules)
    _connect(con, rules)
    join_traces(con, rebuild=rebuild)
    give_keys(con, rebuild=rebuild)
    _link(con, batch, rebuild=rebuild)
    _write_keys(con)


def read_traces(
    con: duckdb.DuckDBPyConnection, staged: set[str], rules: PeopleRules, *, rebuild: bool = False
) -> None:
    """Makes `told`, who the staged rows speak of as they were written, each once; and
    `people.emails` and `people.phones`, what their addresses and numbers are in one form."""
    _tell(con, staged, rules, rebuild=rebuild)
    write_addresses(con)
    write_phones(con)


def _tell(
    con: duckdb.DuckDBPyConnection, staged: set[str], rules: PeopleRules, *, rebuild: bool
) -> None:
    _write_countries(con, staged, rules, rebuild=rebuild)
    selects: list[str] = []
    for table in sorted(staged):
        names = columns_of(con, table)
        if not names & set(PERSON):
            continue
        cells = [f"s.{c}" if c in names else "NULL::VARCHAR" for c in PERSON]
        region, home = region_sql("s", names)
        name = f"nullif({_name_key('s.name')}, '')" if "name" in names else "NULL::VARCHAR"
        selects.append(
            f"SELECT {cells[0]} AS id, {cells[1]} AS raw_email, {cells[2]} AS raw_phone, "
            f"{region} AS region, {name} AS name FROM staging.{table} s{home}"
        )
    nobody = (
        "SELECT NULL::VARCHAR AS id, NULL::VARCHAR AS raw_email, NULL::VARCHAR AS raw_phone, "
        "'' AS region, NULL::VARCHAR AS name WHERE false"
    )
    union = " UNION ALL ".join(selects) or nobody
    con.execute(f"CREATE OR REPLACE TEMP TABLE told AS SELECT DISTINCT * FROM ({union})")


def _name_key(column: str) -> str:
    """SQL for a name less its case, width and the order of its words."""
    words = f"string_split_regex(lower(nfc_normalize({column})), '[\\s,.]+')"
    return f"trim(array_to_string(list_sort({words}), ' '))"


def _write_countries(
    con: duckdb.DuckDBPyConnection, staged: set[str], rules: PeopleRules, *, rebuild: bool
) -> None:
    """Makes `people.countries` (id, country) and `people.shop` (country): where customers live."""
    told: list[str] = []
    if "customers" in staged and {"customer_id", "country"} <= columns_of(con, "customers"):
        told.append("SELECT customer_id AS id, country, 1 AS age FROM staging.customers")
    if has_old(con, "customers", "country") and not rebuild:
        told.append(
            "SELECT l.value AS id, c.country, 2 AS age FROM old.main.customers c JOIN people.old_links l "
            "ON l.customer_key = c.customer_key AND l.kind = 'source_id'"
        )
    union = " UNION ALL ".join(told) or "SELECT '' AS id, '' AS country, 1 AS age WHERE false"
    con.execute(
        f"CREATE OR REPLACE TABLE people.countries AS SELECT id, arg_min(country, (age, country)) "
        f"AS country FROM ({union}) WHERE id IS NOT NULL AND country IS NOT NULL GROUP BY id"
    )
    con.execute(
        "CREATE OR REPLACE TABLE people.shop AS SELECT ?::VARCHAR AS country", [rules.country]
    )


def region_sql(alias: str, present: set[str]) -> tuple[str, str]:
    """SQL for the country a row's phone is read in, "" when it is not known; and its join.

    A country that the row tells in a form that is not understood is not replaced by a guess.
    """
    if "phone" not in present:
        return "''", ""
    home = ""
    told = f"{alias}.country"
    if "country" not in present:
        told = "NULL::VARCHAR"
        if "customer_id" in present:
            home = (
                f" LEFT JOIN people.countries {alias}_home ON {alias}_home.id = {alias}.customer_id"
            )
            told = f"{alias}_home.country"
    known = f"upper(trim(coalesce({told}, (SELECT country FROM people.shop))))"
    return f"CASE WHEN {known} IN ({_REGIONS}) THEN {known} ELSE '' END", home


def _find_shared(con: duckdb.DuckDBPyConnection, rules: PeopleRules, *, rebuild: bool) -> None:
    """Makes `people.shared` (kind, value, reason): addresses and numbers that lead to nobody.

    Those of more than three ids that are not one person already, or of more than three names.
    Files of a day each would otherwise join a marketplace's buyers one after the other. Once
    shared a value stays so: whether it joins people must not depend on how often it is told.
    A rebuild, which is told everything at once, judges by what it is told alone.
    """
    con.execute("""
        CREATE OR REPLACE TEMP TABLE known AS
        SELECT DISTINCT kind, value, id, name FROM (
            SELECT 'email' AS kind, email AS value, id, name FROM seen
            UNION ALL SELECT 'phone', phone, id, name FROM seen
            UNION ALL SELECT 'mailbox', mailbox, id, NULL FROM seen)
        WHERE value IS NOT NULL
    """)
    if not rebuild:
        _remember_tellers(con)
    # Hardly any value is told by two: what follows looks at those alone.
    con.execute("""
        CREATE OR REPLACE TEMP TABLE several AS SELECT k.* FROM known k SEMI JOIN (
            SELECT kind, value FROM known GROUP BY kind, value HAVING count(*) > 1
        ) USING (kind, value)
    """)
    own = own_domains(rules.own_domains)
    con.execute("CREATE OR REPLACE TEMP TABLE own AS SELECT unnest(?::VARCHAR[]) AS domain", [own])
    not_one = "count(DISTINCT o.customer_key) > 1 OR count(DISTINCT k.id) > count(DISTINCT o.value)"
    limit = (
        "CASE WHEN k.kind = 'email' AND regexp_extract(k.value, '@([^@]*)$', 1) IN "
        f"(SELECT domain FROM own) THEN 1 ELSE {SHARED_BY} END"
    )
    con.execute(f"""
        CREATE OR REPLACE TABLE people.shared AS
        SELECT kind, value, min(reason) AS reason FROM (
            SELECT k.kind, k.value, CASE WHEN count(DISTINCT k.id) > {SHARED_BY}
                   THEN 'ids' ELSE 'shop' END AS reason
            FROM several k LEFT JOIN people.old_links o ON o.kind = 'source_id' AND o.value = k.id
            GROUP BY k.kind, k.value HAVING count(DISTINCT k.id) > {limit}
            AND ({"true" if rebuild else not_one})
            UNION ALL
            SELECT kind, value, 'names' FROM (
                SELECT kind, value, coalesce(id, name) AS who, min(name) AS name FROM several
                WHERE name IS NOT NULL GROUP BY ALL)
            GROUP BY kind, value HAVING count(DISTINCT name) > {SHARED_BY}
            UNION ALL SELECT 'email', email, 'nobody' FROM people.emails WHERE state = 'nobody'
            UNION ALL SELECT kind, value, reason FROM people.old_shared)
        GROUP BY kind, value
    """)


def _remember_tellers(con: duckdb.DuckDBPyConnection) -> None:
    """Adds to `known` which ids and names had the same values in earlier batches."""
    names = ""
    if has_old(con, "identities", "name"):
        names = (
            f" UNION SELECT t.kind, t.value, NULL, nullif({_name_key('i.name')}, '') FROM before t "
            "JOIN old.main.identities i USING (customer_key) WHERE i.name IS NOT NULL"
        )
    con.execute(f"""
        INSERT INTO known WITH before AS (
            SELECT kind, value, customer_key FROM people.old_values
            UNION ALL SELECT 'mailbox', {mailbox_of("value")}, customer_key
            FROM people.old_values WHERE kind = 'email'
        )
        SELECT kind, value, id, name FROM (
            SELECT t.kind, t.value, l.value AS id, NULL::VARCHAR AS name FROM before t
            JOIN people.old_links l ON l.customer_key = t.customer_key AND l.kind = 'source_id'
            {names})
        SEMI JOIN (SELECT DISTINCT kind, value FROM known) USING (kind, value)
    """)


def _find_weak(con: duckdb.DuckDBPyConnection, rules: PeopleRules) -> None:
    """Makes `weak` (kind, value): traces that may lead to one person, and join no two.

    A look-alike address is somebody posing as another: neither it nor who told it is joined.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE weak (kind VARCHAR, value VARCHAR)")
    if rules.apart:
        con.executemany("INSERT INTO weak VALUES (?, ?)", [list(pair) for pair in rules.apart])
    con.execute("""
        INSERT INTO weak SELECT DISTINCT 'email', email FROM seen WHERE state = 'lookalike'
        UNION SELECT 'source_id', id FROM seen WHERE state = 'lookalike' AND id IS NOT NULL
    """)
    # What nobody but such an id has told leads to it alone, not on to others.
    con.execute("""
        INSERT INTO weak SELECT k.kind, k.value FROM known k
        SEMI JOIN weak i ON i.kind = 'source_id' AND i.value = k.id
        ANTI JOIN several n ON n.kind = k.kind AND n.value = k.value AND n.id <> k.id
        WHERE k.kind IN ('email', 'phone')
    """)


def _connect(con: duckdb.DuckDBPyConnection, rules: PeopleRules) -> None:
    """Makes `edges`, which traces are one person's, `aliases` among them, and `nodes`."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE same AS SELECT unnest(?::VARCHAR[]) AS id, "
        "unnest(?::VARCHAR[]) AS other",
        [[one for one, _ in rules.same], [other for _, other in rules.same]],
    )
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE aliases AS
        SELECT email, min(email) OVER (PARTITION BY mailbox) AS other FROM (
            SELECT email, mailbox FROM seen WHERE mailbox IS NOT NULL AND state = 'own'
            UNION SELECT l.value, l.mailbox FROM (
                SELECT value, {mailbox_of("value")} AS mailbox FROM people.old_links
                WHERE kind = 'email' AND rule IN ('email_exact', 'email_alias')) l
            SEMI JOIN seen ON seen.mailbox = l.mailbox)
        WHERE mailbox NOT IN (SELECT value FROM people.shared WHERE kind = 'mailbox')
        AND email NOT IN (SELECT value FROM people.shared WHERE kind = 'email')
        AND email NOT IN (SELECT value FROM weak WHERE kind = 'email')
        QUALIFY count(*) OVER (PARTITION BY mailbox) > 1
    """)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE traces AS
        SELECT DISTINCT t.id, t.kind, t.value FROM (
            SELECT id, 'email' AS kind, email AS value FROM seen
            UNION ALL SELECT id, 'phone', phone FROM seen) t
        ANTI JOIN people.shared USING (kind, value) WHERE t.value IS NOT NULL
    """)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE edges AS
        WITH ids AS (
            SELECT kind, value FROM several GROUP BY kind, value HAVING count(DISTINCT id) > 1)
        SELECT 'source_id' AS kind, t.id AS value, t.kind AS other_kind, t.value AS other
        FROM traces t LEFT JOIN ids n ON n.kind = t.kind AND n.value = t.value
        LEFT JOIN weak w ON w.kind = t.kind AND w.value = t.value
        LEFT JOIN weak i ON i.kind = 'source_id' AND i.value = t.id
        WHERE t.id IS NOT NULL AND (n.value IS NULL OR (w.value IS NULL AND i.value IS NULL))
        UNION ALL SELECT DISTINCT 'email', g.email, 'phone', g.phone FROM seen g
        SEMI JOIN traces t ON t.kind = 'email' AND t.value = g.email
        SEMI JOIN traces p ON p.kind = 'phone' AND p.value = g.phone
        ANTI JOIN weak w ON w.value IN (g.email, g.phone) WHERE g.id IS NULL
        UNION ALL SELECT 'email', email, 'email', other FROM aliases WHERE email <> other
        UNION ALL SELECT 'source_id', id, 'source_id', other FROM same
    """)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE nodes AS
        SELECT 'source_id' AS kind, id AS value FROM seen WHERE id IS NOT NULL
        UNION SELECT kind, value FROM traces
        UNION SELECT 'email', email FROM aliases
        UNION SELECT kind, value FROM people.old_links
              WHERE kind = 'source_id' AND value IN (SELECT id FROM same UNION SELECT other FROM same)
    """)


def _link(con: duckdb.DuckDBPyConnection, batch: int, *, rebuild: bool) -> None:
    """Makes `people.links` of the traces told now and, but in a rebuild, those told before."""
    told_before = """
        UNION ALL
        SELECT o.kind, o.value, coalesce(m.new_key, o.customer_key), o.first_key, o.rule, o.batch_id
        FROM people.old_links o ANTI JOIN labels l USING (kind, value)
        LEFT JOIN people.moved m ON m.old_key = o.customer_key
        ANTI JOIN people.shared s ON s.kind = o.kind AND s.value = o.value
    """
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE noted AS
        SELECT kind, value, min(rule) AS rule FROM (
            SELECT 'source_id' AS kind, unnest([id, other]) AS value, 'by_hand' AS rule FROM same
            UNION ALL SELECT 'email', email, 'email_alias' FROM aliases
                      WHERE email <> {mailbox_of("email")}
            UNION ALL SELECT 'email', email, 'email_' || state FROM people.emails
                      WHERE state IN ('relay', 'lookalike'))
        GROUP BY kind, value
    """)
    con.execute(f"""
        CREATE OR REPLACE TABLE people.links AS
        SELECT l.kind, l.value, k.key AS customer_key,
               CASE WHEN k.is_new THEN k.key ELSE coalesce(o.first_key, k.key) END AS first_key,
               CASE WHEN n.rule IS NOT NULL THEN n.rule
                    WHEN l.kind = 'phone' THEN 'phone'
                    WHEN l.kind = 'email' THEN coalesce(o.rule, 'email_exact')
                    WHEN regexp_full_match(lower(l.value), '{_PLATFORM}') THEN 'account_platform'
                    ELSE 'source_id' END AS rule,
               coalesce(o.batch_id, {batch}) AS batch_id
        FROM labels l JOIN people.keyed k USING (root)
        LEFT JOIN people.old_links o ON o.kind = l.kind AND o.value = l.value
        LEFT JOIN noted n ON n.kind = l.kind AND n.value = l.value
        {"" if rebuild else told_before}
    """)


def _write_keys(con: duckdb.DuckDBPyConnection) -> None:
    """Makes the tables that `person_sql` joins: from what rows say to the customer."""
    con.execute("""
        CREATE OR REPLACE TABLE people.id_keys AS
        SELECT value AS id, customer_key FROM people.links WHERE kind = 'source_id';
        CREATE OR REPLACE TABLE people.email_keys AS
        SELECT e.raw, l.customer_key FROM people.emails e
        JOIN people.links l ON l.kind = 'email' AND l.value = e.email;
        CREATE OR REPLACE TABLE people.phone_keys AS
        SELECT p.raw, p.region, l.customer_key FROM people.phones p
        JOIN people.links l ON l.kind = 'phone' AND l.value = p.phone
    """)


def person_sql(alias: str, present: set[str]) -> tuple[str, str]:
    """SQL for the customer key of a staged row with these columns, and the joins it needs.

    By the row's id, else by its e-mail, else by its phone.
    """
    keys: list[str] = []
    joins = ""
    if "customer_id" in present:
        keys.append(f"{alias}_id.customer_key")
        joins += f" LEFT JOIN people.id_keys {alias}_id ON {alias}_id.id = {alias}.customer_id"
    if "email" in present:
        keys.append(f"{alias}_mail.customer_key")
        joins += f" LEFT JOIN people.email_keys {alias}_mail ON {alias}_mail.raw = {alias}.email"
    if "phone" in present:
        region, home = region_sql(alias, present)
        keys.append(f"{alias}_phone.customer_key")
        joins += (
            f"{home} LEFT JOIN people.phone_keys {alias}_phone "
            f"ON {alias}_phone.raw = {alias}.phone AND {alias}_phone.region = {region}"
        )
    return (f"coalesce({', '.join(keys)})" if keys else "NULL::BIGINT"), joins


def columns_of(con: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    """The columns of a staged table."""
    return {row[0] for row in con.execute(f"DESCRIBE staging.{table}").fetchall()}
