"""The signs and words of money that stand beside a number, and the currencies each can mean."""

from __future__ import annotations

import re

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
