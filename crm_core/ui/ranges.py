"""Ranges in words: how far from a number the truth may lie."""

from __future__ import annotations

import pandas as pd

from crm_core.ui.session import current


def range_words(low: float, high: float, unit: str) -> str:
    """The two ends of a range."""
    session = current()
    return session.t(
        "reviews.between", low=session.write(low, unit), high=session.write(high, unit)
    )


def range_cells(rows: pd.DataFrame, unit: str) -> list[str]:
    """A cell a row of a table with the columns `low` and `high`."""
    return [range_words(*ends, unit) for ends in zip(rows["low"], rows["high"], strict=True)]
