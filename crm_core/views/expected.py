"""What the forecast expects of the days ahead, as one sum."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from crm_core.store import Store

#: Of how many days ahead sums are told.
AHEAD = (7, 30)


@dataclass(frozen=True)
class Expected:
    """Net revenue expected of the next `days` days together, and what 80 of 100 such sums keep to."""

    days: int
    value: float
    low: float
    high: float


def expected(store: Store) -> tuple[Expected, ...]:
    """Sums of the days after the scores' day, as the forecast has them; none before there is one."""
    as_of = store.scores_as_of
    if as_of is None or not store.has("forecast_periods"):
        return ()
    table = store.table("forecast_periods")
    mine = table.filter(
        (table.measure == "net_revenue") & (table.dimension == "total") & (table.grain == "to_date")
    )
    ends = {as_of + timedelta(days): days for days in AHEAD}
    rows = store.fetch(mine.filter(mine.ends_on.isin(list(ends))).order_by("ends_on"))
    return tuple(
        Expected(ends[row["ends_on"].date()], row["value"], row["low_80"], row["high_80"])
        for row in rows.to_dict("records")
    )
