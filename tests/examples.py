"""How many examples a property is tried with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import settings

_FULL = 100


def examples(full: int) -> int:
    """`full` where slow tests are run, a part of them at the gate: the profile of conftest.py."""
    return min(full, max(3, full * settings.default.max_examples // _FULL))


def first(values: Sequence[Any], count: int) -> list[Any]:
    """The values as parameters of a test: those after the first `count` are slow."""
    rest = (pytest.param(value, marks=pytest.mark.slow) for value in values[count:])
    return [*values[:count], *rest]


def fast(values: Sequence[str], *chosen: str) -> list[Any]:
    """The values as parameters of a test: those not `chosen` are slow."""
    return [
        value if value in chosen else pytest.param(value, marks=pytest.mark.slow)
        for value in values
    ]
