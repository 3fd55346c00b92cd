"""Google Ads: cost by day and campaign, from a report with the columns Day and Cost.

The two title lines above the header and the total rows ("Total: Account") are left out; amounts
carry thousands marks.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_USES = ("Campaign", "Ad group", "Currency code")
_COSTS = Mapping(
    name="google_ads",
    table="costs",
    id_columns=("Day", "Campaign", "Ad group"),
    columns={"day": "Day", "amount": "Cost"},
    constants={"kind": "marketing", "source": "google"},
)


def _days(job: Job) -> str:
    del job
    return """
        select * from file_rows
        where nullif(trim("Day"), '') is not null and lower("Day") not like 'total%'
          and lower(coalesce("Campaign", '')) not like 'total%'
    """


FORMAT = Mapped(
    "google_ads",
    58,
    (Kind("costs", ("Day", "Cost", "Currency code"), (Reading(_COSTS, _days, uses=_USES),)),),
)
