"""Telephone numbers in one form (E.164), so that the same number is the same however written.

`phonenumbers` decides. Most numbers of a file are plain: for those the engine applies the same
patterns to all at once; the rest is asked about one by one, each different number once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import phonenumbers
import pyarrow as pa
from phonenumbers import PhoneMetadata, PhoneNumberType

_PERSONAL = (
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.UNKNOWN,
)
_OTHER_KINDS = (
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "voip",
    "pager",
    "uan",
    "voicemail",
)
_SIGNS = r"[\s().\-/''\x{00a0}\x{2010}-\x{2015}\x{202a}-\x{202e}]"
_REPEATED = re.compile(r"(\d)\1{5}$")


def write_phones(con: duckdb.DuckDBPyConnection) -> None:
    """Makes `people.phones` (raw, region, phone) of the numbers in `told`.

    `region` is the country that a national number is read in; without one ("") only numbers with
    their country code are understood. What is no mobile or fixed line is left out, and so is a
    number that ends in six equal digits: that is a stop-gap.
    """
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE typed AS
        SELECT raw, region, regexp_replace(raw, '{_SIGNS}', '', 'g') AS digits
        FROM (SELECT DISTINCT raw_phone AS raw, region FROM told WHERE raw_phone IS NOT NULL)
    """)
    con.execute(
        "CREATE OR REPLACE TABLE people.phones (raw VARCHAR, region VARCHAR, phone VARCHAR)"
    )
    for code in _codes(con):
        _read_plain(con, code, "left(digits, 1) = '+'", f"substr(digits, {len(str(code)) + 2})")
    for (region,) in con.execute("SELECT DISTINCT region FROM typed WHERE region <> ''").fetchall():
        code = phonenumbers.country_code_for_region(region)
        metadata = _metadata(region)
        prefix = metadata.national_prefix if metadata else None
        where = f"region = '{region}' AND digits NOT LIKE '+%' AND digits NOT LIKE '{code}%'"
        if code:
            _read_plain(con, code, where, "digits", region=region)
        if prefix == "0":
            where = f"region = '{region}' AND left(digits, 1) = '0' AND left(digits, 2) <> '00'"
            _read_plain(con, code, where, "substr(digits, 2)", region=region)
    _read_rest(con)


def _codes(con: duckdb.DuckDBPyConnection) -> list[int]:
    """Country codes that numbers begin with."""
    rows = con.execute("SELECT DISTINCT digits[2:4] FROM typed WHERE left(digits, 1) = '+'")
    known = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    starts = [start[:size] for (start,) in rows.fetchall() for size in (1, 2, 3)]
    return sorted({int(start) for start in starts if start.isdecimal() and int(start) in known})


def _read_plain(
    con: duckdb.DuckDBPyConnection, code: int, where: str, national: str, *, region: str = ""
) -> None:
    """Numbers of one country that can only be read one way: its own patterns say so."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
    main = _metadata(region or regions[0])
    if not main or (region and region != regions[0]) or "001" in regions:
        return
    begins = f" AND digits LIKE '+{code}%'" if not region else ""
    own = _pattern(main.mobile, main.fixed_line)
    metadata = [found for found in map(_metadata, regions) if found]
    other = _pattern(*[getattr(found, kind) for found in metadata for kind in _OTHER_KINDS])
    stripped = main.national_prefix_for_parsing
    odd = f" AND NOT regexp_matches({national}, '^(?:{stripped})')" if stripped else ""
    con.execute(f"""
        INSERT INTO people.phones SELECT raw, region, '+{code}' || {national} FROM typed
        ANTI JOIN people.phones USING (raw, region)
        WHERE {where}{begins}{odd} AND regexp_full_match({national}, '{own}')
        AND NOT regexp_full_match({national}, '{other}')
        AND {" AND ".join(f"right({national}, 6) <> '{str(n) * 6}'" for n in range(10))}
    """)


def _metadata(region: str) -> PhoneMetadata | None:
    return PhoneMetadata.metadata_for_region(region, None)


def _pattern(*kinds: phonenumbers.PhoneNumberDesc | None) -> str:
    patterns = {kind.national_number_pattern for kind in kinds if kind is not None}
    return "|".join(sorted(f"(?:{pattern})" for pattern in patterns if pattern)) or "(?:x)"


def _read_rest(con: duckdb.DuckDBPyConnection) -> None:
    """Asks about each different number that is left."""
    rest = con.execute("SELECT raw, region FROM typed ANTI JOIN people.phones USING (raw, region)")
    columns = list(zip(*_understood(rest.fetchall()), strict=True)) or [[], [], []]
    text = [pa.array(column, pa.string()) for column in columns]
    con.register("incoming_phones", pa.table(text, names=["raw", "region", "phone"]))
    con.execute("INSERT INTO people.phones SELECT * FROM incoming_phones")
    con.unregister("incoming_phones")


def _understood(rows: list[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    for raw, region in rows:
        phone = phone_number(raw, region)
        if phone is not None:
            yield raw, region, phone


def phone_number(raw: str, region: str = "") -> str | None:
    """A number in E.164; None for what is no mobile or fixed line, or not known in which country.

    >>> phone_number("030 23125 456", "DE"), phone_number("+49 (0)30 23125 456")
    ('+493023125456', '+493023125456')
    >>> phone_number("030 23125 456"), phone_number("0800 123 4567", "DE")
    (None, None)
    """
    try:
        number = phonenumbers.parse(raw.strip().lstrip("'"), region or None)
    except phonenumbers.NumberParseException:
        return None
    # An extension is a desk behind a switchboard: the number alone is everybody's there.
    if number.extension or phonenumbers.number_type(number) not in _PERSONAL:
        return None
    kinds = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
    if not any(phonenumbers.is_possible_number_for_type(number, kind) for kind in kinds):
        return None
    phone = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None if _REPEATED.search(phone) else phone


def is_same_number(typed: str, known: str) -> bool:
    """Whether a number as somebody types it is this one (in E.164), wherever they are.

    >>> is_same_number("0049 (0)30 23125-456", "+493023125456"), is_same_number("23125456", "+493023125456")
    (True, False)
    >>> is_same_number("030 23125 456", "+493023125456"), is_same_number("138 0013 8000", "+8613800138000")
    (True, True)
    """
    try:
        there = phonenumbers.parse(known, None)
    except phonenumbers.NumberParseException:
        return False
    region = phonenumbers.region_code_for_number(there)
    # Some type "49 30 …", a country code without its plus.
    return any(
        phone_number(text, region or "") == known for text in (typed, f"+{typed.lstrip('+0 ')}")
    )


def region_code(text: str | None) -> str | None:
    """A country as two letters, if that is what it is written as."""
    code = (text or "").strip().upper()
    return code if code in phonenumbers.SUPPORTED_REGIONS else None
