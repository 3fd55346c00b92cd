"""Past trials of a shop of many series, drawn: what was said is right on ordinary days."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

AS_OF = date(2026, 6, 30)
REGIONS = tuple(f"region {n}" for n in range(8))
CATEGORIES = tuple(f"goods {n}" for n in range(6))
_MEASURES = {"net_revenue": 90.0, "orders": 1.0}


def drawn(
    seed: int,
    *,
    orders: float = 400.0,
    trials: int = 8,
    heavy: bool = True,
    shared: float = 0.06,
) -> pd.DataFrame:
    """Trials two weeks apart of 28 days each, the newest up to AS_OF.

    Days of one trial err together (`shared`, a share of sales of all series, and half as much of
    each series); `heavy`: now and then a day is far off.
    """
    random = np.random.default_rng(seed)
    keys: list[tuple[str, str, str, int]] = []
    actual: list[np.ndarray] = []
    expected: list[np.ndarray] = []
    dimensions = {"region": REGIONS, "category": CATEGORIES, "total": ("",)}
    for trial in range(trials):
        first = AS_OF.toordinal() - 27 - 14 * (trials - 1 - trial)
        weekday = 1 + 0.2 * (np.arange(first, first + 28) % 7 < 2)
        level = random.normal(0, shared)
        for dimension, members in dimensions.items():
            for member in members:
                said = orders / len(members) * weekday
                noise = random.standard_t(5, 28) if heavy else random.normal(size=28)
                off = level + random.normal(0, shared / 2) + 0.05 * noise
                count = random.poisson(np.maximum(said * (1 + off), 0.01)).astype(float)
                for measure, worth in _MEASURES.items():
                    spent = random.gamma(40, 1 / 40, 28) if worth > 1 else np.ones(28)
                    keys.append((measure, dimension, member, first))
                    actual.append(count * worth * spent)
                    expected.append(said * worth)
    begin = pd.Timestamp(AS_OF) - pd.to_timedelta(
        np.repeat([AS_OF.toordinal() - key[3] for key in keys], 28), unit="D"
    )
    lead = np.tile(np.arange(28), len(keys))
    return pd.DataFrame(
        {
            **{
                name: np.repeat([key[place] for key in keys], 28)
                for place, name in enumerate(("measure", "dimension", "member"))
            },
            "origin": begin - pd.Timedelta(days=1),
            "day": begin + pd.to_timedelta(lead, unit="D"),
            "actual": np.concatenate(actual),
            "said": np.concatenate(expected),
        }
    )


def dropped(
    trials: pd.DataFrame, member: str, share: float, *, days: int = 7, dimension: str = "region"
) -> pd.DataFrame:
    """The same with a member's last days less by a share, and the total with them."""
    told = trials.copy()
    last = (told["day"] > pd.Timestamp(AS_OF - timedelta(days))) & (
        told["origin"] == told["origin"].max()
    )
    mine = last & (told["dimension"] == dimension) & (told["member"] == member)
    for measure, rows in told[mine].groupby("measure"):
        gone = rows.set_index("day")["actual"] * share
        total = last & (told["dimension"] == "total") & (told["measure"] == measure)
        told.loc[total, "actual"] -= told.loc[total, "day"].map(gone).astype(float)
    told.loc[mine, "actual"] *= 1 - share
    return told
