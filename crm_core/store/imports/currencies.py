"""The signs and words of money that stand beside a number, and the currencies each can mean."""

from __future__ import annotations

import re

from crm_core.store.imports.staging import quote

# A sign of several currencies says only which it is not.
SIGNS: dict[str, tuple[str, ...]] = {
    "$": ("USD", "CAD", "AUD", "NZD", "HKD", "TWD", "SGD", "MXN", "ARS", "CLP", "COP"),
    "¥": ("JPY", "CNY"), "￥": ("JPY", "CNY"), "元": ("CNY", "TWD", "HKD"), "rmb": ("CNY",),
    "cn¥": ("CNY",), "jp¥": ("JPY",), "€": ("EUR",), "euro": ("EUR",), "euros": ("EUR",),
    "£": ("GBP",), "us$": ("USD",), "r$": ("BRL",), "a$": ("AUD",), "au$": ("AUD",),
    "c$": ("CAD",), "ca$": ("CAD",), "hk$": ("HKD",), "nt$": ("TWD",), "s$": ("SGD",),
    "nz$": ("NZD",), "mx$": ("MXN",), "₹": ("INR",), "rs": ("INR", "PKR", "LKR", "NPR", "MUR"),
    "rs.": ("INR", "PKR", "LKR", "NPR", "MUR"), "kr": ("SEK", "NOK", "DKK", "ISK"),
    "kr.": ("SEK", "NOK", "DKK", "ISK"), "zł": ("PLN",), "kč": ("CZK",), "ft": ("HUF",),
    "lei": ("RON",), "rm": ("MYR",), "fr.": ("CHF",), "sfr.": ("CHF",), "₩": ("KRW",),
    "₺": ("TRY",), "₽": ("RUB",), "₪": ("ILS",), "฿": ("THB",), "₫": ("VND",), "₴": ("UAH",),
    "₱": ("PHP",),
}  # fmt: skip
CODES = (
    "USD", "EUR", "GBP", "CNY", "JPY", "CHF", "CAD", "AUD", "NZD", "HKD", "TWD", "SGD", "KRW",
    "INR", "SEK", "NOK", "DKK", "ISK", "PLN", "CZK", "HUF", "RON", "BGN", "TRY", "ILS", "AED",
    "SAR", "ZAR", "BRL", "MXN", "ARS", "CLP", "COP", "PEN", "THB", "MYR", "IDR", "PHP", "VND",
    "UAH", "RUB", "PKR", "LKR", "NPR", "MUR",
)  # fmt: skip
# Longest first, or `kr` would leave the point of `kr.`; as a pattern of Python's and of the engine's.
WORDS = "(?i:" + "|".join(map(re.escape, sorted(SIGNS, key=len, reverse=True))) + ")"
_BESIDE = f"^[^\\d\\pL\\p{{Sc}}]*({WORDS}|\\p{{Sc}}|[A-Z]{{3}})|({WORDS}|\\p{{Sc}}|[A-Z]{{3}})[^\\d\\pL]*$"
_ROUND_IT = quote(" ()+-.\u00a0\u202f")


def told_beside(text: str, currency: str | None) -> str:
    """SQL for the currency that an amount names, else NULL.

    A sign of several currencies is the shop's own where that one uses it. Where it does not, the
    sign itself is told; while the shop's currency is unknown, nobody knows which it is.
    """
    sign = f"trim(lower(regexp_extract({text}, {quote(_BESIDE)})), {_ROUND_IT})"
    known: dict[str, str] = {}
    for each, codes in SIGNS.items():
        theirs = currency if currency in codes else each
        code = codes[0] if len(codes) == 1 else currency and theirs
        if code:
            known[each.rstrip(".")] = code
    told = ", ".join(f"{quote(each)}: {quote(code)}" for each, code in known.items())
    code = f"case when regexp_full_match({sign}, '[a-z]{{3}}') then upper({sign}) end"
    return f"coalesce(map {{{told}}}[{sign}], {code})"
