"""Arithmetic on one thread: on a busy machine, libraries that split tiny work wait for each other."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from threadpoolctl import threadpool_limits


def one_thread() -> AbstractContextManager[Any]:
    """Holds the libraries beneath numpy and scikit-learn to one thread for a while: the tiny fits
    here took five times as long on threads that others wanted too."""
    limits: AbstractContextManager[Any] = threadpool_limits(limits=1)
    return limits
