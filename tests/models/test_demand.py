from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from crm_core.models.demand import SEGMENTS, Seen, demand, rough_of, shares, split


def seen(origin: date, active: float) -> Seen:
    """Ninety days after which active customers bought the rest of what the others did not."""
    days = [
        {"day": origin + timedelta(lead), "segment": segment, "net_revenue": value}
        for lead in range(1, 91)
        for segment, value in (("active", active), ("lapsed", 20.0), ("prospect", lead * 1.0))
    ]
    cells = [
        {
            "region": region,
            "segment": segment,
            "revenue_30": value,
            "revenue_90": 3 * value,
            "buyers_30": 10,
            "buyers_90": 25,
        }
        for region, times in (("North", 1.0), ("South", 2.0))
        for segment, value in (("active", 100 * times), ("lapsed", 20 * times), ("prospect", 10.0))
    ]
    people = [
        {"segment": "active", "customers": 100},
        {"segment": "lapsed", "customers": 400},
    ]
    return Seen(origin, *(pd.DataFrame(rows) for rows in (days, cells, people)))


PAST = [seen(date(2026, 7, 1), 100.0), seen(date(2026, 4, 1), 100.0)]


def test_shares_add_to_one_and_newcomers_gain_with_every_month() -> None:
    known = shares(PAST, "net_revenue")
    assert np.allclose(known.middle.sum(axis=0), 1.0)
    first, *_, last = known.middle[SEGMENTS.index("prospect")]
    assert first < 0.15 < 0.3 < last


def test_a_split_adds_up_to_the_whole_every_day() -> None:
    whole = np.linspace(500, 900, 90)
    parts = split(whole, shares(PAST, "net_revenue"))
    assert np.allclose(parts.sum(axis=0), whole)


def test_a_share_that_wandered_makes_a_wider_interval() -> None:
    whole = np.full(90, 0.1), np.full(90, 0.16)
    widths = []
    for other in (100.0, 160.0):
        known = shares([PAST[0], seen(date(2026, 4, 1), other)], "net_revenue")
        widths.append(rough_of(known, whole)[SEGMENTS.index("lapsed")][0][0])
    assert widths[0] == pytest.approx(0.1, abs=0.01)
    assert widths[1] > 0.3


def test_demand_by_region_and_segment_adds_up_to_what_is_expected() -> None:
    people = pd.DataFrame(
        [
            {"region": "North", "segment": "active", "customers": 30},
            {"region": "South", "segment": "active", "customers": 70},
            {"region": "South", "segment": "lapsed", "customers": 300},
        ]
    )
    by_region = pd.Series({"North": 400.0, "South": 600.01})
    by_segment = pd.Series({"active": 700.0, "lapsed": 200.0, "prospect": 100.01})
    new = pd.Series({"North": 3.0, "South": 4.5})
    told = demand(PAST, people, {30: (by_region, by_segment, new)})
    assert round(told["revenue"].sum(), 2) == 1_000.01
    assert told.groupby("region")["revenue"].sum().round(1).to_dict() == {
        "North": 400.0,
        "South": 600.0,
    }
    cells = told.set_index(["region", "segment"])
    # Forty of two hundred active customers bought within 30 days of the past days.
    assert cells.loc[("South", "active"), "buyers"] == pytest.approx(70 * 0.2)
    assert cells.loc[("South", "prospect"), "buyers"] == 4.5
