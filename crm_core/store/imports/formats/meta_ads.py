"""Meta Ads Manager: spend by day and campaign. The currency stands in the column's name.

Only reports broken down by day can be used; the row of totals has no campaign and is left out.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_CURRENCIES = (
    "USD", "EUR", "GBP", "CNY", "JPY", "CAD", "AUD", "CHF", "HKD", "TWD", "SGD", "SEK", "NOK",
    "DKK", "PLN", "CZK", "INR", "BRL", "MXN", "NZD", "ZAR", "KRW", "THB", "TRY", "ILS", "AED",
)  # fmt: skip
_USES = ("Campaign name", "Ad set name", "Ad name")


def _mapping(currency: str) -> Mapping:
    return Mapping(
        name="meta_ads",
        table="costs",
        date_order="ymd",
        decimal="dot",
        id_columns=("Day", *_USES),
        currency=currency,
        columns={"day": "Day", "amount": f"Amount spent ({currency})"},
        constants={"kind": "marketing", "source": "meta"},
    )


def _days(job: Job) -> str:
    """Rows of a campaign on a day; the total over all is not one of them."""
    del job
    return "select * from file_rows where nullif(trim(\"Day\"), '') is not null and coalesce(" + (
        ", ".join(f"nullif(trim(\"{each}\"), '')" for each in _USES) + ") is not null"
    )


FORMAT = Mapped(
    "meta_ads",
    57,
    tuple(
        Kind(
            f"spend_{currency.lower()}",
            ("Day", f"Amount spent ({currency})"),
            (Reading(_mapping(currency), _days, uses=_USES),),
        )
        for currency in _CURRENCIES
    ),
)
