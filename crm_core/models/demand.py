"""Who will buy and where: shares of what is expected, by where customers stand and live today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_core.metrics.part_codes import UNKNOWN
from crm_core.models.lifecycle import PROSPECT, STAGES
from crm_core.models.reconcile import fitted_table
from crm_core.models.student import t_quantile

Series = NDArray[np.floating[Any]]

HORIZONS: Final = (30, 90)
SPAN: Final = 90
METHOD: Final = "stage_shares"
SEGMENTS: Final = (*STAGES, UNKNOWN)
COLUMNS: Final = ("region", "segment", "horizon_days", "customers", "buyers", "revenue")
_BLOCK = 30
_UNTESTED = {0.8: 1.0, 0.95: 2.0}


@dataclass(frozen=True)
class Seen:
    """What followed a past day. `days`: day, segment and measures; `cells`: region, segment, and
    revenue and buyers of 30 and 90 days; `people`: customers of each segment on that day."""

    origin: date
    days: pd.DataFrame
    cells: pd.DataFrame
    people: pd.DataFrame


@dataclass(frozen=True)
class Shares:
    """The share of each of SEGMENTS in a measure, by past day (the first axis) and by how many
    blocks of 30 days it lies ahead (the last)."""

    by_origin: Series

    @property
    def middle(self) -> Series:
        """Over all past days alike: a row a segment, a column a block."""
        return self.by_origin.mean(axis=0)

    def error(self) -> Series:
        """How far the share of a segment in all 90 days was from the mean of the other past days,
        as a part of that mean; nothing is known of one past day."""
        whole = self.by_origin.mean(axis=2)
        if len(whole) < 2:
            return np.full(whole.shape[1], np.nan)
        others = (whole.sum(axis=0) - whole) / (len(whole) - 1)
        missed = np.abs(whole - others).mean(axis=0)
        mean = whole.mean(axis=0)
        return np.divide(missed, mean, out=np.full_like(mean, np.nan), where=mean > 0)


def shares(seen: Sequence[Seen], measure: str) -> Shares:
    """How a measure fell to segments after each past day. Refunds cannot make a share negative."""
    found = np.zeros((len(seen), len(SEGMENTS), SPAN // _BLOCK))
    for place, past in enumerate(seen):
        days = past.days
        lead = (pd.to_datetime(days["day"]) - pd.Timestamp(past.origin)).dt.days - 1
        sums = days.groupby([days["segment"], lead // _BLOCK])[measure].sum()
        for (segment, block), value in sums.items():  # pyright: ignore[reportGeneralTypeIssues]
            found[place, SEGMENTS.index(str(segment)), int(block)] = max(float(value), 0.0)
    whole = found.sum(axis=1, keepdims=True)
    even = np.full_like(found, 1.0 / len(SEGMENTS))
    return Shares(np.where(whole > 0, found / np.where(whole > 0, whole, 1.0), even))


def split(whole: Series, known: Shares) -> Series:
    """What is expected of everything, a row a segment: shares go over from one block's middle to the
    next's."""
    blocks = known.middle
    middles = _BLOCK / 2 + _BLOCK * np.arange(blocks.shape[1])
    leads = np.arange(len(whole)) + 0.5
    return np.array([np.interp(leads, middles, row) for row in blocks]) * whole


def rough_of(known: Shares, whole: tuple[Series, Series]) -> list[tuple[Series, Series]]:
    """Half the width of each segment's two intervals as a share of what is said: the whole's, and how
    much the share itself wandered from one past day to another."""
    past = len(known.by_origin)
    found: list[tuple[Series, Series]] = []
    for wander in known.error():
        told: list[Series] = []
        for level, of_whole in zip(_UNTESTED, whole, strict=True):
            wide = _UNTESTED[level]
            if past > 1 and wander == wander:
                wide = min(t_quantile(0.5 + level / 2, past - 1) * float(wander), wide)
            told.append(np.sqrt(of_whole**2 + wide**2))
        found.append((told[0], told[1]))
    return found


def demand(
    seen: Sequence[Seen],
    people: pd.DataFrame,
    ahead: Mapping[int, tuple[pd.Series, pd.Series, pd.Series]],
) -> pd.DataFrame:
    """Customers, how many of them are expected to buy, and the revenue expected, by region and
    segment, for 30 and for 90 days (COLUMNS).

    `people` are today's customers (region, segment, customers). `ahead` has for each horizon what is
    expected by region (revenue), by segment (revenue) and by region of new buyers. Revenue starts
    from what each cell had after past days and is fitted to both margins, so that it adds up to the
    total to the cent. Who buys: as many of a segment as bought after past days; new buyers as
    forecast.
    """
    counted = people.set_index(["region", "segment"])["customers"]
    rows: list[dict[str, Any]] = []
    for days, (by_region, by_segment, new) in ahead.items():
        regions, segments = list(by_region.index), list(by_segment.index)
        seed = _seed(seen, f"revenue_{days}", regions, segments)
        revenue = fitted_table(
            seed, by_region.to_numpy(dtype=float), by_segment.to_numpy(dtype=float)
        )
        rates = _rates(seen, f"buyers_{days}")
        for place, region in enumerate(regions):
            for other, segment in enumerate(segments):
                have = float(counted.get((region, segment), 0.0))  # pyright: ignore[reportArgumentType]
                buyers = have * rates.get(segment, 0.0)
                if segment == PROSPECT:
                    buyers = float(new.get(region, 0.0))
                rows.append(
                    {
                        "region": region,
                        "segment": segment,
                        "horizon_days": days,
                        "customers": None if segment == UNKNOWN else int(have),
                        "buyers": None if segment == UNKNOWN else round(buyers, 2),
                        "revenue": float(revenue[place, other]),
                    }
                )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _seed(
    seen: Sequence[Seen], column: str, regions: Sequence[str], segments: Sequence[str]
) -> Series:
    """What cells had after past days, with a trace in each so that margins can always be met."""
    cells = pd.concat([past.cells for past in seen])
    sums = cells.groupby(["region", "segment"])[column].sum().clip(lower=0.0)
    table = (
        sums.unstack("segment")
        .reindex(index=list(regions), columns=list(segments))
        .fillna(0.0)
        .to_numpy()
    )
    trace = max(float(table.sum()), 1.0) * 1e-9
    return table + trace


def _rates(seen: Sequence[Seen], column: str) -> dict[str, float]:
    """The share of each segment's customers who bought, over all past days together."""
    bought = pd.concat([past.cells for past in seen]).groupby("segment")[column].sum()
    were = pd.concat([past.people for past in seen]).groupby("segment")["customers"].sum()
    return {
        str(segment): min(float(bought.get(segment, 0.0)) / float(count), 1.0)
        for segment, count in were.items()
        if count > 0
    }
