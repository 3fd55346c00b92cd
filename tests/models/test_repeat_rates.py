"""Products that fewer buy again: told where chance hardly explains it, and nowhere else."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crm_core.models.repeat_rates import falling, half_years, repeat_counts
from crm_core.selection import Period
from crm_core.store import StoreAt
from tests.small_shop import Rows, day, line, order, small_shop


def counts(*products: tuple[int, int, int, int, int]) -> pd.DataFrame:
    """Products as key, buyers and again before, buyers and again now; 20 of money a buyer."""
    rows = []
    for key, before, again_before, buyers, again in products:
        rows.append((key, False, before, again_before, before * 20.0))
        rows.append((key, True, buyers, again, buyers * 20.0))
    return pd.DataFrame(rows, columns=["product_key", "is_later", "buyers", "again", "revenue"])


def test_a_fall_beyond_chance_is_told_with_its_counts_and_money() -> None:
    found, looked = falling(counts((1, 200, 80, 220, 40), (2, 200, 40, 200, 38)))
    assert looked == 2
    (tea,) = found
    assert (tea.product_key, tea.again, tea.buyers, tea.again_before) == (1, 40, 220, 80)
    assert tea.money == pytest.approx((80 / 200 - 40 / 220) * 220 * 20, abs=0.01)
    assert 0 < tea.low < 80 / 200 - 40 / 220 < tea.high


def test_few_buyers_and_rising_rates_are_not_told() -> None:
    assert falling(counts((1, 40, 30, 40, 2)))[1] == 0
    assert falling(counts((1, 200, 30, 200, 90)))[0] == ()


def test_among_many_products_without_a_change_hardly_any_is_told() -> None:
    random = np.random.default_rng(4)
    told = 0
    for _ in range(40):
        again = random.binomial(120, 0.2, (60, 2))
        products = [(n, 120, int(a), 120, int(b)) for n, (a, b) in enumerate(again)]
        told += bool(falling(counts(*products))[0])
    assert told <= 8


def test_a_young_log_is_held_against_the_half_year_before() -> None:
    assert half_years(day("2026-01-01"), day("2026-10-31")) is None
    earlier, later = half_years(day("2025-05-01"), day("2026-10-31")) or (None, None)
    assert (earlier, later) == (later and later.before(), later)


def test_buyers_and_those_who_come_again_are_counted_once(tmp_path: Path) -> None:
    """Who bought twice in a half year is one buyer; 90 days later still is again, 91 is not."""
    rows: Rows = {"orders": [], "order_lines": []}
    first = datetime(2026, 2, 1, 12)
    for who, days in {"ann": (0, 10, 20), "bob": (5, 95), "eva": (5, 96), "leo": (3,)}.items():
        for lead in days:
            number = f"{who}{lead}"
            rows["orders"].append(order(number, who, (first + timedelta(lead)).isoformat()))
            rows["order_lines"].append(line(number, "tea", "12"))
    store = small_shop(tmp_path, rows).open()
    later = Period(day("2026-02-01"), day("2026-03-31"))
    found = store.fetch(repeat_counts(StoreAt(store, store.meta.as_of), later.before(), later))
    store.close()
    assert found[["is_later", "buyers", "again", "revenue"]].to_numpy().tolist() == [
        [True, 4, 2, 48.0]
    ]
