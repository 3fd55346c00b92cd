"""Past days of a shop to learn from and to be tried on, each read and worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from crm_core.errors import CrmError
from crm_core.models.rhythm import Rhythm, Sight
from crm_core.models.snapshots import read_snapshot
from crm_core.models.triples import Floats, Ints, Triples
from crm_core.models.value_choice import trial_days
from crm_core.store import Tables

_MOST_LESSONS = 3
_LEAST_HISTORY_DAYS = 60
_LEAST_CUSTOMERS = 200
_DECIDING = 2


@dataclass(frozen=True)
class Lessons:
    """Rows to learn from: what was seen, the revenue that the order model expected, and what came
    after. A customer may be in several."""

    design: Floats
    expected: Floats
    stayed_away: Floats
    spent: Floats
    customer_key: Ints


class Past:
    """A shop's days up to `as_of`: nothing of it looks further.

    Order and spend models are refitted on each day.
    """

    def __init__(self, store: Tables, as_of: date, histories: Triples, model: str) -> None:
        self.store, self.as_of, self.model = store, as_of, model
        self.first = as_of - timedelta(histories.history_days)
        self._seen: dict[tuple[date, int], Sight | None] = {}

    def sight(self, origin: date, horizon_days: int) -> Sight | None:
        """That day with what the `horizon_days` after it brought; None where too few were known
        or the time after it is not over."""
        key = (origin, horizon_days)
        if key not in self._seen:
            self._seen[key] = self._read(origin, horizon_days)
        return self._seen[key]

    def share_before(self, sight: Sight) -> float | None:
        """The share that stayed away in the period that ended on that day; None where too few
        were known."""
        days = sight.snapshot.horizon_days
        origin = sight.snapshot.origin - timedelta(days)
        before = read_snapshot(self.store, origin, days)
        return None if len(before) < _LEAST_CUSTOMERS else float(before.stayed_away.mean())

    def lessons(self, until: date, horizon_days: int) -> Lessons | None:
        """Up to three days, a quarter of a horizon apart, whose horizon ends by `until`."""
        step = max(horizon_days // 4, 14)
        days = (until - timedelta(horizon_days + step * back) for back in range(_MOST_LESSONS))
        seen = [self.sight(day, horizon_days) for day in days]
        found = [sight for sight in seen if sight is not None]
        if not found:
            return None
        snapshots = [sight.snapshot for sight in found]
        return Lessons(
            design=np.vstack([sight.design for sight in found]),
            expected=np.concatenate([sight.expected for sight in found]),
            stayed_away=np.concatenate([one.stayed_away for one in snapshots]),
            spent=np.concatenate([np.maximum(one.next_cents, 0) / 100.0 for one in snapshots]),
            customer_key=np.concatenate([one["customer_key"] for one in snapshots]),
        )

    def trials(self, horizon_days: int) -> tuple[Sequence[Sight], Sight | None]:
        """Days to be tried on, and the last one, which decides nothing.

        The horizon is cut where the shop is too young for it.
        """
        days = trial_days((self.as_of - self.first).days, horizon_days)
        origins = [self.as_of - timedelta(days * back) for back in range(1, _DECIDING + 2)]
        last, *deciding = (self.sight(origin, days) for origin in origins)
        return [sight for sight in deciding if sight is not None], last

    def _read(self, origin: date, horizon_days: int) -> Sight | None:
        young = (origin - self.first).days < _LEAST_HISTORY_DAYS
        if young or origin + timedelta(horizon_days) > self.as_of:
            return None
        snapshot = read_snapshot(self.store, origin, horizon_days)
        if len(snapshot) < _LEAST_CUSTOMERS:
            return None
        try:
            return Sight(snapshot, Rhythm.learned(snapshot, self.model))
        except CrmError:
            return None
