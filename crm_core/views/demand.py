"""Demand by who and where: which customers are expected to buy, and what they will bring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from crm_core.errors import CrmError
from crm_core.metrics import hidden, is_guarded
from crm_core.metrics.part_codes import is_rest
from crm_core.models.demand import SEGMENTS
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.model_state import need_forecast

FIGURES = ("revenue", "buyers")


@dataclass(frozen=True)
class Demand:
    """`cells`: region, segment, customers, buyers, revenue (None where not to be told); `total` of
    buyers and revenue. No cells: no past day is far enough back to tell how segments buy."""

    as_of: date
    days: int
    cells: pd.DataFrame
    total: dict[str, float]


def demand(selection: Selection, *, store: Store, access: Access, days: int = 30) -> Demand:
    """Reads what the last refresh worked out, regions by revenue, segments in their order.

    Cells about very few customers are not told to who sees no single people.
    Raises: CrmError of the model when the shop has too little data, ("no_scores").
    """
    del selection
    need_forecast(store)
    if store.scores_as_of is None:
        raise CrmError("no_scores")
    table = store.table("forecast_demand")
    chosen = table.filter(table.horizon_days == days)
    cells = store.fetch(chosen.drop("horizon_days"))
    total = {name: float(cells[name].sum()) for name in FIGURES}
    if is_guarded(access) and len(cells):
        cells = _guarded(cells)
    by_region = cells.groupby("region")["revenue"].sum()
    order = sorted(by_region.index, key=lambda name: (is_rest(name), -by_region[name]))
    place = {name: number for number, name in enumerate(order)}
    ranked = cells.assign(
        at=cells["region"].map(place), then=[SEGMENTS.index(name) for name in cells["segment"]]
    ).sort_values(["at", "then"], ignore_index=True)
    return Demand(store.scores_as_of, days, ranked.drop(columns=["at", "then"]), total)


def _guarded(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells without what would tell of fewer than a handful of customers."""
    counts = cells.pivot_table(index="region", columns="segment", values="customers", aggfunc="sum")
    away = pd.DataFrame(
        hidden(counts.fillna(0.0).to_numpy(dtype=float)), counts.index, counts.columns
    )
    places = list(zip(cells["region"], cells["segment"], strict=True))
    covered = np.array([bool(s in away.columns and away.loc[r, s]) for r, s in places])
    names = ["customers", *FIGURES]
    return cells.assign(**{name: cells[name].astype(float).mask(covered) for name in names})
