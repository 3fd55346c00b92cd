"""How many examples a property is tried with."""

from __future__ import annotations

from hypothesis import settings

_FULL = 100


def examples(full: int) -> int:
    """`full` where slow tests are run, a part of them at the gate: the profile of conftest.py."""
    return min(full, max(3, full * settings.default.max_examples // _FULL))
