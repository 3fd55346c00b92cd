from __future__ import annotations

import numpy as np
import pytest

from crm_core.models.survival import kaplan_meier, kaplan_meier_by

# Leukaemia patients of Freireich et al. (1963), weeks; a textbook's curve for those treated.
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_the_textbook_curve() -> None:
    curve = kaplan_meier(WEEKS, RELAPSED, np.ones(21))
    assert curve.days.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.share == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4)
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve.low[-1] == pytest.approx(0.188, abs=0.002)
    assert curve.high[-1] == pytest.approx(0.680, abs=0.002)
    assert curve.median() == 23


def test_counts_are_as_good_as_rows() -> None:
    rows = kaplan_meier([3, 3, 5, 5, 5], [1, 1, 0, 0, 1], np.ones(5))
    counted = kaplan_meier([5, 3, 5], [0, 1, 1], [2, 2, 1])
    for name in ("days", "share", "low", "high", "at_risk"):
        assert np.array_equal(getattr(rows, name), getattr(counted, name))


def test_each_group_has_its_own_curve() -> None:
    found = kaplan_meier_by(["ads", "ads", "shop"], [10, 20, 20], [True, True, False], [50, 50, 80])
    assert list(found) == ["ads", "shop"]
    assert found["ads"].share.tolist() == [0.5, 0.0]
    assert found["ads"].median() == 10
    assert len(found["shop"].days) == 0
    assert found["shop"].median() is None


@pytest.mark.parametrize("happened", [0, 1])
def test_a_single_customer_breaks_nothing(happened: int) -> None:
    curve = kaplan_meier([5], [happened], [1])
    assert all(np.all(np.isfinite(part)) for part in (curve.share, curve.low, curve.high))
