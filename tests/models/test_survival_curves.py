from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crm_core.models.survival_curves import survival_rows
from tests.models.histories import AS_OF, Log, shop, simulate


def rows(log: Log, folder: Path) -> pd.DataFrame:
    with shop(folder, customer_days=log.table()) as opened:
        return pd.DataFrame(survival_rows(opened, AS_OF))


def log_of(days: dict[int, list[int]]) -> Log:
    """Customers with their purchase days, counted back from the last day."""
    pairs = [(who, AS_OF - timedelta(back)) for who, backs in days.items() for back in backs]
    who, when = zip(*pairs, strict=True)
    return Log(np.array(who), np.array(when, "datetime64[D]"), np.full(len(who), 1_000))


def test_after_the_first_order_half_came_back_within_ten_days(tmp_path: Path) -> None:
    """Forty came 100 days ago; twenty of them again ten days later, the others never."""
    days = {who: [100, 90] if who < 20 else [100] for who in range(40)}
    found = rows(log_of(days), tmp_path)
    first = found[(found["grouping"] == "order") & (found["code"] == "first")].set_index("days")
    assert first.loc[0, "share"] == 1.0
    assert first.loc[0, "at_risk"] == 40
    assert first.loc[first.index < 10, "share"].eq(1.0).all()
    assert first.loc[first.index >= 10, "share"].eq(0.5).all()
    assert first.loc[10, "low"] < 0.5 < first.loc[10, "high"]
    assert first.loc[100, "at_risk"] == 20
    second = found[(found["grouping"] == "order") & (found["code"] == "second")]
    assert second["share"].eq(1.0).all()


def test_stages_are_those_of_the_day_the_watch_began(tmp_path: Path) -> None:
    """Else a stage that is called lapsed because nobody ordered would prove itself."""
    log = simulate(900, seed=4, days=700)
    found = rows(log, tmp_path)
    curves = found[found["grouping"] == "stage"]
    origin = curves["origin"].iloc[0]
    assert origin == AS_OF - timedelta(349)
    known = len(np.unique(log.until(origin).customer))
    assert curves[curves["days"] == 0]["at_risk"].sum() == pytest.approx(known, abs=60)
    ends = curves.groupby("code")["share"].last()
    assert ends["active"] < ends["lapsed"]
    assert curves["share"].between(curves["low"], curves["high"]).all()


@pytest.mark.parametrize("days", [{1: [0]}, {1: [30, 10]}, {who: [0] for who in range(50)}])
def test_shops_of_a_day_or_a_customer_have_no_false_curves(
    days: dict[int, list[int]], tmp_path: Path
) -> None:
    with shop(tmp_path, customer_days=log_of(days).table()) as opened:
        found = survival_rows(opened, AS_OF)
    assert all(row["grouping"] == "order" and row["share"] == 1.0 for row in found)
    assert not [row for row in found if row["origin"] not in (None, date.min)]
