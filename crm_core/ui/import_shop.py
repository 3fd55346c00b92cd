"""What is asked once, with a shop's first file: its name, currency, time zone, and whether it began then."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

import streamlit as st

from crm_core.ui.session import current
from crm_core.ui.words import warning

# What most shops choose comes first; every other currency of ISO 4217 that money is paid in follows.
_OFTEN = ("EUR", "USD", "GBP", "CNY", "JPY", "CHF", "CAD", "AUD", "HKD", "TWD")
_CODES = [
    "AED",
    "AFN",
    "ALL",
    "AMD",
    "ANG",
    "AOA",
    "ARS",
    "AUD",
    "AWG",
    "AZN",
    "BAM",
    "BBD",
    "BDT",
    "BGN",
    "BHD",
    "BIF",
    "BMD",
    "BND",
    "BOB",
    "BRL",
    "BSD",
    "BTN",
    "BWP",
    "BYN",
    "BZD",
    "CAD",
    "CDF",
    "CHF",
    "CLP",
    "CNY",
    "COP",
    "CRC",
    "CUP",
    "CVE",
    "CZK",
    "DJF",
    "DKK",
    "DOP",
    "DZD",
    "EGP",
    "ERN",
    "ETB",
    "EUR",
    "FJD",
    "FKP",
    "GBP",
    "GEL",
    "GHS",
    "GIP",
    "GMD",
    "GNF",
    "GTQ",
    "GYD",
    "HKD",
    "HNL",
    "HTG",
    "HUF",
    "IDR",
    "ILS",
    "INR",
    "IQD",
    "IRR",
    "ISK",
    "JMD",
    "JOD",
    "JPY",
    "KES",
    "KGS",
    "KHR",
    "KMF",
    "KPW",
    "KRW",
    "KWD",
    "KYD",
    "KZT",
    "LAK",
    "LBP",
    "LKR",
    "LRD",
    "LSL",
    "LYD",
    "MAD",
    "MDL",
    "MGA",
    "MKD",
    "MMK",
    "MNT",
    "MOP",
    "MRU",
    "MUR",
    "MVR",
    "MWK",
    "MXN",
    "MYR",
    "MZN",
    "NAD",
    "NGN",
    "NIO",
    "NOK",
    "NPR",
    "NZD",
    "OMR",
    "PAB",
    "PEN",
    "PGK",
    "PHP",
    "PKR",
    "PLN",
    "PYG",
    "QAR",
    "RON",
    "RSD",
    "RUB",
    "RWF",
    "SAR",
    "SBD",
    "SCR",
    "SDG",
    "SEK",
    "SGD",
    "SHP",
    "SLE",
    "SOS",
    "SRD",
    "SSP",
    "STN",
    "SVC",
    "SYP",
    "SZL",
    "THB",
    "TJS",
    "TMT",
    "TND",
    "TOP",
    "TRY",
    "TTD",
    "TWD",
    "TZS",
    "UAH",
    "UGX",
    "USD",
    "UYU",
    "UZS",
    "VES",
    "VND",
    "VUV",
    "WST",
    "XAF",
    "XCD",
    "XCG",
    "XOF",
    "XPF",
    "YER",
    "ZAR",
    "ZMW",
    "ZWG",
]
_ZONES_OFTEN = ("UTC", "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles",
                "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Tokyo", "Australia/Sydney")  # fmt: skip
_PLACES = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian",
           "Pacific")  # fmt: skip


def currencies() -> tuple[str, ...]:
    """Every currency, the frequent ones first.

    >>> currencies()[0], "PLN" in currencies(), len(currencies()) == len(set(currencies()))
    ('EUR', True, True)
    """
    return tuple(dict.fromkeys((*_OFTEN, *_CODES)))


@cache
def zones() -> tuple[str, ...]:
    """Every time zone that a place names, the frequent ones first.

    >>> zones()[0], "America/Sao_Paulo" in zones(), "right/UTC" in zones()
    ('UTC', True, False)
    """
    named = sorted(zone for zone in available_timezones() if zone.split("/")[0] in _PLACES)
    return tuple(dict.fromkeys((*_ZONES_OFTEN, *named)))


def shop_facts(is_currency_told: bool) -> list[str]:
    """What is asked once, with a shop's first file."""
    session = current()
    one, two, three = st.columns(3)
    name = one.text_input(
        session.t("imports.shop_name"), max_chars=60, key="import_name", persist_state="page"
    )
    currency = two.selectbox(
        session.t("imports.currency"),
        (None, *currencies()),
        format_func=lambda code: code or session.t("imports.as_found"),
        key="import_currency",
        disabled=is_currency_told,
        persist_state="page",
    )
    zone = three.selectbox(
        session.t("imports.timezone"),
        (None, *zones()),
        format_func=lambda code: code or session.t("imports.as_found"),
        key="import_zone",
        persist_state="page",
    )
    starts = st.segmented_control(
        session.t("imports.starts"),
        ("as_found", "yes", "no"),
        default="as_found",
        required=True,
        format_func=lambda code: session.t(f"costs.starts.{code}"),
        help=session.t("costs.starts_about"),
        key="import_starts",
        persist_state="page",
    )
    said = [("--name", (name or "").strip()), ("--currency", currency), ("--timezone", zone)]
    flags = [f"{flag}={value}" for flag, value in said if value]
    if starts in ("yes", "no"):
        flags.append("--starts-with-shop" if starts == "yes" else "--no-starts-with-shop")
    if not currency and not is_currency_told:
        warning("imports.currency_unsaid")
    return flags
