"""E-mail addresses in one form: which spellings are one address, and which lead to nobody.

By rule: outer blanks, case and Unicode composition (NFC) are how an address was typed, not which it
is; so is width where all of it is wide, with a wide `＠`, as a Chinese or Japanese keyboard types.
An internationalised domain is the same in its `xn--` form. Letters of another script, or wide ones
in a narrow address, that look like Latin ones make another address, always: it is flagged and joins
nobody.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb
import idna

# Addresses that a marketplace or mail service lends to one buyer; never the buyer's own.
_RELAYS = (
    r"(.+\.)?marketplace\.amazon\.[a-z.]+",
    r"members\.ebay\.[a-z.]+",
    r"relay\.walmart\.com",
    r"privaterelay\.appleid\.com",
    r"(.+\.)?fw\.rakuten\.ne\.jp",
    r"mozmail\.com",
    r"duck\.com",
)
_NOBODY = r"(no|do-?not|donot|never)[._-]?(reply|answer)|no-?e?-?mail|mailer-daemon|postmaster"
# Providers that deliver `ann+shop@` to `ann@`. For all others a plus is a letter like any other.
_PLUS_TAGS = (
    "gmail.com",
    "outlook.com",
    "outlook.de",
    "outlook.fr",
    "hotmail.com",
    "hotmail.co.uk",
    "hotmail.de",
    "hotmail.fr",
    "live.com",
    "msn.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "proton.me",
    "protonmail.com",
    "pm.me",
    "fastmail.com",
    "fastmail.fm",
    "posteo.de",
    "mailbox.org",
)
_ONE_PROVIDER = {"googlemail.com": "gmail.com"}
_NO_DOTS = "gmail.com"

_WIDE = "".join(chr(place) for place in range(0xFF01, 0xFF5F)) + "。｡"
_NARROW = "".join(chr(place) for place in range(0x21, 0x7F)) + ".."
_WIDE_LETTER = re.compile("[\uff01-\uff5e]")
_OUTER = r"[\s\x{00a0}\x{00ad}\x{200b}-\x{200f}\x{2060}\x{3000}\x{feff}]+"
_VALID = r"[^@\s]+@[^@\s]+\.[^@\s]+"
_FOREIGN = r"[\p{Cyrillic}\p{Greek}\p{Armenian}\p{Cherokee}]"
_HIDDEN = r"[\p{Cf}\x{ff01}-\x{ff5e}]"  # signs nobody sees, and wide letters
# Small letters of other scripts, and of Latin's fringe, that pass for those of the line below.
_LOOKALIKES = (
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0455\u0458\u0501\u04bb\u051b\u051d\u0475"
    "\u04cf\u043a\u0433\u043f\u044c\u0442\u0457\u0451\u0454\u03bf\u03b1\u03bd\u03c1\u03b9\u03ba"
    "\u03c5\u03c7\u03b3\u03c4\u03b5\u03b7\u03c9\u03c3\u03bc\u03c2\u03f2\u03f3\u0585\u0578\u057d"
    "\u0570\u0581\u0566\u0131\u0251\u0261\u217c\u217d\u217e\u2170"
)
_LATIN = "aeopcxyisjdhqwvlkrnbtieeoavpikuxytenwouccjonuhgqiaglcdi"


def write_addresses(con: duckdb.DuckDBPyConnection) -> None:
    """Makes `people.emails` (raw, email, mailbox, state) of the e-mails in `told`.

    `mailbox` is the address less what its provider does not look at (plus-tag, dots). `state` is
    "own" for a usual address, "relay", "nobody" (no-reply) or "lookalike".
    """
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE typed AS
        SELECT raw, email[:length(email) - length(domain) - 1] AS local, domain FROM (
            SELECT raw, email, regexp_extract(email, '@([^@]*)$', 1) AS domain FROM (
                SELECT raw, {_clean("raw")} AS email
                FROM (SELECT DISTINCT raw_email AS raw FROM told WHERE raw_email IS NOT NULL))
            WHERE regexp_full_match(email, '{_VALID}'))
    """)
    _write_domains(con)
    plus = ", ".join(f"'{domain}'" for domain in (*_PLUS_TAGS, *_ONE_PROVIDER))
    same = " ".join(f"WHEN '{one}' THEN '{other}'" for one, other in _ONE_PROVIDER.items())
    con.execute(f"""
        CREATE OR REPLACE TABLE people.emails AS
        SELECT raw, local || '@' || domain AS email, {_mailbox("local", "domain", plus, same)}
               AS mailbox, CASE
                 WHEN regexp_full_match(local, '{_NOBODY}') THEN 'nobody'
                 WHEN {_is_mixed()} THEN 'lookalike'
                 WHEN {is_relay("domain")} THEN 'relay'
                 ELSE 'own' END AS state
        FROM (SELECT t.raw, t.local, coalesce(d.name, t.domain) AS domain
              FROM typed t LEFT JOIN domains d USING (domain))
    """)
    _flag_twins(con)


def mailbox_of(column: str) -> str:
    """SQL for the mailbox of a clean address: what its provider delivers it to."""
    plus = ", ".join(f"'{domain}'" for domain in (*_PLUS_TAGS, *_ONE_PROVIDER))
    same = " ".join(f"WHEN '{one}' THEN '{other}'" for one, other in _ONE_PROVIDER.items())
    local = f"regexp_extract({column}, '^(.*)@', 1)"
    return _mailbox(local, f"regexp_extract({column}, '@([^@]*)$', 1)", plus, same)


def is_relay(domain: str) -> str:
    """SQL: whether a domain lends addresses to buyers."""
    return f"regexp_full_match({domain}, '{'|'.join(_RELAYS)}')"


def clean_address(column: str) -> str:
    """SQL for an address in its one form, less the name of a foreign domain."""
    return _clean(column)


def _clean(column: str) -> str:
    outer = f"regexp_replace({column}, '^{_OUTER}|{_OUTER}$', '', 'g')"
    narrow = f"translate({outer}, '{_sql(_WIDE)}', '{_sql(_NARROW)}')"
    return (
        f"lower(nfc_normalize(CASE WHEN contains({column}, '＠') THEN {narrow} ELSE {outer} END))"
    )


def _mailbox(local: str, domain: str, plus: str, same: str) -> str:
    provider = f"CASE {domain} {same} ELSE {domain} END"
    plain = f"split_part({local}, '+', 1)"
    return (
        f"CASE WHEN {domain} IN ({plus}) AND {plain} <> '' THEN "
        f"CASE WHEN {provider} = '{_NO_DOTS}' THEN replace({plain}, '.', '') ELSE {plain} END "
        f"|| '@' || {provider} ELSE {local} || '@' || {domain} END"
    )


def _is_mixed() -> str:
    """SQL: whether one word of the address has letters of two scripts, wide ones or hidden signs."""
    words = "list_append(string_split(domain, '.'), local)"
    two = f"regexp_matches(word, '[a-z]') AND regexp_matches(word, '{_FOREIGN}')"
    return (
        f"regexp_matches(local || domain, '{_FOREIGN}|{_HIDDEN}') AND ("
        f"regexp_matches(local || domain, '{_HIDDEN}') OR "
        f"len(list_filter({words}, lambda word: {two})) > 0)"
    )


def _flag_twins(con: duckdb.DuckDBPyConnection) -> None:
    """An address wholly of another script is a look-alike where its Latin twin is known, too."""
    skeleton = f"translate(email, '{_LOOKALIKES}', '{_LATIN}')"
    con.execute(f"""
        UPDATE people.emails SET state = 'lookalike' WHERE email IN (
            SELECT f.email FROM (
                SELECT email, {skeleton} AS twin FROM people.emails
                WHERE regexp_matches(email, '[^\\x00-\\x7f]')) f
            WHERE f.twin <> f.email AND (
                f.twin IN (SELECT email FROM people.emails)
                OR f.twin IN (SELECT value FROM people.old_links WHERE kind = 'email')))
    """)


def _write_domains(con: duckdb.DuckDBPyConnection) -> None:
    """Makes `domains` (domain, name) of the few that are not plain letters already."""
    rows = con.execute("""
        SELECT DISTINCT domain FROM typed
        WHERE regexp_matches(domain, '[^a-z0-9.-]|xn--')
    """).fetchall()
    con.execute("CREATE OR REPLACE TEMP TABLE domains (domain VARCHAR, name VARCHAR)")
    named = [(domain, domain_name(domain)) for (domain,) in rows]
    if named:
        con.executemany("INSERT INTO domains VALUES (?, ?)", named)


def domain_name(domain: str) -> str:
    """An internationalised domain in its own letters, however it was written.

    >>> domain_name("xn--bcher-kva.example"), domain_name("bücher.example")
    ('bücher.example', 'bücher.example')
    """
    if _WIDE_LETTER.search(domain):
        return domain  # a look-alike stays what it is
    try:
        return idna.decode(idna.encode(domain, uts46=True))
    except (idna.IDNAError, UnicodeError):
        return domain


def spellings(email: str) -> tuple[str, ...]:
    """An address in small letters, and others that its provider delivers to the same mailbox.

    >>> spellings("ann+shop@shop.example"), spellings("ann+shop@me.com")
    (('ann+shop@shop.example',), ('ann+shop@me.com', 'ann@me.com'))
    """
    local, _, domain = email.rpartition("@")
    domain = domain_name(domain)
    found = [f"{local}@{domain}"]
    if domain in (*_PLUS_TAGS, *_ONE_PROVIDER):
        plain = local.partition("+")[0] or local
        same = {
            domain,
            *[name for pair in _ONE_PROVIDER.items() if domain in pair for name in pair],
        }
        dotless = [plain.replace(".", "")] if _NO_DOTS in same else []
        found += [f"{box}@{name}" for name in sorted(same) for box in (plain, *dotless)]
    return tuple(dict.fromkeys(found))


def own_domains(domains: Sequence[str]) -> list[str]:
    """The shop's domains as addresses have them."""
    return [domain_name(domain.strip().lower().lstrip("@")) for domain in domains]


def _sql(text: str) -> str:
    return text.replace("'", "''")
