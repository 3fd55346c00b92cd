"""The shop's campaigns side by side: how many people, since when, and what else happens then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from crm_core.pipeline.campaigns import first_day_of, people_in_each
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store


@dataclass(frozen=True)
class Board:
    """`today` is the last day of the data, by which a window has ended or not; `first_day` is when
    a new campaign begins; `people` (campaign -> arm -> people); `events` (name_en, name_zh,
    starts_on, ends_on) are the shop's own days near any campaign."""

    today: date
    first_day: date
    people: dict[int, dict[str, int]]
    events: pd.DataFrame

    def size(self, number: int) -> int:
        """How many are in a campaign, in whichever arm."""
        return sum(self.people.get(number, {}).values())


def campaigns(
    selection: Selection, *, store: Store, access: Access, spans: tuple[tuple[int, date, date], ...]
) -> Board:
    """Counts for campaigns of these numbers and windows."""
    del selection, access
    events = store.table("events")
    first = min((start for _, start, _ in spans), default=store.meta.as_of)
    last = max((end for _, _, end in spans), default=store.meta.as_of)
    near = events.filter((events.starts_on <= last) & (events.ends_on >= first))
    columns = ("name_en", "name_zh", "starts_on", "ends_on")
    return Board(
        today=store.meta.as_of,
        first_day=first_day_of(store),
        people=people_in_each(store, [number for number, _, _ in spans]),
        events=store.fetch(near.order_by("starts_on", "event_id").select(*columns).limit(40)),
    )
