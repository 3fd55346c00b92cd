"""Maximum likelihood on log-parameters: bounded L-BFGS, a Newton step, errors from the Hessian."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Floats = npt.NDArray[np.float64]
Objective = Callable[[Floats], tuple[float, Floats]]

_STEP = 1e-4
_EDGE = 1e-3
_STEPS, _SETTLED = 8, 0.03
_CLOSE = 1e-9  # a hundredth of a standard error


@dataclass(frozen=True)
class Optimum:
    """Where the likelihood is highest.

    `covariance` is that of the log-parameters, NaN where the data do not tell; `at_bound` marks
    what a bound stopped.
    """

    log_parameters: Floats
    log_likelihood: float
    covariance: Floats
    at_bound: npt.NDArray[np.bool_]

    @property
    def errors(self) -> Floats:
        """Standard errors of the log-parameters."""
        return np.sqrt(np.diag(self.covariance))


def maximise(
    objective: Objective, start: Sequence[float], bounds: Sequence[tuple[float, float]]
) -> Optimum:
    """The parameters of highest likelihood; `objective` gives its value and gradient.

    Deterministic. Iterations are capped: a fit at its bound creeps on and gains nothing.
    """
    low, high = np.array(bounds, dtype=np.float64).T
    point = climb(objective, start, bounds)
    at_bound = (point < low + _EDGE) | (point > high - _EDGE)
    free = np.flatnonzero(~at_bound)
    hessian = _hessian(objective, point, free)
    point = _newton(objective, point, free, hessian, (low, high))
    covariance = np.full((len(point), len(point)), np.nan)
    covariance[np.ix_(free, free)] = _covariance(hessian)
    return Optimum(point, float(objective(point)[0]), covariance, at_bound)


def climb(
    objective: Objective,
    start: Sequence[float],
    bounds: Sequence[tuple[float, float]],
    *,
    tolerance: float = 1e-12,
) -> Floats:
    """The point of `maximise` without what tells how sure it is: for refits near a known one.

    `tolerance`: the relative gain that is not worth another step.
    """
    low, high = np.array(bounds, dtype=np.float64).T
    first = np.clip(np.array(start, dtype=np.float64), low + 2 * _EDGE, high - 2 * _EDGE)
    weight = max(abs(objective(first)[0]), 1.0)

    def cost(point: Floats) -> tuple[float, Floats]:
        value, gradient = objective(point)
        return -value / weight, -gradient / weight

    found = minimize(
        cost,
        first,
        jac=True,
        method="L-BFGS-B",
        bounds=list(bounds),
        options={"maxiter": 200, "ftol": tolerance, "gtol": 1e-7},
    )
    return np.asarray(found.x, dtype=np.float64)


def covariance_at(objective: Objective, point: Floats) -> Floats:
    """Covariance of the log-parameters at a point of `maximise`; NaN where the data do not tell."""
    return _covariance(_hessian(objective, point, np.arange(len(point))))


def step_near(
    objective: Objective,
    start: Floats,
    covariance: Floats,
    bounds: Sequence[tuple[float, float]],
) -> Floats:
    """The point of `climb` for much the same data as those of `start` and `covariance`, by steps
    of Newton with the curvature that is known; climbs where that does not settle.
    """
    low, high = np.array(bounds, dtype=np.float64).T
    point, errors = start, np.sqrt(np.diag(covariance))
    for _ in range(_STEPS if np.all(np.isfinite(covariance)) else 0):
        step = covariance @ objective(point)[1]
        point = point + step
        if not np.all(np.isfinite(point)) or np.any((point <= low) | (point >= high)):
            break
        if np.all(np.abs(step) < _SETTLED * errors):
            return point
    return climb(objective, list(start), bounds, tolerance=_CLOSE)


def _hessian(objective: Objective, point: Floats, free: npt.NDArray[np.intp]) -> Floats:
    """Second derivatives by central differences of the gradient, free parameters only."""
    rows = np.empty((len(free), len(free)))
    for row, index in enumerate(free):
        step = np.zeros_like(point)
        step[index] = _STEP
        rise = objective(point + step)[1] - objective(point - step)[1]
        rows[row] = rise[free] / (2 * _STEP)
    return (rows + rows.T) / 2


def _newton(
    objective: Objective,
    point: Floats,
    free: npt.NDArray[np.intp],
    hessian: Floats,
    bounds: tuple[Floats, Floats],
) -> Floats:
    """One Newton step from where L-BFGS stopped, kept only if it does not lose."""
    value, gradient = objective(point)
    if not len(free) or np.linalg.eigvalsh(hessian).max() >= 0:
        return point
    better = point.copy()
    better[free] -= np.linalg.solve(hessian, gradient[free])
    inside = bool(np.all((better > bounds[0]) & (better < bounds[1])))
    return better if inside and objective(better)[0] >= value else point


def _covariance(hessian: Floats) -> Floats:
    """The inverse of minus the Hessian; NaN where the point is not a maximum."""
    if not len(hessian) or np.linalg.eigvalsh(hessian).max() >= 0:
        return np.full(hessian.shape, np.nan)
    return np.asarray(np.linalg.inv(-hessian), dtype=np.float64)
