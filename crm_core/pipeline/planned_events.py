"""The events that people of a shop planned, as the forecast takes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

import pandas as pd

from crm_core.records import Records

COLUMNS: Final = ("name", "starts_on", "ends_on", "kind", "uplift")
Told = tuple[str, date, date, str, float | None]


def planned_events(records: Records) -> pd.DataFrame:
    """What people said of events ahead and past: name, starts_on, ends_on, kind (promotion, closed
    or other), uplift (what an ordinary day is multiplied by; missing where nobody said)."""
    plans = (event.plan for event in records.planned_events())
    return event_frame((p.name, p.starts_on, p.ends_on, p.kind, p.uplift) for p in plans)


def event_frame(rows: Iterable[Told] = ()) -> pd.DataFrame:
    """Rows of events as a frame with the columns and types that the forecast reads."""
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS))
    return frame.astype({"name": object, "kind": object, "uplift": "float64"})
