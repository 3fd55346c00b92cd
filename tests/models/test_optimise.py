from __future__ import annotations

import numpy as np
import pytest

from crm_core.models.optimise import Floats, maximise


def test_a_known_hill_is_climbed_to_its_top() -> None:
    top, steep = np.array([0.3, -1.2]), np.array([[4.0, 1.0], [1.0, 2.0]])

    def hill(point: Floats) -> tuple[float, Floats]:
        away = point - top
        return float(-away @ steep @ away / 2), -steep @ away

    found = maximise(hill, [0.0, 0.0], [(-5, 5), (-5, 5)])
    assert found.log_parameters == pytest.approx(top, abs=1e-7)
    assert found.covariance == pytest.approx(np.linalg.inv(steep), rel=1e-6)
    assert not found.at_bound.any()


def test_a_bound_that_stops_the_climb_is_told() -> None:
    def slope(point: Floats) -> tuple[float, Floats]:
        return float(point[0] - (point[1] - 1) ** 2), np.array([1.0, -2 * (point[1] - 1)])

    found = maximise(slope, [0.0, 0.0], [(-3, 3), (-3, 3)])
    assert found.at_bound.tolist() == [True, False]
    assert np.isnan(found.errors[0])
    assert found.errors[1] == pytest.approx(0.5**0.5)
