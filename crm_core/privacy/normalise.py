"""What a person is reached by, in the one form each tool asks for; nothing is guessed.

Every function gives "" for what cannot be used. Sources of the rules: docs/guide/exports.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256

from crm_core.privacy.escape import one_line, would_run
from crm_core.store.phones import phone_number, region_code

_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_LOCAL = r"[^\s@\"(),:;<>\[\]\\.]+(?:\.[^\s@\"(),:;<>\[\]\\.]+)*"
_EMAIL = re.compile(rf"{_LOCAL}@(?:{_LABEL}\.)+(?:[^\W\d_]{{2,63}}|xn--[a-z0-9-]{{2,59}})")
_POSTAL = re.compile(r"[0-9A-Z](?:[0-9A-Z -]{0,8}[0-9A-Z])?")
_LONGEST_LOCAL, _LONGEST_EMAIL = 64, 254
_UNDOTTED = ("gmail.com", "googlemail.com")
_SAME_COUNTRY = {"UK": "GB", "EL": "GR"}
# A country code and, in a few countries, a digit that only calls from abroad have.
_DIGITS_BEFORE = 4
_SHORTEST_PHONE = 7
_NOT_DIGITS = re.compile(r"[^0-9]+")

_CONSENT_COUNTRIES = (
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE "
    "IS LI NO AX GF GP MF MQ RE YT GB CH"
)
#: Where Google asks for both its consents: the EEA with its outermost regions, the United
#: Kingdom and Switzerland.
CONSENT_COUNTRIES = frozenset(_CONSENT_COUNTRIES.split())


def email(text: str | None) -> str:
    """An address trimmed and in small letters.

    >>> email(" John_Smith@Gmail.com "), email("ann@example"), email("a..b@example.com")
    ('john_smith@gmail.com', '', '')
    """
    tidy = unicodedata.normalize("NFC", text or "").strip().lower()
    if not _EMAIL.fullmatch(tidy) or len(tidy) > _LONGEST_EMAIL:
        return ""
    return tidy if tidy.index("@") <= _LONGEST_LOCAL else ""


def email_undotted(text: str | None) -> str:
    """The same, for Gmail without the dots before the @: Google delivers both to one person.

    >>> email_undotted("Ann.Lee@gmail.com"), email_undotted("ann.lee@example.com")
    ('annlee@gmail.com', 'ann.lee@example.com')
    """
    local, at, domain = email(text).partition("@")
    return f"{local.replace('.', '')}{at}{domain}" if domain in _UNDOTTED else local + at + domain


def email_mailed(text: str | None) -> str:
    """The same as a mail tool takes it: one that a spreadsheet would run is none.

    >>> email_mailed("=cmd@example.com"), email_mailed("ann+tea@example.com")
    ('', 'ann+tea@example.com')
    """
    tidy = email(text)
    return "" if would_run(tidy) else tidy


def email_ascii(text: str | None) -> str:
    """The same, with nothing but ASCII before the @."""
    tidy = email_mailed(text)
    return tidy if tidy.partition("@")[0].isascii() else ""


def phone(raw: str | None, known: str | None, country: str | None, home: str | None) -> str:
    """A number in E.164, read in the customer's country, else in the shop's home country.

    `known`: the number as the import understood it, taken where it is the same number. A country
    told in a form that is not understood is not replaced by a guess.

    >>> phone("030 23125456", None, "DE", None), phone("030 23125456", None, None, None)
    ('+493023125456', '')
    """
    text = (raw or "").strip()
    if not text:
        return ""
    if known and _is_same(text, known):
        return known
    region = country_code(country) if (country or "").strip() else region_code(home)
    return _read(text, region or "")


def _is_same(text: str, known: str) -> bool:
    digits = _NOT_DIGITS.sub("", text.replace("(0)", "")).lstrip("0")
    longer = len(known) - len(digits)
    return len(digits) >= _SHORTEST_PHONE and longer <= _DIGITS_BEFORE and known.endswith(digits)


@lru_cache(maxsize=5_000)
def _read(text: str, region: str) -> str:
    # The library takes a hundred and fifty microseconds: a number is asked about once.
    number = phone_number(text, region) or ""
    return number if len(number) > _SHORTEST_PHONE else ""


def phone_fault(raw: str | None, country: str | None, home: str | None) -> str:
    """Why a number could not be read.

    >>> phone_fault("030 23125456", None, None), phone_fault("+49 1", "DE", None)
    ('phone_no_country', 'phone_invalid')
    """
    text = unicodedata.normalize("NFKC", raw or "").strip().lstrip("'")
    if not text:
        return "no_contact"
    region = country_code(country) if (country or "").strip() else region_code(home)
    return "phone_invalid" if region or text.startswith("+") else "phone_no_country"


def country_code(text: str | None) -> str:
    """A country as two capital letters, if it is written so; never guessed from a name.

    >>> country_code(" uk "), country_code("Germany")
    ('GB', '')
    """
    code = (text or "").strip().upper()
    return region_code(_SAME_COUNTRY.get(code, code)) or ""


def region_of(country: str | None) -> str:
    """Where a customer lives, as Google's rules divide the world: eea, elsewhere, unknown.

    >>> region_of("DE"), region_of("US"), region_of("Germany")
    ('eea', 'elsewhere', 'unknown')
    """
    code = country_code(country)
    if not code:
        return "unknown"
    return "eea" if code in CONSENT_COUNTRIES else "elsewhere"


def first_and_last(name: str | None) -> tuple[str, str]:
    """A name in two: none of both for a name of one word, which may be either.

    >>> first_and_last("Mary Ann Lee"), first_and_last("Lee, Mary"), first_and_last("王芳")
    (('Mary', 'Ann Lee'), ('Mary', 'Lee'), ('', ''))
    """
    text = " ".join(one_line(name or "").split())
    last, comma, first = text.partition(", ")
    if not comma:
        first, _, last = text.partition(" ")
    return (first, last) if first and last else ("", "")


def bare_name(text: str) -> str:
    """A name in small letters without punctuation.

    >>> bare_name("O'Brien-Smith"), bare_name(" Mary ")
    ('obriensmith', 'mary')
    """
    tidy = unicodedata.normalize("NFC", text).lower()
    if not tidy.isalnum():
        tidy = "".join(char for char in tidy if _is_word(char))
    return " ".join(tidy.split())


def _is_word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMNZ"


def bare_place(text: str) -> str:
    """A place in small letters without spaces and punctuation.

    >>> bare_place("Frankfurt (Main)")
    'frankfurtmain'
    """
    return bare_name(text).replace(" ", "")


def postal_code(text: str) -> str:
    """A postal code of letters, digits, blanks and hyphens in capital letters.

    >>> postal_code("sw1a 1aa"), postal_code("=1+1")
    ('SW1A 1AA', '')
    """
    tidy = unicodedata.normalize("NFKC", text).strip().upper()
    return tidy if _POSTAL.fullmatch(tidy) else ""


def bare_code(text: str) -> str:
    """A postal code in small letters without blanks and hyphens."""
    return postal_code(text).replace(" ", "").replace("-", "").lower()


def _lower(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().lower()


def _text(text: str) -> str:
    return one_line(text).strip()


def _digits(number: str) -> str:
    return number.removeprefix("+")


#: The forms of cells by the names that `platforms` uses. Phones come in E.164.
FORMS: Mapping[str, Callable[[str], str]] = {
    "text": _text,
    "lower": _lower,
    "upper": str.upper,
    "e164": str,
    "digits": _digits,
    "email": email,
    "email_undotted": email_undotted,
    "email_mailed": email_mailed,
    "email_ascii": email_ascii,
    "bare_name": bare_name,
    "bare_place": bare_place,
    "bare_code": bare_code,
    "postal_code": postal_code,
}


def hashed(text: str) -> str:
    """SHA-256 as ad tools take it, in hex; nothing stays nothing.

    >>> hashed("mary")[:8], hashed("")
    ('6915771b', '')
    """
    return sha256(text.encode()).hexdigest() if text else ""
