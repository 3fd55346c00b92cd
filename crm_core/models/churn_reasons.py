"""Why a customer is likely or unlikely to stay away: facts of their own past, strongest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crm_core.models.snapshots import Snapshot
from crm_core.models.triples import Floats, Ints

# What raises the chance of staying away, then what lowers it.
RAISING = (
    "silent_beyond_own_gap",
    "silent_beyond_usual",
    "one_order",
    "few_orders",
    "own_gap_long",
    "orders_fewer",
    "spend_fell",
)
LOWERING = ("within_own_gap", "orders_more", "loyal", "just_came")
CODES = RAISING + LOWERING
SHOWN = 3

_LATE, _FEW, _LOYAL, _JUST = 1.5, 2, 4, 14


@dataclass(frozen=True)
class Reasons:
    """Up to three codes a customer ("" where there are fewer), and the facts that word them.

    Facts: `silent_days` since the last order day; `own_gap_days` between order days so far (0
    with one); `usual_days` within which nine of ten repeat orders of the shop come;
    `purchase_days`; `orders_recent` and `orders_before` in the last 90 days and the 90 before.
    """

    codes: npt.NDArray[np.str_]
    facts: Mapping[str, Ints]


def reasons(snapshot: Snapshot, *, usual_days: int, horizon_days: int) -> Reasons:
    """The facts that speak loudest for or against an order within the horizon, for each customer,
    by how far they are from ordinary."""
    x, silent = snapshot["frequency"], snapshot.silent_days
    gap = np.where(x > 0, snapshot["recency_days"] / np.maximum(x, 1), 0.0)
    recent = snapshot["orders_90d"]
    before = snapshot["orders_180d"] - recent
    mean = snapshot["cents"] / (x + 1.0)
    repeats = x >= _FEW
    late = silent / np.maximum(gap, 1.0)
    strength = {
        "silent_beyond_own_gap": np.where(repeats & (late > _LATE), _loud(late / _LATE), 0.0),
        "silent_beyond_usual": np.where(silent > usual_days, _loud(silent / usual_days), 0.0),
        "one_order": np.where(x == 0, 0.5, 0.0),
        # A quiet one, so that nobody is left without a reason; whoever bought more often is loyal.
        "few_orders": np.where((x > 0) & (x < _LOYAL), 0.05, 0.0),
        "own_gap_long": np.where(repeats & (gap > horizon_days), 0.6, 0.0),
        "orders_fewer": np.where(
            (before >= _FEW) & (recent * 2 <= before), _loud((before + 1) / (recent + 1)), 0.0
        ),
        "spend_fell": np.where(repeats & (snapshot["last_cents"] * 2 < mean), 0.3, 0.0),
        "within_own_gap": np.where(repeats & (silent <= gap), 0.5, 0.0),
        "orders_more": np.where(
            (recent >= _FEW) & (recent >= before * 2), _loud((recent + 1) / (before + 1)), 0.0
        ),
        "loyal": np.where(x >= _LOYAL, _loud((x + 1) / _LOYAL) * 0.8, 0.0),
        "just_came": np.where(silent <= np.minimum(_JUST, usual_days / 2), 0.4, 0.0),
    }
    loud = np.column_stack([strength[code] for code in CODES])
    order = np.argsort(-loud, axis=1, kind="stable")[:, :SHOWN]
    said = np.take_along_axis(loud, order, axis=1) > 0
    facts = {
        "silent_days": silent,
        "own_gap_days": np.rint(gap).astype(np.int64),
        "usual_days": np.full(len(x), usual_days),
        "purchase_days": x + 1,
        "orders_recent": recent,
        "orders_before": before,
    }
    return Reasons(np.where(said, np.array(CODES)[order], ""), facts)


def _loud(ratio: Floats) -> Floats:
    """From 0 at one and under to near 1: how far a ratio is from ordinary."""
    return 1.0 - 1.0 / np.maximum(ratio, 1.0) ** 0.5
